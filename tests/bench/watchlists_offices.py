"""Offices for the bench of watchlists: an owner and its subscribers, each an agency with a home of its own.

They join as agencies do, by their own code and statements; only the hub's operators are not asked one by one: all
statements go into the hub's log before its process starts. Everybody has compared everybody's fingerprint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from comity.directory import parse_statement, sign_body
from comity.directory.statements import DAY_MS, Content, Position, make_body
from comity.encoding import Purpose, digest, parse, serialise, tagged
from comity.keys import fingerprint
from comity.tls import issue_client_certificate, request_spki
from comity.v1 import directory_pb2 as pb
from comity.v1.draft_pb2 import JoinAnswer, JoinRequest
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import AgencyKind, Family, Role

from agents import joining, truststore
from agents.home import Home
from agents.keyring import MemberKeyring, RootKeyring, create_root, new_member_id
from agents.store import Store
from agents.truststore import Pin
from tests.bench.setting import Hub, Setting
from tests.bench.watchlists_office import CHEAP, PASSPHRASE, Office
from tests.bench.world import seed_hub
from tests.support.hub import hub_keys
from tests.support.world import World, begin_world

OWNER: Final = "owner"
HOUR_MS: Final = 3_600_000


class _Register:
    """The hub's directory, statement by statement."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.world = folder, begin_world()
        self.now = self.world.now - HOUR_MS
        self.roots: dict[str, RootKeyring] = {}
        self.first: dict[str, bytes] = {}
        """The first statement's body of each agency."""
        self.statements: list[bytes] = list(self.world.statements)
        self._positions: dict[str, tuple[int, bytes]] = {}

    def admit(self, agency: str) -> Office:
        """Founds an agency with one desk, and lets it join."""
        home = Home.create(self.folder / agency, agency=agency, desk=f"{agency}/desk", endpoints=["127.0.0.1:1"])
        root = self.roots[agency] = create_root(self.folder / f"{agency}.root", agency, PASSPHRASE, CHEAP)
        member = new_member_id(agency)
        MemberKeyring.generate(member).save(home, PASSPHRASE, CHEAP)
        request = joining.make_request(
            home,
            root,
            member,
            PASSPHRASE,
            kind=AgencyKind.AUTHORITY,
            name_en=f"Agency {agency}",
            name_zh="示例機構",
            jurisdiction="HK",
            telephone="+85212345678",
            hours="24/7",
            languages=["en"],
            hub_origin=self.world.origin,
            now=self.now,
            floor=CHEAP,
        )
        join = parse(JoinRequest, request, 1 << 20)
        self._append(agency, join.statements)
        answer = JoinAnswer(
            version=1,
            genesis=self.world.statements[0],
            certificates=[_certificate(self.world, self.now, csr) for csr in join.csrs],
        )
        genesis = fingerprint(parse_statement(self.world.statements[0]).body)
        joining.accept_answer(home, serialise(answer), genesis)
        return Office(str(home.path), home.desk, member)

    def _append(self, agency: str, statements: Sequence[bytes]) -> None:
        first = parse_statement(statements[0])
        data = tagged(Purpose.STATEMENT, first.body)
        operators = [(one.kid, one.sign_key.sign(data)) for one in self.world.operators[:2]]
        self.first[agency] = first.body
        self.statements += [sign_body(first.body, [*first.signatures, *operators]), *statements[1:]]
        self._positions[agency] = (len(statements), digest(Purpose.STATEMENT, parse_statement(statements[-1]).body))

    def state(self, content: Content, homes: Sequence[Home]) -> None:
        """Adds a statement that the roots of some agencies sign, and that their monitors know of."""
        agencies = sorted(home.agency for home in homes)
        body = make_body(self.world.origin, [Position(a, *self._positions[a]) for a in agencies], content)
        for agency in agencies:
            self._positions[agency] = (self._positions[agency][0] + 1, digest(Purpose.STATEMENT, body))
        data = tagged(Purpose.STATEMENT, body)
        roots = [self.roots[agency] for agency in agencies]
        self.statements.append(sign_body(body, sorted((root.kid, root.key.sign(data)) for root in roots)))
        for home in homes:
            store = Store.open(home.store_path)
            with store.begin() as c:
                truststore.add_own_statement(c, digest(Purpose.STATEMENT, body))
            store.close()

    def second_person(self, office: Office) -> Office:
        """Certifies a colleague who approves."""
        home, member = Home.load(office.path), new_member_id(office.desk.partition("/")[0])
        keyring = MemberKeyring.generate(member)
        keyring.save(home, PASSPHRASE, CHEAP)
        content = pb.MemberCertified(
            member=member,
            desks=[office.desk],
            roles=[int(Role.APPROVER)],  # type: ignore[list-item] # the number of the enum
            sign_key=keyring.sign.public,
            wrap_key=keyring.wrap.public,
            valid_from=self.now,
            valid_until=self.now + 300 * DAY_MS,
        )
        self.state(content, [home])
        return replace(office, approver=member)

    def agree(self, one: Office, other: Office, families: Sequence[Family]) -> None:
        """Makes an agreement on some families; each side pins the other."""
        homes = sorted((Home.load(one.path), Home.load(other.path)), key=lambda home: home.agency)
        content = pb.AgreementSigned(
            id=os.urandom(16),
            first=homes[0].agency,
            second=homes[1].agency,
            families=[int(family) for family in families],  # type: ignore[misc] # the number of the enum
            direction=pb.AGREEMENT_DIRECTION_BOTH,
            legal_basis="Memorandum of understanding",
            valid_until=self.now + 300 * DAY_MS,
            profile_sha256=standard_profile().sha256,
        )
        self.state(content, homes)
        for home, known in (homes, homes[::-1]):
            store = Store.open(home.store_path)
            with store.begin() as c:
                pin = Pin(known.agency, digest(Purpose.STATEMENT, self.first[known.agency]), self.now, "")
                truststore.put_pin(c, pin)
            store.close()


def _certificate(world: World, now: int, csr: bytes) -> bytes:
    return issue_client_certificate(
        world.authority,
        world.authority_key,
        request_spki(csr),
        not_before=now - DAY_MS,
        not_after=now + 300 * DAY_MS,
    )


@dataclass(frozen=True, slots=True)
class Town:
    """A hub that runs, and who is connected to it."""

    hub: Hub
    owner: Office
    subscribers: tuple[Office, ...]

    def connect(self, office: Office, address: str = "") -> None:
        """Tells a home where the hub is."""
        Home.load(office.path).changed(endpoints=[address or self.hub.address])


@contextmanager
def town(setting: Setting, name: str, count: int, families: Sequence[Family] = (Family.WATCHLIST,)) -> Iterator[Town]:
    """Runs a hub (a process, SQLite) with an owner and some subscribers until the block ends.

    Args:
        setting: the run's.
        name: of the folder with everything of it.
        count: of subscribers.
        families: what they have agreed on.
    """
    folder = setting.folder / name
    folder.mkdir()
    register = _Register(folder)
    owner = register.second_person(register.admit(OWNER))
    subscribers = tuple(register.admit(f"s{number:03d}") for number in range(count))
    for subscriber in subscribers:
        register.agree(owner, subscriber, families)
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'hub.sqlite'}"
        keys = hub_keys(register.world)
        variables, _ = seed_hub(keys, register.statements, register.now, url, folder / "hub")
        hub = stack.enter_context(setting.hub(variables, f"{name}-hub"))
        found = Town(hub, owner, subscribers)
        for office in (owner, *subscribers):
            found.connect(office)
        yield found
