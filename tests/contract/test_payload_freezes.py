"""Payloads of freezes: each verb's body there and back, and every contradiction between fields by its name."""

from __future__ import annotations

from typing import Any

import pytest
from comity.encoding import serialise
from comity.errors import MalformedError
from comity.payload import body_name, body_of, encode_payload, parse_payload
from comity.payload_rules import LATEST_TIME
from comity.v1 import payload_pb2 as pb
from comity.workflow.families import TABLES
from comity.workflow.terms import Family, Precedence, Verb

from tests.contract.bodies import (
    BODIES,
    CALL,
    CARRIED,
    CASE,
    DAY,
    FACT,
    FREEZE,
    HOUR,
    INSTRUMENT,
    LINE,
    NOW,
    ORDER,
    RECEIVED,
    REPORT,
    attachment,
    changed,
    found,
    header,
    payload,
)


@pytest.mark.parametrize(("family", "verb"), [(family, verb) for family in BODIES for verb in BODIES[family]])
def test_every_verb_carries_its_body_there_and_back(family: Family, verb: Verb) -> None:
    made = payload(family, verb)
    assert found(made, family, verb) == []
    data = encode_payload(made, family, verb, Precedence.ROUTINE, NOW)
    parsed = parse_payload(data, header(family, verb, made))
    assert (parsed, body_of(parsed)) == (made, BODIES[family][verb])
    assert serialise(parsed) == data


def test_there_is_a_body_for_every_verb_of_the_two_families() -> None:
    assert {family: set(bodies) for family, bodies in BODIES.items()} == {
        family: set(TABLES[family].verbs) - ({Verb.CLOSE} - BODIES[family].keys()) for family in BODIES
    }


def wrong(verb: Verb, changes: dict[str, Any], created: int = NOW) -> list[str]:
    return [path for path, _ in found(payload(Family.FREEZE, verb, **changes), Family.FREEZE, verb, created=created)]


INSTRUMENTS = [
    ({"legal_text": None}, "legal_text"),
    ({"authority": None}, "authority"),
    ({"number": " "}, "number"),
    ({"binding": None, "legal_text": None}, "legal_text"),
    ({"kind": pb.INSTRUMENT_KIND_VOLUNTARY_HOLD}, "binding"),
    ({"kind": pb.INSTRUMENT_KIND_LETTER_OF_NO_CONSENT}, "binding"),
    ({"kind": pb.INSTRUMENT_KIND_STOP_PAYMENT}, "binding"),
    ({"kind": pb.INSTRUMENT_KIND_ISSUER_BLACKLIST, "legal_text": None}, "legal_text"),
    ({"end": None, "planned_by": NOW + DAY}, "end"),
    ({"end": NOW, "planned_kind": None, "planned_by": None}, "end"),
    ({"start": NOW + 31 * DAY}, "end"),
    ({"start": NOW - 2 * DAY, "end": NOW - DAY, "planned_kind": None, "planned_by": None}, "end"),
    ({"review": NOW}, "review"),
    ({"planned_by": NOW}, "planned_by"),
    ({"planned_by": None}, "planned_by"),
    ({"planned_kind": None}, "planned_by"),
    ({"planned_by": NOW + 31 * DAY}, "planned_by"),
    ({"order_attachment": ORDER, "order_sha256": bytes(32)}, "order_attachment"),
]


@pytest.mark.parametrize(("changes", "field"), INSTRUMENTS)
@pytest.mark.parametrize("verb", [Verb.REQUEST, Verb.CONVERT, Verb.REPORT_EXECUTION])
def test_an_instrument_says_what_it_is_and_until_when(verb: Verb, changes: dict[str, Any], field: str) -> None:
    given = wrong(verb, {"instrument": changed(INSTRUMENT, **changes)})
    assert set(given) == {f"{body_name(Family.FREEZE, verb)}.instrument.{field}"}


def test_what_never_binds_needs_no_legal_text_and_an_end_or_a_review_will_do() -> None:
    for kind in (pb.INSTRUMENT_KIND_VOLUNTARY_HOLD, pb.INSTRUMENT_KIND_ISSUER_BLACKLIST):
        plain = pb.Instrument(kind=kind, start=NOW, review=NOW + DAY)
        assert wrong(Verb.REQUEST, {"instrument": plain}) == []


def test_an_order_s_image_is_an_attachment_of_the_message_and_has_its_digest() -> None:
    made = payload(Family.FREEZE, Verb.REQUEST, instrument=changed(INSTRUMENT, order_attachment=ORDER))
    made.attachments.append(attachment(ORDER))
    assert [path for path, _ in found(made, Family.FREEZE, Verb.REQUEST)] == ["request_freeze.instrument.order_sha256"]
    made.request_freeze.instrument.order_sha256 = bytes(32)
    assert found(made, Family.FREEZE, Verb.REQUEST) == []


LINES = [
    ({"number": 0}, "number", "is missing"),
    ({"holder": None}, "holder", "is missing"),
    ({"account": None}, "account", "is not a canonical CAIP-10 account"),
    ({"account": RECEIVED}, "account", "is not a canonical CAIP-10 account"),
    ({"account_as_received": None}, "account_as_received", "is not the account that the canonical form names"),
    ({"account": None, "account_as_received": None}, "account", "is missing: an account, or the platform's"),
    ({"decimals": 37}, "decimals", "is more than 36"),
    ({"amount": None}, "amount", "is either an amount or all"),
    ({"all": True}, "amount", "is either an amount or all"),
    ({"amount": "-1"}, "amount", "is negative"),
    ({"amount": "1e6"}, "amount", "is not an exact decimal: digits and at most one point"),
    ({"amount": "0.0"}, "amount", "is nothing at all"),
    ({"amount": "1.0000001"}, "amount", "has more digits after the point than the token"),
    ({"amount": "1" + "0" * 72}, "amount", "is larger than a ledger can hold"),
    ({"valuation": pb.Valuation(amount="-2", currency="HKD", when="2027-01-14")}, "valuation.amount", "is negative"),
    (
        {"valuation": pb.Valuation(amount="2", currency="HKD", when="2027-01-14T10:00:00+08:07")},
        "valuation.when",
        "names a time zone that does not exist",
    ),
    (
        {"valuation": pb.Valuation(amount="2", currency="HKD", when="2027-02-29T10:00:00+08:00")},
        "valuation.when",
        "is not an ISO 8601 date, or date and time with offset",
    ),
]


@pytest.mark.parametrize(("changes", "field", "problem"), LINES)
def test_an_asset_line_that_cannot_be_is_named(changes: dict[str, Any], field: str, problem: str) -> None:
    made = payload(Family.FREEZE, Verb.REQUEST, lines=[changed(LINE, **changes)])
    assert found(made, Family.FREEZE, Verb.REQUEST) == [(f"request_freeze.lines[0].{field}", problem)]


def test_a_line_may_be_a_platform_s_account_of_which_all_is_held() -> None:
    line = pb.AssetLine(number=9, holder="Bank", platform_account="012-345", token="HKD", all=True, later_inflows=True)
    assert wrong(Verb.REQUEST, {"lines": [LINE, line]}) == []
    assert wrong(Verb.REQUEST_PROVISIONAL, {"lines": [changed(LINE, holder=None)]}) == []


def test_no_number_and_no_asset_stands_twice() -> None:
    twice = [changed(LINE), changed(LINE, token="USDC")], [changed(LINE), changed(LINE, number=2)]
    for lines in twice:
        assert wrong(Verb.REQUEST, {"lines": lines}) == ["request_freeze.lines"]


def report(**changes: Any) -> dict[str, Any]:
    return {"lines": [changed(REPORT, **changes)]}


REPORTS = [
    (report(outstanding="1"), "", "does not add up: requested = held + released + gone + outstanding"),
    (report(inflow="200000.1"), "", "does not add up: requested = held + released + gone + outstanding"),
    (report(status=pb.LINE_STATUS_HELD_FULL), ".status", "has a status that its amounts contradict"),
    (report(held="-1"), ".held", "is negative"),
    (report(gone="1" + "0" * 78), ".gone", "is larger than a ledger can hold"),
    (report(gone="0." + "0" * 37), ".gone", "has more digits after the point than the token"),
    (report(gone=""), ".gone", "is missing"),
    (report(next_hop=RECEIVED), ".next_hop", "is not a canonical CAIP-10 account"),
    (report(next_hop="nowhere"), ".next_hop", "is not a canonical CAIP-10 account"),
    (
        report(status=pb.LINE_STATUS_NOTHING_LEFT, held="0", gone="200000", next_hop=None),
        ".next_hop",
        "is missing: say where it went, or who holds it now",
    ),
    (report(when="2027-01-15T09:00"), ".when", "is not an ISO 8601 date, or date and time with offset"),
]


@pytest.mark.parametrize(("changes", "field", "problem"), REPORTS)
def test_a_report_that_does_not_reconcile_is_named(changes: dict[str, Any], field: str, problem: str) -> None:
    made = payload(Family.FREEZE, Verb.REPORT_EXECUTION, **changes)
    assert found(made, Family.FREEZE, Verb.REPORT_EXECUTION) == [(f"report_execution.lines[0]{field}", problem)]


def test_what_is_gone_says_where_to_or_with_whom_it_is_now() -> None:
    gone = report(status=pb.LINE_STATUS_NOTHING_LEFT, held="0", gone="200000", next_hop=None, next_holder="abroad")
    assert wrong(Verb.REPORT_EXECUTION, gone) == []
    assert wrong(Verb.REPORT_EXECUTION, {"lines": [REPORT, REPORT]}) == ["report_execution.lines"]
    assert wrong(Verb.REPORT_EXECUTION, {"instrument": None}) == []


def variation(**changes: Any) -> dict[str, Any]:
    return {"lines": [pb.LineVariation(line=1, **changes)]}


OTHERS: list[tuple[Verb, dict[str, Any], str]] = [
    (Verb.ACCEPT, {"decided_by": None}, "accept.decided_by"),
    (Verb.ACCEPT, {"parts": ["x"]}, "accept.parts"),
    (Verb.ACKNOWLEDGE, {"expected_date": "2027-01-13"}, "acknowledge_case.expected_date"),
    (Verb.REPORT_PROGRESS, {"expected_date": "2027-01-13"}, "report_progress.expected_date"),
    (Verb.REQUEST, {"loss_currency": None}, "request_freeze.loss_currency"),
    (Verb.REQUEST, {"loss_amount": "-3"}, "request_freeze.loss_amount"),
    (Verb.REQUEST, {"links": [CARRIED, CARRIED]}, "request_freeze.links"),
    (Verb.REQUEST, {"on_chain": [changed(FACT, account=RECEIVED)]}, "request_freeze.on_chain[0].account"),
    (Verb.REQUEST_PROVISIONAL, {"loss_amount": None}, "request_hold.loss_amount"),
    (Verb.REQUEST_PROVISIONAL, {"transaction": None}, "request_hold.transaction"),
    (Verb.REQUEST_PROVISIONAL, {"victim_reference": None}, "request_hold.victim_reference"),
    (Verb.REQUEST_PROVISIONAL, {"offence": None}, "request_hold.offence"),
    (Verb.REQUEST_PROVISIONAL, {"lines": [changed(LINE, decimals=40)]}, "request_hold.lines[0].decimals"),
    (Verb.ASK_EXTENSION, {"until": NOW}, "ask_extension.until"),
    (Verb.EXTEND, {"until": NOW}, "extend.until"),
    (Verb.ASK_VARIATION, {"lines": []}, "ask_variation.lines"),
    (Verb.ASK_VARIATION, variation(), "ask_variation.lines[0]"),
    (Verb.ASK_VARIATION, variation(release="0"), "ask_variation.lines[0].release"),
    (Verb.VARY, variation(increase="-1"), "vary.lines[0].increase"),
    (Verb.VARY, {"lines": [pb.LineVariation(line=1, release="1")] * 2}, "vary.lines"),
    (Verb.REPORT_CHALLENGE, {"next_date": "2027-01-13"}, "report_challenge.next_date"),
    (Verb.ASK_RELEASE, {"lines": [pb.LineRelease(line=1)]}, "ask_release.lines[0].amount"),
    (Verb.ASK_RELEASE, {"lines": [pb.LineRelease(line=1, amount="1", all=True)]}, "ask_release.lines[0].amount"),
    (Verb.RELEASE, {"lines": [pb.LineRelease(line=1, amount="0")]}, "release.lines[0].amount"),
    (Verb.RELEASE, {"lines": [pb.LineRelease(line=1, all=True)] * 2}, "release.lines"),
    (Verb.RELEASE, {"ground": pb.RELEASE_GROUND_OTHER}, "release.text"),
    (Verb.RELEASE, {"call_back": None}, "release.call_back"),
    (Verb.RELEASE, {"call_back": changed(CALL, telephone="98765432")}, "release.call_back.telephone"),
    (Verb.RELEASE, {"call_back": changed(CALL, called_at=NOW + 1)}, "release.call_back.called_at"),
    (Verb.RELEASE, {"call_back": changed(CALL, result=pb.CALL_BACK_RESULT_DENIED)}, "release.call_back.result"),
    (Verb.REPORT_OUTCOME, {"lines": []}, "freeze_outcome.held_at"),
    (Verb.REPORT_OUTCOME, {"held_at": None}, "freeze_outcome.held_at"),
    (Verb.REPORT_OUTCOME, {"held_at": NOW - 2 * DAY}, "freeze_outcome.held_at"),
    (Verb.REPORT_OUTCOME, {"held_at": NOW + 1}, "freeze_outcome.held_at"),
    (Verb.REPORT_OUTCOME, {"event_at": NOW + 1, "held_at": None, "lines": []}, "freeze_outcome.event_at"),
    (Verb.REPORT_OUTCOME, {"lines": list(FREEZE[Verb.REPORT_OUTCOME].lines) * 2}, "freeze_outcome.lines"),
]


@pytest.mark.parametrize(("verb", "changes", "path"), OTHERS)
def test_rules_between_the_fields_of_the_other_verbs_are_named(verb: Verb, changes: dict[str, Any], path: str) -> None:
    given = wrong(verb, changes)
    assert given[:1] == [path]
    assert all(each.startswith(path) for each in given)


def test_an_outcome_may_be_that_nothing_was_held_and_its_amounts_are_exact() -> None:
    assert wrong(Verb.REPORT_OUTCOME, {"lines": [], "held_at": None}) == []
    line = pb.LineOutcome(line=1, held="0", released="0", returned="0." + "1" * 37, forfeited="1")
    assert wrong(Verb.REPORT_OUTCOME, {"lines": [line]}) == ["freeze_outcome.lines[0].returned"]


def test_a_court_s_order_is_not_kept_waiting_by_a_telephone_that_nobody_answers() -> None:
    call = changed(CALL, result=pb.CALL_BACK_RESULT_NOT_REACHED)
    assert wrong(Verb.RELEASE, {"ground": pb.RELEASE_GROUND_COURT_ORDER, "call_back": call}) == []


def test_what_is_urgent_says_why() -> None:
    made = payload(Family.FREEZE, Verb.REQUEST)
    assert [path for path, _ in found(made, Family.FREEZE, Verb.REQUEST, Precedence.FLASH)] == [
        "request_freeze.urgency_reason"
    ]


def test_a_date_goes_by_when_it_is_over_everywhere_and_never_in_a_referral() -> None:
    body = changed(CASE[Verb.ACKNOWLEDGE], expected_date="2027-01-14")
    noon = NOW + 4 * HOUR  # 2027-01-15T12:00Z: the 14th ends twelve hours behind UTC
    for created, gaps in ((noon - 1000, 0), (noon, 1), (0, 0)):
        made = payload(Family.FREEZE, Verb.ACKNOWLEDGE, body)
        assert len(found(made, Family.FREEZE, Verb.ACKNOWLEDGE, created=created)) == gaps
        assert found(made, Family.REFERRAL, Verb.ACKNOWLEDGE, created=created) == []


def test_the_last_moment_of_all_is_no_trouble() -> None:
    given = wrong(Verb.ACKNOWLEDGE, {"expected_date": "9999-12-28"}, created=LATEST_TIME)
    assert given == ["acknowledge_case.expected_date"]


def test_what_contradicts_itself_is_neither_sealed_nor_read() -> None:
    made = payload(Family.FREEZE, Verb.EXTEND, until=NOW - 1)
    with pytest.raises(MalformedError):
        encode_payload(made, Family.FREEZE, Verb.EXTEND, Precedence.ROUTINE, NOW)
    with pytest.raises(MalformedError):
        parse_payload(serialise(made), header(Family.FREEZE, Verb.EXTEND, made))
    with pytest.raises(MalformedError):
        parse_payload(serialise(payload(Family.FREEZE, Verb.REQUEST)), header(Family.ASSISTANCE, Verb.REQUEST, made))
