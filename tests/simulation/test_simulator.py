"""The simulator itself: it repeats itself, finds what is broken on purpose, and shrinks it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.simulation.__main__ import main
from tests.simulation.plan import HONEST, make_plan
from tests.simulation.runner import command, read_spans, run_plan, shrunk, spans

from tallystick.kernels import encode_item
from tallystick.policy.standing import Strata
from tallystick.replica import kinds
from tallystick.replica.openlog import OpenLog
from tallystick.state import ledger
from tallystick.state.grounds import GroundRule
from tallystick.state.source import Spans
from tallystick.state.views_ledger import LedgerView
from tallystick.state.views_ledger_read import LedgerTables
from tallystick.state.views_sum import GroupSum
from tallystick.state.views_titles import TitlesView
from tallystick.store.store import Store
from tallystick.sync.flow import Outgoing


def found(seeds, kinds):
    """The first outcome with a finding of one of the kinds."""
    for seed in seeds:
        outcome = run_plan(make_plan(seed))
        if outcome.finding is not None:
            assert outcome.finding.kind in kinds, outcome.finding
            return outcome
    pytest.fail("what was broken on purpose was not found")


@pytest.mark.slow
def test_two_runs_of_a_plan_are_the_same_line_by_line():
    first, second = (run_plan(make_plan(5), tracing=True) for _ in range(2))
    assert first.trace.table() == second.trace.table()
    assert first.tally == second.tally
    assert len(first.trace.lines) > 150


@pytest.mark.slow
def test_a_session_that_drops_a_slice_silently_is_found(monkeypatch):
    whole = Outgoing._batch

    def dropping(self):
        batch = whole(self)
        return batch if batch is None or len(batch) < 2 else batch[:-1]

    monkeypatch.setattr(Outgoing, "_batch", dropping)
    found((1, 2, 3), {"diverged", "accused"})


class Undone(Exception):
    """Rolls a transaction back."""


@pytest.mark.slow
def test_a_store_that_loses_an_acknowledged_event_is_found(monkeypatch):
    kept = OpenLog.append

    def losing(self, rows):
        if len(rows) != 3:
            return kept(self, rows)
        found = None
        try:
            with self.store.write():
                found = kept(self, rows)
                raise Undone
        except Undone:
            return found

    monkeypatch.setattr(OpenLog, "append", losing)
    found((1, 2, 3), {"lost"})


@pytest.mark.slow
def test_a_store_that_forgets_a_row_after_a_while_is_found(monkeypatch):
    maintain = Store.maintain

    def forgetting(self):
        maintain(self)
        if self.next_row > 15:
            with self.write():
                self.db.execute("UPDATE event SET lamport = 900 WHERE row = 5")

    monkeypatch.setattr(Store, "maintain", forgetting)
    found(range(1, 6), {"corrupt", "diverged", "accused"})


@pytest.mark.slow
def test_a_judge_that_counts_a_banned_voter_is_found(monkeypatch):
    seat = Strata._seat

    def seating(self, actor, place, spared, work):
        seat(self, actor, place, spared, work)
        if spared is not None and not spared:
            self._put(actor, place, work)

    monkeypatch.setattr(Strata, "_seat", seating)
    monkeypatch.setitem(HONEST, "say", 300)
    found(range(1, 9), {"diverged", "explained"})


@pytest.mark.slow
def test_views_that_miss_an_exclusion_are_found(monkeypatch):
    apply = GroupSum.apply

    def forgetful(self, db, source, changes):
        apply(self, db, source, [one for one in changes if one.weight > 0 or one.row % 2])

    monkeypatch.setattr(GroupSum, "apply", forgetful)
    found((7, 1, 3), {"corrupt", "diverged", "explained"})  # verify folds again, too


MARKETS = (28, 32, 4, 8)


@pytest.mark.slow
def test_a_refund_that_counts_twice_is_found(monkeypatch):
    flip = LedgerView._flip

    def twice(self, db, moves, holdings, **given):
        flip(self, db, moves, holdings, **given)
        for row, *_, legs in moves if "refunds" in given else ():
            for account, asset, amount in legs if given["refunds"][row] > 0 else ():
                holdings.add(holdings.numbers([(account, asset)])[account, asset], -amount)

    monkeypatch.setattr(LedgerView, "_flip", twice)
    found(MARKETS, {"corrupt", "diverged"})


@pytest.mark.slow
def test_things_that_miss_an_exclusion_are_found(monkeypatch):
    change = TitlesView.change

    def forgetful(self, db, source, changes):
        change(self, db, source, replace(changes, removed=Spans(())))

    monkeypatch.setattr(TitlesView, "change", forgetful)
    found(MARKETS, {"corrupt", "diverged", "explained"})  # verify folds again, too


@pytest.mark.slow
def test_a_debt_that_forgets_a_cause_is_found(monkeypatch):
    whole = LedgerTables.debt

    def forgetful(self, *given):
        debt = whole(self, *given)
        if not debt.causes:
            return debt
        more = debt.overdraft + debt.causes[-1].amount
        return replace(debt, causes=debt.causes[:-1], overdraft=more)

    monkeypatch.setattr(LedgerTables, "debt", forgetful)
    found(MARKETS, {"diverged"})


@pytest.mark.slow
def test_a_refund_that_stands_on_nothing_is_found(monkeypatch):
    rules = {ledger.REFUND: GroundRule(lambda _author, _frame: (), lambda _deed, _named: None)}
    monkeypatch.setattr(kinds, "GROUND_RULES", kinds.GROUND_RULES | rules)
    found(MARKETS, {"diverged", "explained"})


def test_a_finding_is_shrunk_and_its_command_shows_it_again(monkeypatch, capsys):
    written = OpenLog.append

    def failing(self, rows):
        if any(encode_item("x" * 900) in row.content for row in rows):
            raise RuntimeError("a long note")
        return written(self, rows)

    monkeypatch.setattr(OpenLog, "append", failing)
    outcome = found(range(1, 9), {"escaped"})
    small = shrunk(outcome, runs=40)
    assert small.finding.kind == "escaped"
    assert len(small.plan.acts) < 6
    assert small.plan.size - len(small.plan.gone) <= 3
    assert main(command(small.plan).split()[3:]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(small.trace.table())
    assert "a long note" in printed


def test_spans_of_numbers_are_read_as_they_are_written():
    for numbers in ([], [0], [1, 2, 3], [1, 3, 4, 9], list(range(40))):
        assert not numbers or read_spans(spans(numbers)) == numbers


def test_the_report_counts_and_its_exit_code_says_whether_something_was_found(capsys):
    assert main(["--seeds", "1", "--from", "1", "--hours", "0.2", "--json"]) == 0
    said = capsys.readouterr().out
    for name in ("seeds", "node_hours", "lost", "corrupt", "diverged"):
        assert f'"{name}": ' in said
