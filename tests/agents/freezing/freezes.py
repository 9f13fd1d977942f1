"""Freezes for the tests: bodies that are complete, and the steps of two offices that several tests begin with."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from comity.v1 import payload_pb2 as pb
from comity.wallets import parse_account
from comity.workflow.terms import Family, Role

from agents.client import Client, now_ms
from agents.freezing.prefilled import hold
from agents.records import DraftInfo, Sent
from tests.agents.assisting.bureaus import MovedClock
from tests.agents.offices import Office, two_offices

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WALLET = "eip155:1:0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
NEXT = "tron:0x2b6653dc:TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"
CONTACT = pb.Contact(name="Chan Tai Man", telephone="+85298765432")


@contextlib.asynccontextmanager
async def offices(folder: Path, clock: MovedClock | None = None) -> AsyncIterator[tuple[Office, Office]]:
    """Two agencies that may ask one another to hold assets; by a clock of their own, also the hub's, where one is."""
    async with two_offices(folder, families=(Family.FREEZE, Family.ASSISTANCE), clock=clock) as pair:
        for office in pair if clock is not None else ():
            office.clock = clock or office.clock
        yield pair


def provisional(**changes: object) -> pb.ProvisionalHold:
    """A hold as the telephone call at three in the morning makes it."""
    found = hold(
        parse_account(WALLET),
        loss=("120000", "USDT"),
        transaction="0x9f",
        victim_reference="V-1",
        offence="Fraud by a false platform.",
        contact=CONTACT,
        holder="Example Exchange",
    )
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def line(number: int = 1, **changes: object) -> pb.AssetLine:
    """An asset of which 1,000 are asked for."""
    fields: dict[str, object] = {
        "number": number,
        "holder": "Example Exchange",
        "account": WALLET,
        "account_as_received": WALLET.rpartition(":")[2],
        "token": "USDT",
        "decimals": 6,
        "amount": "1000",
    }
    return pb.AssetLine(**(fields | changes))  # type: ignore[arg-type]


def notice(*, start: int | None = None, end: int | None = None, **changes: object) -> pb.Instrument:
    """A restriction notice for 90 days."""
    begins = start or now_ms()
    fields: dict[str, object] = {
        "kind": pb.INSTRUMENT_KIND_RESTRICTION_NOTICE,
        "binding": True,
        "legal_text": "SFO s.204: shall not dispose of the property.",
        "authority": "Securities and Futures Commission",
        "number": "RN-7",
        "start": begins,
        "end": end or begins + 90 * DAY,
    }
    return pb.Instrument(**(fields | changes))  # type: ignore[arg-type]


def letter(**changes: object) -> pb.Instrument:
    """A letter of no consent for 20 days: it binds nobody."""
    begins = now_ms()
    fields: dict[str, object] = {
        "kind": pb.INSTRUMENT_KIND_LETTER_OF_NO_CONSENT,
        "start": begins,
        "end": begins + 20 * DAY,
    }
    return pb.Instrument(**(fields | changes))  # type: ignore[arg-type]


def request(*lines: pb.AssetLine, instrument: pb.Instrument | None = None, **changes: object) -> pb.FreezeRequest:
    """A request in its full form, under a letter of no consent unless another instrument is named."""
    fields: dict[str, object] = {
        "reference": "SFC/2026/7",
        "contact": CONTACT,
        "instrument": instrument or letter(),
        "offence": "Fraud by a false platform.",
        "asset_link": "The victim's payment went to that account.",
        "necessity": "Nothing milder stops it.",
        "dissipation_risk": "The account is being emptied.",
        "lines": lines or (line(),),
    }
    return pb.FreezeRequest(**(fields | changes))  # type: ignore[arg-type]


def report(number: int = 1, **amounts: str) -> pb.LineReport:
    """How a line stands; the status follows from the amounts, what is not named is 0."""
    fields = dict.fromkeys(("requested", "held", "released", "gone", "outstanding"), "0")
    fields |= {name: value for name, value in amounts.items() if name in fields}
    held, left = fields["held"] != "0", fields["gone"] != "0" or fields["outstanding"] != "0"
    status = pb.LINE_STATUS_HELD_PART if left else pb.LINE_STATUS_HELD_FULL
    if not held:
        status = pb.LINE_STATUS_FAILED if fields["outstanding"] != "0" else pb.LINE_STATUS_NOTHING_LEFT
    rest = {name: value for name, value in amounts.items() if name not in fields}
    return pb.LineReport(line=number, status=status, when="2026-11-23", **fields, **rest)  # type: ignore[arg-type]


def reported(*lines: pb.LineReport) -> pb.ReportExecution:
    """A report of execution."""
    return pb.ReportExecution(lines=lines or (report(requested="1000", held="1000"),))


async def seconded(office: Office, draft: DraftInfo, approver: Client | None = None) -> Sent:
    """The approver signs a draft and sends it."""
    approver = approver or await office.as_(Role.APPROVER)
    await approver.sync()
    approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    return await approver.send(draft.id)


async def in_force(sfc: Office, hkma: Office, asked: pb.FreezeRequest, said: pb.ReportExecution | None = None) -> str:
    """Brings a freeze that hkma executes for sfc into force, and returns its case."""
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    case = (await seconded(sfc, await analyst.request_freeze("hkma/intake", asked))).case_id
    await accepted(hkma, case)
    await officer.sync()
    await officer.send((await officer.report_execution(case, said or reported())).id)
    await analyst.sync()
    return case


async def accepted(hkma: Office, case: str) -> None:
    """The recipient acknowledges and accepts; two people where the instrument binds."""
    officer = await hkma.as_(Role.ANALYST)
    await officer.sync()
    await officer.open_item(officer.case(case)[0].opening)
    note = pb.AcknowledgeCase(reference="HKMA-9", contact=CONTACT, expected_date="2027-12-01")
    await officer.send((await officer.acknowledge(case, note)).id)
    draft = await officer.accept(case, pb.Accept(owner="Enforcement", decided_by="Lee, head of section"))
    if draft.state.value == "READY":
        await officer.send(draft.id)
    else:
        await seconded(hkma, draft)
    await officer.sync()


async def both(*clients: Client) -> None:
    """Everybody catches up."""
    for client in clients:
        await client.sync()
