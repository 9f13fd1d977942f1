"""Payloads: what can be sealed is complete, and what was opened is what could have been sealed."""

from __future__ import annotations

import os
from typing import Any

import pytest
from comity.blobs import sealed_blob_length
from comity.encoding import serialise
from comity.errors import MalformedError, Reason
from comity.header import BlobRef, Header, Recipient
from comity.payload import BODY_NAMES, PAYLOAD_LIMIT, body_of, encode_payload, gaps, parse_payload, set_body
from comity.payload_rules import AMOUNT_DIGITS, RULES, is_amount, is_date, is_moment
from comity.v1 import payload_pb2 as pb
from comity.workflow.families import TABLES
from comity.workflow.referral import REFERRAL
from comity.workflow.terms import Family, Precedence, Verb

from tests.contract.bodies import CARRIED, CASE

CONTACT = pb.Contact(name="Chan Tai Man 陳大文", unit="Enforcement", telephone="+85298765432", email="c@sfc.example")
REFER = pb.Refer(
    reference="SFC/2026/117",
    contact=CONTACT,
    ground=pb.REFERRAL_GROUND_BETTER_PLACED,
    provisions=["AMLO s.53ZRD"],
    summary="An unlicensed platform.\nTwo wallets.",
    chronology=[pb.ChronologyItem(when="2026-03", what="deposits", kind=pb.FACT_KIND_FACT)],
    loss_amount="1200000.50",
    loss_currency="USDT",
    victims=31,
    subjects=[
        pb.Subject(name="CHEUNG Wai", name_other_script="張偉", birth_date="1984-02-29", platform_accounts=["a"])
    ],
    on_chain=[
        pb.OnChainFact(
            account="eip155:1:0x52908400098527886E0F7030069857D2E4169EE7",
            account_as_received="0x52908400098527886e0f7030069857d2e4169ee7",
            amount="0.10",
            when="2026-03-04T05:06:07+08:00",
            confidence=pb.CONFIDENCE_KIND_OWN_TRACE,
            kind=pb.FACT_KIND_INFERENCE,
        )
    ],
    evidence=[pb.EvidenceItem(item="ledger", sha256=b"\x01" * 32, privileged=True)],
    requested_actions=["freeze"],
    wished_date="2026-12-01",
)
BODIES: dict[Verb, Any] = {
    Verb.REFER: REFER,
    Verb.ACKNOWLEDGE: pb.AcknowledgeCase(reference="HKMA-9", contact=CONTACT, expected_date="2026-12-01"),
    Verb.REQUEST_INFO: pb.RequestInfo(questions=[pb.Question(gap=pb.INFO_GAP_FACTS, text="which bank?")]),
    Verb.SUPPLY: pb.Supply(text="that one", on_chain=list(REFER.on_chain)),
    Verb.ACCEPT: pb.Accept(owner="Team 3"),
    Verb.ACCEPT_IN_PART: pb.Accept(owner="Team 3", parts=["the wallets"]),
    Verb.DECLINE: pb.Decline(reason=pb.DECLINE_REASON_NO_POWER),
    Verb.REDIRECT: pb.Redirect(desk="hkpf/cctb"),
    Verb.REPORT_PROGRESS: pb.ReportProgress(text="so far", expected_date="2026-12-24", slip_reason="holidays"),
    Verb.REPORT_OUTCOME: pb.ReportOutcome(
        outcomes=[pb.Outcome(kind=pb.OUTCOME_KIND_RECOVERY, amount="10", currency="HKD"), pb.Outcome(kind=1)],
        usefulness=5,
    ),
    Verb.WITHDRAW: pb.Withdraw(),
    Verb.RECALL: pb.Recall(reason=pb.RECALL_REASON_LEGAL),
    Verb.ANSWER_RECALL: pb.AnswerRecall(kind=pb.RECALL_ANSWER_KIND_DESTROYED),
    Verb.CLOSE: pb.Close(text="done"),
    **{verb: CASE[verb] for verb in (Verb.ASK_ONWARD, Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD, Verb.REVOKE_GRANT)},
}


def handling(**changes: Any) -> pb.Handling:
    fields: dict[str, Any] = {
        "tlp": pb.TLP_AMBER,
        "code": pb.HANDLING_CODE_H0,
        "source_grade": pb.SOURCE_GRADE_A,
        "information_grade": pb.INFORMATION_GRADE_1,
        "permitted_action": pb.PERMITTED_ACTION_INTERNAL,
        "evidential_use": pb.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
        "onward": pb.ONWARD_ASK,
    }
    return pb.Handling(**(fields | changes))


def attachment(plain_length: int = 10, **changes: Any) -> pb.Attachment:
    fields: dict[str, Any] = {
        "id": os.urandom(16),
        "key": os.urandom(32),
        "commitment": os.urandom(32),
        "plain_length": plain_length,
        "name": "證據.pdf",
        "media_type": "application/pdf",
        "blob_sha256": os.urandom(32),
        "blob_length": sealed_blob_length(plain_length),
    }
    return pb.Attachment(**(fields | changes))


def payload(verb: Verb = Verb.REFER, body: Any = None, **changes: Any) -> pb.Payload:
    fields: dict[str, Any] = {"version": 1, "handling": handling(), "gossip": pb.Gossip()}
    made = pb.Payload(**(fields | changes))
    set_body(made, Family.REFERRAL, verb, BODIES[verb] if body is None else body)
    return made


def header(
    verb: Verb = Verb.REFER, blobs: tuple[BlobRef, ...] = (), precedence: Precedence = Precedence.ROUTINE
) -> Header:
    return Header(
        origin="hub.example/exchange",
        envelope_id=bytes(16),
        family=Family.REFERRAL,
        verb=verb,
        case_id=bytes(16),
        previous=b"",
        about=b"",
        sender="sfc/intake",
        recipients=(Recipient("hkma/intake", bytes(32)),),
        author=bytes(32),
        precedence=Precedence.ROUTINE,
        created=1,
        deliver_by=2,
        respond_by=0,
        lapses_at=0,
        directory_size=1,
        directory_root=bytes(32),
        blobs=blobs,
    )


def with_body(verb: Verb = Verb.REFER, **changes: Any) -> pb.Payload:
    body = type(BODIES[verb])()
    body.CopyFrom(BODIES[verb])
    for name, value in changes.items():
        body.ClearField(name)
        if isinstance(value, list):
            getattr(body, name).extend(value)
        elif hasattr(value, "CopyFrom"):
            getattr(body, name).CopyFrom(value)
        else:
            setattr(body, name, value)
    return payload(verb, body)


def found(
    made: pb.Payload, verb: Verb = Verb.REFER, precedence: Precedence = Precedence.ROUTINE
) -> list[tuple[str, str]]:
    return [(gap.path, gap.problem) for gap in gaps(made, Family.REFERRAL, verb, precedence)]


@pytest.mark.parametrize("verb", BODIES)
def test_every_verb_of_a_referral_carries_its_body_there_and_back(verb: Verb) -> None:
    made = payload(verb)

    data = encode_payload(made, Family.REFERRAL, verb, Precedence.ROUTINE)
    parsed = parse_payload(data, header(verb))

    assert parsed == made
    assert body_of(parsed) == BODIES[verb]
    assert serialise(parsed) == data


def test_every_verb_with_a_body_is_in_the_table() -> None:
    assert set(BODY_NAMES) == {(family, verb) for family, table in TABLES.items() for verb in table.verbs}
    assert set(BODIES) | {Verb.FORWARD} == set(REFERRAL.verbs)


def test_every_field_of_every_record_has_a_rule_and_no_rule_is_without_its_field() -> None:
    bodies = {field.name for field in pb.Payload.DESCRIPTOR.oneofs_by_name["body"].fields}
    messages = {
        name: {f.name for f in message.fields} - (bodies if name == "Payload" else set())
        for name, message in pb.DESCRIPTOR.message_types_by_name.items()
    }

    assert {name: set(rules) for name, rules in RULES.items()} == messages


def test_an_attachment_is_the_headers_and_no_other() -> None:
    one, two = attachment(), attachment(70_000)
    made = payload(attachments=[one, two])
    refs = sorted((BlobRef(a.blob_sha256, a.blob_length) for a in (one, two)), key=lambda b: b.sha256)
    data = encode_payload(made, Family.REFERRAL, Verb.REFER, Precedence.ROUTINE)

    assert len(parse_payload(data, header(blobs=tuple(refs))).attachments) == 2
    for blobs in ((), tuple(refs[:1])):
        with pytest.raises(MalformedError):
            parse_payload(data, header(blobs=blobs))


def test_an_attachment_stands_once_and_its_blob_has_the_length_of_its_plaintext() -> None:
    one = attachment()

    assert found(payload(attachments=[one, one])) == [("attachments", "one stands twice")] * 2
    assert found(payload(attachments=[attachment(blob_length=1)])) == [
        ("attachments[0].blob_length", "is not that of a sealed blob of the plain length")
    ]
    huge = 6 << 30
    wrong = attachment(plain_length=huge, blob_length=sealed_blob_length(huge))
    assert found(payload(attachments=[wrong]))[0][0] == "attachments[0].blob_length"


def test_a_body_of_another_verb_is_refused_both_ways() -> None:
    with pytest.raises(MalformedError):
        set_body(pb.Payload(), Family.REFERRAL, Verb.ACCEPT, BODIES[Verb.REFER])
    with pytest.raises(MalformedError):
        set_body(pb.Payload(), Family.REFERRAL, Verb.CONFIRM, BODIES[Verb.REFER])
    data = encode_payload(payload(Verb.CLOSE), Family.REFERRAL, Verb.CLOSE, Precedence.ROUTINE)
    with pytest.raises(MalformedError):
        parse_payload(data, header(Verb.WITHDRAW))
    assert found(payload(Verb.CLOSE), Verb.CONFIRM)[-1] == ("body", "is missing: the verb carries it")
    with pytest.raises(MalformedError):
        body_of(pb.Payload())


def test_another_version_is_refused_by_name() -> None:
    made = payload(version=2)

    assert ("version", "is not 1") in found(made)
    with pytest.raises(MalformedError) as refused:
        parse_payload(serialise(made), header())
    assert refused.value.reason is Reason.UNSUPPORTED_VERSION


def test_what_is_not_canonical_or_not_complete_is_not_parsed() -> None:
    data = encode_payload(payload(), Family.REFERRAL, Verb.REFER, Precedence.ROUTINE)
    for wrong in (data + b"\xa0\x06\x01", b"\xff", serialise(payload(handling=pb.Handling()))):
        with pytest.raises(MalformedError):
            parse_payload(wrong, header())


def test_an_incomplete_or_too_large_payload_is_not_encoded() -> None:
    with pytest.raises(MalformedError):
        encode_payload(with_body(summary=""), Family.REFERRAL, Verb.REFER, Precedence.ROUTINE)
    items = [pb.ChronologyItem(when="2026", what="x" * 2000, kind=1)] * 500
    with pytest.raises(MalformedError) as refused:
        encode_payload(with_body(chronology=items), Family.REFERRAL, Verb.REFER, Precedence.ROUTINE)
    assert refused.value.reason is Reason.TOO_LARGE
    assert PAYLOAD_LIMIT < 1 << 20


HANDLING = [
    ({"code": pb.HANDLING_CODE_H3}, "handling.code_text"),
    ({"code_text": "why"}, "handling.code_text"),
    ({"onward": pb.ONWARD_LISTED}, "handling.onward_agencies"),
    ({"onward_agencies": ["hkma"]}, "handling.onward_agencies"),
    ({"code": pb.HANDLING_CODE_H2, "onward": pb.ONWARD_FREE}, "handling.onward"),
    ({"tlp": 0}, "handling.tlp"),
    ({"tlp": 99}, "handling.tlp"),
    ({"onward": pb.ONWARD_LISTED, "onward_agencies": ["HKMA"]}, "handling.onward_agencies[0]"),
    ({"onward": pb.ONWARD_LISTED, "onward_agencies": ["hkma"] * 65}, "handling.onward_agencies"),
    ({"retain_until": -1}, "handling.retain_until"),
    ({"retain_until": 1 << 60}, "handling.retain_until"),
    ({"original_language": "not a tag"}, "handling.original_language"),
    ({"purposes": [" "]}, "handling.purposes[0]"),
    ({"purposes": ["a\u202eb"]}, "handling.purposes[0]"),
]


@pytest.mark.parametrize(("changes", "path"), HANDLING)
def test_handling_that_contradicts_itself_or_the_rules_is_named(changes: dict[str, Any], path: str) -> None:
    assert [p for p, _ in found(payload(handling=handling(**changes)))] == [path]


def test_handling_may_be_complete_in_every_way() -> None:
    full = handling(
        code=pb.HANDLING_CODE_H3,
        code_text="ask",
        onward=pb.ONWARD_LISTED,
        onward_agencies=["hkma"],
        retain_until=1_800_000_000_000,
        original_language="zh-Hant",
        purposes=["SFO s.378(3)"],
    )

    assert found(payload(handling=full)) == []


MISSING = "is missing"
REFERRALS = [
    ({"reference": ""}, "refer.reference"),
    ({"reference": "x" * 101}, "refer.reference"),
    ({"summary": " \n"}, "refer.summary"),
    ({"reference": "a\nb"}, "refer.reference"),
    ({"provisions": []}, "refer.provisions"),
    ({"provisions": ["p"] * 33}, "refer.provisions"),
    ({"ground": 0}, "refer.ground"),
    ({"loss_currency": ""}, "refer.loss_currency"),
    ({"loss_amount": ""}, "refer.loss_currency"),
    ({"loss_amount": "1e6"}, "refer.loss_amount"),
    ({"loss_amount": "-6"}, "refer.loss_amount"),
    ({"wished_date": "tomorrow"}, "refer.wished_date"),
    ({"contact": pb.Contact(name="x", telephone="98765432")}, "refer.contact.telephone"),
    ({"contact": pb.Contact(name="x", telephone="+85298765432", email="nobody")}, "refer.contact.email"),
    ({"links": [CARRIED, CARRIED]}, "refer.links"),
    ({"subjects": [pb.Subject(name="x", birth_date="1983-02-29")]}, "refer.subjects[0].birth_date"),
    ({"chronology": [pb.ChronologyItem(when="2026-13", what="x", kind=1)]}, "refer.chronology[0].when"),
    ({"evidence": [pb.EvidenceItem(item="x", sha256=b"short")]}, "refer.evidence[0].sha256"),
]


@pytest.mark.parametrize(("changes", "path"), REFERRALS)
def test_each_gap_of_a_referral_is_named_by_its_field_and_nothing_else(changes: dict[str, Any], path: str) -> None:
    assert [p for p, _ in found(with_body(**changes))] == [path]


def test_a_record_that_is_not_there_is_missing_as_a_whole() -> None:
    body = pb.Refer()
    body.CopyFrom(REFER)
    body.ClearField("contact")

    assert found(payload(Verb.REFER, body)) == [("refer.contact", MISSING)]
    assert ("handling", MISSING) in found(pb.Payload(version=1, refer=REFER))


def test_an_urgent_referral_says_why() -> None:
    for precedence in (Precedence.URGENT, Precedence.FLASH):
        assert [p for p, _ in found(payload(), precedence=precedence)] == ["refer.urgency_reason"]
        assert found(with_body(urgency_reason="the wallet moves"), precedence=precedence) == []


@pytest.mark.parametrize(
    ("account", "received", "path"),
    [
        ("0x52908400098527886E0F7030069857D2E4169EE7", "0x52908400098527886E0F7030069857D2E4169EE7", "account"),
        ("no wallet", "no wallet", "account"),
        ("eip155:1:0x52908400098527886E0F7030069857D2E4169EE7", "no wallet", "account_as_received"),
        (
            "eip155:1:0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
            "account_as_received",
        ),
    ],
)
def test_an_account_is_canonical_and_the_one_that_was_received(account: str, received: str, path: str) -> None:
    fact = pb.OnChainFact(account=account, account_as_received=received, confidence=1, kind=1)

    assert [p for p, _ in found(with_body(on_chain=[fact]))] == [f"refer.on_chain[0].{path}"]


OTHERS = [
    (Verb.ACCEPT, {"parts": ["x"]}, "accept.parts"),
    (Verb.ACCEPT_IN_PART, {"parts": []}, "accept.parts"),
    (Verb.REPORT_PROGRESS, {"slip_reason": ""}, "report_progress.slip_reason"),
    (Verb.REPORT_PROGRESS, {"expected_date": ""}, "report_progress.slip_reason"),
    (Verb.REPORT_OUTCOME, {"usefulness": 6}, "report_outcome.usefulness"),
    (Verb.REPORT_OUTCOME, {"usefulness": 0}, "report_outcome.usefulness"),
    (Verb.REPORT_OUTCOME, {"outcomes": []}, "report_outcome.outcomes"),
    (Verb.REPORT_OUTCOME, {"outcomes": [pb.Outcome(kind=6)]}, "report_outcome.outcomes[0].amount"),
    (Verb.REPORT_OUTCOME, {"outcomes": [pb.Outcome(kind=1, amount="1")]}, "report_outcome.outcomes[0].currency"),
    (Verb.ANSWER_RECALL, {"kind": pb.RECALL_ANSWER_KIND_CANNOT_COMPLY}, "answer_recall.text"),
    (Verb.REDIRECT, {"desk": "hkpf"}, "redirect.desk"),
    (Verb.SUPPLY, {"on_chain": [pb.OnChainFact(account="x", account_as_received="x", confidence=1, kind=1)]},
     "supply.on_chain[0].account"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "changes", "path"), OTHERS)
def test_rules_between_the_fields_of_the_other_verbs_are_named(verb: Verb, changes: dict[str, Any], path: str) -> None:
    assert [p for p, _ in found(with_body(verb, **changes), verb)] == [path]


def test_bytes_up_to_a_limit_may_be_shorter_and_not_longer() -> None:
    assert found(payload(gossip=pb.Gossip(checkpoint=b"x"))) == []
    assert found(payload(gossip=pb.Gossip(checkpoint=bytes(128 * 1024 + 1)))) == [
        ("gossip.checkpoint", "is longer than 131072 bytes")
    ]


def test_a_media_type_is_one() -> None:
    assert [p for p, _ in found(payload(attachments=[attachment(media_type="PDF")]))] == ["attachments[0].media_type"]


@pytest.mark.parametrize(
    ("text", "right"),
    [("0", True), ("0.10", True), ("12", True), ("", False), ("01", False), ("1.", False), (".5", False),
     ("-1", False), ("1e3", False), ("1,000", False), ("1" * AMOUNT_DIGITS, True), ("1" * (AMOUNT_DIGITS + 1), False)],
)  # fmt: skip
def test_an_amount_is_an_exact_decimal(text: str, *, right: bool) -> None:
    assert is_amount(text) is right


DATES = ("2026-02-28",)
MOMENTS = ("2026-02-28T23:59Z", "2026-02-28T23:59:59.5+08:00", "2026-02-28T23:59+05:45", "2026-02-28T23:59+14:00",
           "2026-02-28T23:59-12:00")  # fmt: skip
NEITHER = ("2026-02-29", "2026-2-28", "2026-02-28T24:59Z", "2026-02-28T23:59", "2026-02-28T23:59+05:40",
           "2026-02-28T23:59+14:15", "2026-02-28T23:59-12:15", "2026-02-28T23:59-13:00")  # fmt: skip


@pytest.mark.parametrize("text", [*DATES, *MOMENTS, *NEITHER])
def test_a_date_is_one_of_the_calendar_and_a_moment_has_a_time_zone_that_there_is(text: str) -> None:
    assert (is_date(text), is_moment(text)) == (text in DATES, text in MOMENTS)
