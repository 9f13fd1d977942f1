"""Every decoder of the contract against changed bytes: it refuses with its one error, or the bytes are the one form.

Never does: use a network, a database or a clock.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Mapping
from typing import Any

from comity.checkpoint import (
    Checkpoint,
    parse_checkpoint,
    parse_note,
    parse_verifier_key,
    sign_checkpoint,
    verifier_key,
)
from comity.directory.heads import parse_head
from comity.directory.statements import make_entry, parse_body, parse_entry, parse_statement
from comity.encoding import serialise
from comity.envelope import parse_envelope, parse_seal
from comity.errors import MalformedError
from comity.header import parse_header
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
from tests.contract.builders import EXCHANGE, LOG_KEY, NOW, ORIGIN, RECIPIENT, fresh
from tests.fuzz.mutate import Mutator

HASH = bytes(range(32))
NOTE = sign_checkpoint(Checkpoint(EXCHANGE, 7, HASH), EXCHANGE, LOG_KEY.sign, LOG_KEY.public)
EVENT = encode_event(Event(EventKind.ACKNOWLEDGED, HASH, HASH, (HASH,), (), HASH, 0, AckState.OPENED))
LEAF = encode_leaf(Leaf(1_800_000_000, 18, HASH, HASH))
ACK = encode_ack(Ack(EXCHANGE, HASH, RECIPIENT, HASH, AckState.STORED, "", NOW))
RECEIPT = encode_receipt(Receipt(EVENT, HASH, 2, LEAF, (HASH, HASH), NOTE))
KEY = verifier_key(EXCHANGE, LOG_KEY.public).encode()


class Decoder:
    """One parser, what it takes, and how to tell that what it took was the canonical form."""

    def __init__(self, parse: Callable[[bytes], Any], good: list[bytes], message: Any = None) -> None:
        """Takes the parser, bytes it accepts, and the message's class where it reads protobuf."""
        self.parse, self.good, self.message = parse, good, message

    def check(self, data: bytes) -> str:
        """Gives it some bytes; returns what is wrong, empty where nothing is."""
        try:
            self.parse(data)
        except MalformedError:
            return ""
        except Exception as error:  # noqa: BLE001 # whatever it is, it is what is looked for
            return f"raised {type(error).__name__}"
        if self.message is not None and serialise(self.message.FromString(data)) != data:
            return "took what is not canonical"
        return ""


def _envelope(data: bytes) -> None:
    try:
        message = envelope_pb2.Envelope.FromString(data)
    except DecodeError:
        raise MalformedError("no message") from None
    parse_envelope(message)


def _key(data: bytes) -> None:
    parse_verifier_key(data.decode("utf-8", "replace"))


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
        "header": Decoder(parse_header, [wire.header], envelope_pb2.Header),
        "seal": Decoder(parse_seal, [wire.seal], envelope_pb2.Seal),
        "envelope": Decoder(_envelope, [wire.SerializeToString()]),
        "payload": Decoder(lambda data: parse_payload(data, header), [envelopes.payload()], payload_pb2.Payload),
        "freeze": Decoder(lambda data: parse_payload(data, held), [serialise(report)], payload_pb2.Payload),
        "embedded original": Decoder(parse_original, [encode_original(bodies.ORIGINAL)], onward_pb2.EmbeddedOriginal),
        "entry": Decoder(parse_entry, [make_entry(1, statements[0]), *world.entries[-2:]], directory_pb2.Entry),
        "statement": Decoder(parse_statement, statements, directory_pb2.Statement),
        "statement's body": Decoder(
            parse_body, [parse_statement(s).body for s in statements], directory_pb2.StatementBody
        ),
        "head": Decoder(parse_head, [serialise(head)], directory_pb2.Head),
        "event": Decoder(parse_event, [EVENT], log_pb2.Event),
        "leaf": Decoder(parse_leaf, [LEAF], log_pb2.Leaf),
        "receipt": Decoder(parse_receipt, [RECEIPT], log_pb2.Receipt),
        "acknowledgement": Decoder(parse_ack, [ACK], exchange_pb2.Ack),
        "note": Decoder(parse_note, [NOTE]),
        "checkpoint": Decoder(parse_checkpoint, [NOTE]),
        "verifier key": Decoder(_key, [KEY]),
    }


def refusing(decoder: Decoder) -> list[str]:
    """Returns what is wrong with the sound bytes that a search begins with: from others it would find nothing."""
    wrong = []
    for good in decoder.good:
        try:
            decoder.parse(good)
        except MalformedError as error:
            wrong.append(str(error))
    return wrong


def search(seed: int, count: int) -> list[str]:
    """Gives every decoder so many changed inputs; returns what was found, each with its input in base64."""
    findings, all_decoders = [], decoders()
    mutator = Mutator(random.Random(seed))
    rng = mutator.rng
    for name, decoder in all_decoders.items():
        for _ in range(count):
            good = rng.choice(decoder.good)
            if decoder.message is not None and rng.random() < 0.5:
                data = serialise(mutator.message(decoder.message.FromString(good)))
            else:
                data = mutator.data(good)
            if rng.random() < 0.05:
                data = rng.randbytes(rng.randint(0, 200))
            wrong = decoder.check(data)
            if wrong:
                findings.append(f"{name}: {base64.b64encode(data).decode()}: {wrong}")
    return findings
