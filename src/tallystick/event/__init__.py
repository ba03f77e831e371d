"""WRITTEN: one event as a value, its id as text, its two body parts, and what may be void.

    ids      32-byte digest  <-> bafyrei...            header   13 fields <-> canonical bytes
    body     seed -> salts -> commitment               event    a whole event, for readers
    absent   Missing, Erased, Bad                      jsonio   plain data <-> JSON text
    rules    void rules of log/*

Batches never pass through here: they cross the kernels as columns. This room is for single events
at the edges, where people read and write them.

Law: whatever is read here re-encodes to the same bytes.

Reads: kernels, limits, errors. Read by: chain, policy, state, replica, cli.
"""
