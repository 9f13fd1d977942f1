"""What a search that is guided by coverage gives its input to: every decoder, and the examination of what desks send.

Needs no fuzzer: what was found is replayed through the same targets by an ordinary test.

Never does: choose input, except how a given one is changed.
"""

from __future__ import annotations

import base64
import json
import marshal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.encoding import serialise
from comity.envelope import parse_parts, signing_bytes
from comity.receipts import Ack, AckState, ack_signing_bytes, encode_ack, parse_ack
from comity.v1 import envelope_pb2, exchange_pb2
from comity.workflow.terms import SignatureRole
from google.protobuf.message import DecodeError

from hub.exchange.examining import SentAck, ack_of, envelope_of, read_verdict, verdict_on
from hub.exchange.rpc import _envelope
from tests.contract import builders, envelopes
from tests.contract.builders import APPROVER, AUTHOR, EXCHANGE, RECIPIENT, SENDER
from tests.fuzz.decoder import Decoder
from tests.fuzz.decoders import HASH, decoders
from tests.fuzz.mutate import Mutator

TESTS = Path(__file__).resolve().parents[1]
VECTORS = TESTS.parent / "proto" / "vectors"
REGRESSIONS = TESTS / "data" / "fuzz" / "regressions.json"
LONGEST_SEED = 16 << 10
FAULT = 2
"""First value of a verdict that tells of the hub's own failure."""


@dataclass(frozen=True, slots=True)
class Guided:
    """One thing that takes strangers' bytes."""

    name: str
    check: Callable[[bytes], str]
    """Gives it some bytes; returns what is wrong, empty where nothing is."""
    change: Callable[[bytes, Mutator], bytes]
    """Returns the bytes with a change that keeps some of their structure."""
    seeds: Sequence[bytes]
    finish: Callable[[], Sequence[str]] = lambda: ()
    """Returns what is wrong after all of it."""


def slug(name: str) -> str:
    """Returns a target's name as a file's."""
    return name.replace(" ", "-")


def guided() -> dict[str, Guided]:
    """Returns every target by name, but the calls of a hub, which need one (`guided_calls`)."""
    hexes = vector_bytes()
    found = {
        name: Guided(name, decoder.check, decoder.changed, [*decoder.good, *accepted(decoder, hexes)])
        for name, decoder in decoders().items()
    }
    world = builders.fresh()
    wires = [envelopes.wire(envelopes.header(world)), envelopes.wire(envelopes.header(world, [RECIPIENT]))]
    sound = [serialise(wire) for wire in wires]
    found["envelope"] = Guided("envelope", found["envelope"].check, change_envelope, [*found["envelope"].seeds, *sound])
    body = encode_ack(Ack(EXCHANGE, HASH, RECIPIENT, builders.AGENT.kid, AckState.STORED, "", builders.NOW))
    signed = serialise(exchange_pb2.SignedAck(body=body, sig=builders.AGENT.key.sign(ack_signing_bytes(body))))
    for made in (
        Guided("examined envelope", examined_envelope, change_envelope, sound),
        Guided("examined acknowledgement", examined_ack, change_ack, [signed]),
    ):
        found[made.name] = made
    return found


def vector_bytes() -> list[bytes]:
    """Returns everything that the vectors give in hexadecimal, each once."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, str) and value and len(value) <= 2 * LONGEST_SEED:
            found.add(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    for path in sorted(VECTORS.glob("*.json")):
        walk(json.loads(path.read_text(encoding="utf-8")))
    made = set()
    for text in sorted(found):
        try:
            made.add(bytes.fromhex(text))
        except ValueError:
            made.add(text.encode())
    return sorted(made)


def accepted(decoder: Decoder, many: Sequence[bytes], most: int = 100) -> list[bytes]:
    """Returns those that a decoder takes."""
    taken = []
    for data in many:
        try:
            decoder.parse(data)
        except Exception:  # noqa: BLE001 # what is wrong with a seed is for the search to say
            continue
        taken.append(data)
        if len(taken) == most:
            break
    return taken


_KEYS = {who.kid: who.public for who in (AUTHOR, APPROVER, builders.AGENT, builders.THEIR_AUTHOR)}


def examined_envelope(data: bytes) -> str:
    """Has the examining process's own function look at an envelope; returns what is wrong."""
    try:
        sent = _envelope(envelope_pb2.Envelope.FromString(data))
    except DecodeError:
        return ""
    return _judged(sent, SENDER, lambda facts: envelope_of(sent, facts) == parse_parts(*sent))


def examined_ack(data: bytes) -> str:
    """Has it look at an acknowledgement; returns what is wrong."""
    try:
        message = exchange_pb2.SignedAck.FromString(data)
    except DecodeError:
        return ""
    sent = SentAck(message.body, message.sig)
    return _judged(sent, RECIPIENT, lambda facts: ack_of(facts) == parse_ack(message.body))


def _judged(sent: Any, desk: str, same: Callable[[tuple[Any, ...]], bool]) -> str:
    verdict = verdict_on(sent, desk, EXCHANGE, _KEYS.get)
    if verdict[0] == FAULT:
        return f"failed with {verdict[1]}"
    if marshal.loads(marshal.dumps(verdict)) != verdict:
        return "its verdict does not come through between processes"
    if verdict[0] == 0 and not same(read_verdict(verdict).facts):
        return "what was examined is not what was sent"
    return ""


def change_envelope(data: bytes, mutator: Mutator) -> bytes:
    """Changes an envelope, mostly inside its header or seal, and at times signs it again afterwards."""
    try:
        message = envelope_pb2.Envelope.FromString(data)
        way = mutator.rng.random()
        if way < 0.4:
            message.header = serialise(mutator.message(envelope_pb2.Header.FromString(message.header)))
        elif way < 0.6:
            message.seal = serialise(mutator.message(envelope_pb2.Seal.FromString(message.seal)))
        elif way < 0.8:
            mutator.message(message)
        else:
            return mutator.data(data)
    except DecodeError:
        return mutator.data(data)
    if mutator.rng.random() < 0.5:
        people = ((AUTHOR, SignatureRole.AUTHOR), (APPROVER, SignatureRole.APPROVER))
        for signature, (who, role) in zip(message.signatures, people, strict=False):
            signature.kid, signature.role = who.kid, int(role)
            signature.sig = who.key.sign(signing_bytes(message.header, message.seal, role))
    return serialise(message)


def change_ack(data: bytes, mutator: Mutator) -> bytes:
    """Changes an acknowledgement's body, and at times signs it again."""
    try:
        message = exchange_pb2.SignedAck.FromString(data)
        message.body = serialise(mutator.message(exchange_pb2.Ack.FromString(message.body)))
    except DecodeError:
        return mutator.data(data)
    if mutator.rng.random() < 0.5:
        message.sig = builders.AGENT.key.sign(ack_signing_bytes(message.body))
    return serialise(message)


def regressions() -> Mapping[str, Sequence[bytes]]:
    """Returns what once was found, by target."""
    kept = json.loads(REGRESSIONS.read_text(encoding="utf-8"))
    return {name: [base64.b64decode(text) for text in texts] for name, texts in kept.items()}
