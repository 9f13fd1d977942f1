"""Payloads of the watchlist family: what can be sealed is complete, and packs what it says where it says."""

from __future__ import annotations

from typing import Any

import pytest
from comity.blobs import sealed_blob_length
from comity.errors import MalformedError
from comity.header import BlobRef, Header, Recipient, WatchlistPosition, encode_header, parse_header
from comity.payload import body_name, body_of, encode_payload, gaps, parse_payload, set_body
from comity.payload_watchlists import BATCH_LIMIT, HEARTBEAT_LIMIT, REVIEW_LIMIT, STATE_LIMIT
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb
from comity.workflow.watchlist import WATCHLIST

from tests.contract.builders import NOW, RECIPIENT, SENDER, desk_kid, secret

LIST, ENTRY, HASH = secret("list")[:16], secret("entry")[:16], secret("hash")
CONTACT = pb.Contact(name="Duty officer", telephone="+85298765432")
ACCOUNT = "eip155:1:0x52908400098527886E0F7030069857D2E4169EE7"

HANDLING = pb.Handling(
    tlp=pb.TLP_AMBER,
    code=pb.HANDLING_CODE_H0,
    source_grade=pb.SOURCE_GRADE_A,
    information_grade=pb.INFORMATION_GRADE_1,
    permitted_action=pb.PERMITTED_ACTION_INTERNAL,
    evidential_use=pb.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
    onward=pb.ONWARD_ASK,
)


def packed(**changes: Any) -> pb.Packed:
    """Something packed inline."""
    fields: dict[str, Any] = {"length": 10, "sha256": HASH, "deflated": b"stream"}
    return pb.Packed(**fields | changes)


def beside(name: str = "blob") -> pb.Packed:
    """Something packed in an attachment."""
    return packed(deflated=b"", attachment=secret(name)[:16])


def attachment(name: str = "blob") -> pb.Attachment:
    """The record of an attachment."""
    return pb.Attachment(
        id=secret(name)[:16],
        key=secret(f"{name} key"),
        commitment=secret(f"{name} commitment"),
        plain_length=6,
        name="batch",
        media_type="application/zlib",
        blob_sha256=secret(f"{name} hash"),
        blob_length=sealed_blob_length(6),
    )


BODIES: dict[Verb, Any] = {
    Verb.OFFER: pb.OfferList(
        list_id=LIST,
        title="Sanctioned wallets",
        purpose="Screening of deposits.\nNothing else.",
        default_action=pb.WATCH_ACTION_HOLD_AND_CALL,
        contact=CONTACT,
        heartbeat_minutes=15,
    ),
    Verb.SUBSCRIBE: pb.SubscribeList(list_id=LIST),
    Verb.UNSUBSCRIBE: pb.UnsubscribeList(list_id=LIST),
    Verb.PUBLISH: pb.PublishBatch(batch=packed()),
    Verb.SNAPSHOT: pb.SendSnapshot(batch=packed(), state=packed(), count=3),
    Verb.RESYNC: pb.Resync(list_id=LIST, from_sequence=7, reason="a gap"),
    Verb.CHALLENGE: pb.ChallengeEntry(
        list_id=LIST, entry_id=ENTRY, entry_version=1, ground=pb.CHALLENGE_GROUND_SERVICE_WALLET, text="an exchange's"
    ),
    Verb.ANSWER: pb.AnswerChallenge(result=pb.CHALLENGE_RESULT_KEPT, text="It is not."),
    Verb.SIGHTING: pb.ReportSighting(
        list_id=LIST,
        entry_id=ENTRY,
        entry_version=1,
        kind=pb.SIGHTING_KIND_SEEN_DEPOSIT,
        when="2026-11-23T05:06:07+08:00",
        amount_band="1000-10000",
        account=ACCOUNT,
    ),
}


def payload(verb: Verb, body: Any = None, /, **changes: Any) -> pb.Payload:
    """A payload with fields of its body changed; a change by None clears the field."""
    content = type(BODIES[verb])()
    content.CopyFrom(BODIES[verb] if body is None else body)
    for name, value in changes.items():
        content.ClearField(name)
        if hasattr(value, "CopyFrom"):
            getattr(content, name).CopyFrom(value)
        elif value is not None:
            setattr(content, name, value)
    made = pb.Payload(version=1, handling=HANDLING, gossip=pb.Gossip())
    set_body(made, Family.WATCHLIST, verb, content)
    return made


def header(verb: Verb, made: pb.Payload) -> Header:
    """A header that fits a payload."""
    placed = verb in (Verb.PUBLISH, Verb.SNAPSHOT)
    header = Header(
        origin="hub.example/exchange",
        envelope_id=bytes(6) + b"\x70\x00\x80" + bytes(7),
        family=Family.WATCHLIST,
        verb=verb,
        case_id=bytes(16),
        previous=b"",
        about=b"",
        sender=SENDER,
        recipients=(Recipient(RECIPIENT, desk_kid(RECIPIENT)),),
        author=HASH,
        precedence=Precedence.ROUTINE,
        created=NOW,
        deliver_by=NOW + 1,
        respond_by=0,
        lapses_at=0,
        directory_size=1,
        directory_root=HASH,
        blobs=tuple(sorted((BlobRef(a.blob_sha256, a.blob_length) for a in made.attachments), key=lambda b: b.sha256)),
        watchlist=WatchlistPosition(LIST, 1, b"", HASH) if placed else None,
    )
    return parse_header(encode_header(header))


def found(made: pb.Payload, verb: Verb) -> list[str]:
    return [gap.path for gap in gaps(made, Family.WATCHLIST, verb, Precedence.ROUTINE)]


def test_the_family_has_a_body_for_each_of_its_verbs() -> None:
    assert set(WATCHLIST.verbs) == set(BODIES)
    assert {body_name(Family.WATCHLIST, verb) for verb in BODIES} == {
        field.name for field in pb.Payload.DESCRIPTOR.oneofs_by_name["body"].fields if 30 <= field.number < 40
    }


@pytest.mark.parametrize("verb", BODIES)
def test_every_verb_of_a_watchlist_carries_its_body_there_and_back(verb: Verb) -> None:
    made = payload(verb)
    parsed = parse_payload(encode_payload(made, Family.WATCHLIST, verb, Precedence.ROUTINE), header(verb, made))
    assert parsed == made
    assert body_of(parsed) == BODIES[verb]


def test_what_is_packed_may_be_in_attachments_and_each_of_them_is_named_once() -> None:
    publish = payload(Verb.PUBLISH, batch=beside())
    publish.attachments.append(attachment())
    assert found(publish, Verb.PUBLISH) == []
    parse_payload(
        encode_payload(publish, Family.WATCHLIST, Verb.PUBLISH, Precedence.ROUTINE), header(Verb.PUBLISH, publish)
    )

    snapshot = payload(Verb.SNAPSHOT, batch=beside("one"), state=beside("two"), count=None)
    snapshot.attachments.extend([attachment("two"), attachment("one")])
    assert found(snapshot, Verb.SNAPSHOT) == []


def test_an_attachment_that_is_not_named_or_named_and_not_there_is_refused() -> None:
    stray = payload(Verb.PUBLISH)
    stray.attachments.append(attachment())
    assert found(stray, Verb.PUBLISH) == ["attachments"]
    assert found(payload(Verb.PUBLISH, batch=beside()), Verb.PUBLISH) == ["attachments"]
    twice = payload(Verb.SNAPSHOT, batch=beside(), state=beside())
    twice.attachments.append(attachment())
    assert found(twice, Verb.SNAPSHOT) == ["attachments"]


def test_an_offer_may_have_attachments_of_its_own() -> None:
    offer = payload(Verb.OFFER)
    offer.attachments.append(attachment())
    assert found(offer, Verb.OFFER) == []


@pytest.mark.parametrize("verb", [Verb.PUBLISH, Verb.SNAPSHOT])
def test_what_is_packed_is_either_here_or_in_an_attachment(verb: Verb) -> None:
    name = body_name(Family.WATCHLIST, verb)
    assert found(payload(verb, batch=packed(deflated=b"")), verb) == [f"{name}.batch"]
    both = payload(verb, batch=packed(attachment=secret("blob")[:16]))
    both.attachments.append(attachment())
    assert found(both, verb) == [f"{name}.batch"]


WRONG = [
    (Verb.OFFER, {"list_id": b"short"}, "list_id"),
    (Verb.OFFER, {"list_id": None}, "list_id"),
    (Verb.OFFER, {"title": None}, "title"),
    (Verb.OFFER, {"purpose": "x" * 2001}, "purpose"),
    (Verb.OFFER, {"default_action": 0}, "default_action"),
    (Verb.OFFER, {"default_action": 5}, "default_action"),
    (Verb.OFFER, {"contact": None}, "contact"),
    (Verb.OFFER, {"heartbeat_minutes": 0}, "heartbeat_minutes"),
    (Verb.OFFER, {"heartbeat_minutes": HEARTBEAT_LIMIT + 1}, "heartbeat_minutes"),
    (Verb.OFFER, {"review_days": REVIEW_LIMIT + 1}, "review_days"),
    (Verb.SUBSCRIBE, {"list_id": None}, "list_id"),
    (Verb.SUBSCRIBE, {"contact": pb.Contact(name="x")}, "contact.telephone"),
    (Verb.UNSUBSCRIBE, {"list_id": None}, "list_id"),
    (Verb.PUBLISH, {"batch": None}, "batch"),
    (Verb.PUBLISH, {"batch": packed(length=0)}, "batch.length"),
    (Verb.PUBLISH, {"batch": packed(length=BATCH_LIMIT + 1)}, "batch.length"),
    (Verb.PUBLISH, {"batch": packed(sha256=b"x")}, "batch.sha256"),
    (Verb.PUBLISH, {"batch": packed(deflated=bytes((256 << 10) + 1))}, "batch.deflated"),
    (Verb.SNAPSHOT, {"state": packed(length=STATE_LIMIT + 1)}, "state.length"),
    (Verb.RESYNC, {"list_id": None}, "list_id"),
    (Verb.RESYNC, {"reason": "a\nb"}, "reason"),
    (Verb.CHALLENGE, {"entry_id": None}, "entry_id"),
    (Verb.CHALLENGE, {"entry_version": 0}, "entry_version"),
    (Verb.CHALLENGE, {"ground": 0}, "ground"),
    (Verb.CHALLENGE, {"text": None}, "text"),
    (Verb.CHALLENGE, {"account": ACCOUNT.lower()}, "account"),
    (Verb.ANSWER, {"text": None}, "text"),
    (Verb.ANSWER, {"sequence": 3}, "sequence"),
    (Verb.ANSWER, {"result": pb.CHALLENGE_RESULT_RETRACTED}, "sequence"),
    (Verb.SIGHTING, {"kind": 0}, "kind"),
    (Verb.SIGHTING, {"when": "yesterday"}, "when"),
    (Verb.SIGHTING, {"account": None}, "account"),
    (Verb.SIGHTING, {"account": "no wallet"}, "account"),
]


@pytest.mark.parametrize(("verb", "changes", "field"), WRONG)
def test_each_gap_of_the_family_is_named_by_its_field(verb: Verb, changes: dict[str, Any], field: str) -> None:
    made = payload(verb, **changes)
    assert f"{body_name(Family.WATCHLIST, verb)}.{field}" in found(made, verb)
    with pytest.raises(MalformedError):
        encode_payload(made, Family.WATCHLIST, verb, Precedence.ROUTINE)


@pytest.mark.parametrize(
    ("verb", "changes"),
    [
        (Verb.OFFER, {"heartbeat_minutes": HEARTBEAT_LIMIT, "review_days": REVIEW_LIMIT, "entries": 1_000_000}),
        (Verb.SUBSCRIBE, {"contact": CONTACT}),
        (Verb.RESYNC, {"from_sequence": None, "reason": None}),
        (Verb.CHALLENGE, {"account": ACCOUNT}),
        (Verb.ANSWER, {"result": pb.CHALLENGE_RESULT_SUSPENDED, "sequence": 3}),
    ],
)
def test_what_may_be_absent_or_at_its_limit_is_complete(verb: Verb, changes: dict[str, Any]) -> None:
    assert found(payload(verb, **changes), verb) == []
