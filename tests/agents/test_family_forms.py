"""Forms of every family: what stands in one comes back from it, times have a zone, and every gap is named at once."""

from __future__ import annotations

from typing import Any

import pytest
from comity.payload import BODY_NAMES
from comity.payload_rules import RULES, Kind
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb

from agents import formtimes
from agents.forms import FormError, check_form, load_form, read_form, to_form
from agents.formtimes import FormTimeError, from_ms, to_ms
from agents.templates import template

WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
SAMPLES: dict[Kind, Any] = {
    Kind.TEXT: "吳家明: 'a' #b \"c\"",
    Kind.LINES: "Erste Zeile\n第二行\nтретья\n",
    Kind.NUMBER: 7,
    Kind.FLAG: True,
    Kind.TIME: 1_800_000_000_123,
    Kind.AMOUNT: "0.10",
    Kind.DATE: "2028-02-29",
    Kind.MOMENT: "2027-03-04T09:30:00+08:00",
    Kind.WHEN: "2027-03",
    Kind.TELEPHONE: "+85298765432",
    Kind.EMAIL: "a@example.org",
    Kind.LANGUAGE: "zh-Hant",
    Kind.AGENCY: "sfc",
    Kind.DESK: "sfc/intake",
    Kind.MEDIA_TYPE: "application/pdf",
}


def fill(message: Any) -> Any:
    """Puts something into every field of a record, two of what may be repeated."""
    for field in message.DESCRIPTOR.fields:
        rule = RULES[message.DESCRIPTOR.name][field.name]
        if field.message_type is not None:
            parts = getattr(message, field.name)
            for part in [parts.add(), parts.add()] if field.is_repeated else [parts]:
                fill(part)
            continue
        value = SAMPLES.get(rule.kind)
        if rule.kind is Kind.ENUM:
            value = field.enum_type.values[-1].number
        elif rule.kind is Kind.BYTES:
            value = bytes(range(max(rule.limit, 5)))
        if field.name in ("account", "account_as_received"):
            value = f"eip155:1:{WALLET}" if field.name == "account" else WALLET
        if field.is_repeated:
            getattr(message, field.name).extend([value, value])
        else:
            setattr(message, field.name, value)
    return message


@pytest.mark.parametrize(("family", "verb"), BODY_NAMES, ids=lambda term: term.name)
def test_whatever_stands_in_a_body_comes_back_from_its_form_and_from_its_template(family: Family, verb: Verb) -> None:
    body = fill(getattr(pb.Payload(), BODY_NAMES[family, verb]))
    handling = fill(pb.Handling())

    assert read_form(to_form(verb, body, handling), family, verb) == (body, handling, [])
    assert read_form(template(family, verb, filled=body), family, verb)[::2] == (body, [])


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-12-01T18:00+08:00", "2026-12-01T10:00:00+00:00"),
        ("2026-12-01 18:00 Asia/Hong_Kong", "2026-12-01T10:00:00+00:00"),
        ("2026-07-01T09:00 Europe/Berlin", "2026-07-01T07:00:00+00:00"),
        ("2026-12-01T09:00 Europe/Berlin", "2026-12-01T08:00:00+00:00"),
        ("2028-02-29T00:00:00.5Z", "2028-02-29T00:00:00.500+00:00"),
    ],
)
def test_a_time_with_its_offset_or_the_name_of_its_zone_is_one_moment(written: str, utc: str) -> None:
    assert from_ms(to_ms(written)) == utc
    assert to_ms(utc) == to_ms(written)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2026-12-01T18:00", formtimes.NO_ZONE),
        ("2026-12-01", formtimes.NOT_A_TIME),
        ("tomorrow", formtimes.NOT_A_TIME),
        ("2027-02-29T09:00Z", formtimes.NOT_A_TIME),
        ("2026-12-01T18:00 Asia/Hongkong_Kong", formtimes.UNKNOWN_ZONE),
        ("2026-12-01T18:00 zoneinfo/tzdata", formtimes.UNKNOWN_ZONE),
        ("2026-12-01T18:00+14:30", formtimes.UNKNOWN_ZONE),
        ("2026-12-01T18:00+25:00", formtimes.UNKNOWN_ZONE),
        ("2027-03-28T01:30 Europe/London", formtimes.LEFT_OUT),
        ("2026-10-25T01:30 Europe/London", formtimes.TWICE),
    ],
)
def test_a_time_that_is_nobodys_or_that_no_clock_has_is_refused_by_name(written: str, problem: str) -> None:
    with pytest.raises(FormTimeError) as refused:
        to_ms(written)

    assert str(refused.value) == problem
    gaps = check_form(f'spoken_at: "{written}"', Family.ASSISTANCE, Verb.ORAL_NOTICE)
    assert [gap.problem for gap in gaps if gap.path == "oral_notice.spoken_at"] == [problem]


def test_a_text_that_is_a_moment_may_name_its_zone_too() -> None:
    form = "on_chain: [{account: '%s', when: '2026-07-01T09:00 Europe/Berlin', confidence: RECORD, kind: FACT}]"
    body, _, _ = read_form(form % WALLET, Family.ASSISTANCE, Verb.REPLY)

    assert isinstance(body, pb.Reply)
    assert body.on_chain[0].when == "2026-07-01T09:00:00+02:00"


def test_what_does_not_fit_and_what_is_missing_are_named_together_and_nothing_twice() -> None:
    form = "{number: X, kinds: records, contact: {name: 陳, telephone: 123}, instrument: IOSCO, subject: []}"
    gaps = check_form(form, Family.ASSISTANCE, Verb.REQUEST)
    paths = [gap.path for gap in gaps]

    assert len(set(paths)) == len(paths)
    assert {
        "request_assistance.kinds",
        "request_assistance.instrument",
        "request_assistance.subjects",
        "request_assistance.contact.telephone",
        "request_assistance.facts",
        "request_assistance.questions",
    } <= set(paths)


def test_a_part_of_a_code_is_not_taken_for_the_code() -> None:
    """`POWER` is no short form of NO_LEGAL_POWER."""
    gaps = check_form("{reason: POWER, acceptable_if: x}", Family.ASSISTANCE, Verb.REFUSE)
    body, _ = load_form("{reason: no-legal-power, acceptable_if: x}", Family.ASSISTANCE, Verb.REFUSE)

    assert [gap.path for gap in gaps] == ["refuse_assistance.reason"]
    assert isinstance(body, pb.RefuseAssistance)
    assert body.reason == pb.ASSISTANCE_REFUSAL_REASON_NO_LEGAL_POWER


def test_the_same_verb_has_another_form_in_another_family() -> None:
    assert check_form("{}", Family.FREEZE, Verb.REQUEST)[0].path.startswith("request_freeze")
    assert check_form("{}", Family.ASSISTANCE, Verb.REQUEST)[0].path.startswith("request_assistance")
    assert check_form("{}", Family.REFERRAL, Verb.REQUEST)[0].path == "form"
    with pytest.raises(FormError):
        template(Family.REFERRAL, Verb.REQUEST)


def test_a_record_left_as_the_template_has_it_is_none_unless_it_must_stand() -> None:
    empty = template(Family.ASSISTANCE, Verb.ORAL_NOTICE)
    body, handling, gaps = read_form(empty, Family.ASSISTANCE, Verb.ORAL_NOTICE)

    assert gaps == []
    assert body == pb.OralNotice(contact=pb.Contact())
    assert handling is not None


def test_what_an_urgent_message_needs_is_asked_for_in_its_form() -> None:
    form = to_form(Verb.COMPLETE, pb.AssistanceRequest(number="1"))
    urgent = {gap.path for gap in check_form(form, Family.ASSISTANCE, Verb.COMPLETE, Precedence.URGENT)}
    routine = {gap.path for gap in check_form(form, Family.ASSISTANCE, Verb.COMPLETE)}

    assert urgent - routine == {"request_assistance.urgency_reason"}


def test_what_is_added_to_a_form_counts_before_it_is_checked() -> None:
    def carry(body: Any) -> None:
        body.acceptable_if = "Name the platform."

    body, _ = load_form("reason: not-held", Family.ASSISTANCE, Verb.REFUSE, adding=carry)
    assert isinstance(body, pb.RefuseAssistance)
    assert body.acceptable_if == "Name the platform."
