"""The world of a run: a hub's keys, three authorities with their desks, agreements and TLS keys, made anew each time.

Both databases begin with the very same directory entries, so that the same envelopes are good on both.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import grpc
from comity.directory import Directory, sign_body
from comity.directory.statements import DAY_MS, Content, Position, make_body, make_entry
from comity.encoding import Purpose, digest, tagged
from comity.keys import SigningKey, Use, WrapKey, kid
from comity.names import HUB
from comity.tls import TlsKey, certificate_to_pem, create_authority
from comity.v1 import directory_pb2 as pb
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import AgencyKind, Family, Role

from hub.certificates import Authority
from hub.cli.store import migrate
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.exchange.work import ExchangeWork
from hub.faults import NO_FAULTS
from hub.log.commands import AppendStatements
from hub.log.domain import LogKeys
from hub.log.seen import Seen
from hub.log.sequencer import Sequencer
from hub.telemetry import Telemetry, make_log
from hub.vault import HubKeys
from tests.bench.load import SERVER_NAME
from tests.bench.sealing import Plan
from tests.bench.wire import CHANNEL_OPTIONS, SUBMIT_METHOD, read_calls

ORIGIN = "hub.bench/directory"
EXCHANGE = "hub.bench/exchange"
OPERATORS = ("op-one", "op-two", "op-three")
AGENCIES = ("customs", "police", "sfc")
SENDER = "sfc/intake"
DESKS = ("customs/intake", "police/intake", SENDER)
READERS = {"customs/intake": "customs", "police/intake": "police", SENDER: "client"}
"""Name of each desk's TLS key and certificate among the run's files."""
AUTHOR, APPROVER = "sfc/m-author00", "sfc/m-approver"
HOUR_MS = 3_600_000
AT_ONCE = 500
"""Statements in one transaction, which a database does not let last for long."""
PASSPHRASE = b"a bench's passphrase protects nothing"


@dataclass(frozen=True, slots=True)
class BenchWorld:
    """What every hub of a run begins with."""

    keys: HubKeys
    statements: tuple[bytes, ...]
    """Serialised Statements, the genesis first."""
    began_ms: int
    """Time of all directory entries, Unix milliseconds UTC."""
    plan: Plan
    directory: Directory
    """As it is with all statements."""
    desk_seeds: Mapping[str, bytes] = field(repr=False)
    """Seed of each desk's private key."""


class _StillClock:
    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms


class Scribe:
    """Signs statements, each at the next position of its chains."""

    def __init__(self) -> None:
        self._positions: dict[str, tuple[int, bytes]] = {}
        self.statements: list[bytes] = []
        """Serialised, in order."""

    def add(self, content: Content, chains: Sequence[str], *signers: tuple[str, Use, SigningKey]) -> None:
        """Adds a statement.

        Args:
            content: what it says.
            chains: agencies whose chains it is in, or `hub`.
            *signers: (owner, use, key) of each.
        """
        body = make_body(ORIGIN, [Position(chain, *self._positions.get(chain, (0, b""))) for chain in chains], content)
        for chain in chains:
            number, _ = self._positions.get(chain, (0, b""))
            self._positions[chain] = (number + 1, digest(Purpose.STATEMENT, body))
        to_sign = tagged(Purpose.STATEMENT, body)
        pairs = [(kid(owner, use, key.public), key.sign(to_sign)) for owner, use, key in signers]
        self.statements.append(sign_body(body, sorted(pairs)))


def make_world(folder: Path, statements: int = 0) -> BenchWorld:
    """Makes everything anew and writes what the processes need of it to `folder`: CA, certificates, keys.

    Args:
        folder: gets `ca.pem`, and `server` (for the echo) and each of `READERS` as `.key` and `.pem`.
        statements: how many the directory has at least; what is missing is filled up with members and TLS keys.
    """
    began = (time.time_ns() // 1_000_000 - HOUR_MS) // 1000 * 1000
    authority_key = TlsKey.generate()
    ca = create_authority(authority_key, "bench", not_before=began - DAY_MS, not_after=began + 30 * DAY_MS)
    keys = HubKeys(ORIGIN, LogKeys(SigningKey.generate(), SigningKey.generate()), authority_key, ca)
    server, authority = TlsKey.generate(), Authority(ca, authority_key)
    clients = {desk: TlsKey.generate() for desk in DESKS}
    for desk, client in clients.items():
        _write_pair(folder, READERS[desk], client, authority.issue_client(client.spki, began + HOUR_MS, None))
    until = began + DAY_MS
    _write_pair(folder, "server", server, authority.issue_server(server.spki, [SERVER_NAME], began + HOUR_MS, until))
    (folder / "ca.pem").write_bytes(authority.pem)

    scribe = Scribe()
    operators = {name: SigningKey.generate() for name in OPERATORS}
    roots = {agency: SigningKey.generate() for agency in AGENCIES}
    scribe.add(_genesis(keys, operators, began), [HUB], *((n, Use.OPERATOR, key) for n, key in operators.items()))
    two = [(name, Use.OPERATOR, operators[name]) for name in OPERATORS[:2]]
    for agency, root in roots.items():
        scribe.add(_admission(agency, root), [agency], (agency, Use.ROOT, root), *two)
    desk_keys = {desk: WrapKey.generate() for desk in DESKS}
    author, approver = SigningKey.generate(), SigningKey.generate()
    own = (SENDER.partition("/")[0], Use.ROOT, roots[SENDER.partition("/")[0]])
    for member, role, key in ((AUTHOR, Role.ANALYST, author), (APPROVER, Role.APPROVER, approver)):
        scribe.add(_certificate(member, SENDER, role, key, began), [own[0]], own)
    for desk, desk_key in desk_keys.items():
        agency = desk.partition("/")[0]
        signer = (agency, Use.ROOT, roots[agency])
        scribe.add(_transport(desk, clients[desk], began), [agency], signer)
        scribe.add(_desk_key(desk, desk_key, began), [agency], signer)
    for agency in AGENCIES:
        if agency != own[0]:
            scribe.add(_agreement(agency, own[0], began), [agency, own[0]], (agency, Use.ROOT, roots[agency]), own)
    _fill(scribe, roots, began, statements)

    directory = Directory()
    for statement in scribe.statements:
        directory.apply(make_entry(began // 1000, statement))
    plan = Plan(
        origin=EXCHANGE,
        sender=SENDER,
        recipients=tuple((desk, kid(desk, Use.DESK, key.public), key.public) for desk, key in desk_keys.items()),
        author=kid(AUTHOR, Use.SIGN, author.public),
        approver=kid(APPROVER, Use.SIGN, approver.public),
        author_seed=author.seed,
        approver_seed=approver.seed,
        directory_size=directory.size,
        directory_root=directory.root,
    )
    seeds = {desk: key.seed for desk, key in desk_keys.items()}
    return BenchWorld(keys, tuple(scribe.statements), began, plan, directory, seeds)


def _fill(scribe: Scribe, roots: Mapping[str, SigningKey], began: int, count: int) -> None:
    """Adds members, and a TLS key after every fourth, of each agency in turn."""
    places = cycle(zip(DESKS, AGENCIES, strict=True))
    while len(scribe.statements) < count:
        number = len(scribe.statements)
        desk, agency = next(places)
        signer = (agency, Use.ROOT, roots[agency])
        if number % 5:
            member = f"{agency}/m-{number:08d}"
            content: Content = _certificate(member, desk, Role.ANALYST, SigningKey.generate(), began)
        else:
            content = _transport(desk, TlsKey.generate(), began)
        scribe.add(content, [agency], signer)


def _write_pair(folder: Path, name: str, key: TlsKey, certificate: bytes) -> None:
    (folder / f"{name}.key").write_bytes(key.to_pem())
    (folder / f"{name}.pem").write_bytes(certificate_to_pem(certificate))


def _genesis(keys: HubKeys, operators: Mapping[str, SigningKey], began: int) -> pb.HubGenesis:
    return pb.HubGenesis(
        exchange_origin=EXCHANGE,
        log_key=keys.logs.log_key.public,
        head_key=keys.logs.head_key.public,
        operators=[
            pb.OperatorKey(operator=name, sign_key=key.public, tls_spki_sha256=os.urandom(32))
            for name, key in operators.items()
        ],
        tls_ca=keys.authority,
        created=began,
    )


def _admission(agency: str, root: SigningKey) -> pb.AgencyAdmitted:
    return pb.AgencyAdmitted(
        agency=agency,
        kind=int(AgencyKind.AUTHORITY),  # type: ignore[arg-type] # the number of the enum
        name_en=f"Agency {agency}",
        name_zh="示例機構",
        jurisdiction="HK",
        root_key=root.public,
    )


def _certificate(member: str, desk: str, role: Role, key: SigningKey, began: int) -> pb.MemberCertified:
    return pb.MemberCertified(
        member=member,
        desks=[desk],
        roles=[int(role)],  # type: ignore[list-item] # the number of the enum
        sign_key=key.public,
        wrap_key=WrapKey.generate().public,
        valid_from=began,
        valid_until=began + 100 * DAY_MS,
    )


def _transport(desk: str, key: TlsKey, began: int) -> pb.TransportKey:
    return pb.TransportKey(desk=desk, spki_sha256=key.spki_sha256, valid_from=began, valid_until=began + 100 * DAY_MS)


def _desk_key(desk: str, key: WrapKey, began: int) -> pb.DeskKeyPublished:
    return pb.DeskKeyPublished(
        desk=desk, epoch=1, wrap_key=key.public, valid_from=began, valid_until=began + 30 * DAY_MS
    )


def _agreement(first: str, second: str, began: int) -> pb.AgreementSigned:
    return pb.AgreementSigned(
        id=os.urandom(16),
        first=first,
        second=second,
        families=[int(Family.REFERRAL)],  # type: ignore[list-item] # the number of the enum
        direction=pb.AGREEMENT_DIRECTION_BOTH,
        legal_basis="Memorandum of understanding",
        valid_until=began + 100 * DAY_MS,
        profile_sha256=standard_profile().sha256,
    )


def seed(world: BenchWorld, url: str, home: Path) -> dict[str, str]:
    """Prepares a hub's home and database with the run's world; see `seed_hub`."""
    variables, place = seed_hub(world.keys, world.statements, world.began_ms, url, home)
    if place != (world.plan.directory_size, world.plan.directory_root):
        raise RuntimeError("the database's directory is not the one that envelopes were sealed under")
    return variables


def seed_hub(
    keys: HubKeys, statements: Sequence[bytes], at_ms: int, url: str, home: Path
) -> tuple[dict[str, str], tuple[int, bytes]]:
    """Prepares a hub's home and database.

    Args:
        keys: the hub's.
        statements: of its directory, the genesis first.
        at_ms: time of all directory entries, Unix milliseconds UTC.
        url: an empty database.
        home: a folder to be made.

    Returns:
        Variables with which `comity-hub serve` serves it, and size and root of its directory.
    """
    home.mkdir()
    (home / "hub.key").write_bytes(keys.seal(PASSPHRASE))
    (home / "comity-hub-passphrase").write_bytes(PASSPHRASE)
    migrate(url)
    place = asyncio.run(_append(keys, statements, at_ms, url))
    return {
        "COMITY_HUB_HOME": str(home),
        "COMITY_HUB_DATABASE_URL": url,
        "COMITY_HUB_LISTEN": "127.0.0.1:0",
        "CREDENTIALS_DIRECTORY": str(home),
        # One agency sends everything here; its quota is not what is measured.
        "COMITY_HUB_AGENCY_REQUESTS_PER_SECOND": "1000000",
        "COMITY_HUB_AGENCY_REQUEST_BURST": "1000000",
        "COMITY_HUB_AGENCY_QUEUE_PERCENT": "100",
        "COMITY_HUB_AGENCY_STREAMS": "1000",
        "COMITY_HUB_KEY_STREAMS": "1000",
    }, place


async def _append(keys: HubKeys, statements: Sequence[bytes], at_ms: int, url: str) -> tuple[int, bytes]:
    database, directory = Database.open(url), HubDirectory()
    sequencer = Sequencer(
        db=database,
        directory=directory,
        keys=keys.logs,
        clock=_StillClock(at_ms),
        faults=NO_FAULTS,
        work=ExchangeWork(),
        seen=Seen(),
        telemetry=Telemetry(make_log("error")),
        trust_database_clock=False,
    )
    try:
        await sequencer.start()
        for at in range(0, len(statements), AT_ONCE):
            await sequencer.submit(AppendStatements(tuple(statements[at : at + AT_ONCE])))
        await sequencer.stop()
    finally:
        database.close()
    return directory.current.size, directory.current.root


def first_answer(address: str, folder: Path, file: Path) -> bytes:
    """Returns the hub's answer to the first call of a file, as it travelled."""
    credentials = grpc.ssl_channel_credentials(
        (folder / "ca.pem").read_bytes(), (folder / "client.key").read_bytes(), (folder / "client.pem").read_bytes()
    )
    options = (*CHANNEL_OPTIONS, ("grpc.ssl_target_name_override", SERVER_NAME))
    with grpc.secure_channel(address, credentials, options=options) as channel:
        submit: Any = channel.unary_unary(SUBMIT_METHOD)  # without serialisers: bytes in, bytes out
        return bytes(submit(read_calls(file)[0], timeout=30))
