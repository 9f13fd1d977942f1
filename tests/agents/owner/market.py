"""A market for the owner's tests: one authority that owns lists and two that follow them, on a real hub."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from comity.header import WatchlistPosition, parse_header
from comity.v1 import envelope_pb2, payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import parse_account
from comity.watchlists import (
    Effects,
    MemoryRecords,
    Standing,
    StateReader,
    adopt,
    apply_batch,
    entry_id,
    inflate,
)
from comity.workflow.terms import Family, Role, Verb

from agents import mailstore
from agents.client import Client, now_ms
from agents.sync.following.unpacking import batch_bytes
from agents.sync.owner import lists, publications
from agents.sync.owner.cutting import Change
from agents.sync.owner.lists import ListRow
from agents.sync.owner.publications import Publication
from agents.sync.owner.publisher import Publisher
from tests.agents.offices import Office, Town, agree, pin, settled
from tests.support.world import DAY

WALLETS = [parse_account(f"eip155:1:0x{number:040x}").caip10 for number in range(1, 400)]


def entry(number: int, **changes: object) -> pb.WatchEntry:
    """A complete entry about the wallet of a number."""
    fields: dict[str, object] = {
        "account": WALLETS[number],
        "category": "sanctions",
        "giver": "ofac-sdn",
        "confidence": payload_pb2.CONFIDENCE_KIND_OFFICIAL,
        "confidence_level": 90,
        "valid_from": now_ms() - DAY,
        "valid_until": now_ms() + 300 * DAY,
        "action": payload_pb2.WATCH_ACTION_ALERT_ME,
        "version": 1,
    }
    return pb.WatchEntry(**fields | changes)  # type: ignore[arg-type]


def removal(found: pb.WatchEntry) -> pb.Removal:
    """The removal of an entry."""
    return pb.Removal(entry_id=entry_id(found), version=found.version, reason=pb.REMOVAL_REASON_DELISTED)


def ordered(*changes: Change) -> list[Change]:
    """Changes in the order of their entries."""
    return sorted(changes, key=lambda c: entry_id(c) if isinstance(c, pb.WatchEntry) else c.entry_id)


@dataclass
class Owner:
    """The desk that owns a list."""

    office: Office
    analyst: Client
    approver: Client
    publisher: Publisher
    row: ListRow

    @property
    def now(self) -> ListRow:
        """Where the list stands."""
        with self.publisher.store.read() as c:
            return lists.by_number(c, self.row.number)

    def sign(self, *changes: Change, urgent: bool = False) -> Publication:
        """The analyst signs changes."""
        store = self.publisher.store
        return publications.create(
            store,
            self.row,
            ordered(*changes),
            keys=self.analyst.keys,
            desk=self.analyst.desk,
            now=now_ms(),
            urgent=urgent,
        )

    def approve(self, found: Publication, who: Client | None = None) -> None:
        """The second person signs them."""
        client = who or self.approver
        with self.publisher.store.write() as c:
            view, desk = self.analyst.directory(), client.desk
            publications.approve(c, found, found.digest, keys=client.keys, desk=desk, view=view, now=now_ms())

    async def publish(self, *changes: Change) -> None:
        """Signs, approves where that is needed, and publishes."""
        found = self.sign(*changes)
        if found.people == 2:
            self.approve(found)
        await self.publisher.publish(self.row.number)

    async def hear(self) -> None:
        """Reads the mail and does what is due."""
        await self.analyst.sync()
        await self.publisher.tick()
        await self.publisher.fanout.pump()


@dataclass
class Follower:
    """A desk that follows the list, in memory."""

    office: Office
    analyst: Client
    case: str = ""
    standing: Standing | None = None
    records: MemoryRecords = field(default_factory=MemoryRecords)
    verbs: list[Verb] = field(default_factory=list)
    _seen: int = -1

    async def subscribe(self, list_id: bytes) -> None:
        """Takes the offer that is in the inbox."""
        report = await self.analyst.sync()
        self.case = next(item.case_id for item in report.new if item.verb is Verb.OFFER)
        body = payload_pb2.SubscribeList(
            list_id=list_id, contact=payload_pb2.Contact(name="Lee", telephone="+85211112222")
        )
        await self.analyst.send((await self.analyst.subscribe(self.case, body)).id)

    async def follow(self, owner: str) -> list[Effects]:
        """Reads the mail and applies what is new. Returns the effects of batches."""
        await self.analyst.sync()
        with self.analyst.store.begin() as c:
            found = [m for m in mailstore.messages(c, outgoing=False) if m.log_index > self._seen]
            wires = {m.message_hash: mailstore.message(c, m.message_hash) for m in found}
        effects = []
        for message in found:
            self._seen = message.log_index
            if message.verb not in (Verb.PUBLISH, Verb.SNAPSHOT):
                continue
            self.verbs.append(message.verb)
            payload = self.analyst.peek(message.message_hash.hex()).payload
            row = wires[message.message_hash]
            assert row is not None
            position = parse_header(envelope_pb2.Envelope.FromString(row.envelope).header).watchlist
            assert position is not None
            if message.verb is Verb.SNAPSHOT:
                self._adopt(payload.send_snapshot, position, owner)
            elif self.standing is not None and position.sequence > self.standing.sequence:
                folder = self.office.home.path
                data = await batch_bytes(self.analyst.session, payload, payload.publish_batch.batch, folder)
                applied = apply_batch(self.standing, data, self.analyst.directory(), self.records, position=position)
                self.records.store(applied)
                self.standing = applied.standing
                effects.append(applied)
        return effects

    def _adopt(self, body: payload_pb2.SendSnapshot, position: WatchlistPosition, owner: str) -> None:
        reader = StateReader()
        state = inflate(body.state.deflated, body.state.length, body.state.sha256)
        found = {record.entry_id: record.data for record in reader.feed(state)}
        batch = inflate(body.batch.deflated, body.batch.length, body.batch.sha256)
        self.standing = adopt(reader, batch, position, owner)
        self.records = MemoryRecords(found)


async def _settle_market(here: Town, names: Sequence[str]) -> None:
    sfc = await here.office("sfc")
    for role in (Role.ANALYST, Role.APPROVER):
        await sfc.hire(role)
    for name in names:
        office = await here.office(name)
        await office.hire(Role.ANALYST)
        await agree(sfc, office, (Family.WATCHLIST,))
        await pin(sfc, office)
        await pin(office, sfc)


@contextlib.asynccontextmanager
async def market(folder: Path, followers: int = 1) -> AsyncIterator[tuple[Owner, list[Follower]]]:
    """An owner with an empty list, and desks that have agreed with it and were offered the list."""
    names = ("hkma", "hkpf", "icac")[:followers]
    async with settled(folder, ("market", names), partial(_settle_market, names=names)) as here:
        sfc = here.offices["sfc"]
        offices = [here.offices[name] for name in names]
        following = [Follower(office, await office.as_(Role.ANALYST)) for office in offices]
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        await analyst.refresh()
        publisher = Publisher.open(analyst)
        terms = payload_pb2.OfferList(
            list_id=bytes(range(16)),
            title="Sanctioned wallets",
            purpose="screening",
            legal_gateway="SFO s.186",
            default_action=payload_pb2.WATCH_ACTION_ALERT_ME,
            review_days=90,
            heartbeat_minutes=15,
            contact=payload_pb2.Contact(name="Chan", telephone="+85298765432"),
        )
        with publisher.store.write() as c:
            row = lists.create(c, title=terms.title, terms=terms, handling=HANDLING, now=now_ms())
        owner = Owner(sfc, analyst, approver, publisher, row)
        for follower in following:
            desk = follower.office.home.desk
            await analyst.send((await analyst.offer_list(desk, terms)).id)
        try:
            yield owner, following
        finally:
            publisher.close()


HANDLING = payload_pb2.Handling(
    tlp=payload_pb2.TLP_AMBER,
    code=payload_pb2.HANDLING_CODE_H0,
    source_grade=payload_pb2.SOURCE_GRADE_A,
    information_grade=payload_pb2.INFORMATION_GRADE_1,
    permitted_action=payload_pb2.PERMITTED_ACTION_INTERNAL,
    evidential_use=payload_pb2.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
    onward=payload_pb2.ONWARD_ASK,
)
