"""The Comity SDK: the one seam where plaintext becomes an envelope and an envelope becomes plaintext again.

Everything an agency does goes through `Client`; the command line, the daemons and later faces add nothing of their own.
It is asynchronous, works without a terminal, and says SUBMITTED, DELIVERED or OPENED only when it holds the proof.

    import asyncio
    from agents.client import Client
    from agents.home import Home
    from agents.keyprocess import connect
    from comity.v1.payload_pb2 import AcknowledgeCase, Contact

    async def acknowledge_everything(path: str, member: str) -> None:
        home = Home.load(path)
        async with await Client.open(home, connect(home, member)) as client:
            report = await client.sync()                      # verified, stored, acknowledged
            for item in report.new:
                opened = await client.open_item(item.message)  # OPENED: a person's word
                print(item.verb.name, opened.payload.refer.reference)
                draft = await client.acknowledge(
                    item.case_id,
                    AcknowledgeCase(
                        reference="2026/117",
                        contact=Contact(name="Duty officer", telephone="+85212345678"),
                        expected_date="2026-12-01",
                    ),
                )
                sent = await client.send(draft.id)             # a verified receipt
                print(sent.status, sent.log_index)

    asyncio.run(acknowledge_everything("/srv/comity/intake", "sfc/m-abcd2345"))

Never does: ask for a passphrase, show anything, act on mail of an agency whose fingerprint nobody compared.
"""

from __future__ import annotations

from agents.assisting.verbs import AssistanceVerbs
from agents.connected import now_ms
from agents.freezing.verbs import FreezeVerbs
from agents.onward.verbs import OnwardVerbs
from agents.overseeing import Overseeing
from agents.verbs import ReferralVerbs
from agents.watchlist import WatchlistVerbs

__all__ = ["Client", "now_ms"]


class Client(ReferralVerbs, WatchlistVerbs, AssistanceVerbs, FreezeVerbs, OnwardVerbs, Overseeing):
    """One member's access to one home. Made by `Client.open`; to be closed, best by `async with`.

    `agents.connected`: opening, who acts, the directory, pins.
    `agents.mailing`: the feed, inbox, cases, alarms, attachments, proofs.
    `agents.overseeing`: the board, limits and who is reminded of them, stories of cases, statistics.
    `agents.drafting`: drafts, four eyes, sending.
    `agents.verbs`: every verb of a case referral. `agents.watchlist`: what people say of watchlists.
    `agents.assisting.verbs`: every verb of cross-border assistance. `agents.freezing.verbs`: of asset freezes.
    `agents.onward.verbs`: consent to pass something on, passing it on, recalls that reach third holders, linked cases.
    """
