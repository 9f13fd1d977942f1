"""A whole envelope that somebody changed on its way: the checks of form, the signatures and the opening together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from comity.checks import (
    check_parties,
    verify_signatures,
)
from comity.envelope import parse_envelope
from comity.errors import CannotOpenError, ComityError, MalformedError, RefusedError
from comity.sealing import hpke_seal, open_content, open_wrap, wrap_info
from comity.v1 import envelope_pb2

from tests.contract.builders import (
    EXCHANGE,
    NOW,
    RECIPIENT,
    THIRD,
    Builder,
    desk_kid,
    desk_wrap_key,
    fresh,
)
from tests.contract.envelopes import header, payload, seal, wire


@pytest.fixture
def world() -> Builder:
    return fresh()


def flips(data: bytes) -> Iterator[bytes]:
    for place in range(len(data)):
        for bit in range(8):
            yield data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def refused(world: Builder, m: envelope_pb2.Envelope) -> bool:
    try:
        envelope = parse_envelope(m, reader=RECIPIENT)
        verify_signatures(envelope, check_parties(envelope, world.view, NOW, opening=True))
    except (MalformedError, RefusedError):
        return True
    return False


def cannot_open(m: envelope_pb2.Envelope) -> bool:
    key_id, key = desk_kid(RECIPIENT), desk_wrap_key(RECIPIENT)
    try:
        open_content(m.header, m.seal, m.ciphertext, open_wrap(m.header, key_id, m.wraps[0].data, key))
    except ComityError as error:
        return type(error) is CannotOpenError and str(error) == "cannot open"
    return False


@pytest.mark.exhaustive
def test_C_01_every_changed_bit_of_header_seal_signatures_and_ciphertext_is_refused(world: Builder) -> None:
    genuine = wire(header(world, (RECIPIENT,)))
    assert not refused(world, genuine)
    assert not cannot_open(genuine)
    m = envelope_pb2.Envelope()
    m.CopyFrom(genuine)
    for part in ("header", "seal", "ciphertext"):
        for changed in flips(getattr(genuine, part)):
            setattr(m, part, changed)
            assert refused(world, m)
            # The digests of the wraps are the seal's alone: nothing sealed depends on them.
            if part == "header" or (part == "seal" and bytes(genuine.seal[-34:]) == changed[-34:]):
                assert cannot_open(m)
        setattr(m, part, getattr(genuine, part))
    for number in (0, 1):
        signature = m.signatures[number]
        for part in ("kid", "sig"):
            for changed in flips(getattr(signature, part)):
                setattr(signature, part, changed)
                assert refused(world, m)
            setattr(signature, part, getattr(genuine.signatures[number], part))
        for role in {*range(16)} - {genuine.signatures[number].role}:
            signature.role = role  # type: ignore[assignment]
            assert refused(world, m)
        signature.role = genuine.signatures[number].role
    assert not refused(world, m)


def test_C_09_an_envelope_for_another_hub_is_none_for_this_one(world: Builder) -> None:
    """Its header says which hub it is for; whoever writes another one there breaks signatures and opening."""
    foreign = wire(header(world, (RECIPIENT,), origin="other.example/exchange"))
    assert parse_envelope(foreign).header.origin == "other.example/exchange"
    relabelled = envelope_pb2.Envelope()
    relabelled.CopyFrom(foreign)
    relabelled.header = wire(header(world, (RECIPIENT,))).header
    assert parse_envelope(relabelled).header.origin == EXCHANGE
    assert refused(world, relabelled)
    assert cannot_open(relabelled)


def test_C_20_a_suite_changed_in_flight_is_refused(world: Builder) -> None:
    m = wire(header(world, (RECIPIENT,)))
    changed = envelope_pb2.Header.FromString(m.header)
    changed.suite = 2
    m.header = changed.SerializeToString()
    assert refused(world, m)
    assert cannot_open(m)


def test_C_04_a_content_key_wrapped_anew_for_an_outsider_arrives_nowhere(world: Builder) -> None:
    """A recipient wraps the key for a desk the author never addressed, and keeps the author's signature."""
    genuine = wire(header(world, (RECIPIENT,)))
    content_key = open_wrap(genuine.header, desk_kid(RECIPIENT), genuine.wraps[0].data, desk_wrap_key(RECIPIENT))
    m = envelope_pb2.Envelope()
    m.CopyFrom(genuine)
    rewrapped = hpke_seal(desk_wrap_key(THIRD).public, wrap_info(genuine.header, desk_kid(THIRD)), content_key)
    m.wraps[0].desk, m.wraps[0].data = THIRD, rewrapped
    with pytest.raises(MalformedError):
        parse_envelope(m, reader=THIRD)
    m.wraps[0].desk = RECIPIENT
    with pytest.raises(MalformedError):
        parse_envelope(m)


def test_the_content_of_a_proper_envelope_is_the_payload(world: Builder) -> None:
    plain = header(world)
    m = wire(plain)
    sealed = seal(m.header, [RECIPIENT])
    key = open_wrap(m.header, desk_kid(RECIPIENT), sealed.wraps[0], desk_wrap_key(RECIPIENT))
    assert open_content(m.header, sealed.seal, sealed.ciphertext, key) == payload()
