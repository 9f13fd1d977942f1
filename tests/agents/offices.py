"""Offices for the agents' tests: a real hub in this process, and agencies that join it by file as they would."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from comity.directory import parse_statement, sign_body
from comity.encoding import Purpose, parse, serialise, tagged
from comity.keyfile import Cost
from comity.keys import fingerprint
from comity.tls import issue_client_certificate, request_spki
from comity.v1 import payload_pb2 as pb
from comity.v1.draft_pb2 import JoinAnswer, JoinRequest
from comity.workflow.terms import AgencyKind, Family, Role

from agents import joining
from agents.admin import Admin
from agents.client import Client, now_ms
from agents.home import Home
from agents.keyring import MemberKeyring, RootKeyring, create_root, new_member_id
from agents.keys import LocalKeys
from hub.cli.store import migrate
from hub.clock import Clock as HubClock
from hub.log.commands import AppendStatements
from hub.server import Hub
from tests.support.hub import running_hub
from tests.support.world import DAY, World, begin_world

CHEAP = Cost(1, 8192 * 8)
PASSPHRASE = b"correct horse"
NAMES = {
    "sfc": ("Securities and Futures Commission", "證券及期貨事務監察委員會"),
    "hkma": ("Hong Kong Monetary Authority", "香港金融管理局"),
    "hkpf": ("Hong Kong Police Force", "香港警務處"),
    "icac": ("Independent Commission Against Corruption", "廉政公署"),
    "bafin": ("Bundesanstalt für Finanzdienstleistungsaufsicht", "德國聯邦金融監管局"),
}


class Clock:
    """This computer's clock, shifted."""

    def __init__(self) -> None:
        self.shift = 0

    def __call__(self) -> int:
        return now_ms() + self.shift


@dataclass
class Town:
    """A hub and who belongs to it."""

    hub: Hub
    world: World
    folder: Path
    offices: dict[str, Office] = field(default_factory=dict)

    async def append(self, statements: Sequence[bytes]) -> None:
        """Appends statements as operators do."""
        await self.hub.sequencer.submit(AppendStatements(tuple(statements)))

    async def admit(self, request: bytes) -> bytes:
        """Does the operators' half of joining."""
        join = parse(JoinRequest, request, 1 << 20)
        first = parse_statement(join.statements[0])
        data = tagged(Purpose.STATEMENT, first.body)
        operators = [(o.kid, o.sign_key.sign(data)) for o in self.world.operators[:2]]
        await self.append([sign_body(first.body, [*first.signatures, *operators]), *join.statements[1:]])
        certificates = [
            issue_client_certificate(
                self.world.authority,
                self.world.authority_key,
                request_spki(csr),
                not_before=now_ms() - DAY,
                not_after=now_ms() + 365 * DAY,
            )
            for csr in join.csrs
        ]
        return serialise(JoinAnswer(version=1, genesis=self.world.statements[0], certificates=certificates))

    async def office(
        self, agency: str, *, jurisdiction: str = "HK", languages: Sequence[str] = ("en", "zh-Hant")
    ) -> Office:
        """Founds an agency with one desk and its admin, and lets it join."""
        path = self.folder / agency
        home = Home.create(path, agency=agency, desk=f"{agency}/intake", endpoints=[f"127.0.0.1:{self.hub.port}"])
        root = create_root(self.folder / f"{agency}.root", agency, PASSPHRASE, CHEAP)
        admin = new_member_id(agency)
        MemberKeyring.generate(admin).save(home, PASSPHRASE, CHEAP)
        request = joining.make_request(
            home,
            root,
            admin,
            PASSPHRASE,
            kind=AgencyKind.AUTHORITY,
            name_en=NAMES[agency][0],
            name_zh=NAMES[agency][1],
            jurisdiction=jurisdiction,
            telephone="+85212345678",
            hours="24/7",
            languages=list(languages),
            hub_origin=self.world.origin,
            floor=CHEAP,
        )
        answer = await self.admit(request)
        home = joining.accept_answer(home, answer, self.genesis_fingerprint())
        office = Office(self, home, root, admin)
        self.offices[agency] = office
        return office

    def genesis_fingerprint(self) -> str:
        """What an operator reads out."""
        return fingerprint(parse_statement(self.world.statements[0]).body)


@dataclass
class Office:
    """One agency's desk."""

    town: Town
    home: Home
    root: RootKeyring
    admin: str
    people: dict[Role, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    opened: list[Client] = field(default_factory=list)

    async def client(self, member: str | None = None) -> Client:
        """Opens the home for a member, by default the admin. Closed with the town."""
        keys = LocalKeys.open(self.home, member or self.admin, PASSPHRASE, CHEAP)
        client = await Client.open(self.home, keys, clock=self.clock, patience_seconds=2.0)
        self.opened.append(client)
        return client

    async def as_(self, role: Role) -> Client:
        """Opens the home for the colleague with a role."""
        return await self.client(self.people[role])

    async def hire(self, role: Role) -> str:
        """Gives the desk a member with one role."""
        member = new_member_id(self.home.agency)
        MemberKeyring.generate(member).save(self.home, PASSPHRASE, CHEAP)
        request = joining.member_request(self.home, member, PASSPHRASE, CHEAP)
        admin = await self.client()
        await Admin(admin, self.root).certify(request, roles=[role])
        self.people[role] = member
        return member

    async def close(self) -> None:
        for client in self.opened:
            await client.close()


@contextlib.asynccontextmanager
async def town(
    folder: Path, database_url: str = "", clock: HubClock | None = None, world: World | None = None
) -> AsyncIterator[Town]:
    """A hub serving on a free port, on a migrated database, by default one on SQLite of its own.

    Args:
        folder: of the hub's home and the offices'.
        database_url: with the newest schema.
        clock: the hub's.
        world: whose hub the folder holds already; a new one by default.
    """
    hub_home = folder / "hub"
    url = database_url or f"sqlite:///{hub_home / 'hub.sqlite'}"
    if world is None:
        hub_home.mkdir()
        if not database_url:
            migrate(url)
        world = begin_world()
    async with running_hub(url, world, home=hub_home, clock=clock) as running:
        here = Town(running.hub, world, folder)
        try:
            yield here
        finally:
            for office in here.offices.values():
                await office.close()


@dataclass(frozen=True)
class Settled:
    """A town that was left as it was, for copies to be made of it."""

    world: World
    offices: dict[str, Office]
    files: dict[Path, bytes]
    """By their place in its folder. Every one of them is its owner's alone to read."""
    folders: tuple[Path, ...]
    """In the order in which they are made."""

    @classmethod
    def take(cls, town: Town) -> Settled:
        """Keeps what a town that has closed left in its folder, and removes it there."""
        found = sorted(path for path in town.folder.rglob("*") if not path.is_socket())
        files = {path.relative_to(town.folder): path.read_bytes() for path in found if path.is_file()}
        folders = tuple(path.relative_to(town.folder) for path in found if path.is_dir())
        shutil.rmtree(town.folder)
        return cls(town.world, town.offices, files, folders)

    def put(self, folder: Path) -> World:
        """Lays out its files in another folder; returns a world that may state more."""
        for place in self.folders:
            (folder / place).mkdir(mode=0o700)
        for place, data in self.files.items():
            (folder / place).touch(mode=0o600)
            (folder / place).write_bytes(data)
        return replace(self.world, statements=list(self.world.statements), positions=dict(self.world.positions))


SETTLED: dict[Hashable, Settled] = {}
"""What was settled in this process, by its name."""


@contextlib.asynccontextmanager
async def settled(
    folder: Path, name: Hashable, settle: Callable[[Town], Awaitable[None]], clock: HubClock | None = None
) -> AsyncIterator[Town]:
    """A town as somebody leaves it: made once in a process, and copied for every test that begins from there.

    The copies have the same people and keys. Nothing that happens in one is seen in another.

    Args:
        folder: of the copy.
        name: of what `settle` leaves behind.
        settle: founds its offices.
        clock: of the copy's hub.
    """
    if name not in SETTLED:
        (folder / "settled").mkdir()
        async with town(folder / "settled") as first:
            await settle(first)
        SETTLED[name] = Settled.take(first)
    kept = SETTLED[name]
    async with town(folder, clock=clock, world=kept.put(folder)) as here:
        for agency, office in kept.offices.items():
            home = Home.load(folder / agency).changed(endpoints=[f"127.0.0.1:{here.hub.port}"])
            here.offices[agency] = Office(here, home, office.root, office.admin, dict(office.people))
        yield here


@contextlib.asynccontextmanager
async def two_offices(
    folder: Path,
    *,
    hire: bool = True,
    database_url: str = "",
    families: Sequence[Family] = (Family.REFERRAL,),
    clock: HubClock | None = None,
) -> AsyncIterator[tuple[Office, Office]]:
    """Two agencies with an agreement, each with an analyst, an approver and an agent, that have pinned each other."""
    settle = partial(_settle_two, hire=hire, families=tuple(families))
    if database_url:
        async with town(folder, database_url, clock) as here:
            await settle(here)
            yield here.offices["sfc"], here.offices["hkma"]
    else:
        async with settled(folder, ("two offices", hire, tuple(families)), settle, clock) as here:
            yield here.offices["sfc"], here.offices["hkma"]


async def _settle_two(here: Town, hire: bool, families: Sequence[Family]) -> None:
    sfc, hkma = await here.office("sfc"), await here.office("hkma")
    for office in (sfc, hkma):
        for role in (Role.ANALYST, Role.APPROVER, Role.AGENT) if hire else ():
            await office.hire(role)
    await agree(sfc, hkma, families)
    for one, other in ((sfc, hkma), (hkma, sfc)):
        await pin(one, other)


async def agree(one: Office, other: Office, families: Sequence[Family] = (Family.REFERRAL,)) -> None:
    """Two admins sign an agreement."""
    proposer, accepter = await one.client(), await other.client()
    await proposer.refresh()
    await accepter.refresh()
    accepter.pin(one.home.agency, proposer.fingerprint(one.home.agency))
    data = Admin(proposer).propose_agreement(
        other.home.agency,
        families=list(families),
        legal_basis="memorandum of understanding",
        valid_until=now_ms() + 300 * DAY,
    )
    await Admin(accepter).accept_agreement(data)


async def pin(one: Office, other: Office) -> None:
    """An officer calls the other agency and types what is read out there."""
    client, other_client = await one.client(), await other.client()
    await client.refresh()
    await other_client.refresh()
    client.pin(other.home.agency, other_client.fingerprint(other.home.agency))


def referral(**changes: object) -> pb.Refer:
    """Returns a referral that is complete."""
    fields: dict[str, object] = {
        "reference": "SFC/2026/117",
        "contact": pb.Contact(name="Chan Tai Man", telephone="+85298765432"),
        "ground": pb.REFERRAL_GROUND_BETTER_PLACED,
        "provisions": ["AMLO s.53ZRD"],
        "summary": "An unlicensed platform took deposits.\nThe money went to two wallets.",
        "requested_actions": ["Trace the stablecoin issuer's records"],
    }
    return pb.Refer(**(fields | changes))  # type: ignore[arg-type]


async def send_referral(office: Office, to: str, body: pb.Refer | None = None, **arguments: object) -> str:
    """The analyst drafts, the approver approves, the analyst sends. Returns the message hash."""
    analyst, approver = await office.as_(Role.ANALYST), await office.as_(Role.APPROVER)
    draft = await analyst.refer(to, body or referral(), **arguments)  # type: ignore[arg-type]
    await approver.refresh()
    approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    return (await analyst.send(draft.id)).message_hash
