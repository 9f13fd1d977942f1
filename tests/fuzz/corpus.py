"""Where the search begins: sound requests of every method, and requests that are signed after they were changed.

What once broke something, or nearly did, stands in `tests/data/fuzz/seeds.json`: method → requests, base64.

Never does: call anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.directory import sign_body
from comity.directory.statements import Position, make_body
from comity.encoding import Purpose, tagged
from comity.receipts import AckState, ack_signing_bytes
from comity.tls import TlsKey
from comity.v1 import blobs_pb2, directory_pb2, envelope_pb2, exchange_pb2, feed_pb2, log_pb2
from comity.workflow.terms import Role, SignatureRole, Verb
from google.protobuf import message_factory
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

from hub.server import SERVICES
from tests.fuzz.mutate import Mutator
from tests.support.people import sign
from tests.support.world import World

SEEDS = Path(__file__).resolve().parents[1] / "data" / "fuzz" / "seeds.json"
SENDER, OTHER = "sfc/intake", "hkma/intake"


@dataclass(frozen=True, slots=True)
class Target:
    """One method of the hub."""

    name: str
    """`/package.Service/Method`."""
    request: type[Any]
    from_caller: bool
    """Whether the caller streams."""
    from_hub: bool
    """Whether the hub streams."""

    @property
    def short(self) -> str:
        """The method's own name."""
        return self.name.rpartition("/")[2]


def targets() -> list[Target]:
    """Returns every method that the hub offers, from its descriptors."""
    return [
        Target(
            f"/{service.full_name}/{method.name}",
            message_factory.GetMessageClass(method.input_type),
            method.client_streaming,
            method.server_streaming,
        )
        for service in SERVICES
        for method in service.methods
    ]


def kept() -> dict[str, list[bytes]]:
    """Returns the seeds that are kept, by method."""
    found: Mapping[str, Sequence[str]] = json.loads(SEEDS.read_text(encoding="utf-8"))
    return {name: [base64.b64decode(text) for text in texts] for name, texts in found.items()}


def sound(world: World, view: Any, case: bytes, opening: bytes) -> dict[str, list[Any]]:
    """Returns sound requests by method's own name. `case` and `opening` are of a referral that was taken.

    Whatever has no parameter to speak of begins with an empty request.
    """
    envelopes = [
        world.envelope(view),
        world.envelope(view, verb=Verb.RECALL, case_id=case, about=opening),
        world.envelope(view, verb=Verb.SUPPLY, case_id=case, previous=opening, blobs=[(bytes(range(32)), 4160)]),
    ]
    acks = [world.ack(opening, SENDER), world.ack(opening, OTHER, AckState.REFUSED, reason="CANNOT_OPEN")]
    signed = [exchange_pb2.SignedAck(body=body, sig=sig) for body, sig in acks]
    statements = [directory_pb2.Statement.FromString(data) for data in world.statements[-6:]]
    blob = bytes(range(256)) * 17
    digest = hashlib.sha256(blob).digest()
    log = log_pb2.LOG_KIND_EXCHANGE
    return {
        "Submit": [exchange_pb2.SubmitRequest(envelope=e) for e in envelopes],
        "SubmitBatch": [exchange_pb2.SubmitBatchRequest(envelopes=envelopes)],
        "Acknowledge": [exchange_pb2.AcknowledgeRequest(acks=signed)],
        "ReadFeed": [feed_pb2.ReadFeedRequest(from_index=n, follow=bool(n)) for n in range(2)],
        "GetUpload": [blobs_pb2.GetUploadRequest(sha256=digest)],
        "UploadBlob": [
            blobs_pb2.UploadBlobRequest(sha256=digest, length=len(blob), data=blob),
            blobs_pb2.UploadBlobRequest(sha256=bytes(32), length=9000, data=blob),
        ],
        "DownloadBlob": [blobs_pb2.DownloadBlobRequest(sha256=digest, offset=7)],
        "GetHead": [directory_pb2.GetHeadRequest(seen=directory_pb2.SignedHead(body=bytes(90), sig=bytes(64)))],
        "ReadEntries": [directory_pb2.ReadEntriesRequest(from_index=2)],
        "AppendStatements": [directory_pb2.AppendStatementsRequest(statements=statements)],
        "IssueCertificate": [
            directory_pb2.IssueCertificateRequest(csr=world.desk(SENDER).tls_key.request()),
            directory_pb2.IssueCertificateRequest(csr=TlsKey.generate().request()),
        ],
        "GetCheckpoint": [log_pb2.GetCheckpointRequest(log=log)],
        "GetTile": [log_pb2.GetTileRequest(log=log_pb2.LOG_KIND_DIRECTORY, level=0, index=0, width=9)],
        "GetLeaves": [log_pb2.GetLeavesRequest(log=log, start=0, count=2)],
        "GetInclusionProof": [log_pb2.GetInclusionProofRequest(log=log, index=0, size=2)],
        "GetConsistencyProof": [log_pb2.GetConsistencyProofRequest(log=log, first=1, second=2)],
        "GetOpening": [log_pb2.GetOpeningRequest(index=0)],
        "Check": [health_pb2.HealthCheckRequest(service="comity.v1.LogService")],
        "Watch": [health_pb2.HealthCheckRequest(service="nobody")],
        "List": [health_pb2.HealthListRequest()],
    }


class Signing:
    """Makes requests that were changed first and signed afterwards: they come through to the rules behind."""

    def __init__(self, world: World, view: Callable[[], Any], case: bytes, opening: bytes) -> None:
        """Takes who signs, the directory as it is, and a referral that was taken."""
        self._world, self._view, self._case, self._opening = world, view, case, opening

    def envelope(self, mutator: Mutator) -> envelope_pb2.Envelope:
        """Returns an envelope whose header, seal or signatures' order were changed before both people signed it."""
        verb = mutator.rng.choice((Verb.REFER, Verb.RECALL, Verb.SUPPLY, Verb.WITHDRAW, Verb.CLOSE))
        link: dict[str, Any] = {} if verb is Verb.REFER else {"case_id": self._case}
        if verb in (Verb.RECALL, Verb.WITHDRAW):
            link["about"] = self._opening
        elif verb is not Verb.REFER:
            link["previous"] = self._opening
        envelope = self._world.envelope(self._view(), verb=verb, **link)
        part, kind = mutator.rng.choice((*[("header", envelope_pb2.Header)] * 3, ("seal", envelope_pb2.Seal)))
        changed = mutator.message(kind.FromString(getattr(envelope, part)))
        setattr(envelope, part, changed.SerializeToString(deterministic=True))
        people = self._world.desk(SENDER).members
        roles = [(Role.ANALYST, SignatureRole.AUTHOR), (Role.APPROVER, SignatureRole.APPROVER)]
        if mutator.rng.random() < 0.1:
            roles.reverse()
        del envelope.signatures[:]
        for who, role in roles[: len(roles) - (mutator.rng.random() < 0.1)]:
            envelope.signatures.append(sign(people[who], envelope.header, envelope.seal, role))
        return envelope

    def ack(self, mutator: Mutator) -> exchange_pb2.SignedAck:
        """Returns an acknowledgement whose body was changed before it was signed."""
        body, _ = self._world.ack(self._opening, SENDER)
        changed = mutator.message(exchange_pb2.Ack.FromString(body)).SerializeToString(deterministic=True)
        agent = self._world.member(SENDER, Role.AGENT)
        return exchange_pb2.SignedAck(body=changed, sig=agent.sign_key.sign(ack_signing_bytes(changed)))

    def statement(self, mutator: Mutator) -> directory_pb2.Statement:
        """Returns a statement of the caller's agency, by its admin, whose body was changed before it was signed."""
        world, admin = self._world, self._world.agencies["sfc"].admin
        contact = directory_pb2.DutyContact(desk=SENDER, telephone="+85212345678", hours="24/7", languages=["en"])
        body = make_body(world.origin, [Position("sfc", *world.positions["sfc"])], contact)
        changed = mutator.message(directory_pb2.StatementBody.FromString(body)).SerializeToString(deterministic=True)
        made = sign_body(changed, [(admin.kid, admin.sign_key.sign(tagged(Purpose.STATEMENT, changed)))])
        return directory_pb2.Statement.FromString(made)

    def requests(self, name: str, mutator: Mutator) -> bytes | None:
        """Returns a signed request of a method; None for one that carries nothing signed."""
        message: Any
        if name == "Submit":
            message = exchange_pb2.SubmitRequest(envelope=self.envelope(mutator))
        elif name == "SubmitBatch":
            message = exchange_pb2.SubmitBatchRequest(envelopes=[self.envelope(mutator) for _ in range(3)])
        elif name == "Acknowledge":
            message = exchange_pb2.AcknowledgeRequest(acks=[self.ack(mutator) for _ in range(3)])
        elif name == "AppendStatements":
            message = directory_pb2.AppendStatementsRequest(statements=[self.statement(mutator)])
        else:
            return None
        return bytes(message.SerializeToString())


def _parsed(target: Target, seed: bytes) -> Any:
    """Returns a seed as a message, None where it is none: what is kept need not be."""
    try:
        return target.request.FromString(seed)
    except DecodeError:
        return None


def changed(target: Target, seed: bytes, everything: Sequence[bytes], signing: Signing, mutator: Mutator) -> bytes:
    """Returns a request of a method: a seed changed in one of five ways, or something new that is signed."""
    rng = mutator.rng
    way = rng.random()
    data = signing.requests(target.short, mutator) if way < 0.4 else None
    message = _parsed(target, seed) if data is None and way < 0.7 else None
    if message is not None:
        data = mutator.message(message).SerializeToString()
    if data is None:
        data = mutator.data(seed) if way < 0.85 else mutator.splice(seed, rng.choice(everything))
    return data if rng.random() > 0.03 else rng.randbytes(rng.randint(0, 400))


def inputs(
    seeds: Mapping[str, Sequence[bytes]], signing: Signing, rng: random.Random
) -> Iterator[tuple[Target, bytes]]:
    """Yields inputs without end: every method in turn."""
    mutator, all_targets = Mutator(rng), targets()
    everything = [seed for found in seeds.values() for seed in found]
    while True:
        for target in all_targets:
            yield target, changed(target, rng.choice(seeds[target.short]), everything, signing, mutator)
