"""The ledger of a freeze adds up after every step, and what would break it is refused by name and changes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from comity.freezes import TEXTS, Ledger, LedgerError, Problem, Row, read_amount, read_report, write_amount
from comity.freezes.amounts import UNITS
from comity.v1 import payload_pb2 as pb

from tests.contract.bodies import LINE, changed

FULL, PART, LEFT, FAILED = (
    pb.LINE_STATUS_HELD_FULL,
    pb.LINE_STATUS_HELD_PART,
    pb.LINE_STATUS_NOTHING_LEFT,
    pb.LINE_STATUS_FAILED,
)
AMOUNT = changed(LINE, amount="100")
ALL = changed(LINE, number=2, token="USDC", amount=None, all=True, later_inflows=True)


def report(line: int, status: pb.LineStatus, totals: str, inflow: str = "") -> pb.LineReport:
    """A report out of `requested held released gone outstanding`."""
    requested, held, released, gone, outstanding = totals.split()
    return pb.LineReport(
        line=line,
        status=status,
        requested=requested,
        held=held,
        released=released,
        gone=gone,
        outstanding=outstanding,
        inflow=inflow,
        when="2027-01-15",
    )


def totals(row: Row) -> str:
    """A row as the same text; `?` while all there is is not known."""
    asked = "?" if row.requested is None else write_amount(row.requested)
    return " ".join([asked, *(write_amount(each) for each in (row.held, row.released, row.gone, row.outstanding))])


def opened(*reports: pb.LineReport) -> Ledger:
    """A ledger of two lines after some reports."""
    ledger = Ledger.open([ALL, AMOUNT])
    for each in reports:
        ledger = ledger.report([each])
        assert all(row.reconciles for row in ledger.rows)
    return ledger


HELD = report(1, PART, "100 60.5 0 39.5 0")
HELD_ALL = report(2, FULL, "7.000001 7.000001 0 0 0")


def refused(call: Any, *arguments: Any) -> tuple[Problem, int, str]:
    """Why, in which line, in which field."""
    with pytest.raises(LedgerError) as error:
        call(*arguments)
    assert str(error.value) == TEXTS[error.value.problem]
    return error.value.problem, error.value.line, error.value.field


def test_nothing_is_held_before_a_report_says_so() -> None:
    ledger = opened()
    assert [totals(row) for row in ledger.rows] == ["100 0 0 0 100", "? 0 0 0 0"]
    assert (ledger.holds, ledger.rows[0].reported) == (False, False)
    assert opened(HELD).holds


def test_all_becomes_a_number_with_the_first_report_that_has_one() -> None:
    failed = report(2, FAILED, "0 0 0 0 0")
    assert totals(opened(failed).row(2)) == "? 0 0 0 0"
    assert totals(opened(failed, HELD_ALL).row(2)) == "7.000001 7.000001 0 0 0"
    assert totals(opened(report(2, LEFT, "0 0 0 0 0")).row(2)) == "0 0 0 0 0"


def test_a_hold_may_be_partial_in_both_directions() -> None:
    later = opened(HELD, report(1, PART, "100 80 0 15 5"), report(1, PART, "100 20 0 20 60"))
    assert totals(later.row(1)) == "100 20 0 20 60"
    assert totals(opened(HELD, report(1, FAILED, "100 0 0 39.5 60.5")).row(1)) == "100 0 0 39.5 60.5"
    assert totals(opened(report(1, FAILED, "100 0 0 0 100")).row(1)) == "100 0 0 0 100"


def test_what_was_held_is_never_reported_as_gone() -> None:
    for wrong in (report(1, PART, "100 60 0 40 0"), report(1, LEFT, "100 0 0 100 0")):
        assert refused(opened(HELD).report, [wrong]) == (Problem.HELD_IS_GONE, 1, "gone")
    assert totals(opened(HELD, report(1, PART, "100 60 0 39.5 0.5")).row(1)) == "100 60 0 39.5 0.5"
    inflow = report(2, PART, "9 7.000001 0 1.999999 0", "1.999999")
    assert totals(opened(HELD_ALL, inflow).row(2)) == "9 7.000001 0 1.999999 0"


def test_what_was_held_is_not_gone_either_after_reports_that_call_it_outstanding() -> None:
    failed = opened(HELD_ALL, report(2, FAILED, "7.000001 0 0 0 7.000001"))
    less = opened(HELD, report(1, PART, "100 50 0 39.5 10.5"), report(1, PART, "100 30 0 39.5 30.5"))
    assert [failed.row(2).taken, less.row(1).taken] == [Decimal("7.000001"), Decimal("30.5")]
    for ledger, wrong in (
        (failed, report(2, LEFT, "7.000001 0 0 7.000001 0")),
        (failed, report(2, FAILED, "7.000001 0 0 0.000001 7")),
        (failed, report(2, LEFT, "9 0 0 9 0", "1.999999")),
        (less, report(1, LEFT, "100 0 0 100 0")),
        (less, report(1, PART, "100 60 0 40 0")),
    ):
        assert refused(ledger.report, [wrong]) == (Problem.HELD_IS_GONE, wrong.line, "gone")
    # What never was held may go all the same, so may what came in since, and what is held again is held as before.
    part = opened(report(1, PART, "100 60 0 0 40"), report(1, PART, "100 50 0 0 50"), report(1, PART, "100 50 0 40 10"))
    assert (totals(part.row(1)), part.row(1).taken) == ("100 50 0 40 10", Decimal(10))
    inflow = failed.report([report(2, FAILED, "9 0 0 1.999999 7.000001", "1.999999")])
    assert inflow.row(2).taken == Decimal("7.000001")
    again = part.report([report(1, PART, "100 60 0 40 0")])
    assert (totals(again.row(1)), again.row(1).taken) == ("100 60 0 40 0", Decimal(0))
    assert refused(again.report, [report(1, PART, "100 59 0 41 0")]) == (Problem.HELD_IS_GONE, 1, "gone")


def test_what_comes_in_later_is_covered_where_the_line_says_so() -> None:
    more = opened(HELD_ALL, report(2, PART, "9.5 7.000001 0 0 2.499999", "2.499999"))
    assert totals(more.row(2)) == "9.5 7.000001 0 0 2.499999"


WRONG = [
    (report(1, PART, "100 60 0 39.5 0"), Problem.DOES_NOT_ADD_UP, ""),
    (report(1, FULL, "100 100 0 0 0", "101"), Problem.DOES_NOT_ADD_UP, ""),
    (report(1, FULL, "100 60.5 0 39.5 0"), Problem.WRONG_STATUS, "status"),
    (report(1, PART, "100 100 0 0 0"), Problem.WRONG_STATUS, "status"),
    (report(1, LEFT, "100 1 0 99 0"), Problem.WRONG_STATUS, "status"),
    (report(1, LEFT, "100 0 0 99 1"), Problem.WRONG_STATUS, "status"),
    (report(1, FAILED, "100 0 0 100 0"), Problem.WRONG_STATUS, "status"),
    (report(1, FAILED, "100 1 0 0 99"), Problem.WRONG_STATUS, "status"),
    (report(1, 0, "100 0 0 0 100"), Problem.WRONG_STATUS, "status"),  # type: ignore[arg-type] # any number
    (report(1, PART, "100 -1 0 101 0"), Problem.NEGATIVE, "held"),
    (report(1, PART, "100 1e1 0 90 0"), Problem.NOT_AN_AMOUNT, "held"),
    (report(1, PART, "100 0.0000001 0 90 9.9999999"), Problem.TOO_MANY_DECIMALS, "held"),
    (report(1, PART, f"{UNITS} 1 0 0 0"), Problem.OVERFLOW, "requested"),
    (report(1, PART, "101 60.5 0 40.5 0"), Problem.NOT_THE_TOTALS, "requested"),
    (report(1, PART, "101 60.5 0 40.5 0", "1"), Problem.INFLOW_NOT_COVERED, "inflow"),
    (report(1, PART, "100 60.5 0 39.5 0", "x"), Problem.NOT_AN_AMOUNT, "inflow"),
    (report(1, PART, "100 60.5 9.5 30 0"), Problem.RELEASED_WITHOUT_RELEASE, "released"),
    (report(2, PART, "7 6 0 0 1", "1"), Problem.NOT_THE_TOTALS, "requested"),
    (report(3, PART, "100 60.5 0 39.5 0"), Problem.UNKNOWN_LINE, "line"),
]


@pytest.mark.parametrize(("wrong", "problem", "field"), WRONG)
def test_a_report_that_does_not_reconcile_is_refused_by_name(
    wrong: pb.LineReport, problem: Problem, field: str
) -> None:
    assert refused(opened().report, [wrong]) == (problem, wrong.line, field)


def test_one_wrong_line_changes_none_and_no_line_is_reported_twice_at_once() -> None:
    ledger = opened()
    wrong = report(2, FULL, "7 7 0 0 1")
    assert refused(ledger.report, [HELD, wrong])[:2] == (Problem.DOES_NOT_ADD_UP, 2)
    assert refused(ledger.report, [HELD, HELD]) == (Problem.LINE_TWICE, 1, "line")
    assert ledger == opened()


def test_a_release_lets_go_what_is_held_and_no_more() -> None:
    ledger = opened(HELD, HELD_ALL)
    done = ledger.release([pb.LineRelease(line=1, amount="10.5"), pb.LineRelease(line=2, all=True)])
    assert [totals(row) for row in done.rows] == ["100 50 10.5 39.5 0", "7.000001 0 7.000001 0 0"]
    assert refused(done.release, [pb.LineRelease(line=1, amount="50.1")]) == (Problem.MORE_THAN_HELD, 1, "amount")
    assert refused(done.release, [pb.LineRelease(line=1, amount="0")]) == (Problem.ZERO, 1, "amount")
    assert refused(done.release, [pb.LineRelease(line=1, amount="")]) == (Problem.NOT_AN_AMOUNT, 1, "amount")
    early = opened()
    assert refused(early.release, [pb.LineRelease(line=1, amount="1")]) == (Problem.HELD_WITHOUT_REPORT, 1, "amount")
    assert early.release([pb.LineRelease(line=1, all=True)]) == early


def test_a_report_after_a_release_goes_on_from_it() -> None:
    done = opened(HELD).release([pb.LineRelease(line=1, all=True)])
    again = done.report([report(1, LEFT, "100 0 60.5 39.5 0")])
    assert totals(again.row(1)) == "100 0 60.5 39.5 0"


def test_a_variation_lets_a_part_go_or_asks_for_more() -> None:
    done = opened(HELD).vary([pb.LineVariation(line=1, release="0.5", increase="20")])
    assert totals(done.row(1)) == "120 60 0.5 39.5 20"
    assert totals(done.report([report(1, PART, "120 80 0.5 39.5 0")]).row(1)) == "120 80 0.5 39.5 0"
    for variation, problem, field in (
        (pb.LineVariation(line=1, release="60.6"), Problem.MORE_THAN_HELD, "release"),
        (pb.LineVariation(line=1, release="0"), Problem.ZERO, "release"),
        (pb.LineVariation(line=1, increase="0.0"), Problem.ZERO, "increase"),
        (pb.LineVariation(line=1, increase=str(UNITS // 10**6)), Problem.OVERFLOW, "increase"),
        (pb.LineVariation(line=1, increase=str((UNITS - 1) // 10**6)), Problem.OVERFLOW, "increase"),
        (pb.LineVariation(line=2, increase="1"), Problem.MORE_THAN_ASKED, "increase"),
        (pb.LineVariation(line=2, release="1"), Problem.HELD_WITHOUT_REPORT, "release"),
    ):
        assert refused(opened(HELD).vary, [variation]) == (problem, variation.line, field)


def outcome(line: int, said: str) -> pb.LineOutcome:
    held, released, returned, forfeited = said.split()
    return pb.LineOutcome(line=line, held=held, released=released, returned=returned, forfeited=forfeited)


def test_an_outcome_says_what_became_of_everything_that_was_ever_held() -> None:
    before = opened(HELD, HELD_ALL).vary([pb.LineVariation(line=1, release="0.5")])
    done = before.outcome([outcome(1, "10 0.5 40 10"), outcome(2, "0 0 7.000001 0")])
    assert [totals(row) for row in done.rows] == ["100 10 50.5 39.5 0", "7.000001 0 7.000001 0 0"]
    assert (done.row(1).returned, done.row(1).forfeited) == (Decimal(40), Decimal(10))
    assert done.outcome([outcome(1, "0 0.5 50 10"), outcome(2, "0 0 7.000001 0")]).holds is False
    assert refused(before.outcome, [outcome(1, "0 60.5 0 0")]) == (Problem.LINE_MISSING, 2, "")
    assert refused(before.outcome, [outcome(1, "60.1 0.4 0 0")]) == (Problem.MORE_THAN_HELD, 1, "held")
    assert refused(before.outcome, [outcome(1, "0 0.5 40 10")]) == (Problem.NOT_THE_TOTALS, 1, "")
    assert refused(before.outcome, [outcome(1, "0 60.5 0 -1")]) == (Problem.NEGATIVE, 1, "forfeited")
    assert opened().outcome([]) == opened()


def test_a_provisional_hold_is_completed_with_its_own_lines_and_further_ones() -> None:
    before = Ledger.open([AMOUNT]).report([HELD])
    more = changed(AMOUNT, number=3, token="DAI", later_inflows=True)
    done = before.complete([more, changed(AMOUNT, holder="Bank", later_inflows=True)])
    assert [totals(row) for row in done.rows] == ["100 60.5 0 39.5 0", "100 0 0 0 100"]
    assert done.row(1).later_inflows
    for lines in ([], [more], [changed(AMOUNT, amount="101")], [changed(AMOUNT, token="DAI")]):
        assert refused(before.complete, lines) == (Problem.CHANGED_LINE, 1, "")


def test_a_ledger_is_opened_with_amounts_that_a_token_can_have_and_no_number_twice() -> None:
    assert refused(Ledger.open, [AMOUNT, changed(ALL, number=1)]) == (Problem.LINE_TWICE, 1, "number")
    assert refused(Ledger.open, [changed(AMOUNT, amount="0")]) == (Problem.ZERO, 1, "amount")
    assert refused(Ledger.open, [changed(AMOUNT, amount="-1")]) == (Problem.NEGATIVE, 1, "amount")


def test_amounts_are_exact_and_as_large_as_a_ledger_holds_them() -> None:
    most = f"{(UNITS - 1) // 10**18}.{(UNITS - 1) % 10**18:018}"
    assert str(read_amount(most, 18)).replace(".", "") == str(UNITS - 1)
    assert write_amount(read_amount(most, 18)) == most
    assert refused(read_amount, f"{UNITS // 10**18}.{UNITS % 10**18:018}", 18)[0] is Problem.OVERFLOW
    assert read_amount(str(UNITS - 1)) == UNITS - 1
    assert refused(read_amount, str(UNITS))[0] is Problem.OVERFLOW
    assert read_amount("0." + "0" * 35 + "1") > 0
    assert refused(read_amount, "0." + "0" * 36 + "1")[0] is Problem.TOO_MANY_DECIMALS
    assert [write_amount(read_amount(text)) for text in ("0", "10", "10.00", "0.10")] == ["0", "10", "10", "0.1"]
    assert read_report(HELD).gone == Decimal("39.5")


def test_every_problem_has_its_own_words() -> None:
    assert set(TEXTS) == set(Problem)
    assert len(set(TEXTS.values())) == len(Problem)
