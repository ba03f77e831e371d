"""pymerkle in memory: row 22. Leaves are 32 bytes; random ones are proven in the whole tree."""

import random
import time

from answering import answer
from pymerkle import InmemoryTree, verify_inclusion

SOURCE = random.Random(1)


def tree(leaves: int, proofs: int) -> dict[str, float]:
    """Seconds to append all leaves, to prove some, and to verify those proofs."""
    data = [SOURCE.randbytes(32) for _ in range(leaves)]
    chosen = [SOURCE.randrange(leaves) for _ in range(proofs)]
    made = InmemoryTree(algorithm="sha256")
    begin = time.perf_counter()
    for leaf in data:
        made.append_entry(leaf)
    appended = time.perf_counter()
    found = [made.prove_inclusion(index + 1) for index in chosen]
    proven = time.perf_counter()
    root = made.get_root()
    hashed = [made.get_leaf(index + 1) for index in chosen]
    begun = time.perf_counter()
    for leaf, proof in zip(hashed, found, strict=True):
        verify_inclusion(leaf, root, proof)
    return {
        "append": appended - begin,
        "prove": proven - appended,
        "verify": time.perf_counter() - begun,
    }


answer({"tree": tree})
