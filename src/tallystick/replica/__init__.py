"""The front door: one class that ties store, graph, policy and state together.

    slices, rows ─► ingest ─► store ─► judging ─► feed ─► views ─► view, why, at, compare, sync

    replica    the class users hold          openlog    one log with all that works on it
    ingest     the only way in               judging    statements in, changes out
    writing    one's own chain               reading    a policy's answers about a version
    holdings   what sync sees                saying     statements as users mean them

Law: nothing here decides what is valid, in which order things are, or what counts; the rooms
below do. This one carries a batch through them, in one transaction.

Reads: every room below. Read by: cli, demo, testing, users.
"""
