"""The owner's process of the bench of watchlists: makes a list, offers it, publishes deltas. Orders come as JSON lines.

What it does is the product's: publications with the signatures of two people, `Publisher`, the mailbox. One thing is
not: `grow` puts the records of a large list into the owner's database directly, as batches of long ago have left them,
and then publishes one real batch, which states the digest of all of it. To publish a million entries by people's
signatures takes minutes, and is measured by itself (`publish`).
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import closing
from typing import Any

from comity.v1 import payload_pb2
from comity.watchlists import entry_id

from agents.client import Client, now_ms
from agents.home import Home
from agents.keys import Keys
from agents.sync import loops
from agents.sync.owner import desk, lists, outbox, publications
from agents.sync.owner.lists import ListRow
from agents.sync.owner.publisher import Publisher
from tests.bench.watchlists_office import Office
from tests.bench.watchlists_wallets import entries

HANDLING = payload_pb2.Handling(
    tlp=payload_pb2.TLP_AMBER,
    code=payload_pb2.HANDLING_CODE_H0,
    source_grade=payload_pb2.SOURCE_GRADE_A,
    information_grade=payload_pb2.INFORMATION_GRADE_1,
    permitted_action=payload_pb2.PERMITTED_ACTION_INTERNAL,
    evidential_use=payload_pb2.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
    onward=payload_pb2.ONWARD_ASK,
)
TERMS = payload_pb2.OfferList(
    title="Wallets",
    purpose="screening",
    legal_gateway="SFO s.186",
    default_action=payload_pb2.WATCH_ACTION_ALERT_ME,
    review_days=90,
    heartbeat_minutes=15,
    contact=payload_pb2.Contact(name="Duty officer", telephone="+85298765432"),
)
_GROW = """INSERT INTO records (list, entry_id, record, digest, valid_until, set_id)
    SELECT ?, id, record, digest, valid_until, x'' FROM grown.rows ORDER BY id"""
_GROWN = "UPDATE lists SET live = (SELECT count(*) FROM grown.rows) WHERE number = ?"


class Owner:
    """The desk that owns the list."""

    def __init__(self, client: Client, second: Keys) -> None:
        self._client, self._second = client, second
        self._publisher = Publisher.open(client)

    def close(self) -> None:
        """Closes the list's database."""
        self._publisher.close()

    @property
    def row(self) -> ListRow:
        """The one list, as it stands."""
        with self._publisher.store.write() as c:
            return lists.all_lists(c)[0]

    def create(self) -> dict[str, Any]:
        """Makes the list."""
        row = desk.create_list(self._publisher.store, TERMS, HANDLING, now_ms())
        return {"list": row.list_id.hex()}

    async def grow(self, rows: str) -> dict[str, Any]:
        """Puts a file's rows in as if they had been published long ago, and publishes a batch with their digest."""
        with self._publisher.store.read() as c:
            (path,) = [name for _, which, name in c.execute("PRAGMA database_list") if which == "main"]
        number = self.row.number
        self._publisher.heartbeat(number)  # the first batch is one that brings everything by itself
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("ATTACH ? AS grown", (rows,))
            db.execute("BEGIN IMMEDIATE")
            db.execute(_GROW, (number,))
            db.execute(_GROWN, (number,))
            db.execute("COMMIT")
        self._publisher.heartbeat(number)  # the one before has stated that nothing was live
        with self._publisher.store.write() as c:
            found = self._publisher.publish_digest(c, lists.all_lists(c)[0])
        return {"sequence": found.sequence, "live": found.live}

    async def beat(self, count: int) -> dict[str, Any]:
        """Publishes so many batches that change nothing, and sends them to all subscribers."""
        for _ in range(count):
            self._publisher.heartbeat(self.row.number)
        await self._publisher.fanout.pump()
        return {"sequence": self.row.sequence}

    async def offer(self, desks: list[str]) -> dict[str, Any]:
        """Offers the list."""
        await self._client.refresh()
        for name in desks:
            await desk.offer(self._publisher, self.row, name)
        return {"offered": len(desks)}

    async def serve(self, count: int) -> dict[str, Any]:
        """Hears subscribers and answers them until so many have been sent the list."""
        began = time.perf_counter()
        while True:
            await self._client.sync()
            await self._publisher.tick()
            with self._publisher.store.write() as c:
                active = sum(len(outbox.active(c, row.number)) for row in lists.all_lists(c))
                idle = not outbox.unsent(c, 1) and not outbox.wanting(c)
            if active >= count and idle:
                return {"active": active, "seconds": time.perf_counter() - began}
            await asyncio.sleep(0.05)

    async def settle(self) -> dict[str, Any]:
        """Waits until every subscriber has acknowledged everything: nothing of one delta is left at the next."""
        while True:
            await self._client.sync()
            await self._publisher.fanout.collect()
            with self._publisher.store.write() as c:
                if not outbox.logged(c):
                    return {"sequence": lists.all_lists(c)[0].sequence}
            await asyncio.sleep(0.1)

    async def sign(self, first: int, count: int) -> dict[str, Any]:
        """Signs entries, by two people where two are needed; nothing goes out."""
        await self._client.sync()
        store, view, began = self._publisher.store, self._client.directory(), time.monotonic()
        found = desk.sign(self._publisher, self.row, sorted(entries(first, count), key=entry_id))
        if found.people == 2:
            with store.write() as c:
                publications.approve(
                    c, found, found.digest, keys=self._second, desk=self._client.desk, view=view, now=now_ms()
                )
        return {"people": found.people, "seconds": time.monotonic() - began}

    async def publish(self) -> dict[str, Any]:
        """Publishes what is signed: tells when that began, and how long it took until every receipt was verified."""
        began = time.monotonic()
        await self._publisher.publish(self.row.number)
        return {"sequence": self.row.sequence, "began": began, "seconds": time.monotonic() - began}


async def obey(office: Office) -> None:
    """Carries out orders until standard input ends."""
    async with await Client.open(Home.load(office.path), office.keys()) as client:
        await client.refresh()
        owner = Owner(client, office.keys(office.approver))
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                order = json.loads(line)
                found = getattr(owner, order.pop("do"))(**order)
                print(json.dumps(await found if asyncio.iscoroutine(found) else found), flush=True)
        finally:
            owner.close()


if __name__ == "__main__":
    loops.run(obey(Office(**json.loads(sys.argv[1]))))
