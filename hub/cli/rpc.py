"""The commands' side of the wire: files of statements, join files, and calls to a hub. Protobuf stops here.

Never does: ask a person, keep keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import grpc
from comity.directory.statements import (
    MAX_ENTRY_BYTES,
    Position,
    make_body,
    parse_body,
    parse_statement,
    sign_body,
)
from comity.encoding import Purpose, parse, serialise, tagged
from comity.errors import MalformedError, Reason, RefusedError
from comity.keys import SigningKey
from comity.names import HUB
from comity.tls import certificate_to_pem
from comity.v1 import directory_pb2 as pb
from comity.v1 import directory_pb2_grpc
from comity.v1.draft_pb2 import JoinAnswer, JoinRequest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from hub.cli.failures import CommandError
from hub.errors import CODES, DETAILS_KEY


class HubKeyUse(StrEnum):
    """What a key of the hub signs."""

    LOG = "log"
    """Checkpoints of both logs."""
    HEAD = "head"
    """Heads over both."""


JOIN_LIMIT = 4 * 1024 * 1024
"""Greatest length of a join file, in bytes."""
CALL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement on its way from signer to signer: it may have no signature yet."""

    body: bytes
    kind: str
    content: Any
    origin: str
    signatures: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of_body(cls, body: bytes) -> StatementFile:
        """Returns a statement that nobody has signed."""
        origin, _, kind, content = parse_body(body)
        return cls(body, kind, content, origin)

    @classmethod
    def parse(cls, data: bytes) -> StatementFile:
        """Parses a serialised Statement, signed or not.

        Raises:
            MalformedError: it is none.
        """
        message = parse(pb.Statement, data, MAX_ENTRY_BYTES)
        unsigned = cls.of_body(message.body)
        if not message.signatures:
            return unsigned
        return replace(unsigned, signatures=parse_statement(data).signatures)

    def signed(self, key_id: bytes, key: SigningKey) -> StatementFile:
        """Returns the statement with one signature more, or the same one again."""
        sig = key.sign(tagged(Purpose.STATEMENT, self.body))
        others = tuple(pair for pair in self.signatures if pair[0] != key_id)
        return replace(self, signatures=tuple(sorted((*others, (key_id, sig)))))

    def with_signatures(self, signatures: Sequence[tuple[bytes, bytes]]) -> StatementFile:
        """Returns the statement with these signatures, (key id, signature) each."""
        return replace(self, signatures=tuple(signatures))

    def serialise(self) -> bytes:
        """Returns the file's content."""
        return sign_body(self.body, self.signatures)


@dataclass(frozen=True, slots=True)
class OperatorPublic:
    """What the hub needs to know of an operator."""

    operator: str
    sign_key: bytes
    tls_spki_sha256: bytes


def genesis(
    *,
    origin: str,
    exchange_origin: str,
    log_key: bytes,
    head_key: bytes,
    operators: Sequence[OperatorPublic],
    tls_ca: bytes,
    created: int,
) -> StatementFile:
    """Returns the genesis, unsigned.

    Raises:
        MalformedError: a part does not fit.
    """
    content = pb.HubGenesis(
        exchange_origin=exchange_origin, log_key=log_key, head_key=head_key, tls_ca=tls_ca, created=created
    )
    for o in operators:
        content.operators.add(operator=o.operator, sign_key=o.sign_key, tls_spki_sha256=o.tls_spki_sha256)
    return StatementFile.of_body(make_body(origin, [Position(HUB, 0, b"")], content))


def suspension(origin: str, position: tuple[int, bytes], agency: str, *, resume: bool) -> StatementFile:
    """Returns a suspension, or its end, unsigned.

    Args:
        origin: of the directory.
        position: (number, digest of the previous one) in the operators' chain.
        agency: whose traffic stops or goes on.
        resume: True for the end.

    Raises:
        MalformedError: a part does not fit.
    """
    content = pb.AgencyResumed(agency=agency) if resume else pb.AgencySuspended(agency=agency)
    return StatementFile.of_body(make_body(origin, [Position(HUB, *position)], content))


def replacement(origin: str, position: tuple[int, bytes], old: str, new: OperatorPublic) -> StatementFile:
    """Returns the replacement of an operator, unsigned.

    Raises:
        MalformedError: a part does not fit.
    """
    content = pb.OperatorReplaced(
        old_operator=old,
        new_operator=pb.OperatorKey(operator=new.operator, sign_key=new.sign_key, tls_spki_sha256=new.tls_spki_sha256),
    )
    return StatementFile.of_body(make_body(origin, [Position(HUB, *position)], content))


def new_key(origin: str, position: tuple[int, bytes], use: HubKeyUse, key: bytes) -> StatementFile:
    """Returns the statement that another key of the hub signs from now on, unsigned.

    Args:
        origin: of the directory.
        position: (number, digest of the previous one) in the operators' chain.
        use: what it signs.
        key: public half of the new key.

    Raises:
        MalformedError: a part does not fit.
    """
    content = pb.LogKeyReplaced(new_key=key) if use is HubKeyUse.LOG else pb.HeadKeyReplaced(new_key=key)
    return StatementFile.of_body(make_body(origin, [Position(HUB, *position)], content))


@dataclass(frozen=True, slots=True)
class Join:
    """An agency's request to join."""

    statements: tuple[StatementFile, ...]
    csrs: tuple[bytes, ...]

    @property
    def admission(self) -> StatementFile:
        """The statement that the operators sign."""
        return self.statements[0]

    def with_admission(self, admission: StatementFile) -> Join:
        """Returns the request with the admission as it is now."""
        return replace(self, statements=(admission, *self.statements[1:]))

    def serialise(self) -> bytes:
        """Returns the file's content."""
        return serialise(JoinRequest(version=1, statements=[s.serialise() for s in self.statements], csrs=self.csrs))

    @classmethod
    def parse(cls, data: bytes) -> Join:
        """Parses a join file.

        Raises:
            MalformedError: it is none, or does not begin with an admission.
        """
        message = parse(JoinRequest, data, JOIN_LIMIT)
        if message.version != 1:
            raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
        statements = tuple(StatementFile.parse(s) for s in message.statements)
        if not statements or statements[0].kind != "agency_admitted":
            raise MalformedError("a join file begins with the admission of its agency")
        return cls(statements, tuple(message.csrs))


def join_answer(genesis_statement: bytes, certificates: Sequence[bytes]) -> bytes:
    """Returns the file that the operators hand back."""
    return serialise(JoinAnswer(version=1, genesis=genesis_statement, certificates=certificates))


class HubClient:
    """Calls a hub as an operator. The genesis's CA is the only root."""

    def __init__(self, channel: grpc.Channel) -> None:
        """Use `connected`."""
        self._directory = directory_pb2_grpc.DirectoryServiceStub(channel)

    def entries(self) -> list[bytes]:
        """Returns every entry of the directory.

        Raises:
            RefusedError: the hub refuses.
            CommandError: the hub cannot be reached.
        """
        with _in_words():
            answers = self._directory.ReadEntries(pb.ReadEntriesRequest(), timeout=CALL_SECONDS)
            return [entry for answer in answers for entry in answer.entries]

    def append(self, statements: Sequence[bytes]) -> int:
        """Adds serialised statements, all or none; returns the index of the first one.

        Raises:
            RefusedError: the hub refuses.
            CommandError: the hub cannot be reached.
        """
        request = pb.AppendStatementsRequest(statements=[pb.Statement.FromString(s) for s in statements])
        with _in_words():
            return self._directory.AppendStatements(request, timeout=CALL_SECONDS).first_index

    def certificate(self, csr: bytes) -> bytes:
        """Returns a certificate, DER, for a registered TLS key.

        Raises:
            RefusedError: the hub refuses.
            CommandError: the hub cannot be reached.
        """
        with _in_words():
            return self._directory.IssueCertificate(
                pb.IssueCertificateRequest(csr=csr), timeout=CALL_SECONDS
            ).certificate


@contextmanager
def connected(address: str, authority: bytes, key_pem: bytes, certificate_pem: bytes) -> Iterator[HubClient]:
    """Connects to a hub for as long as the block runs.

    Args:
        address: host and port.
        authority: the CA's certificate from the genesis, DER.
        key_pem: the caller's TLS key.
        certificate_pem: its certificate.
    """
    credentials = grpc.ssl_channel_credentials(certificate_to_pem(authority), key_pem, certificate_pem)
    with grpc.secure_channel(address, credentials) as channel:
        yield HubClient(channel)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise _refusal(error) from None


def _refusal(error: Any) -> Exception:
    details = dict(error.trailing_metadata() or ()).get(DETAILS_KEY)
    if isinstance(details, bytes):
        for detail in Status.FromString(details).details:
            info = ErrorInfo()
            if detail.Unpack(info) and info.reason in {reason.value for reason in CODES}:
                return RefusedError(Reason(info.reason), error.details() or "", **dict(info.metadata))
    return CommandError(f"the hub cannot be reached: {error.code().name}")
