"""Three agencies in a row: sfc refers to hkma, hkma passes on to hkpf. sfc and hkpf have agreed on nothing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from comity.envelope import to_wire
from comity.header import GrantedBy
from comity.receipts import Receipt
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Role, SignatureRole, Verb

from agents import mailstore
from agents.attachments import seal_bytes, upload
from agents.client import Client
from agents.composing import Wish, compose, sign
from agents.onward.forwarding import granted_by
from agents.onward.originals import FILE_NAME, MEDIA_TYPE, embed
from agents.records import DraftInfo, Sent
from tests.agents.assisting.bureaus import MovedClock
from tests.agents.offices import Office, Town, agree, pin, referral, send_referral, settled, town


@dataclass
class Chain:
    """The three, and the case that goes from the first to the second."""

    town: Town
    sfc: Office
    hkma: Office
    hkpf: Office
    message: str = ""
    case: str = ""

    async def both(self, office: Office) -> tuple[Client, Client]:
        """An analyst and an approver who have read everything."""
        found = await office.as_(Role.ANALYST), await office.as_(Role.APPROVER)
        for one in found:
            await one.sync()
        return found

    async def send(self, office: Office, draft: DraftInfo) -> Sent:
        """A second person approves, and the first one sends."""
        analyst, approver = await self.both(office)
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        return await analyst.send(draft.id)

    async def ask(self, to: str = "hkpf/intake") -> str:
        """hkma asks whether it may pass the referral on. Returns the question's hash."""
        analyst, _ = await self.both(self.hkma)
        body = pb.AskOnward(desk=to, purpose="Arrest of the account holder", facts="The whole referral")
        return (await analyst.send((await analyst.ask_onward(self.message, body)).id)).message_hash

    async def grant(self, ask: str, expires: int | None = None) -> str:
        """sfc grants it, by two people. Returns the grant's hash, which hkma has read."""
        analyst, _ = await self.both(self.sfc)
        draft = await analyst.grant_onward(ask, pb.GrantOnward(conditions="For the arrest alone"), expires=expires)
        sent = await self.send(self.sfc, draft)
        await self.both(self.hkma)
        return sent.message_hash

    async def forward(self, grant: str) -> Sent:
        """hkma passes it on, by two people."""
        analyst, _ = await self.both(self.hkma)
        return await self.send(self.hkma, await analyst.forward(grant, "As discussed"))


async def _settle_three(here: Town, families: Sequence[Family]) -> None:
    sfc, hkma, hkpf = await here.office("sfc"), await here.office("hkma"), await here.office("hkpf")
    for office in (sfc, hkma, hkpf):
        for role in (Role.ANALYST, Role.APPROVER):
            await office.hire(role)
    for one, other in ((sfc, hkma), (hkma, hkpf)):
        await agree(one, other, families)
        await pin(one, other)
        await pin(other, one)


@contextlib.asynccontextmanager
async def three_in_a_row(
    folder: Path, families: Sequence[Family], database_url: str = "", clock: MovedClock | None = None
) -> AsyncIterator[Town]:
    """The three, with people and agreements, and no mail yet; on SQLite unless an address is given."""
    settle = partial(_settle_three, families=tuple(families))
    if database_url:
        async with town(folder, database_url, clock) as here:
            await settle(here)
            yield here
    else:
        async with settled(folder, ("three in a row", tuple(families)), settle, clock) as here:
            yield here


@contextlib.asynccontextmanager
async def chain(
    folder: Path,
    *,
    database_url: str = "",
    body: pb.Refer | None = None,
    files: Sequence[Path] = (),
    families: Sequence[Family] = (Family.REFERRAL,),
    clock: MovedClock | None = None,
) -> AsyncIterator[Chain]:
    """Three offices with people, and a referral that hkma has read; by a clock of the hub and all, where one is."""
    async with three_in_a_row(folder, families, database_url, clock) as here:
        sfc, hkma, hkpf = here.offices.values()
        for office in (sfc, hkma, hkpf):
            office.clock = clock or office.clock
        found = Chain(here, sfc, hkma, hkpf)
        found.message = await send_referral(sfc, "hkma/intake", body or referral(), attachments=files)
        found.case = (await sfc.as_(Role.ANALYST)).sent()[0].case_id
        analyst, _ = await found.both(hkma)
        await analyst.open_item(found.message)
        yield found


async def raw_forward(
    there: Chain,
    granted: GrantedBy,
    *,
    to: str = "hkpf/intake",
    original: str = "",
    change: Callable[[pb.Forward, pb.Handling], None] = lambda body, handling: None,
) -> Receipt:
    """hkma sends a FORWARD past its own client's rules.

    Args:
        there: the three.
        granted: the grant that it carries.
        to: the desk that it goes to.
        original: hash of the message inside; by default the referral.
        change: what is altered in the covering body and handling.
    """
    analyst, approver = await there.both(there.hkma)
    with analyst.store.begin() as c:
        message = mailstore.message(c, bytes.fromhex(original or there.message))
        given = mailstore.message(c, granted.message_hash)
    assert message is not None
    payload = analyst.peek(message.message_hash.hex()).payload
    record = seal_bytes(
        analyst.home,
        embed(message, analyst.archive.open(message.message_hash, message.archive)),
        FILE_NAME,
        MEDIA_TYPE,
    )
    handling = pb.Handling.FromString(payload.handling.SerializeToString())
    body = pb.Forward(original_attachment=record.id, grant_receipt=given.receipt if given else message.receipt)
    change(body, handling)
    wish = Wish(Verb.FORWARD, body, handling, (to,), None, attachments=(record,), granted=granted)
    envelope, _ = compose(wish, analyst.trust, analyst.keys, desk=analyst.desk, now=analyst.clock())
    await upload(analyst.home, analyst.session, envelope.header.blobs)
    wire = to_wire(envelope)
    sign(wire, approver.keys, SignatureRole.APPROVER)
    return await analyst.session.submit(wire)


async def granted_by_hash(there: Chain, grant: str) -> GrantedBy:
    """The grant as hkma keeps it."""
    analyst, _ = await there.both(there.hkma)
    with analyst.store.begin() as c:
        found = mailstore.message(c, bytes.fromhex(grant))
    assert found is not None
    return granted_by(found)
