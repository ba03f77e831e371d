"""From a plan that fails to a smaller one that fails alike.

    people: leave one out after the other      acts: leave out halves, quarters, ... single ones

Law: what comes back fails with the same kind of finding; how many worlds are tried is bounded.
Source: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.plan import Plan

Fails = Callable[[Plan], bool]


class Budget:
    """How many worlds may still be tried."""

    def __init__(self, fails: Fails, runs: int) -> None:
        self._fails, self.left = fails, runs

    def fails(self, plan: Plan) -> bool:
        if self.left <= 0:
            return False
        self.left -= 1
        return self._fails(plan)


def shrink(plan: Plan, fails: Fails, *, runs: int) -> Plan:
    """A smaller plan.

    Args:
        fails: whether a plan still shows the finding.
        runs: how often it may be asked.
    """
    budget = Budget(fails, runs)
    plan = _fewer_people(plan, budget)
    plan = _fewer_acts(plan, budget)
    return _fewer_people(plan, budget)


def _fewer_people(plan: Plan, budget: Budget) -> Plan:
    for who in range(plan.size - 1, 0, -1):
        if who not in plan.gone and plan.size - len(plan.gone) > 1:
            smaller = plan.leaving_out({who})
            if budget.fails(smaller):
                plan = smaller
    return plan


def _fewer_acts(plan: Plan, budget: Budget) -> Plan:
    parts = 2
    while budget.left > 0:
        numbers = [act.number for act in plan.acts]
        if parts > len(numbers):
            break
        size = -(-len(numbers) // parts)
        for at in range(0, len(numbers), size):
            smaller = plan.keeping(numbers[:at] + numbers[at + size :])
            if budget.fails(smaller):
                plan, parts = smaller, max(parts - 1, 2)
                break
        else:
            parts *= 2
            if size == 1:
                break
    return plan
