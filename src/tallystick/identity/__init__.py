"""Keys, their names, and the file that keeps one.

    keys      seed -> SigningKey: public key, signatures      did    public key <-> did:key:z6Mk...
    keyfile   STORE.key: one key, owner-only, passphrase optional

Law: a seed never leaves this room except into its own file.

Reads: kernels, limits, errors. Read by: chain, replica, cli.
"""
