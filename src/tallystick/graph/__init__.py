"""ORDERED: what came before what, told by links alone.

    from tallystick.graph import Frontier, Heads, causal_runs, is_ancestor, past

Rows are numbers handed in by whoever keeps the events; parents have smaller numbers than their
children. Nothing here knows about disks, clocks or policies.

Law: every answer is a function of the events' links; arrival never shows.

Reads: kernels. Read by: store, sync, policy, state, replica.
"""

from __future__ import annotations

from tallystick.graph.ancestry import Graph, has_ancestor, is_ancestor, maximal, past
from tallystick.graph.frontier import Frontier
from tallystick.graph.heads import Heads, retreat
from tallystick.graph.lamport import first_wrong_lamport
from tallystick.graph.memory import MemoryGraph
from tallystick.graph.order import canonical_key, canonical_order
from tallystick.graph.runs import Missing, Run, causal_runs
from tallystick.graph.vector import Equivocates, join_pasts, meet_pasts, version_vector

__all__ = [
    "Equivocates",
    "Frontier",
    "Graph",
    "Heads",
    "MemoryGraph",
    "Missing",
    "Run",
    "canonical_key",
    "canonical_order",
    "causal_runs",
    "first_wrong_lamport",
    "has_ancestor",
    "is_ancestor",
    "join_pasts",
    "maximal",
    "meet_pasts",
    "past",
    "retreat",
    "version_vector",
]
