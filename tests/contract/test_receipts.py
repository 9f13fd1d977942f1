"""Events, leaves, receipts and acknowledgements."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import Any

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.encoding import Purpose, digest, serialise, tagged, u64be
from comity.errors import MalformedError, Reason, VerificationError
from comity.merkle import Frontier, append, leaf_hash
from comity.receipts import (
    MAX_ACK_BYTES,
    MAX_EVENT_BYTES,
    MAX_LEAF_BYTES,
    Ack,
    AckState,
    Event,
    EventKind,
    Leaf,
    Receipt,
    ack_digest,
    ack_signature_digest,
    ack_signing_bytes,
    commitment,
    delivery_commitment,
    encode_ack,
    encode_event,
    encode_leaf,
    encode_receipt,
    parse_ack,
    parse_event,
    parse_leaf,
    parse_receipt,
    receipt_from_wire,
    receipt_to_wire,
    verify_ack,
    verify_receipt,
)
from comity.v1 import exchange_pb2, log_pb2
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.builders import EXCHANGE, LOG_KEY, NOW, ORIGIN, RECIPIENT, T0, THEIR_AUTHOR, secret, signing_key

LAST = 253_402_128_000_000
HASH, SALT = secret("message"), secret("salt")
EVENT = Event(
    EventKind.SUBMITTED,
    HASH,
    secret("signatures"),
    (secret("a"), secret("b")),
    (delivery_commitment(secret("d"), RECIPIENT, 7),),
)
CLOCK = Event(EventKind.OVERDUE, HASH, effective_time=NOW, deliveries=(HASH,))
ACKED = Event(EventKind.ACKNOWLEDGED, HASH, HASH, (HASH,), (), HASH, 0, AckState.OPENED)
LEAF = Leaf(T0, 18, secret("root"), commitment(SALT, encode_event(EVENT)))
ACK = Ack(EXCHANGE, HASH, RECIPIENT, THEIR_AUTHOR.kid, AckState.STORED, "", NOW)


def receipt(
    index: int = 2, size: int = 5, *, leaf: Leaf = LEAF, key: str = "log key", origin: str = EXCHANGE
) -> Receipt:
    """A receipt for a leaf among others."""
    leaves = [encode_leaf(leaf) if i == index else b"other leaf %d" % i for i in range(size)]
    appended = append(Frontier.empty(), [leaf_hash(one) for one in leaves])
    signer = signing_key(key)
    note = sign_checkpoint(Checkpoint(origin, size, appended.root), origin, signer.sign, signer.public)
    return Receipt(encode_event(EVENT), SALT, index, leaves[index], appended.paths[index], note)


KEYS = [signing_key("second log key").public, LOG_KEY.public]


@pytest.mark.parametrize(
    ("ours", "theirs", "prefix"),
    [(EventKind, log_pb2.EventKind, "EVENT_KIND_"), (AckState, exchange_pb2.AckState, "ACK_STATE_")],
)
def test_numbers_and_names_are_the_protocols(ours: type[IntEnum], theirs: Any, prefix: str) -> None:
    expected = {v.name.removeprefix(prefix): v.number for v in theirs.DESCRIPTOR.values if v.number}
    assert {member.name: member.value for member in ours} == expected


# --- events and leaves


@pytest.mark.parametrize("event", [EVENT, CLOCK, ACKED, Event(EventKind.STARTED)])
def test_an_event_is_read_as_it_was_made(event: Event) -> None:
    assert parse_event(encode_event(event)) == event


def raw_event(**changes: Any) -> bytes:
    m = log_pb2.Event.FromString(encode_event(EVENT))
    for name, value in changes.items():
        m.ClearField(name)  # type: ignore[arg-type]
        if isinstance(value, list):
            getattr(m, name).extend(value)
        else:
            setattr(m, name, value)
    return serialise(m)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, Reason.UNSUPPORTED_VERSION),
        ({"version": 0}, Reason.UNSUPPORTED_VERSION),
        ({"kind": 0}, Reason.MALFORMED),
        ({"kind": 14}, Reason.MALFORMED),
        ({"ack_state": 4}, Reason.MALFORMED),
        ({"message_hash": bytes(31)}, Reason.MALFORMED),
        ({"signatures_digest": bytes(33)}, Reason.MALFORMED),
        ({"other_hash": b"x"}, Reason.MALFORMED),
        ({"kids": [HASH, b""]}, Reason.MALFORMED),
        ({"deliveries": [bytes(31)]}, Reason.MALFORMED),
        ({"effective_time": -1}, Reason.MALFORMED),
        ({"effective_time": LAST + 1}, Reason.MALFORMED),
    ],
)
def test_an_event_out_of_form_is_refused(changes: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_event(raw_event(**changes))
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, Reason.UNSUPPORTED_VERSION),
        ({"time_seconds": 0}, Reason.MALFORMED),
        ({"time_seconds": LAST // 1000 + 1}, Reason.MALFORMED),
        ({"directory_root": bytes(31)}, Reason.MALFORMED),
        ({"commitment": b""}, Reason.MALFORMED),
    ],
)
def test_a_leaf_out_of_form_is_refused(changes: dict[str, Any], reason: Reason) -> None:
    m = log_pb2.Leaf.FromString(encode_leaf(LEAF))
    for name, value in changes.items():
        setattr(m, name, value)
    with pytest.raises(MalformedError) as caught:
        parse_leaf(serialise(m))
    assert caught.value.reason is reason


def test_a_leaf_is_read_as_it_was_made() -> None:
    for leaf in (LEAF, replace(LEAF, time_seconds=1), replace(LEAF, time_seconds=LAST // 1000)):
        assert parse_leaf(encode_leaf(leaf)) == leaf


def test_what_travels_has_a_greatest_length() -> None:
    for read, limit in (
        (parse_event, MAX_EVENT_BYTES),
        (parse_leaf, MAX_LEAF_BYTES),
        (parse_ack, MAX_ACK_BYTES),
        (parse_receipt, 2 * MAX_EVENT_BYTES),
    ):
        with pytest.raises(MalformedError) as caught:
            read(bytes(limit + 1))
        assert caught.value.reason is Reason.TOO_LARGE


def test_an_event_to_256_recipients_fits() -> None:
    full = replace(EVENT, deliveries=tuple(secret(str(i)) for i in range(256)))
    assert parse_event(encode_event(full)) == full


def test_what_a_leaf_and_an_event_commit_to_is_tagged() -> None:
    assert commitment(SALT, b"event") == digest(Purpose.LEAF, SALT, b"event")
    assert delivery_commitment(SALT, "sfc/intake", 7) == digest(Purpose.DELIVERY, SALT, b"sfc/intake", u64be(7))


def test_A_16_a_leaf_says_nothing_of_its_event_without_the_salt() -> None:
    """Whoever knows every candidate event still cannot tell which it was: each fits the leaf's commitment as badly."""
    candidates = [EVENT, CLOCK, ACKED]
    for event in candidates:
        leaf = replace(LEAF, commitment=commitment(SALT, encode_event(event)))
        assert len(encode_leaf(leaf)) == len(encode_leaf(LEAF))
        guesses = {digest(Purpose.LEAF, other, encode_event(c)) for c in candidates for other in (b"", bytes(32))}
        assert leaf.commitment not in guesses


# --- receipts


@pytest.mark.parametrize(("index", "size"), [(0, 1), (2, 5), (4, 5), (0, 8)])
def test_a_receipt_proves_its_event(index: int, size: int) -> None:
    good = receipt(index, size)
    proven = verify_receipt(good, EXCHANGE, KEYS)
    assert (proven.receipt, proven.event, proven.leaf) == (good, EVENT, LEAF)
    assert (proven.checkpoint.size, proven.checkpoint.origin) == (size, EXCHANGE)
    assert receipt_from_wire(receipt_to_wire(good)) == good
    assert parse_receipt(encode_receipt(good)) == good


@pytest.mark.parametrize(
    "changes",
    [
        {"event": encode_event(CLOCK)},
        {"event": encode_event(EVENT) + b"\x00"},
        {"event": b""},
        {"salt": secret("another")},
        {"salt": SALT[:-1]},
        {"salt": b""},
        {"index": 3},
        {"index": 5},
        {"index": 2**64 - 1},
        {"leaf": encode_leaf(replace(LEAF, time_seconds=T0 + 1))},
        {"leaf": encode_leaf(replace(LEAF, directory_root=bytes(32)))},
        {"leaf": b""},
        {"inclusion_path": receipt().inclusion_path[:-1]},
        {"inclusion_path": (*receipt().inclusion_path, HASH)},
        {"inclusion_path": (HASH, *receipt().inclusion_path[1:])},
        {"inclusion_path": (b"short", *receipt().inclusion_path[1:])},
        {"checkpoint": receipt(2, 6).checkpoint},
        {"checkpoint": receipt(key="somebody's key").checkpoint},
        {"checkpoint": receipt(origin=ORIGIN).checkpoint},
        {"checkpoint": b""},
    ],
)
def test_a_receipt_with_one_thing_changed_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        verify_receipt(replace(receipt(), **changes), EXCHANGE, KEYS)


def test_a_salt_of_another_length_opens_nothing_even_where_it_fits() -> None:
    short = SALT[:-1]
    leaf = replace(LEAF, commitment=commitment(short, encode_event(EVENT)))
    with pytest.raises(VerificationError, match="commit"):
        verify_receipt(replace(receipt(leaf=leaf), salt=short), EXCHANGE, KEYS)


def test_a_receipt_of_a_replaced_log_key_still_verifies_and_of_an_unknown_one_does_not() -> None:
    assert verify_receipt(receipt(key="second log key"), EXCHANGE, KEYS).event == EVENT
    for keys in ([], KEYS[:1]):
        with pytest.raises(VerificationError, match="key of the log"):
            verify_receipt(receipt(), EXCHANGE, keys)


def test_a_receipt_of_another_hub_proves_nothing_here() -> None:
    with pytest.raises(VerificationError):
        verify_receipt(receipt(), "other.example/exchange", KEYS)


# --- acknowledgements


@pytest.mark.parametrize(
    "ack",
    [
        ACK,
        replace(ACK, state=AckState.OPENED),
        *(
            replace(ACK, state=AckState.REFUSED, reason=reason)
            for reason in ("CANNOT_OPEN", "QUARANTINED", "EXPIRED", "SUSPECT")
        ),
    ],
)
def test_an_acknowledgement_is_read_as_it_was_made(ack: Ack) -> None:
    assert parse_ack(encode_ack(ack)) == ack


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "hub"},
        {"message_hash": bytes(31)},
        {"desk": "police"},
        {"kid": b""},
        {"time": 0},
        {"time": LAST + 1},
        {"reason": "CANNOT_OPEN"},
        {"state": AckState.REFUSED},
        {"state": AckState.REFUSED, "reason": "BECAUSE"},
    ],
)
def test_an_acknowledgement_out_of_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_ack(encode_ack(replace(ACK, **changes)))
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [("version", 2, Reason.UNSUPPORTED_VERSION), ("state", 0, Reason.MALFORMED), ("state", 4, Reason.MALFORMED)],
)
def test_an_acknowledgement_that_version_1_does_not_know_is_refused(field: str, value: int, reason: Reason) -> None:
    m = exchange_pb2.Ack.FromString(encode_ack(ACK))
    setattr(m, field, value)
    with pytest.raises(MalformedError) as caught:
        parse_ack(serialise(m))
    assert caught.value.reason is reason


def test_D_12_an_acknowledgement_that_the_hub_forged_does_not_verify() -> None:
    body = encode_ack(ACK)
    sig = THEIR_AUTHOR.key.sign(ack_signing_bytes(body))
    assert verify_ack(body, sig, THEIR_AUTHOR.public)
    opened = encode_ack(replace(ACK, state=AckState.OPENED))
    assert not verify_ack(opened, sig, THEIR_AUTHOR.public)
    assert not verify_ack(body, LOG_KEY.sign(ack_signing_bytes(body)), THEIR_AUTHOR.public)
    assert not verify_ack(body, sig, LOG_KEY.public)


def test_what_an_event_says_of_an_acknowledgement_is_tagged() -> None:
    body = encode_ack(ACK)
    assert ack_signing_bytes(body) == tagged(Purpose.ACK, body)
    assert ack_digest(body) == digest(Purpose.ACK_BODY, body)
    assert ack_signature_digest(b"k", b"s") == digest(Purpose.SIGNATURES, b"k", b"s")


# --- any bytes


FORMS = {
    "event": (encode_event(EVENT), parse_event, encode_event),
    "leaf": (encode_leaf(LEAF), parse_leaf, encode_leaf),
    "ack": (encode_ack(ACK), parse_ack, encode_ack),
    "receipt": (encode_receipt(receipt()), parse_receipt, encode_receipt),
}


@pytest.mark.parametrize("form", FORMS)
@given(st.data())
def test_R_06_any_change_is_malformed_or_something_of_those_bytes(form: str, data: st.DataObject) -> None:
    good, read, write = FORMS[form]
    place, cut = data.draw(st.integers(0, len(good))), data.draw(st.integers(0, 4))
    changed = data.draw(st.sampled_from([good[:place], b""])) + data.draw(st.binary(max_size=8)) + good[place + cut :]
    try:
        value = read(changed)  # type: ignore[operator]
    except MalformedError:
        return
    assert write(value) == changed  # type: ignore[operator]
