"""LINKED: one author's events under signed heads: written, cut into slices, proven, split.

    commit        draft ──► pack + head, ready to be stored and sent
    head          (size, root, signature)  <-> C2SP checkpoint in a signed note
    slice         consecutive events under a head, and what connects the two
    equivocation  two events at one seq, both signed for
    event_proof   one event as a C2SP tlog-proof that a stranger checks offline
    rules         void rules of the kinds fixed below the policy

Law: an event counts as written only under a head; nothing that a peer sends raises.

Reads: event, proofs, identity, kernels, limits, errors. Read by: graph, store, sync, replica.
"""
