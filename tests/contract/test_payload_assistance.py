"""Payloads of assistance and of the shared flows: every contradiction between fields is named."""

from __future__ import annotations

import os
from typing import Any

import pytest
from comity.blobs import BLOB_LIMIT
from comity.encoding import serialise
from comity.errors import MalformedError, Reason
from comity.payload import encode_payload, parse_payload
from comity.payload_onward import ORIGINAL_LIMIT, encode_original, parse_original
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb

from tests.contract.bodies import (
    ASSISTANCE,
    ASSISTANCE_REQUEST,
    CARRIED,
    DAY,
    FACT,
    NOW,
    ORDER,
    ORIGINAL,
    RECEIVED,
    attachment,
    changed,
    found,
    header,
    payload,
)

FAMILY = Family.ASSISTANCE
BAD_FACT = changed(FACT, account=RECEIVED)
OTHER = pb.CaseLink(case_id=os.urandom(16), desk="sfc/intake", relation=pb.CASE_RELATION_SAME_FACTS)


def wrong(verb: Verb, changes: dict[str, Any], family: Family = FAMILY) -> list[str]:
    return [path for path, _ in found(payload(family, verb, **changes), family, verb)]


NEEDED = (
    "number",
    "requesting_authority",
    "requested_authority",
    "contact",
    "instrument",
    "signatory",
    "competence",
    "provisions",
    "kinds",
    "facts",
    "purpose",
    "why_useful",
    "jurisdiction_link",
    "questions",
    "intended_uses",
)


@pytest.mark.parametrize("field", NEEDED)
@pytest.mark.parametrize("verb", [Verb.REQUEST, Verb.COMPLETE])
def test_a_request_says_everything_that_the_other_authority_needs(verb: Verb, field: str) -> None:
    assert wrong(verb, {field: None}) == [f"request_assistance.{field}"]


CASES: list[tuple[Verb, dict[str, Any], str]] = [
    (Verb.REQUEST, {"instrument": pb.ASSISTANCE_INSTRUMENT_BILATERAL}, "request_assistance.instrument_text"),
    (Verb.REQUEST, {"kinds": [pb.ASSISTANCE_KIND_STATEMENT]}, "request_assistance.statement_conduct"),
    (Verb.REQUEST, {"kinds": [pb.ASSISTANCE_KIND_FREEZE]}, "request_assistance.links"),
    (Verb.REQUEST, {"kinds": [pb.ASSISTANCE_KIND_FREEZE], "links": [OTHER]}, "request_assistance.links"),
    (Verb.REQUEST, {"kinds": [2, 2]}, "request_assistance.kinds"),
    (Verb.REQUEST, {"kinds": [99]}, "request_assistance.kinds[0]"),
    (Verb.REQUEST, {"latest_useful_date": "2027-01-13"}, "request_assistance.latest_useful_date"),
    (Verb.REQUEST, {"on_chain": [BAD_FACT]}, "request_assistance.on_chain[0].account"),
    (Verb.REQUEST, {"links": [OTHER, OTHER]}, "request_assistance.links"),
    (Verb.REQUEST, {"links": [changed(OTHER, case_id=b"short")]}, "request_assistance.links[0].case_id"),
    (Verb.ORAL_NOTICE, {"spoken_at": NOW + 1}, "oral_notice.spoken_at"),
    (Verb.ORAL_NOTICE, {"latest_useful_date": "2027-01-13"}, "oral_notice.latest_useful_date"),
    (Verb.ORAL_NOTICE, {"kinds": [1, 1]}, "oral_notice.kinds"),
    (Verb.ORAL_NOTICE, {"on_chain": [BAD_FACT]}, "oral_notice.on_chain[0].account"),
    (Verb.ORAL_NOTICE, {"links": [OTHER, OTHER]}, "oral_notice.links"),
    (Verb.ORAL_NOTICE, {"urgency_reason": None}, "oral_notice.urgency_reason"),
    (Verb.ACKNOWLEDGE, {"expected_date": "2027-01-13"}, "acknowledge_case.expected_date"),
    (Verb.ACCEPT_IN_PART, {"parts": []}, "accept.parts"),
    (Verb.ANSWER_FIRST, {"kind": pb.FIRST_ANSWER_KIND_NOT_YET_KNOWN}, "answer_first.expected_date"),
    (Verb.ANSWER_FIRST, {"expected_date": "2027-01-13"}, "answer_first.expected_date"),
    (Verb.REFUSE, {"acceptable_if": None}, "refuse_assistance.acceptable_if"),
    (Verb.SUSPEND, {"review_date": "2027-01-13"}, "suspend.review_date"),
    (Verb.SUSPEND, {"review_date": None}, "suspend.review_date"),
    (Verb.REPLY_PART, {"number": 3}, "reply_part.number"),
    (Verb.REPLY_PART, {"on_chain": [BAD_FACT]}, "reply_part.on_chain[0].account"),
    (Verb.REPLY_PART, {"use_conditions": []}, "reply_part.use_conditions"),
    (Verb.REPLY, {"number": 1}, "reply.number"),
    (Verb.REPLY, {"on_chain": [BAD_FACT]}, "reply.on_chain[0].account"),
    (Verb.FEEDBACK, {"usefulness": 6}, "feedback.usefulness"),
    (Verb.FEEDBACK, {"usefulness": None}, "feedback.usefulness"),
    (Verb.ASK_ONWARD, {"desk": "hkpf"}, "ask_onward.desk"),
    (Verb.ASK_ONWARD, {"purpose": None}, "ask_onward.purpose"),
    (Verb.REFUSE_ONWARD, {"reason": 99}, "refuse_onward.reason"),
    (Verb.FORWARD, {"grant_receipt": None}, "forward.grant_receipt"),
    (Verb.FORWARD, {"original_attachment": bytes(16)}, "forward.original_attachment"),
    (
        Verb.FORWARD,
        {"original_blobs": [pb.OriginalBlob(sha256=bytes(32), length=BLOB_LIMIT + 1)]},
        "forward.original_blobs[0].length",
    ),
    (Verb.FORWARD, {"original_blobs": [pb.OriginalBlob(sha256=bytes(32), length=9)] * 2}, "forward.original_blobs"),
]


@pytest.mark.parametrize(("verb", "changes", "path"), CASES)
def test_what_contradicts_itself_is_named(verb: Verb, changes: dict[str, Any], path: str) -> None:
    assert wrong(verb, changes) == [path]


def test_what_is_said_in_full_has_no_gap() -> None:
    full = {
        "kinds": [pb.ASSISTANCE_KIND_FREEZE, pb.ASSISTANCE_KIND_STATEMENT],
        "links": [CARRIED],
        "statement_conduct": "by video",
        "instrument": pb.ASSISTANCE_INSTRUMENT_BILATERAL,
        "instrument_text": "memorandum of 2016, clause 5",
    }
    assert wrong(Verb.REQUEST, full) == []
    known = {"kind": pb.FIRST_ANSWER_KIND_NOT_YET_KNOWN, "expected_date": "2027-01-20"}
    assert wrong(Verb.ANSWER_FIRST, known) == []


def test_an_urgent_request_says_why() -> None:
    made = payload(FAMILY, Verb.REQUEST, ASSISTANCE_REQUEST)
    assert [path for path, _ in found(made, FAMILY, Verb.REQUEST, Precedence.URGENT)] == [
        "request_assistance.urgency_reason"
    ]


def test_a_forward_names_its_own_attachments_and_the_original_s_blobs_in_its_header() -> None:
    blobs = [pb.OriginalBlob(sha256=os.urandom(32), length=5000) for _ in range(2)]
    made = payload(FAMILY, Verb.FORWARD, original_blobs=blobs)
    data = encode_payload(made, FAMILY, Verb.FORWARD, Precedence.ROUTINE)
    assert len(header(FAMILY, Verb.FORWARD, made).blobs) == 3
    assert parse_payload(data, header(FAMILY, Verb.FORWARD, made)) == made
    with pytest.raises(MalformedError):
        parse_payload(data, header(FAMILY, Verb.FORWARD, payload(FAMILY, Verb.FORWARD)))


def test_a_forward_has_no_more_blobs_than_a_header_can_name_and_none_of_them_twice() -> None:
    blobs = [pb.OriginalBlob(sha256=os.urandom(32), length=5000) for _ in range(64)]
    assert wrong(Verb.FORWARD, {"original_blobs": blobs}) == ["forward.original_blobs"]
    made = payload(FAMILY, Verb.FORWARD, original_blobs=blobs[:1])
    made.attachments.append(attachment(blob_sha256=blobs[0].sha256))
    assert [path for path, _ in found(made, FAMILY, Verb.FORWARD)] == ["forward.original_blobs"]


def test_an_original_is_embedded_whole_or_not_at_all() -> None:
    assert parse_original(encode_original(ORIGINAL)) == ORIGINAL
    broken: list[dict[str, Any]] = [
        {"header": None},
        {"header": bytes(65_537)},
        {"seal": None},
        {"ciphertext": None},
        {"signatures": None},
        {"signatures": [ORIGINAL.signatures[0]] * 3},
        {"cek": bytes(31)},
        {"receipt": None},
        {"receipt": bytes(65_537)},
    ]
    for changes in broken:
        wrong = changed(ORIGINAL, **changes)
        with pytest.raises(MalformedError):
            encode_original(wrong)
        with pytest.raises(MalformedError):
            parse_original(serialise(wrong))
    with pytest.raises(MalformedError) as refused:
        parse_original(bytes(ORIGINAL_LIMIT + 1))
    assert refused.value.reason is Reason.TOO_LARGE


def test_a_link_stands_with_a_hold_too_and_dates_of_the_past_are_no_gap_where_time_is_not_known() -> None:
    assert wrong(Verb.REQUEST_PROVISIONAL, {"links": [OTHER, OTHER]}, Family.FREEZE) == ["request_hold.links"]
    made = payload(FAMILY, Verb.SUSPEND, ASSISTANCE[Verb.SUSPEND], review_date="2020-01-01")
    assert found(made, FAMILY, Verb.SUSPEND, created=0) == []
    assert found(made, FAMILY, Verb.SUSPEND, created=NOW - 9999 * DAY) == []
    assert ORDER in {item.id for item in payload(FAMILY, Verb.FORWARD).attachments}
