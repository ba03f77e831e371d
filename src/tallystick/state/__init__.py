"""REDUCED: what the events that count add up to.

    policy ──► feed (pos, rows, +1 | -1, cause) ──► views ──► values, tables, why, hashes
                                                     ├ places   ops under the one law, by type
                                                     ├ sums     declared, per key
                                                     └ folds    any function, with checkpoints

One law serves every type (``law``); each type is only a rule for which ops go over which and how
live ones combine (``types``). Views read the feed alone and keep their position in the same
transaction as their tables: exactly once, resumable, rebuildable.

**Law:** state is a function of (events, policy, accepted erasures): never of arrival.

Reads: event, kernels, limits, errors; ``views`` alone the store's adapter. Read by: replica.
"""

from __future__ import annotations
