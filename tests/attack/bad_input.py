"""Everything that a member desk can send wrong, as a table: what is sent, and what the refusal must say.

Never does: judge; `test_bad_input.py` does.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from comity.envelope import message_hash
from comity.errors import DOMAIN, Reason
from comity.v1 import blobs_pb2, directory_pb2, envelope_pb2, exchange_pb2
from comity.v1.blobs_pb2_grpc import BlobServiceStub
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.workflow.terms import Role, SignatureRole, Verb
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from hub.errors import CODES, DETAILS_KEY
from hub.faults import Faults
from tests.support.hub import RunningHub
from tests.support.people import sign
from tests.support.world import World

UNKNOWN_FIELD = b"\xfa\x06\x01x"
"""Field 111, which no message has, with one byte in it."""


@dataclass
class Scene:
    """A hub in use, and a desk that calls it."""

    hub: RunningHub
    world: World
    desk: Any
    """A channel of sfc/intake."""
    case: bytes
    """Of a referral that hkma/intake has stored, not acknowledged."""
    opening: bytes
    """Its message hash."""
    known: envelope_pb2.Envelope
    """It."""
    old_key: envelope_pb2.Envelope
    """Sealed, before the recipient's desk key changed, under a directory that is still young enough."""
    faults: Faults
    """Of the hub."""
    go_on: threading.Event = field(default_factory=threading.Event)
    """Lets a hub go on that was made to stand still."""

    def envelope(self, **changes: Any) -> envelope_pb2.Envelope:
        """Returns a sealed envelope under the directory as it is."""
        return self.world.envelope(self.hub.view(), **changes)


def signed_anew(scene: Scene, envelope: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
    """Signs an envelope's header and seal as they are now."""
    people = scene.world.desk("sfc/intake").members
    del envelope.signatures[:]
    for who, role in ((Role.ANALYST, SignatureRole.AUTHOR), (Role.APPROVER, SignatureRole.APPROVER)):
        envelope.signatures.append(sign(people[who], envelope.header, envelope.seal, role))
    return envelope


def with_header(scene: Scene, change: Callable[[envelope_pb2.Header], object]) -> envelope_pb2.Envelope:
    """Returns an envelope whose header was changed before it was signed."""
    envelope = scene.envelope()
    header = envelope_pb2.Header.FromString(envelope.header)
    change(header)
    envelope.header = header.SerializeToString(deterministic=True)
    return signed_anew(scene, envelope)


@dataclass(frozen=True)
class Refusal:
    """What came back: of a call, or of one item of a batch."""

    status: Status
    code: int
    """gRPC code as the transport has it; that of the status itself for an item."""

    @property
    def info(self) -> ErrorInfo:
        """The one detail."""
        (detail,) = self.status.details
        info = ErrorInfo()
        assert detail.Unpack(info)
        assert info.domain == DOMAIN
        assert CODES[Reason(info.reason)].value[0] == self.status.code == self.code
        return info


async def of_call(call: Awaitable[Any]) -> Refusal:
    """Awaits a call that must be refused as a whole."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        refused = error
    else:
        raise AssertionError(f"answered: {answer}")
    status = Status.FromString(dict(refused.trailing_metadata() or ())[DETAILS_KEY])
    assert status.message == refused.details()
    return Refusal(status, refused.code().value[0])


def submitted(make: Callable[[Scene], envelope_pb2.Envelope]) -> Callable[[Scene], Awaitable[Refusal]]:
    """Submits an envelope, alone."""

    async def send(scene: Scene) -> Refusal:
        request = exchange_pb2.SubmitRequest(envelope=make(scene))
        return await of_call(ExchangeServiceStub(scene.desk).Submit(request))

    return send


def raw(method: str, data: bytes) -> Callable[[Scene], Awaitable[Refusal]]:
    """Sends bytes to a method."""

    async def send(scene: Scene) -> Refusal:
        return await of_call(scene.desk.unary_unary(f"/comity.v1.{method}")(data))

    return send


def acknowledged(
    make: Callable[[Scene], tuple[bytes, bytes]], desk: str = "sfc/intake"
) -> Callable[[Scene], Awaitable[Refusal]]:
    """Sends an acknowledgement; it is refused in its place in the answer."""

    async def send(scene: Scene) -> Refusal:
        body, sig = make(scene)
        async with scene.hub.as_desk(desk) as channel:
            request = exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=sig)])
            (result,) = (await ExchangeServiceStub(channel).Acknowledge(request)).results
        assert result.WhichOneof("result") == "error", result
        return Refusal(result.error, result.error.code)

    return send


def stated(make: Callable[[Scene], Sequence[bytes]]) -> Callable[[Scene], Awaitable[Refusal]]:
    """Appends statements."""

    async def send(scene: Scene) -> Refusal:
        parsed = [directory_pb2.Statement.FromString(data) for data in make(scene)]
        request = directory_pb2.AppendStatementsRequest(statements=parsed)
        return await of_call(DirectoryServiceStub(scene.desk).AppendStatements(request))

    return send


def uploaded(*messages: blobs_pb2.UploadBlobRequest) -> Callable[[Scene], Awaitable[Refusal]]:
    """Uploads a blob."""

    async def send(scene: Scene) -> Refusal:
        async def pieces() -> AsyncIterator[blobs_pb2.UploadBlobRequest]:
            for message in messages:
                yield message

        return await of_call(BlobServiceStub(scene.desk).UploadBlob(pieces()))

    return send


def _header_cut(scene: Scene) -> envelope_pb2.Envelope:
    envelope = scene.envelope()
    envelope.header = envelope.header[:-3]
    return envelope


def _unknown_in_seal(scene: Scene) -> envelope_pb2.Envelope:
    envelope = scene.envelope()
    envelope.seal += UNKNOWN_FIELD
    return signed_anew(scene, envelope)


def _flipped(scene: Scene) -> envelope_pb2.Envelope:
    envelope = scene.envelope()
    envelope.signatures[0].sig = bytes([envelope.signatures[0].sig[0] ^ 1]) + envelope.signatures[0].sig[1:]
    return envelope


def _wrap_changed(scene: Scene) -> envelope_pb2.Envelope:
    envelope = scene.envelope()
    envelope.wraps[0].data = bytes(1168)
    return envelope


def _alone(scene: Scene) -> envelope_pb2.Envelope:
    envelope = scene.envelope()
    del envelope.signatures[1]
    return envelope


def _id_again(scene: Scene) -> envelope_pb2.Envelope:
    used = envelope_pb2.Header.FromString(scene.known.header).envelope_id
    return scene.envelope(envelope_id=used, payload=os.urandom(20))


def _stale(scene: Scene) -> envelope_pb2.Envelope:
    return with_header(scene, lambda h: setattr(h, "directory_root", os.urandom(32)))


def _ahead(scene: Scene) -> envelope_pb2.Envelope:
    return with_header(scene, lambda h: setattr(h, "directory_size", h.directory_size + 1))


def _answer(verb: Verb, **more: Any) -> Callable[[Scene], envelope_pb2.Envelope]:
    return lambda s: s.envelope(verb=verb, **({"case_id": s.case, "previous": s.opening} | more))


def _foreign_ack(scene: Scene) -> tuple[bytes, bytes]:
    return scene.world.ack(message_hash(scene.known.header, scene.known.seal), "hkma/intake")


def _ack_with(data: bytes) -> Callable[[Scene], tuple[bytes, bytes]]:
    def make(scene: Scene) -> tuple[bytes, bytes]:
        body, sig = scene.world.ack(scene.opening, "sfc/intake")
        return body + data, sig

    return make


def _statement_of_another(scene: Scene) -> list[bytes]:
    """Signed by the wrong agency's admin. The world forgets that it was made."""
    world, kept = scene.world, dict(scene.world.positions)
    admin = world.agencies["hkma"].admin
    contact = directory_pb2.DutyContact(desk="sfc/intake", telephone="+85212345678", hours="24/7", languages=["en"])
    made = world.state(contact, ["sfc"], [(admin.kid, admin.sign_key)])
    world.positions.clear()
    world.positions.update(kept)
    world.statements.pop()
    return [made]


def _nobodys_key(scene: Scene) -> envelope_pb2.Envelope:
    return with_header(scene, lambda header: setattr(header.recipients[0], "desk_key_id", os.urandom(32)))


def _no_such_desk(scene: Scene) -> envelope_pb2.Envelope:
    envelope = with_header(scene, lambda header: setattr(header.recipients[0], "desk", "hkma/nobody"))
    envelope.wraps[0].desk = "hkma/nobody"
    return envelope


async def _full(scene: Scene) -> Refusal:
    """A call while another one is being taken: the queue of this hub holds one. It stands still until it is let go."""
    reached = threading.Event()

    def stand() -> None:
        reached.set()
        scene.go_on.wait(30)

    scene.faults.arm("submit.after_lock", stand)
    submit = ExchangeServiceStub(scene.desk).Submit
    first = asyncio.ensure_future(submit(exchange_pb2.SubmitRequest(envelope=scene.envelope())))
    assert await asyncio.to_thread(reached.wait, 30)
    scene.faults.disarm()
    try:
        return await of_call(submit(exchange_pb2.SubmitRequest(envelope=scene.envelope())))
    finally:
        first.cancel()


@dataclass(frozen=True)
class Bad:
    """One thing sent wrong."""

    name: str
    send: Callable[[Scene], Awaitable[Refusal]]
    reason: Reason
    metadata: frozenset[str] = frozenset()
    """Names of what a machine is told to go on."""
    leaves: int = 0
    """How many leaves record the refusal: one EQUIVOCATION where an id is used for other content, else none."""


def _header(**changes: Any) -> Callable[[Scene], Awaitable[Refusal]]:
    """Submits an envelope with other values in its signed header."""

    def change(header: envelope_pb2.Header) -> None:
        for name, value in changes.items():
            setattr(header, name, value)

    return submitted(lambda s: with_header(s, change))


def _unknown_in_header(scene: Scene) -> envelope_pb2.Envelope:
    envelope = scene.envelope()
    envelope.header += UNKNOWN_FIELD
    return signed_anew(scene, envelope)


def _unknown_in_recipient(scene: Scene) -> envelope_pb2.Envelope:
    return with_header(scene, lambda header: header.recipients[0].MergeFromString(UNKNOWN_FIELD))


def _many(scene: Scene) -> envelope_pb2.Envelope:
    def change(header: envelope_pb2.Header) -> None:
        header.recipients.extend(
            envelope_pb2.Recipient(desk=f"hkma/x{n:03}", desk_key_id=os.urandom(32)) for n in range(256)
        )

    return with_header(scene, change)


def _person_of(desk: str, role: Role) -> Callable[[Scene], Awaitable[Refusal]]:
    return submitted(lambda s: s.envelope(author=s.world.member(desk, role)))


def _sealed(*, hours: int) -> Callable[[Scene], Awaitable[Refusal]]:
    return submitted(lambda s: s.envelope(created=s.world.now + hours * 3_600_000))


_LONG = exchange_pb2.SubmitRequest(envelope=envelope_pb2.Envelope(ciphertext=bytes((1 << 20) + 8192)))
_NAMED = blobs_pb2.UploadBlobRequest(sha256=bytes(32), length=8192, offset=4096, data=bytes(4096))
_BROKEN = blobs_pb2.UploadBlobRequest(sha256=bytes(32), length=4160, data=bytes(4160))
_SIZE, _BLOB = frozenset({"directory_size"}), frozenset({"sha256"})
_RULE, _LIMIT, _STATE = frozenset({"rule"}), frozenset({"limit"}), frozenset({"state", "allowed"})

BAD: tuple[Bad, ...] = (
    Bad("malformed: bytes that are no message", raw("LogService/GetTile", b"\xff"), Reason.MALFORMED),
    Bad("malformed: a header cut short", submitted(_header_cut), Reason.MALFORMED),
    Bad("malformed: a name that is none", _header(sender="SFC/intake"), Reason.MALFORMED),
    Bad("malformed: an id of another length", _header(case_id=bytes(15)), Reason.MALFORMED),
    Bad("oversize: no envelope in a batch", raw("ExchangeService/SubmitBatch", b""), Reason.TOO_LARGE),
    Bad("oversize: a request", raw("ExchangeService/Submit", _LONG.SerializeToString()), Reason.TOO_LARGE),
    Bad("oversize: an envelope", submitted(lambda s: s.envelope(payload=bytes(1_046_000))), Reason.TOO_LARGE),
    Bad("oversize: 258 recipients", submitted(_many), Reason.TOO_LARGE),
    Bad("unknown field: in the header", submitted(_unknown_in_header), Reason.MALFORMED),
    Bad("unknown field: in a recipient", submitted(_unknown_in_recipient), Reason.MALFORMED),
    Bad("unknown field: in the seal", submitted(_unknown_in_seal), Reason.MALFORMED),
    Bad("unknown field: in an acknowledgement", acknowledged(_ack_with(UNKNOWN_FIELD)), Reason.MALFORMED),
    Bad("unknown field: in a statement", stated(lambda s: [s.world.statements[-1] + UNKNOWN_FIELD]), Reason.MALFORMED),
    Bad("unknown version", _header(version=2), Reason.UNSUPPORTED_VERSION),
    Bad("unknown suite", _header(suite=2), Reason.UNSUPPORTED_VERSION),
    Bad("unknown verb", _header(verb=99), Reason.MALFORMED),
    Bad("another hub's", _header(origin="other.example/exchange"), Reason.WRONG_ORIGIN),
    Bad(
        "another desk's",
        submitted(lambda s: s.envelope(sender="hkma/intake", recipients=["sfc/intake"])),
        Reason.WRONG_SENDER,
    ),
    Bad("wrong signature: a flipped bit", submitted(_flipped), Reason.BAD_SIGNATURE),
    Bad("wrong signature: of another desk's person", _person_of("sfc/enforcement", Role.ANALYST), Reason.BAD_SIGNATURE),
    Bad("wrong signature: under a statement", stated(_statement_of_another), Reason.STATEMENT_REFUSED, _RULE),
    Bad("wrong role", _person_of("sfc/intake", Role.AGENT), Reason.WRONG_ROLE, frozenset({"verb"})),
    Bad("wraps that the seal does not name", submitted(_wrap_changed), Reason.CIPHERTEXT_MISMATCH),
    Bad("wrong recipient key: the one before", submitted(lambda s: s.old_key), Reason.DESK_KEY_STALE, _SIZE | {"desk"}),
    Bad("wrong recipient key: of nobody", submitted(_nobodys_key), Reason.DESK_KEY_STALE, _SIZE | {"desk"}),
    Bad("stale directory: another root", submitted(_stale), Reason.DIRECTORY_STALE, _SIZE),
    Bad("stale directory: one that is not yet", submitted(_ahead), Reason.DIRECTORY_STALE, _SIZE),
    Bad("missing agreement", submitted(lambda s: s.envelope(recipients=["osr/intake"])), Reason.NO_AGREEMENT),
    Bad("missing agreement: a desk that is not there", submitted(_no_such_desk), Reason.NO_AGREEMENT),
    Bad("sealed long ago", _sealed(hours=-97), Reason.CREATED_TOO_OLD, _LIMIT),
    Bad("sealed tomorrow", _sealed(hours=24), Reason.CREATED_IN_FUTURE, _LIMIT),
    Bad("times that contradict each other", _header(respond_by=1), Reason.BAD_TIMES, _LIMIT),
    Bad("wrong state", submitted(_answer(Verb.CLOSE)), Reason.WRONG_STATE, _STATE),
    Bad("wrong state: what nobody asked for", submitted(_answer(Verb.SUPPLY)), Reason.WRONG_STATE, _STATE),
    Bad("wrong message named", submitted(_answer(Verb.RECALL, previous=b"", about=bytes(32))), Reason.WRONG_ABOUT),
    Bad("unknown case", submitted(_answer(Verb.CLOSE, case_id=bytes(16))), Reason.UNKNOWN_CASE),
    Bad("missing second person", submitted(_alone), Reason.SECOND_PERSON_MISSING),
    Bad("replay: an id with other content", submitted(_id_again), Reason.ALREADY_EXISTS, leaves=1),
    Bad(
        "replay: a statement",
        stated(lambda s: [s.world.statements[-1]]),
        Reason.STALE_POSITION,
        frozenset({"signer", "number"}),
    ),
    Bad("unknown message", acknowledged(lambda s: s.world.ack(bytes(32), "sfc/intake")), Reason.UNKNOWN_MESSAGE),
    Bad("an acknowledgement for another desk", acknowledged(_foreign_ack), Reason.WRONG_SENDER),
    Bad("unknown blob", submitted(lambda s: s.envelope(blobs=[(bytes(32), 8192)])), Reason.UNKNOWN_BLOB, _BLOB),
    Bad("an upload that goes on where none began", uploaded(_NAMED), Reason.BLOB_OFFSET, frozenset({"offset"})),
    Bad("an upload of other bytes", uploaded(_BROKEN), Reason.BLOB_DIGEST),
    Bad("full queue", _full, Reason.BUSY),
)
"""Every kind that the hub must refuse, and what it says."""
