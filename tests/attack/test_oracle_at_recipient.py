"""What a recipient says of an envelope that it cannot open, whatever a counterpart has done to it: always the same.

The counterpart has every key of its own people and signs what it likes; hub and recipient are unchanged.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comity.committed import committed_encrypt
from comity.encoding import Purpose, digest, parse, serialise, tagged
from comity.envelope import parse_envelope, signing_bytes
from comity.errors import ComityError
from comity.hpke import hpke_seal
from comity.keys import WrapKey, verify
from comity.padding import pad
from comity.receipts import AckState, parse_ack, parse_receipt, verify_receipt
from comity.sealing import wrap_info
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.terms import Role, SignatureRole, State

from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.keys import KeyUse, find
from agents.records import MessageStatus, Standing
from tests.agents.offices import Office, referral, send_referral, two_offices

WIRE = envelope_pb2.Envelope


def _seal(e: WIRE, **changes: Any) -> None:
    seal = envelope_pb2.Seal.FromString(e.seal)
    for name, value in changes.items():
        setattr(seal, name, value)
    seal.wrap_sha256[:] = [hashlib.sha256(wrap.data).digest() for wrap in e.wraps]
    seal.ciphertext_sha256, seal.ciphertext_length = hashlib.sha256(e.ciphertext).digest(), len(e.ciphertext)
    e.seal = serialise(seal)


def _content(e: WIRE, recipient: bytes, padded: bytes, commitment: bytes | None = None) -> None:
    """Puts other content into the envelope under a content key that the recipient is given."""
    key, hh = os.urandom(32), digest(Purpose.HEADER, e.header)
    made, e.ciphertext = committed_encrypt(key, tagged(Purpose.PAYLOAD, hh), hh, padded)
    _wrap(e, recipient, key)
    _seal(e, commitment=made if commitment is None else commitment)


def _wrap(e: WIRE, recipient: bytes, key: bytes) -> None:
    header = envelope_pb2.Header.FromString(e.header)
    (kid,) = [r.desk_key_id for r in header.recipients if r.desk == "hkma/intake"]
    (wrap,) = [w for w in e.wraps if w.desk == "hkma/intake"]
    wrap.data = hpke_seal(recipient, wrap_info(e.header, kid), key)


def noise(e: WIRE, _: bytes) -> None:
    next(w for w in e.wraps if w.desk == "hkma/intake").data = os.urandom(1168)
    _seal(e)


def another_desks_wrap(e: WIRE, _: bytes) -> None:
    _wrap(e, WrapKey.generate().public, os.urandom(32))
    _seal(e)


def another_content_key(e: WIRE, key: bytes) -> None:
    _wrap(e, key, os.urandom(32))
    _seal(e)


def commitment(e: WIRE, key: bytes) -> None:
    _content(e, key, pad(b"x"), commitment=os.urandom(32))


def tag(e: WIRE, key: bytes) -> None:
    _content(e, key, pad(b"x"))
    e.ciphertext = e.ciphertext[:-1] + bytes([e.ciphertext[-1] ^ 1])
    _seal(e)


def padding(e: WIRE, key: bytes) -> None:
    _content(e, key, bytes(4096))


def no_payload(e: WIRE, key: bytes) -> None:
    _content(e, key, pad(b"\xff\xff\xff"))


def another_verbs_payload(e: WIRE, key: bytes) -> None:
    other = payload_pb2.Payload(version=1, close=payload_pb2.Close(text="x"))
    _content(e, key, pad(serialise(other)))


def another_version(e: WIRE, key: bytes) -> None:
    _content(e, key, pad(serialise(payload_pb2.Payload(version=2))))


KINDS: tuple[Callable[[WIRE, bytes], None], ...] = (
    noise,
    another_desks_wrap,
    another_content_key,
    commitment,
    tag,
    padding,
    no_payload,
    another_verbs_payload,
    another_version,
)


async def desk_key(office: Office) -> bytes:
    """Returns the recipient's public key, as anybody reads it in the directory."""
    client = await office.client()
    current = client.trust.view().desk_key("hkma/intake", office.clock())
    assert current is not None
    return current.key


async def send_spoilt(office: Office, key: bytes, change: Callable[[WIRE, bytes], None]) -> None:
    """Two of the counterpart's people sign what was spoilt after it was sealed."""
    analyst, approver = await office.as_(Role.ANALYST), await office.as_(Role.APPROVER)
    draft = await analyst.refer("hkma/intake", referral())
    await approver.refresh()
    approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    honest = analyst.session.submit

    async def submit(envelope: WIRE) -> Any:
        change(envelope, key)
        people: list[tuple[Client, SignatureRole]] = [
            (analyst, SignatureRole.AUTHOR),
            (approver, SignatureRole.APPROVER),
        ]
        for signature, (who, role) in zip(envelope.signatures, people, strict=True):
            kid = find(who.keys, KeyUse.SIGN).kid
            signature.sig = who.keys.sign(kid, signing_bytes(envelope.header, envelope.seal, role))
        taken = await honest(envelope)
        assert taken.leaf, "the hub sees nothing wrong with it"
        return taken

    analyst.session.submit = submit  # type: ignore[method-assign]
    with pytest.raises(ComityError):  # its own client holds another envelope than the one that was sent
        await analyst.send(draft.id)


async def test_C_19_whatever_a_counterpart_did_to_it_the_refusal_is_the_same(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        key = await desk_key(sfc)
        reader = await hkma.as_(Role.AGENT)
        said: list[tuple[bytes, bytes]] = []
        honest = reader.session.acknowledge

        async def listening(acks: Any) -> Any:
            said.extend(acks)
            return await honest(acks)

        reader.session.acknowledge = listening  # type: ignore[method-assign]
        for kind in KINDS:
            await send_spoilt(sfc, key, kind)
            report = await reader.sync()
            assert (report.quarantined, report.new) == (1, ()), kind.__name__
        sound = await send_referral(sfc, "hkma/intake")
        assert [item.message for item in (await reader.sync()).new] == [sound]

        acks = [parse_ack(body) for body, _ in said]
        assert [ack.state for ack in acks] == [AckState.REFUSED] * len(KINDS) + [AckState.STORED]
        assert {ack.reason for ack in acks[:-1]} == {"CANNOT_OPEN"}
        assert len({(len(body), len(sig)) for body, sig in said[:-1]}) == 1
        assert len({(ack.origin, ack.desk, ack.kid) for ack in acks}) == 1
        assert len(list(hkma.home.evidence_path.glob("*"))) == 0


async def test_a_second_message_under_one_id_by_a_colleague_stops_no_reading_and_is_not_believed(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        await send_spoilt(sfc, await desk_key(sfc), another_content_key)
        colleague = await sfc.as_(Role.ANALYST)
        report = await colleague.sync()
        assert report.quarantined == 1
        assert {alarm.kind for alarm in colleague.alarms()} == {AlarmKind.INVALID_DELIVERY}
        assert {s for item in colleague.sent() for s in item.statuses.values()} == {MessageStatus.PENDING}
        sound = await send_referral(sfc, "hkma/intake")
        await colleague.sync()
        assert sound in {item.message for item in colleague.sent()}


async def test_C_03_who_is_given_another_content_key_refuses_and_keeps_what_both_people_signed(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_spoilt(sfc, await desk_key(sfc), another_content_key)
        reader = await hkma.as_(Role.ANALYST)
        report = await reader.sync()
        assert (report.quarantined, report.new, reader.cases()[0].state) == (1, (), State.SENT)
        assert [item.standing for item in reader.inbox()] == [Standing.QUARANTINED]

        with reader.store.begin() as c:
            (kept,) = [mailstore.message(c, found) for found in mailstore.message_hashes(c)]
        assert kept is not None
        assert kept.standing is Standing.QUARANTINED
        # The seal that they signed names the wrap and the commitment, which do not fit: proof to whoever has the key.
        evidence = parse_envelope(parse(envelope_pb2.Envelope, kept.envelope, 1 << 20), reader="hkma/intake")
        view = reader.directory()
        for signature in evidence.signatures:
            record = view.member_key(signature.kid, hkma.clock())
            assert record is not None
            data = signing_bytes(evidence.header_bytes, evidence.seal_bytes, signature.role)
            assert verify(record.sign_key, data, signature.sig)
        assert verify_receipt(parse_receipt(kept.receipt), evidence.header.origin, [view.log_key()])
