"""A person at a subscriber's desk, beside the agent that runs in the same home: takes the one offer in the inbox.

Never does: follow.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from comity.v1 import payload_pb2
from comity.workflow.terms import Verb

from agents.client import Client
from agents.home import Home
from tests.bench.watchlists_office import Office

CONTACT = payload_pb2.Contact(name="Duty officer", telephone="+85211112222")


async def subscribe(client: Client, list_id: bytes) -> float:
    """Takes the offer. Returns when the message was about to be sent, seconds of the machine's monotonic clock."""
    await client.refresh()
    await client.sync()
    case = next(item.case_id for item in client.inbox() if item.verb is Verb.OFFER)
    draft = await client.subscribe(case, payload_pb2.SubscribeList(list_id=list_id, contact=CONTACT))
    began = time.monotonic()
    await client.send(draft.id)
    return began


async def obey(office: Office) -> None:
    """Subscribes to each list that is named on a line of standard input."""
    async with await Client.open(Home.load(office.path), office.keys()) as client:
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({"began": await subscribe(client, bytes.fromhex(json.loads(line)["list"]))}), flush=True)


if __name__ == "__main__":
    asyncio.run(obey(Office(**json.loads(sys.argv[1]))))
