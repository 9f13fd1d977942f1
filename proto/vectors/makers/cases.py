"""Vectors of what is said in freezes, assistance and the shared flows, and of the ledger of a freeze."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comity.encoding import serialise
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb
from google.protobuf.message import Message
from vectors.makers.book import Book

from tests.contract.bodies import (
    ACCOUNT,
    ASSISTANCE_REQUEST,
    BODIES,
    CALL,
    CARRIED,
    DAY,
    FREEZE,
    HOP,
    HOUR,
    INSTRUMENT,
    LINE,
    NOW,
    ORDER,
    REPORT,
    REQUEST,
    changed,
)

END = NOW + 30 * DAY
FULL, PART, LEFT, FAILED = (
    pb.LINE_STATUS_HELD_FULL,
    pb.LINE_STATUS_HELD_PART,
    pb.LINE_STATUS_NOTHING_LEFT,
    pb.LINE_STATUS_FAILED,
)


def bodies() -> Book:
    """Bodies of the two families, and what contradicts itself."""
    book = Book(
        "bodies",
        "Bodies of freezes, assistance and the shared flows under what the header says (section 5).",
        {"precedence": "ROUTINE", "created": NOW, "attachments": []},
    )
    for family, said in BODIES.items():
        for verb, body in said.items():
            attachments = {"attachments": [ORDER.hex()]} if verb is Verb.FORWARD else {}
            book.good(f"{family.name} {verb.name}", "body", input=_under(family, verb, body) | attachments)
    _other_verbs(book)
    _instruments(book)
    _lines(book)
    _dates(book)
    _rest(book)
    return book


def _under(family: Family, verb: Verb, body: Message) -> dict[str, Any]:
    return {"family": family.name, "verb": verb.name, "data": serialise(body).hex()}


def _bad(book: Book, name: str, verb: Verb, family: Family = Family.FREEZE, /, **changes: Any) -> None:
    """A case in which some fields of a complete body are others, and one rule is broken."""
    of = f"{family.name} {verb.name}"
    data = serialise(changed(BODIES[family][verb], **changes)).hex()
    book.bad(f"{of}: {name}", "body", "CANNOT_OPEN", like=of, input={"data": data})


def _other_verbs(book: Book) -> None:
    for family, verb, body in (
        (Family.FREEZE, Verb.REQUEST, ASSISTANCE_REQUEST),
        (Family.ASSISTANCE, Verb.REQUEST, REQUEST),
        (Family.FREEZE, Verb.CLOSE, pb.Close()),
        (Family.REFERRAL, Verb.REQUEST, REQUEST),
        (Family.ASSISTANCE, Verb.RELEASE, FREEZE[Verb.RELEASE]),
    ):
        name = f"{family.name} {verb.name} with a {body.DESCRIPTOR.name}"
        book.bad(name, "body", "CANNOT_OPEN", input=_under(family, verb, body))


def _instruments(book: Book) -> None:
    def bad(name: str, **changes: Any) -> None:
        _bad(book, name, Verb.CONVERT, instrument=changed(INSTRUMENT, **changes))

    for field in ("legal_text", "authority", "number", "kind", "start"):
        bad(f"without {field}", **{field: None})
    bad("an order that does not bind, without its text", binding=None, legal_text=None)
    for kind in ("VOLUNTARY_HOLD", "LETTER_OF_NO_CONSENT", "STOP_PAYMENT"):
        bad(f"{kind} that binds", kind=pb.InstrumentKind.Value(f"INSTRUMENT_KIND_{kind}"))
    bad("with neither end nor review", end=None)
    bad("that ends when it starts", start=END)
    bad("that was over before", start=1, end=NOW, planned_kind=None, planned_by=None)
    bad("planned too late", planned_by=END + 1)
    bad("planned for a date, and nothing", planned_kind=None)
    bad("with an image that is not attached", order_sha256=bytes(32), order_attachment=ORDER)
    with_image = changed(INSTRUMENT, order_sha256=bytes(32), order_attachment=ORDER)
    data = serialise(pb.Convert(instrument=with_image)).hex()
    there = {"data": data, "attachments": [ORDER.hex()]}
    book.good("FREEZE CONVERT: with an image", "body", like="FREEZE CONVERT", input=there)


def _lines(book: Book) -> None:
    def bad(name: str, **changes: Any) -> None:
        _bad(book, name, Verb.REQUEST_PROVISIONAL, lines=[changed(LINE, **changes)])

    bad("no number", number=None)
    bad("an amount and all", all=True)
    bad("neither an amount nor all", amount=None)
    bad("a negative amount", amount="-1")
    bad("nothing", amount="0.0")
    bad("an exponent", amount="2e5")
    bad("too many decimals", amount="0.0000001")
    bad("beyond 256 bits", amount="1" + "0" * 72)
    bad("no account", account=None, account_as_received=None)
    bad("an account that is not canonical", account=ACCOUNT.lower())
    bad("another account as received", account_as_received=HOP.rpartition(":")[2])
    bad("a token of 37 decimals", decimals=37)
    _bad(book, "a line twice", Verb.REQUEST_PROVISIONAL, lines=[LINE, changed(LINE, token="DAI")])
    _bad(book, "an asset twice", Verb.REQUEST_PROVISIONAL, lines=[LINE, changed(LINE, number=2)])
    _bad(book, "no holder", Verb.REQUEST, lines=[changed(LINE, holder=None)])


def _dates(book: Book) -> None:
    worth = {"amount": "1", "currency": "HKD"}
    for name, when in (
        ("no time zone", "2027-01-14T10:00:00"),
        ("a zone by minutes", "2027-01-14T10:00:00+08:07"),
        ("a zone too far east", "2027-01-14T10:00:00+14:15"),
        ("a zone too far west", "2027-01-14T10:00:00-12:15"),
        ("no day of the calendar", "2027-02-29"),
    ):
        lines = [changed(LINE, valuation=pb.Valuation(when=when, **worth))]
        _bad(book, name, Verb.REQUEST_PROVISIONAL, lines=lines)
    _bad(book, "a date that went by", Verb.REPORT_CHALLENGE, next_date="2027-01-13")
    _bad(book, "a date that went by", Verb.SUSPEND, Family.ASSISTANCE, review_date="2027-01-13")
    _bad(book, "a time that went by", Verb.EXTEND, until=NOW)
    _bad(book, "a call that is to come", Verb.RELEASE, call_back=changed(CALL, called_at=NOW + 1))
    like = {"like": "FREEZE REPORT_CHALLENGE", "input": {"created": 1_801_526_400_000}}  # 2027-02-02T00:00Z
    book.good("FREEZE REPORT_CHALLENGE: on the day itself", "body", **like)
    like["input"] = {"created": 1_801_656_000_000}  # 2027-02-03T12:00Z: the day is over everywhere
    book.bad("FREEZE REPORT_CHALLENGE: after the day", "body", "CANNOT_OPEN", **like)


def _rest(book: Book) -> None:
    for name, changes in (
        ("that does not add up", {"gone": "1"}),
        ("whose status says more", {"status": FULL}),
        ("of what is gone to nobody", {"status": LEFT, "held": "0", "gone": "200000", "next_hop": None}),
    ):
        _bad(book, name, Verb.REPORT_EXECUTION, lines=[changed(REPORT, **changes)])
    _bad(book, "nobody decided", Verb.ACCEPT, decided_by=None)
    _bad(book, "changes nothing", Verb.VARY, permitted_payments=None)
    _bad(book, "by nobody on the telephone", Verb.RELEASE, call_back=changed(CALL, result=3))
    _bad(book, "for another reason, without it", Verb.ASK_RELEASE, ground=pb.RELEASE_GROUND_OTHER)
    _bad(book, "held before the event", Verb.REPORT_OUTCOME, held_at=NOW - 2 * DAY)
    _bad(book, "nothing held, at a time", Verb.REPORT_OUTCOME, lines=[])
    _bad(book, "a link twice", Verb.REQUEST, links=[CARRIED, CARRIED])
    flash = {"like": "FREEZE REQUEST", "input": {"precedence": "FLASH"}}
    book.bad("FREEZE REQUEST: urgent, and no reason", "body", "CANNOT_OPEN", **flash)
    bad = Family.ASSISTANCE
    _bad(book, "a freeze that is no case", Verb.REQUEST, bad, kinds=[pb.ASSISTANCE_KIND_FREEZE])
    _bad(book, "a statement, and not how", Verb.REQUEST, bad, kinds=[pb.ASSISTANCE_KIND_STATEMENT])
    _bad(book, "some memorandum", Verb.REQUEST, bad, instrument=pb.ASSISTANCE_INSTRUMENT_BILATERAL)
    _bad(book, "what would do", Verb.REFUSE, bad, acceptable_if=None)
    _bad(book, "part 3 of 2", Verb.REPLY_PART, bad, number=3)
    _bad(book, "not the last part", Verb.REPLY, bad, number=1)
    _bad(book, "no use conditions", Verb.REPLY, bad, use_conditions=[])
    _bad(book, "not yet known, and not until when", Verb.ANSWER_FIRST, bad, kind=3)
    _bad(book, "decisive, and more", Verb.FEEDBACK, bad, usefulness=6)
    _bad(book, "an original that is not there", Verb.FORWARD, bad, original_attachment=bytes(16))


def freezes() -> Book:
    """A freeze from the telephone call to its outcome, and what does not fit it."""
    book = Book("freeze", "What a freeze has come to, after each message of a story (section 13).")
    book.shared = {"story": _story(), "then": []}
    for after in range(1, len(book.shared["story"]) + 1):
        book.good(f"after {after}", "freeze", input={"after": after})
    _refused(book, lambda name, after, expect, *then: _then(book, name, after, expect, *then))
    return book


def _message(name: str, body: Message, lapses_at: int = 0, asked: int | None = None) -> dict[str, Any]:
    made = {"body": name, "data": serialise(body).hex(), "lapses_at": lapses_at}
    return made if asked is None else made | {"asked": asked}


def _then(book: Book, name: str, after: int, expect: str, *then: dict[str, Any]) -> None:
    book.bad(name, "freeze", expect, input={"after": after, "then": list(then)})


ALL = pb.AssetLine(
    number=2, holder="Bank", platform_account="012-345", token="HKD", decimals=2, all=True, later_inflows=True
)
DUST = "0.000000000000000001"
THIRD = changed(LINE, number=3, token="DAI", decimals=18, amount=DUST)


def _report(line: int, status: pb.LineStatus, totals: str, inflow: str = "") -> pb.LineReport:
    amounts = dict(zip(("requested", "held", "released", "gone", "outstanding"), totals.split(), strict=True))
    return pb.LineReport(line=line, status=status, when="2027-01-15", inflow=inflow, next_holder="abroad", **amounts)


def _reports(*reports: pb.LineReport) -> dict[str, Any]:
    return _message("report_execution", pb.ReportExecution(lines=reports))


def _vary(release: str = "", increase: str = "", line: int = 1) -> pb.Vary:
    return pb.Vary(lines=[pb.LineVariation(line=line, release=release, increase=increase)])


def _release(*lines: pb.LineRelease, ground: pb.ReleaseGround = pb.RELEASE_GROUND_CASE_ENDED) -> pb.Release:
    return pb.Release(lines=lines, ground=ground, call_back=CALL)


EVERYTHING = [pb.LineRelease(line=number, all=True) for number in (1, 2, 3)]
HOLD = changed(FREEZE[Verb.REQUEST_PROVISIONAL], lines=[LINE, ALL])
COMPLETE = changed(REQUEST, lines=[THIRD, ALL, LINE])
ASKED = pb.AskVariation(lines=[pb.LineVariation(line=1, release="10.5", increase="5")], text="rent")
ORDER_OF_COURT = changed(INSTRUMENT, kind=pb.INSTRUMENT_KIND_RESTRAINT_ORDER, start=NOW + DAY, end=END + 60 * DAY)


def _outcome(*said: str) -> pb.FreezeOutcome:
    lines = []
    for number, amounts in enumerate(said, 1):
        fields = dict(zip(("held", "released", "returned", "forfeited"), amounts.split(), strict=True))
        lines.append(pb.LineOutcome(line=number, **fields))
    return pb.FreezeOutcome(lines=lines, event_at=NOW - DAY, held_at=NOW)


def _story() -> list[dict[str, Any]]:
    first = "200000 150000.5 0 49999.5 0"
    return [
        _message("request_hold", HOLD, NOW + HOUR),
        _message("confirm", pb.Confirm(), NOW + DAY),
        _reports(_report(1, PART, first), _report(2, FAILED, "0 0 0 0 0")),
        _message("request_freeze", COMPLETE, NOW + 3 * DAY),
        _reports(_report(2, FULL, "1234.56 1234.56 0 0 0"), _report(3, LEFT, f"{DUST} 0 0 {DUST} 0")),
        _message("convert", pb.Convert(instrument=ORDER_OF_COURT), END + 60 * DAY),
        _message("ask_variation", ASKED),
        _message("vary", _vary("10", "5"), asked=6),
        _reports(_report(1, PART, "200005 149990.5 10 49999.5 5"), _report(2, FULL, "1300 1300 0 0 0", "65.44")),
        _message("ask_extension", pb.AskExtension(until=END + 90 * DAY, diligence="two interviews")),
        _message("extend", pb.Extend(until=END + 80 * DAY), END + 80 * DAY, asked=9),
        _message("report_challenge", FREEZE[Verb.REPORT_CHALLENGE]),
        _message("ask_release", pb.AskRelease(lines=EVERYTHING, ground=1, call_back=CALL)),  # type: ignore[arg-type]
        _message("release", _release(*EVERYTHING), asked=12),
        _message("freeze_outcome", _outcome("0 10 149990.5 0", "0 0 0 1300", "0 0 0 0")),
    ]


def _refused(book: Book, bad: Callable[..., None]) -> None:
    bad("not opened", 0, "NOT_OPENED", _reports(_report(1, FULL, "1 1 0 0 0")))
    bad("ends otherwise", 0, "ENDS_DIFFER", _message("request_freeze", REQUEST, END - 1))
    bad("a line twice", 0, "LINE_TWICE:1", _message("request_hold", changed(HOLD, lines=[LINE, LINE])))
    for name, expect, report in (
        ("does not add up", "DOES_NOT_ADD_UP:1", _report(1, PART, "200000 1 0 1 1")),
        ("more than asked", "NOT_THE_TOTALS:1", _report(1, FULL, "200001 200001 0 0 0")),
        ("an inflow that is not covered", "INFLOW_NOT_COVERED:1", _report(1, FULL, "200001 200001 0 0 0", "1")),
        ("an inflow of what is not known", "NOT_THE_TOTALS:2", _report(2, FULL, "2 2 0 0 0", "1")),
        ("released by nobody", "RELEASED_WITHOUT_RELEASE:1", _report(1, PART, "200000 1 1 199998 0")),
        ("a wrong status", "WRONG_STATUS:1", _report(1, FULL, "200000 1 0 199999 0")),
        ("a failure that holds", "WRONG_STATUS:1", _report(1, FAILED, "200000 1 0 0 199999")),
        ("too many decimals", "TOO_MANY_DECIMALS:2", _report(2, FULL, "2.001 2.001 0 0 0")),
        ("a negative amount", "NEGATIVE:1", _report(1, PART, "200000 -1 0 200001 0")),
        ("no amount", "NOT_AN_AMOUNT:1", _report(1, PART, "200000 01 0 199999 0")),
        ("beyond 256 bits", "OVERFLOW:2", _report(2, FULL, f"{2**256} {2**256} 0 0 0")),
        ("an unknown line", "UNKNOWN_LINE:9", _report(9, FULL, "1 1 0 0 0")),
    ):
        bad(f"a report: {name}", 2, expect, _reports(report))
    bad("a hold that another line completes", 2, "CHANGED_LINE:2", _message("request_freeze", REQUEST, NOW + DAY))
    late = changed(COMPLETE, instrument=changed(INSTRUMENT, start=NOW + DAY + 1))
    bad("a gap before the full form", 2, "GAP_BETWEEN", _message("request_freeze", late, NOW + 3 * DAY))
    after = changed(ORDER_OF_COURT, start=NOW + 3 * DAY + 1)
    gap = _message("convert", pb.Convert(instrument=after), END + 60 * DAY)
    bad("a gap before the next instrument", 5, "GAP_BETWEEN", gap)
    bad("released before a report", 2, "HELD_WITHOUT_REPORT:1", _message("vary", _vary("1")))
    bad("more let go than is held", 5, "MORE_THAN_HELD:1", _message("vary", _vary("150000.500001")))
    bad("more let go than was asked", 7, "MORE_THAN_ASKED:1", _message("vary", _vary("10.500001"), asked=6))
    bad("more held than was asked", 7, "MORE_THAN_ASKED:2", _message("vary", _vary("", "1", line=2), asked=6))
    bad("a line let go by a variation", 3, "IS_A_RELEASE:1", _message("vary", _vary("150000.5")))
    bad("all but a crumb of a line let go", 3, "IS_A_RELEASE:1", _message("vary", _vary("148500.495001")))
    bad("all but a crumb let go in two steps", 8, "IS_A_RELEASE:1", _message("vary", _vary("148490.595")))
    bad("a variation that nobody asked for", 7, "NOT_ASKED", _message("vary", _vary("10")))
    bad("a variation that an extension was asked for", 10, "NOT_ASKED", _message("vary", _vary("10"), asked=9))
    left = _reports(_report(1, PART, "200000 150000 0 50000 0"))
    bad("a report: what was held is gone", 3, "HELD_IS_GONE:1", left)
    _taken(book, bad, left)
    bad("nothing let go", 5, "ZERO:1", _message("vary", _vary("0")))
    bad("more of all there is", 2, "MORE_THAN_ASKED:2", _message("vary", _vary("", "1", line=2)))
    bad("an extension backwards", 10, "NOT_LATER", _message("extend", pb.Extend(until=END), END, asked=9))
    further = pb.Extend(until=END + 91 * DAY)
    bad("an extension too far", 10, "MORE_THAN_ASKED", _message("extend", further, END + 91 * DAY, asked=9))
    bad("an extension that nobody asked for", 10, "NOT_ASKED", _message("extend", further, END + 91 * DAY))
    bad("nobody asked for a release", 12, "NOT_ASKED", _message("release", _release(*EVERYTHING)))
    part = _message("release", _release(*EVERYTHING[:1]), asked=12)
    bad("a release of a part", 13, "STILL_HELD:2", part)
    forgets = _message("freeze_outcome", _outcome("0 150000.5 0 0"))
    bad("an outcome in the place of a release", 13, "STILL_HELD:1", forgets)
    bad("an outcome that forgets a line", 13, "LINE_MISSING:2", forgets | {"ended": True})
    loses = _message("freeze_outcome", _outcome("0 1 0 0"))
    bad("an outcome that loses some", 13, "NOT_THE_TOTALS:1", loses | {"ended": True})
    bad("an outcome that holds more", 14, "MORE_THAN_HELD:1", _message("freeze_outcome", _outcome("1 0 0 0")))
    ordered = _message("release", _release(*EVERYTHING, ground=pb.RELEASE_GROUND_COURT_ORDER), asked=3)
    book.good("a release that a court orders", "freeze", input={"after": 12, "then": [ordered]})
    _passed_on(book, bad)


def _taken(book: Book, bad: Callable[..., None], left: dict[str, Any]) -> None:
    """What reports took out of held is not gone, and no outcome ends the freeze."""
    less = _reports(_report(1, PART, "200000 150000 0 49999.5 0.5"))
    failed = _reports(_report(1, FAILED, "200000 0 0 49999.5 150000.5"))
    bad("a report: what was held is gone, a report later", 3, "HELD_IS_GONE:1", less, left)
    bad("a report: what was held is gone, two later", 3, "HELD_IS_GONE:1", less, failed, left)
    part = _reports(_report(1, PART, "200000 1 0 199999 0"))
    bad("a report: held again a little, and the rest is gone", 3, "HELD_IS_GONE:1", failed, part)
    back = [less, _reports(_report(1, PART, "200000 150000.5 0 49999.5 0")), less]
    book.good("a report: held again as before", "freeze", input={"after": 3, "then": back[:2]})
    bad("a report: held again, and gone later", 3, "HELD_IS_GONE:1", *back, left)
    nothing = _message("freeze_outcome", _outcome("0 0 0 0"))
    bad("an outcome where reports held less and less", 3, "STILL_HELD:1", failed, nothing)
    kept = {"after": 3, "then": [failed, nothing | {"ended": True}]}
    book.good("an outcome after the end where reports held less", "freeze", input=kept)


def _passed_on(book: Book, bad: Callable[..., None]) -> None:
    def passed(lapses_at: int) -> dict[str, Any]:
        return _message("request_freeze", REQUEST, lapses_at) | {"passed_on": True}

    own = _message("convert", pb.Convert(instrument=ORDER_OF_COURT), END + 60 * DAY)
    asks = _message("ask_extension", pb.AskExtension(until=END + 90 * DAY, diligence="two interviews"))
    extends = _message("extend", pb.Extend(until=END + 90 * DAY), END + 90 * DAY, asked=1)
    book.good("passed on for less", "freeze", input={"after": 0, "then": [passed(END - DAY)]})
    book.good("passed on, then under its own", "freeze", input={"after": 0, "then": [passed(END), own, asks]})
    bad("passed on for longer", 0, "ENDS_DIFFER", passed(END + 1))
    bad("passed on without an end", 0, "ENDS_DIFFER", passed(0))
    hold = _message("request_hold", HOLD, NOW + HOUR) | {"passed_on": True}
    bad("a provisional hold passed on", 0, "NOT_OPENED", hold)
    bad("an extension of what was passed on is asked for", 0, "NOT_ITS_OWN", passed(END), asks)
    bad("an extension of what was passed on", 0, "NOT_ITS_OWN", passed(END), extends | {"asked": 0})


BOOKS = (bodies, freezes)
