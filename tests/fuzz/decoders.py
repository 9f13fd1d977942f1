"""Every decoder of the contract against changed bytes: it refuses with its one error, or the bytes are the one form.

Never does: use a network, a database or a clock.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Mapping

from comity.checkpoint import (
    Checkpoint,
    NoteSignature,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    parse_verifier_key,
    sign_checkpoint,
    verifier_key,
)
from comity.directory.heads import parse_head, sign_head
from comity.directory.statements import make_body, make_entry, parse_body, parse_entry, parse_statement, sign_body
from comity.encoding import serialise
from comity.envelope import Envelope, Seal, parse_envelope, parse_seal, to_wire
from comity.errors import MalformedError
from comity.header import encode_header, parse_header
from comity.payload import parse_payload
from comity.payload_onward import encode_original, parse_original
from comity.receipts import (
    Ack,
    AckState,
    Event,
    EventKind,
    Leaf,
    Receipt,
    encode_ack,
    encode_event,
    encode_leaf,
    encode_receipt,
    parse_ack,
    parse_event,
    parse_leaf,
    parse_receipt,
)
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2, log_pb2, onward_pb2, payload_pb2
from comity.workflow.terms import Family, Verb
from google.protobuf.message import DecodeError

from tests.contract import bodies, envelopes
from tests.contract.builders import EXCHANGE, HEAD_KEY, LOG_KEY, NOW, ORIGIN, RECIPIENT, fresh
from tests.fuzz.decoder import Decoder
from tests.fuzz.decoders_more import more_decoders
from tests.fuzz.mutate import Mutator

HASH = bytes(range(32))
NOTE = sign_checkpoint(Checkpoint(EXCHANGE, 7, HASH), EXCHANGE, LOG_KEY.sign, LOG_KEY.public)
EVENT = encode_event(Event(EventKind.ACKNOWLEDGED, HASH, HASH, (HASH,), (), HASH, 0, AckState.OPENED))
LEAF = encode_leaf(Leaf(1_800_000_000, 18, HASH, HASH))
ACK = encode_ack(Ack(EXCHANGE, HASH, RECIPIENT, HASH, AckState.STORED, "", NOW))
RECEIPT = encode_receipt(Receipt(EVENT, HASH, 2, LEAF, (HASH, HASH), NOTE))
KEY = verifier_key(EXCHANGE, LOG_KEY.public).encode()


def _envelope(data: bytes) -> Envelope:
    try:
        message = envelope_pb2.Envelope.FromString(data)
    except DecodeError:
        raise MalformedError("no message") from None
    if serialise(message) != data:
        raise MalformedError("not what the hub would hand on")  # an envelope's frame is not signed: gRPC reads it
    return parse_envelope(message)


def _key(data: bytes) -> VerifierKey:
    return parse_verifier_key(data.decode("utf-8", "surrogateescape"))


def _seal_of(seal: Seal) -> bytes:
    return serialise(
        envelope_pb2.Seal(
            commitment=seal.commitment,
            ciphertext_sha256=seal.ciphertext_sha256,
            ciphertext_length=seal.ciphertext_length,
            wrap_sha256=seal.wrap_sha256,
        )
    )


def _note(text: bytes, signatures: tuple[NoteSignature, ...]) -> bytes:
    lines = [f"\u2014 {s.name} {b64encode(s.key_id + s.signature).decode()}\n".encode() for s in signatures]
    return b"\n".join((text, b"".join(lines)))


def decoders() -> Mapping[str, Decoder]:
    """Returns every decoder by name."""
    world = fresh()
    header = envelopes.header(world)
    wire = envelopes.wire(header)
    statements = [statement for _, statement in map(parse_entry, world.entries)]
    head = directory_pb2.Head(version=1, directory_origin=ORIGIN, exchange_origin=EXCHANGE, time=NOW)
    head.directory_size, head.exchange_size, head.directory_root, head.exchange_root = 3, 4, HASH, HASH
    report = bodies.payload(Family.FREEZE, Verb.REPORT_EXECUTION)
    held = bodies.header(Family.FREEZE, Verb.REPORT_EXECUTION, report)
    return {
        "header": Decoder(parse_header, [wire.header], envelope_pb2.Header, encode_header),
        "seal": Decoder(parse_seal, [wire.seal], envelope_pb2.Seal, _seal_of),
        "envelope": Decoder(
            _envelope, [serialise(wire)], envelope_pb2.Envelope, lambda found: serialise(to_wire(found))
        ),
        "payload": Decoder(lambda data: parse_payload(data, header), [envelopes.payload()], payload_pb2.Payload),
        "freeze": Decoder(lambda data: parse_payload(data, held), [serialise(report)], payload_pb2.Payload),
        "embedded original": Decoder(
            parse_original, [encode_original(bodies.ORIGINAL)], onward_pb2.EmbeddedOriginal, encode_original
        ),
        "entry": Decoder(
            parse_entry,
            [make_entry(1, statements[0]), *world.entries[-2:]],
            directory_pb2.Entry,
            lambda found: make_entry(*found),
        ),
        "statement": Decoder(
            parse_statement,
            statements,
            directory_pb2.Statement,
            lambda found: sign_body(found.body, found.signatures),
        ),
        "statement body": Decoder(
            parse_body,
            [parse_statement(s).body for s in statements],
            directory_pb2.StatementBody,
            lambda found: make_body(found[0], found[1], found[3]),
        ),
        "head": Decoder(parse_head, [serialise(head)], directory_pb2.Head, lambda found: sign_head(found, HEAD_KEY)[0]),
        "event": Decoder(parse_event, [EVENT], log_pb2.Event, encode_event),
        "leaf": Decoder(parse_leaf, [LEAF], log_pb2.Leaf, encode_leaf),
        "receipt": Decoder(parse_receipt, [RECEIPT], log_pb2.Receipt, encode_receipt),
        "acknowledgement": Decoder(parse_ack, [ACK], exchange_pb2.Ack, encode_ack),
        "note": Decoder(parse_note, [NOTE], None, lambda found: _note(*found)),
        "checkpoint": Decoder(parse_checkpoint, [NOTE], None, lambda found: _note(found[0].body_text(), found[1])),
        "verifier key": Decoder(
            _key,
            [KEY],
            None,
            lambda found: verifier_key(found.name, found.public).encode("utf-8", "surrogateescape"),
        ),
        **more_decoders(),
    }


def refusing(decoder: Decoder) -> list[str]:
    """Returns what is wrong with the sound bytes that a search begins with: from others it would find nothing."""
    wrong = []
    for good in decoder.good:
        try:
            decoder.parse(good)
        except decoder.refuses as error:
            wrong.append(f"{type(error).__name__}: {error}")
    return wrong


def search(seed: int, count: int) -> list[str]:
    """Gives every decoder so many changed inputs; returns what was found, each with its input in base64."""
    findings, all_decoders = [], decoders()
    mutator = Mutator(random.Random(seed))
    rng = mutator.rng
    for name, decoder in all_decoders.items():
        for _ in range(count):
            good = rng.choice(decoder.good)
            data = decoder.changed(good, mutator)
            if rng.random() < 0.05:
                data = rng.randbytes(rng.randint(0, 200))
            wrong = decoder.check(data)
            if wrong:
                findings.append(f"{name}: {b64encode(data).decode()}: {wrong}")
    return findings
