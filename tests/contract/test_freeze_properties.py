"""A ledger under whatever a case can bring: it always adds up, on both sides alike, and nothing appears or is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from comity.freezes import Ledger, LedgerError, Problem, Row, write_amount
from comity.freezes.amounts import UNITS
from comity.v1 import payload_pb2 as pb
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.contract.bodies import LINE, changed

DECIMALS = st.sampled_from([0, 6, 8, 18, 36])
UNIT = st.integers(min_value=1, max_value=10**30)
PARTS = st.lists(st.integers(min_value=0, max_value=100), min_size=3, max_size=3).filter(any)
NUMBER = st.integers(min_value=1, max_value=3)


def written(units: int, decimals: int) -> str:
    """A number of smallest units as text, digit by digit."""
    digits = str(units).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def units(amount: Decimal, decimals: int) -> int:
    """Text of an amount back into smallest units, by no arithmetic of decimals."""
    whole, _, part = write_amount(amount).partition(".")
    return int(whole + part.ljust(decimals, "0"))


class Freeze(RuleBasedStateMachine):
    """A plain model in whole units beside the ledger: both take the same steps."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(())
        self.other = Ledger(())
        self.model: dict[int, dict[str, Any]] = {}

    @initialize(decimals=st.lists(DECIMALS, min_size=3, max_size=3), asked=st.lists(UNIT, min_size=3, max_size=3))
    def opens(self, decimals: list[int], asked: list[int]) -> None:
        """Two lines with an amount, one of all there is; the second and third cover inflows."""
        lines = []
        for number, (places, amount) in enumerate(zip(decimals, asked, strict=True), 1):
            everything = number == 3
            lines.append(
                changed(
                    LINE,
                    number=number,
                    token=f"T{number}",
                    decimals=places,
                    amount=None if everything else written(amount, places),
                    all=everything or None,
                    later_inflows=number > 1 or None,
                )
            )
            self.model[number] = {"asked": None if everything else amount, "held": 0, "released": 0, "gone": 0}
            self.model[number] |= {"open": 0 if everything else amount, "reported": False, "decimals": places}
            self.model[number] |= {"once": 0}
        self.ledger = self.other = Ledger.open(lines)

    def _step(self, name: str, item: Any) -> None:
        """Takes a step on both sides: the other one reads what travels."""
        travelled = type(item).FromString(item.SerializeToString())
        self.ledger = getattr(self.ledger, name)([item])
        self.other = getattr(self.other, name)([travelled])

    def _refused(self, name: str, item: Any, *problems: Problem) -> None:
        before = self.ledger
        with pytest.raises(LedgerError) as refused:
            getattr(self.ledger, name)([item])
        assert refused.value.problem in problems
        assert self.ledger == before

    def _report(self, number: int, parts: list[int], inflow: int) -> tuple[pb.LineReport, dict[str, Any]]:
        line = self.model[number]
        total = (line["asked"] if line["asked"] is not None else 100 * 10**6) + inflow
        free = total - line["released"]
        held = free * parts[0] // sum(parts)
        gone = (free - held) * parts[1] // max(parts[1] + parts[2], 1)
        rest = free - held - gone
        status = pb.LINE_STATUS_NOTHING_LEFT
        if held:
            status = pb.LINE_STATUS_HELD_PART if gone or rest else pb.LINE_STATUS_HELD_FULL
        elif rest:
            status = pb.LINE_STATUS_FAILED
        amounts = {"requested": total, "held": held, "released": line["released"], "gone": gone, "outstanding": rest}
        texts = {name: written(amount, line["decimals"]) for name, amount in amounts.items()}
        report = pb.LineReport(line=number, status=status, when="2027-01-15", **texts)
        if inflow:
            report.inflow = written(inflow, line["decimals"])
        return report, {"asked": total, "held": held, "gone": gone, "open": rest, "reported": True}

    @rule(number=NUMBER, parts=PARTS)
    def holder_reports(self, number: int, parts: list[int]) -> None:
        """Any split of what is to be held."""
        report, after = self._report(number, parts, 0)
        self._reports(number, report, after)

    @rule(number=NUMBER, parts=PARTS, inflow=UNIT)
    def more_comes_in(self, number: int, parts: list[int], inflow: int) -> None:
        """A top-up, where the line covers it and what there is is known."""
        report, after = self._report(number, parts, inflow)
        if number == 1:
            self._refused("report", report, Problem.INFLOW_NOT_COVERED)
        elif self.model[number]["asked"] is None:
            self._refused("report", report, Problem.NOT_THE_TOTALS)
        else:
            self._reports(number, report, after, inflow)

    def _reports(self, number: int, report: pb.LineReport, after: dict[str, Any], inflow: int = 0) -> None:
        """Takes a report, unless it says that what was held, now or before a report that said less, is gone."""
        line = self.model[number]
        never_held = line["open"] - line["once"]
        if line["asked"] is not None and after["gone"] > line["gone"] + never_held + inflow:
            self._refused("report", report, Problem.HELD_IS_GONE)
            return
        self._step("report", report)
        line["once"] = max(0, line["once"] + line["held"] - after["held"])
        line |= after

    @rule(number=NUMBER, parts=PARTS, by=UNIT)
    def holder_reports_something_else(self, number: int, parts: list[int], by: int) -> None:
        """A total that does not go on from the one before, and a sum that is wrong."""
        report, _ = self._report(number, parts, 0)
        wrong = changed(
            report,
            gone=written(
                units(Decimal(report.gone), self.model[number]["decimals"]) + by, self.model[number]["decimals"]
            ),
        )
        self._refused("report", wrong, Problem.DOES_NOT_ADD_UP)

    @rule(number=NUMBER, share=st.integers(min_value=1, max_value=100), how=st.sampled_from(["release", "vary"]))
    def a_part_is_let_go(self, number: int, share: int, how: str) -> None:
        """By a release or a variation, of what is held; and not a unit more than that."""
        line = self.model[number]
        amount = line["held"] * share // 100
        more = written(line["held"] + 1, line["decimals"])
        what = {"release": ("amount", pb.LineRelease), "vary": ("release", pb.LineVariation)}[how]
        self._refused(how, what[1](line=number, **{what[0]: more}), Problem.MORE_THAN_HELD, Problem.HELD_WITHOUT_REPORT)
        if amount:
            self._step(how, what[1](line=number, **{what[0]: written(amount, line["decimals"])}))
            line |= {"held": line["held"] - amount, "released": line["released"] + amount}

    @rule(number=NUMBER)
    def all_is_let_go(self, number: int) -> None:
        """All that is held, be it nothing."""
        self._step("release", pb.LineRelease(line=number, all=True))
        line = self.model[number]
        line |= {"held": 0, "released": line["released"] + line["held"]}

    @rule(number=NUMBER, amount=UNIT)
    def more_is_asked_for(self, number: int, amount: int) -> None:
        """A variation the other way."""
        line = self.model[number]
        variation = pb.LineVariation(line=number, increase=written(amount, line["decimals"]))
        if line["asked"] is None:
            self._refused("vary", variation, Problem.MORE_THAN_ASKED)
            return
        self._step("vary", variation)
        line |= {"asked": line["asked"] + amount, "open": line["open"] + amount}

    @rule(number=NUMBER)
    def nobody_asks_for_more_than_a_ledger_holds(self, number: int) -> None:
        """Beyond 256 bits."""
        variation = pb.LineVariation(line=number, increase=written(UNITS, self.model[number]["decimals"]))
        self._refused("vary", variation, Problem.OVERFLOW, Problem.NOT_AN_AMOUNT)

    @precondition(lambda self: self.ledger.holds)
    @rule(parts=PARTS)
    def it_comes_to_an_end(self, parts: list[int]) -> None:
        """What was ever held is divided; a later report may go on from there."""
        said = []
        for number, line in self.model.items():
            ever = line["held"] + line["released"]
            held = line["held"] * parts[0] // sum(parts)
            back = (ever - held) * parts[1] // max(parts[1] + parts[2], 1)
            amounts = {"held": held, "released": 0, "returned": back, "forfeited": ever - held - back}
            texts = {name: written(amount, line["decimals"]) for name, amount in amounts.items()}
            said.append(pb.LineOutcome(line=number, **texts))
            line |= {"held": held, "released": ever - held}
        self.ledger, self.other = self.ledger.outcome(said), self.other.outcome(said)

    @invariant()
    def it_adds_up_and_both_sides_agree(self) -> None:
        """Whatever has happened."""
        assert self.ledger == self.other
        for row in self.ledger.rows:
            assert row.reconciles
            assert 0 <= row.taken <= row.outstanding
            assert self._row(row) == {key: self.model[row.number][key] for key in self._row(row)}

    def _row(self, row: Row) -> dict[str, Any]:
        return {
            "asked": None if row.requested is None else units(row.requested, row.decimals),
            "held": units(row.held, row.decimals),
            "released": units(row.released, row.decimals),
            "gone": units(row.gone, row.decimals),
            "open": units(row.outstanding, row.decimals),
            "reported": row.reported,
            "once": units(row.taken, row.decimals),
        }


TestFreeze = Freeze.TestCase
TestFreeze.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
