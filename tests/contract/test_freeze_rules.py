"""What a freeze has come to: its end, what it rests on, conversion without a gap, release of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from comity.freezes import NON_BINDING, RESTS_ON, Freeze, LedgerError, Problem, judge, may_destroy, needs_two
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import State, Verb
from google.protobuf.message import Message

from tests.contract.bodies import CALL, DAY, FREEZE, HOUR, INSTRUMENT, LINE, NOW, REPORT, changed

END = NOW + 30 * DAY
REQUEST = FREEZE[Verb.REQUEST]
HOLD = FREEZE[Verb.REQUEST_PROVISIONAL]
ASKED = FREEZE[Verb.ASK_RELEASE]


def started(*bodies: Message) -> Freeze:
    """A freeze that was asked for in full, after some messages that set no end."""
    freeze = judge(None, REQUEST, END)
    for body in bodies:
        freeze = judge(freeze, body, 0)
    return freeze


HELD = started(pb.ReportExecution(lines=[REPORT]))


def refused(call: Callable[..., Freeze], *arguments: Any) -> tuple[Problem, int, str]:
    with pytest.raises(LedgerError) as error:
        call(*arguments)
    return error.value.problem, error.value.line, error.value.field


def test_a_freeze_begins_with_a_request_and_ends_when_its_instrument_ends() -> None:
    assert (started().ends, HELD.ledger.holds) == (END, True)
    assert started().instrument is not None
    assert started().instrument.kind == pb.INSTRUMENT_KIND_RESTRICTION_NOTICE  # type: ignore[union-attr]
    assert refused(judge, None, pb.ReportExecution(), 0) == (Problem.NOT_OPENED, 0, "")
    assert refused(judge, None, REQUEST, END - 1) == (Problem.ENDS_DIFFER, 0, "instrument.end")
    reviewed = changed(REQUEST, instrument=changed(INSTRUMENT, end=None, review=END))
    assert judge(None, reviewed, 0).ends == 0


def test_a_provisional_hold_is_confirmed_and_completed_each_with_its_own_end() -> None:
    hold = judge(None, HOLD, NOW + HOUR)
    assert (hold.instrument, hold.ends) == (None, NOW + HOUR)
    confirmed = judge(hold, pb.Confirm(), NOW + DAY)
    assert confirmed.ends == NOW + DAY
    done = judge(confirmed, REQUEST, NOW + 3 * DAY)
    assert (done.ends, done.instrument) == (NOW + 3 * DAY, started().instrument)
    assert refused(judge, confirmed, REQUEST, END + 1) == (Problem.ENDS_DIFFER, 0, "instrument.end")
    late = changed(REQUEST, instrument=changed(INSTRUMENT, start=NOW + 2 * DAY))
    assert refused(judge, confirmed, late, NOW + 3 * DAY) == (Problem.GAP_BETWEEN, 0, "instrument.start")
    other = changed(REQUEST, lines=[changed(LINE, amount="1")])
    assert refused(judge, confirmed, other, NOW + 3 * DAY) == (Problem.CHANGED_LINE, 1, "")
    endless = changed(REQUEST, instrument=changed(INSTRUMENT, end=None, review=END))
    assert judge(confirmed, endless, NOW + 3 * DAY).ends == NOW + 3 * DAY


def test_the_new_instrument_is_in_force_before_the_old_one_ends() -> None:
    def convert(**changes: Any) -> Message:
        return pb.Convert(instrument=changed(INSTRUMENT, kind=pb.INSTRUMENT_KIND_RESTRAINT_ORDER, **changes))

    late = END + 60 * DAY
    done = judge(HELD, convert(start=END, end=late), late)
    assert (done.ends, done.ledger) == (late, HELD.ledger)
    assert done.instrument is not None
    assert done.instrument.kind == pb.INSTRUMENT_KIND_RESTRAINT_ORDER
    assert refused(judge, HELD, convert(start=END + 1, end=late), late) == (
        Problem.GAP_BETWEEN,
        0,
        "instrument.start",
    )
    assert refused(judge, HELD, convert(start=END, end=late), END) == (Problem.ENDS_DIFFER, 0, "instrument.end")
    endless = judge(HELD, convert(end=None, review=late), 0)
    assert endless.ends == 0
    assert judge(endless, convert(start=late, end=late + DAY), late + DAY).ends == late + DAY


def test_an_extension_is_later_than_the_end_and_no_later_than_asked() -> None:
    def extend(until: int) -> Message:
        return pb.Extend(until=until)

    asked = pb.AskExtension(until=END + 2 * DAY, diligence="interviews")
    assert judge(HELD, asked, 0) == HELD
    assert judge(HELD, extend(END + DAY), END + DAY, asked).ends == END + DAY
    for no_ask in (None, pb.AskVariation(), REQUEST):
        assert refused(judge, HELD, extend(END + DAY), END + DAY, no_ask) == (Problem.NOT_ASKED, 0, "until")
    assert refused(judge, HELD, pb.AskExtension(until=END), 0) == (Problem.NOT_LATER, 0, "until")
    assert refused(judge, HELD, extend(END), END, asked) == (Problem.NOT_LATER, 0, "until")
    assert refused(judge, HELD, extend(END + DAY), END, asked) == (Problem.ENDS_DIFFER, 0, "until")
    assert refused(judge, HELD, extend(END + 3 * DAY), END + 3 * DAY, asked) == (Problem.MORE_THAN_ASKED, 0, "until")


def lines(*changes: dict[str, Any]) -> list[pb.LineVariation]:
    return [pb.LineVariation(line=1, **each) for each in changes]


def test_a_variation_is_what_was_asked_or_less() -> None:
    asked = pb.AskVariation(lines=lines({"release": "10", "increase": "5"}), text="rent")
    assert judge(HELD, asked, 0) == HELD
    assert judge(HELD, pb.Vary(lines=lines({"release": "9.5"})), 0, asked).ledger.row(1).released
    for no_ask in (None, pb.AskExtension(), REQUEST):
        assert refused(judge, HELD, pb.Vary(lines=lines({"release": "1"})), 0, no_ask) == (
            Problem.NOT_ASKED,
            0,
            "lines",
        )
    for given in ({"release": "10.1"}, {"increase": "6"}):
        assert refused(judge, HELD, pb.Vary(lines=lines(given)), 0, asked) == (
            Problem.MORE_THAN_ASKED,
            1,
            next(iter(given)),
        )
    nothing = pb.AskVariation(permitted_payments="rent", text="rent")
    assert refused(judge, HELD, pb.Vary(lines=lines({"release": "1"})), 0, nothing)[0] is Problem.MORE_THAN_ASKED
    assert judge(HELD, pb.Vary(permitted_payments="rent"), 0, nothing) == HELD
    for disguised in (pb.Vary, pb.AskVariation):
        for nearly in ("150000.5", "150000.499999", "148500.495001"):
            everything = disguised(lines=lines({"release": nearly}))
            assert refused(judge, HELD, everything, 0, everything) == (Problem.IS_A_RELEASE, 1, "release")
    much = lines({"release": "148500.495"})
    assert judge(HELD, pb.Vary(lines=much), 0, pb.AskVariation(lines=much)).ledger.row(1).released
    too_much = pb.AskVariation(lines=lines({"release": "999999"}), text="rent")
    assert refused(judge, HELD, too_much, 0) == (Problem.MORE_THAN_HELD, 1, "release")


def test_variations_together_let_go_of_no_more_than_one_of_them_could() -> None:
    def vary(freeze: Freeze, release: str) -> Freeze:
        said = lines({"release": release})
        return judge(freeze, pb.Vary(lines=said), 0, pb.AskVariation(lines=said))

    def reports(freeze: Freeze, **changes: Any) -> Freeze:
        return judge(freeze, pb.ReportExecution(lines=[changed(REPORT, **changes)]), 0)

    most = vary(HELD, "148500.495")
    assert most.ledger.row(1).varied == most.ledger.row(1).released
    # No report in between makes of what is left a new whole: neither one of less, nor one of more to hold.
    less = reports(most, held="1500.004999", released="148500.495", outstanding="0.000001")
    wants = lines({"increase": "1"})
    more = vary(judge(HELD, pb.Vary(lines=wants), 0, pb.AskVariation(lines=wants)), "148500.495")
    more = reports(more, requested="200001", held="1501.005", released="148500.495")
    for freeze in (most, less, more, vary(vary(HELD, "100000"), "48500.495")):
        for further in ("2", "1485"):
            said = lines({"release": further})
            for body in (pb.Vary(lines=said), pb.AskVariation(lines=said)):
                assert refused(judge, freeze, body, 0, body) == (Problem.IS_A_RELEASE, 1, "release")
    corrected = reports(HELD, held="100", outstanding="149900.5")  # a wrong report is no base for ever
    assert vary(corrected, "99").ledger.row(1).held == 1


def test_what_was_passed_on_ends_with_its_original_until_it_rests_on_an_instrument_of_its_own() -> None:
    passed = judge(None, REQUEST, END - DAY, passed_on=True)
    assert (passed.ends, passed.passed_on, passed.ledger) == (END - DAY, True, started().ledger)
    for longer in (0, END + 1):
        with pytest.raises(LedgerError) as outlives:
            judge(None, REQUEST, longer, passed_on=True)
        assert (outlives.value.problem, outlives.value.field) == (Problem.ENDS_DIFFER, "instrument.end")
    with pytest.raises(LedgerError) as provisional:
        judge(None, HOLD, NOW + HOUR, passed_on=True)
    assert provisional.value.problem is Problem.NOT_OPENED
    endless = changed(REQUEST, instrument=changed(INSTRUMENT, end=None, review=END))
    assert [judge(None, endless, ends, passed_on=True).ends for ends in (0, END)] == [0, END]
    asked = pb.AskExtension(until=END + DAY, diligence="interviews")
    held = judge(passed, pb.ReportExecution(lines=[REPORT]), 0)
    for body, until in ((asked, 0), (pb.Extend(until=END + DAY), END + DAY)):
        assert refused(judge, held, body, until, asked) == (Problem.NOT_ITS_OWN, 0, "until")
    own = judge(held, pb.Convert(instrument=changed(INSTRUMENT, start=NOW, end=END)), END)
    assert (own.passed_on, own.ledger) == (False, held.ledger)
    assert judge(own, pb.Extend(until=END + DAY), END + DAY, asked).ends == END + DAY


def test_no_line_of_several_is_let_go_by_a_variation() -> None:
    asking = changed(REQUEST, lines=[LINE, changed(LINE, number=2, token="DAI")])
    two = judge(judge(None, asking, END), pb.ReportExecution(lines=[REPORT, changed(REPORT, line=2)]), 0)
    gone = [pb.LineVariation(line=2, release="150000.5")]
    assert refused(judge, two, pb.Vary(lines=gone), 0, pb.AskVariation(lines=gone)) == (
        Problem.IS_A_RELEASE,
        2,
        "release",
    )


def test_what_lets_go_of_something_held_or_accepts_what_binds_is_by_two_people() -> None:
    assert not needs_two(None, pb.Accept())
    assert needs_two(started(), pb.Accept())
    assert not needs_two(judge(None, HOLD, NOW + HOUR), pb.Accept())
    loose = changed(INSTRUMENT, kind=pb.INSTRUMENT_KIND_VOLUNTARY_HOLD, binding=None)
    assert not needs_two(judge(None, changed(REQUEST, instrument=loose), END), pb.Accept())
    assert needs_two(HELD, pb.Vary(lines=lines({"release": "0.01"})))
    for harmless in (pb.Vary(lines=lines({"increase": "1"})), pb.Vary(permitted_payments="rent"), pb.Confirm()):
        assert not needs_two(HELD, harmless)
    less = changed(REPORT, held="150000.499999", outstanding="0.000001")
    assert needs_two(HELD, pb.ReportExecution(lines=[less]))
    assert not needs_two(HELD, pb.ReportExecution(lines=[REPORT]))
    assert not needs_two(started(pb.Accept()), pb.ReportExecution(lines=[less]))
    assert not needs_two(HELD, pb.ReportExecution(lines=[changed(REPORT, line=9)]))


def test_what_binds_comes_into_force_by_two_people_whoever_accepted_it() -> None:
    first = pb.ReportExecution(lines=[REPORT])
    loose = changed(INSTRUMENT, kind=pb.INSTRUMENT_KIND_VOLUNTARY_HOLD, binding=None)
    hold, asks = judge(None, HOLD, NOW + HOUR), judge(None, changed(REQUEST, instrument=loose), END)
    assert [(freeze.binds, freeze.accepted) for freeze in (started(), hold, asks)] == [
        (True, False),
        (False, False),
        (False, False),
    ]
    assert [needs_two(freeze, first) for freeze in (started(), hold, asks)] == [True, False, False]
    accepted = judge(started(), pb.Accept(), 0)
    assert (accepted.accepted, accepted.ledger, accepted.ends) == (True, started().ledger, END)
    assert not needs_two(accepted, first)
    reported = judge(started(), first, 0)  # by two: no later report takes two because nobody had accepted
    assert (reported.accepted, needs_two(reported, first)) == (True, False)
    # A hold that one person accepted is held already when an order takes its place.
    completed = judge(judge(hold, pb.Accept(), 0), REQUEST, NOW + DAY)
    assert (completed.binds, needs_two(completed, first)) == (True, False)
    assert needs_two(judge(hold, REQUEST, NOW + DAY), first)


@pytest.mark.parametrize("state", State)
def test_what_a_freeze_rests_on_is_not_destroyed_while_it_holds(state: State) -> None:
    holding = state in (State.EXECUTING, State.IN_FORCE, State.CHALLENGED)
    for verb in Verb:
        assert may_destroy(state, verb) is not (holding and verb in RESTS_ON), verb
    assert {Verb.REQUEST, Verb.REQUEST_PROVISIONAL, Verb.FORWARD, Verb.COMPLETE, Verb.CONVERT} <= RESTS_ON
    assert Verb.SUPPLY not in RESTS_ON


def test_a_release_was_asked_for_or_a_court_orders_it_and_nothing_stays_held() -> None:
    release = pb.Release(lines=[pb.LineRelease(line=1, all=True)], ground=pb.RELEASE_GROUND_CASE_ENDED, call_back=CALL)
    assert judge(HELD, ASKED, 0) == HELD
    assert not judge(HELD, release, 0, ASKED).ledger.holds
    assert refused(judge, HELD, release, 0) == (Problem.NOT_ASKED, 0, "ground")
    assert refused(judge, HELD, release, 0, REQUEST) == (Problem.NOT_ASKED, 0, "ground")
    ordered = changed(release, ground=pb.RELEASE_GROUND_COURT_ORDER)
    assert not judge(HELD, ordered, 0, REQUEST).ledger.holds
    part = changed(release, lines=[pb.LineRelease(line=1, amount="1")])
    assert refused(judge, HELD, part, 0, ASKED) == (Problem.STILL_HELD, 1, "")
    assert refused(judge, HELD, changed(ASKED, lines=list(part.lines)), 0) == (Problem.STILL_HELD, 1, "")


def test_an_outcome_adds_up_and_what_moves_nothing_leaves_it_as_it_is() -> None:
    said = pb.FreezeOutcome(
        lines=[pb.LineOutcome(line=1, held="0", released="0", returned="150000.5", forfeited="0")],
        event_at=NOW,
        held_at=NOW,
    )
    assert refused(judge, HELD, said, 0) == (Problem.STILL_HELD, 1, "")
    assert not judge(HELD, said, 0, ended=True).ledger.holds
    nothing = started(pb.ReportExecution(lines=[changed(REPORT, status=3, held="0", gone="200000")]))
    assert judge(nothing, pb.FreezeOutcome(), 0) == nothing
    assert judge(HELD, FREEZE[Verb.REPORT_CHALLENGE], 0) == HELD
    assert judge(HELD, FREEZE[Verb.RECALL], 0) == HELD
    changed(said).lines[0].ClearField("line")
    unknown = changed(said, lines=[pb.LineOutcome(line=9)])
    with pytest.raises(LedgerError) as caught:
        judge(HELD, unknown, 0, ended=True)
    assert (caught.value.problem, caught.value.line) == (Problem.UNKNOWN_LINE, 9)


def test_no_outcome_ends_what_reports_took_out_of_held() -> None:
    def failed(**changes: Any) -> Message:
        return pb.ReportExecution(lines=[changed(REPORT, status=4, held="0", gone="49999.5", next_hop=None, **changes)])

    taken = judge(HELD, failed(outstanding="150000.5"), 0)
    assert not taken.ledger.holds
    nothing = pb.FreezeOutcome(lines=[pb.LineOutcome(line=1, held="0", released="0", returned="0", forfeited="0")])
    for body in (nothing, pb.FreezeOutcome()):
        assert refused(judge, taken, body, 0) == (Problem.STILL_HELD, 1, "")
        assert judge(taken, body, 0, ended=True).ledger == taken.ledger
    release = pb.Release(lines=[pb.LineRelease(line=1, all=True)], ground=pb.RELEASE_GROUND_CASE_ENDED, call_back=CALL)
    assert judge(taken, release, 0, ASKED).ledger == taken.ledger  # called back, and asked for


def test_what_never_binds_is_named() -> None:
    assert {pb.InstrumentKind.Name(kind).removeprefix("INSTRUMENT_KIND_") for kind in NON_BINDING} == {
        "VOLUNTARY_HOLD",
        "LETTER_OF_NO_CONSENT",
        "STOP_PAYMENT",
    }
