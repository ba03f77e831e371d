"""Sync: two replicas find out what each lacks of a log, and send exactly that.

             bytes ──► Session ──► Step(send, slices, rejected, done, code)
    transport ▲          │ asks                │ slices
              └──────────┼──── driver ─────────┼──► endpoint.receive ──► Outcome ──► Session
                         ▼                     ▼
                     Holdings (what is here)   verified, stored

    messages   what may be said, and its bytes        vector       sizes under 8-byte tags
    log_checkpoint  one root over all chains          session      the state machine, both ways
    holdings   what a replica owes a session          meter        bytes, events, round trips
    pipe, driver, tcp, bundle   carry messages and know nothing else

Law: a session never raises because of what a peer sent, sends nothing the other side has been
seen to hold, and ends with equal log checkpoints or a code that says why not.

Reads: chain, kernels, limits, errors. Read by: replica, node.
"""

from __future__ import annotations
