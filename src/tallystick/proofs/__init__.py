"""PROVEN: Merkle trees and the text formats by which strangers check them. Pure functions.

    merkle       ranges, subtree hashes, inclusion and consistency (RFC 6962)
    note         signed note       checkpoint   origin, size, root       (C2SP)
    cosignature  a witness's word  tlog_proof   one entry, offline       (C2SP)

Law: nothing here trusts its input; a proof holds by its bytes or not at all.

Reads: identity, kernels, limits, errors. Read by: chain, store, sync, replica, cli.
"""
