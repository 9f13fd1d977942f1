"""Naming what belongs to somebody else: every method that names anything x every caller who is no party.

What is there and what is not must be answered alike, to the byte. A method that is added must be classified here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from comity.envelope import message_hash
from comity.receipts import AckState
from comity.tls import TlsKey
from comity.v1 import blobs_pb2, envelope_pb2, exchange_pb2, feed_pb2, log_pb2
from comity.v1.blobs_pb2_grpc import BlobServiceStub
from comity.v1.directory_pb2 import IssueCertificateRequest
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.workflow.terms import Verb

from hub.errors import DETAILS_KEY
from hub.policy import RULES
from hub.server import SERVICES
from tests.support.hub import RunningHub, running_hub
from tests.support.world import World, make_world

BLOB = os.urandom(4096)


@dataclass(frozen=True)
class Thing:
    """What a request names: it is somebody's, or there is none."""

    case: bytes
    message: bytes
    envelope_id: bytes
    blob: bytes
    index: int
    tls: TlsKey

    def hidden(self, data: bytes) -> bytes:
        """Returns an answer without what the request itself named."""
        for named in (self.case, self.message, self.envelope_id, self.blob):
            data = data.replace(named, b"<named>").replace(named.hex().encode(), b"<named>")
        return data


Make = Callable[[World, Any, str, Thing], Any]


def _submit(**link: str) -> Make:
    def make(world: World, view: Any, desk: str, thing: Thing) -> Any:
        changes = {name: getattr(thing, of) for name, of in link.items()}
        verb = Verb.RECALL if "about" in link else Verb.CLOSE
        counterpart = "hkma/intake" if desk != "hkma/intake" else "sfc/intake"
        return exchange_pb2.SubmitRequest(envelope=world.envelope(view, desk, [counterpart], verb=verb, **changes))

    return make


def _with_blob(world: World, view: Any, desk: str, thing: Thing) -> Any:
    envelope = world.envelope(view, desk, ["hkma/intake"], blobs=[(thing.blob, len(BLOB))])
    return exchange_pb2.SubmitRequest(envelope=envelope)


def _batch(world: World, view: Any, desk: str, thing: Thing) -> Any:
    made = [m(world, view, desk, thing).envelope for m in (_submit(case_id="case", previous="message"), _with_blob)]
    return exchange_pb2.SubmitBatchRequest(envelopes=made)


def _ack(state: AckState) -> Make:
    def make(world: World, view: Any, desk: str, thing: Thing) -> Any:
        body, sig = world.ack(thing.message, desk, state, reason="SUSPECT" if state is AckState.REFUSED else "")
        return exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=sig)])

    return make


def _plain(make: Callable[[Thing], Any]) -> Make:
    return lambda _world, _view, _desk, thing: make(thing)


NAMING: dict[str, list[Make]] = {
    "/comity.v1.ExchangeService/Submit": [
        _submit(case_id="case", previous="message"),
        _submit(case_id="case", about="message"),
        _with_blob,
    ],
    "/comity.v1.ExchangeService/SubmitBatch": [_batch],
    "/comity.v1.ExchangeService/Acknowledge": [_ack(state) for state in AckState],
    "/comity.v1.FeedService/ReadFeed": [_plain(lambda thing: feed_pb2.ReadFeedRequest(from_index=thing.index))],
    "/comity.v1.BlobService/GetUpload": [_plain(lambda thing: blobs_pb2.GetUploadRequest(sha256=thing.blob))],
    "/comity.v1.BlobService/UploadBlob": [
        _plain(lambda thing: blobs_pb2.UploadBlobRequest(sha256=thing.blob, length=4096, offset=4000, data=b"x"))
    ],
    "/comity.v1.BlobService/DownloadBlob": [_plain(lambda thing: blobs_pb2.DownloadBlobRequest(sha256=thing.blob))],
    "/comity.v1.DirectoryService/IssueCertificate": [
        _plain(lambda thing: IssueCertificateRequest(csr=thing.tls.request()))
    ],
    "/comity.v1.LogService/GetOpening": [_plain(lambda thing: log_pb2.GetOpeningRequest(index=thing.index))],
}
"""Methods that name what is one party's or another's, and requests for it."""
PUBLIC = {
    "/comity.v1.DirectoryService/GetHead": "heads are for everybody known",
    "/comity.v1.DirectoryService/ReadEntries": "so is the whole directory",
    "/comity.v1.DirectoryService/AppendStatements": "statements carry their own authority",
    "/comity.v1.LogService/GetCheckpoint": "so are both logs, which show salted commitments",
    "/comity.v1.LogService/GetTile": "of both logs",
    "/comity.v1.LogService/GetLeaves": "of both logs",
    "/comity.v1.LogService/GetInclusionProof": "of both logs",
    "/comity.v1.LogService/GetConsistencyProof": "of both logs",
    "/grpc.health.v1.Health/Check": "one word, of the whole",
    "/grpc.health.v1.Health/List": "one word, of the whole",
    "/grpc.health.v1.Health/Watch": "one word, of the whole",
}
"""Methods that name nothing of anybody's, and why."""

COLLEAGUE, OPERATOR = "another desk of the sender", "an operator"
RIGHTFUL = {
    **dict.fromkeys(
        [(name, COLLEAGUE) for name in ("Submit", "SubmitBatch", "GetUpload", "UploadBlob", "DownloadBlob")],
        "attachments are an agency's, whichever of its desks uploaded them",
    ),
    ("IssueCertificate", COLLEAGUE): "so are its desks' TLS keys; whoever asks has the key itself",
    ("IssueCertificate", OPERATOR): "operators certify who joins",
}
"""(Method, caller) that may, and why."""


@dataclass
class Scene:
    """A hub that holds a referral of sfc/intake to hkma/intake, and everybody who is no party to it."""

    hub: RunningHub
    world: World
    there: Thing
    absent: Thing
    strangers: dict[str, tuple[str, Any]]
    """By kind: (the desk it signs for, its channel)."""


@asynccontextmanager
async def scene(url: str, home: Path) -> AsyncIterator[Scene]:
    """Begins a hub on which two agencies have done everything once."""
    world = make_world()
    digest = hashlib.sha256(BLOB).digest()
    revoked, unknown = TlsKey.generate(), TlsKey.generate()
    world.register_tls("sfc/intake", revoked)
    world.revoke_tls("sfc/intake", revoked)
    world.suspend("hkpf")
    async with running_hub(url, world, home=home) as hub, hub.as_desk("sfc/intake") as sfc:
        upload = blobs_pb2.UploadBlobRequest(sha256=digest, length=len(BLOB), data=BLOB)
        await BlobServiceStub(sfc).UploadBlob(iter([upload]))
        envelope = world.envelope(hub.view(), blobs=[(digest, len(BLOB))])
        taken = await ExchangeServiceStub(sfc).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        header = envelope_pb2.Header.FromString(envelope.header)
        hashed = message_hash(envelope.header, envelope.seal)
        key = world.desk("sfc/intake").tls_key
        there = Thing(header.case_id, hashed, header.envelope_id, digest, taken.receipt.index, key)
        absent = Thing(os.urandom(16), os.urandom(32), os.urandom(16), os.urandom(32), (1 << 40), TlsKey.generate())
        strangers = {
            "another agency": ("osr/intake", hub.as_desk("osr/intake")),
            COLLEAGUE: ("sfc/enforcement", hub.as_desk("sfc/enforcement")),
            "a suspended agency": ("hkpf/cctb", hub.as_desk("hkpf/cctb")),
            OPERATOR: ("osr/intake", hub.as_operator()),
            "a revoked key": ("sfc/intake", hub.channel(revoked)),
            "an unknown key": ("sfc/intake", hub.channel(unknown)),
        }
        yield Scene(hub, world, there, absent, strangers)
        for _, channel in strangers.values():
            await channel.close()


async def answer(channel: Any, name: str, request: Any) -> tuple[str, bytes]:
    """Returns everything that came back: code and bytes, of the answer or of the refusal."""
    method = next(m for s in SERVICES for m in s.methods if f"/{s.full_name}/{m.name}" == name)
    data = request.SerializeToString()
    try:
        if method.client_streaming:
            return "OK", await channel.stream_unary(name)(iter([data]), timeout=20)
        if method.server_streaming:
            parts = [part async for part in channel.unary_stream(name)(data, timeout=20)]
            # What is signed anew for each call says nothing: a head is everybody's.
            return "OK", b"".join(p for p in parts if not _is_head(name, p))
        return "OK", await channel.unary_unary(name)(data, timeout=20)
    except grpc.aio.AioRpcError as error:
        details = dict(error.trailing_metadata() or ()).get(DETAILS_KEY, b"")
        return error.code().name, f"{error.details()}".encode() + details


def _is_head(name: str, data: bytes) -> bool:
    return name.endswith("/ReadFeed") and feed_pb2.ReadFeedResponse.FromString(data).HasField("head")


def test_every_method_names_somebodys_things_or_is_public_for_a_reason() -> None:
    offered = {f"/{service.full_name}/{method.name}" for service in SERVICES for method in service.methods}

    assert set(NAMING) | set(PUBLIC) == offered == set(RULES)
    assert not set(NAMING) & set(PUBLIC)


async def test_I_09_what_is_anothers_and_what_is_not_there_are_answered_alike_to_the_byte(
    migrated_database_url: str, tmp_path: Path
) -> None:
    told, compared, refused = [], 0, 0
    async with scene(migrated_database_url, tmp_path) as here:
        for name, makes in NAMING.items():
            for kind, (desk, channel) in here.strangers.items():
                if (name.rpartition("/")[2], kind) in RIGHTFUL:
                    continue
                for make in makes:
                    view = here.hub.view()
                    code, found = await answer(channel, name, make(here.world, view, desk, here.there))
                    other, nothing = await answer(channel, name, make(here.world, view, desk, here.absent))
                    compared += 1
                    refused += code != "OK"
                    if (code, here.there.hidden(found)) != (other, here.absent.hidden(nothing)):
                        told.append((name, kind, code, found, other, nothing))
    assert told == []
    assert compared > 45
    assert refused > compared / 2


async def test_I_09_the_parties_themselves_get_what_strangers_do_not(migrated_sqlite_url: str, tmp_path: Path) -> None:
    naming = [name for name in NAMING if name.split("/")[-1] in ("GetOpening", "DownloadBlob", "Acknowledge")]
    async with scene(migrated_sqlite_url, tmp_path) as here, here.hub.as_desk("hkma/intake") as party:
        for name in naming:
            view, make = here.hub.view(), NAMING[name][0]
            found = [
                await answer(party, name, make(here.world, view, "hkma/intake", t)) for t in (here.there, here.absent)
            ]
            assert found[0][0] == "OK", name
            assert here.there.hidden(found[0][1]) != here.absent.hidden(found[1][1]), name
