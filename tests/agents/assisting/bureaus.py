"""Two regulators in different time zones and languages for the tests, and what they say in an assistance case."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Role

from agents import joining
from agents.admin import Admin
from agents.client import Client, now_ms
from agents.keyring import MemberKeyring, new_member_id
from agents.records import DraftInfo, Sent
from tests.agents.offices import CHEAP, PASSPHRASE, Clock, Office, Town, agree, pin, settled

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FAMILIES = (Family.ASSISTANCE, Family.FREEZE, Family.REFERRAL)
BAFIN, SFC = "bafin/intake", "sfc/intake"
SUBJECTS = (
    pb.Subject(name="Müller-Lüdenscheidt, Jürgen", role="suspect", birth_date="1971-12-01"),
    pb.Subject(name="Ng Ka Ming", name_other_script="吳家明", role="account holder"),
    pb.Subject(name="Ольга Петровна Ким", name_other_script="김올가", role="director"),
    pb.Subject(name="سارة الخطيب", name_other_script="שרה אל-ח׳טיב", role="witness"),
)
"""People whose names stand in Latin, Han, Cyrillic, Hangul, Arabic and Hebrew letters."""


@dataclass
class MovedClock(Clock):
    """The one clock of a hub and of everybody who uses it, which a test moves."""

    shift: int = 0

    def now_ms(self) -> int:
        """Unix milliseconds UTC."""
        return self()


@dataclass
class Bureaus:
    """A regulator in Hong Kong that asks, and one in Germany that is asked."""

    sfc: Office
    bafin: Office
    clock: MovedClock

    async def wait(self, milliseconds: int) -> None:
        """Moves the clock on, until the hub signs heads by the new time: it gives out one for up to a second."""
        self.clock.shift += milliseconds
        client = await self.sfc.as_(Role.AGENT)
        while client.clock() - (await client.refresh()).time > MINUTE:  # noqa: ASYNC110 # the hub has no event for it
            await asyncio.sleep(0.05)

    async def all_see(self) -> None:
        """Everybody's agent reads what there is."""
        for office in (self.bafin, self.sfc, self.bafin):
            await (await office.as_(Role.AGENT)).sync()


@contextlib.asynccontextmanager
async def two_bureaus(folder: Path) -> AsyncIterator[Bureaus]:
    """The two, with a hub whose clock is theirs."""
    clock = MovedClock()
    async with settled(folder, "two bureaus", _settle_bureaus, clock) as here:
        for office in here.offices.values():
            office.clock = clock
        yield Bureaus(here.offices["sfc"], here.offices["bafin"], clock)


async def _settle_bureaus(here: Town) -> None:
    sfc = await here.office("sfc")
    bafin = await here.office("bafin", jurisdiction="DE", languages=("de", "en"))
    for office in (sfc, bafin):
        for role in (Role.ANALYST, Role.APPROVER, Role.AGENT):
            await office.hire(role)
    await agree(sfc, bafin, FAMILIES)
    for one, other in ((sfc, bafin), (bafin, sfc)):
        await pin(one, other)


def request(**changes: object) -> pb.AssistanceRequest:
    """A request that is complete, in two languages."""
    fields: dict[str, object] = {
        "number": "SFC/IA/2026/31",
        "requesting_authority": "Securities and Futures Commission 證券及期貨事務監察委員會",
        "requested_authority": "Bundesanstalt für Finanzdienstleistungsaufsicht",
        "contact": pb.Contact(name="陳大文 Chan Tai Man", telephone="+85298765432"),
        "instrument": pb.ASSISTANCE_INSTRUMENT_IOSCO_MMOU,
        "signatory": "Executive Director, Enforcement",
        "competence": ["SFO s.186"],
        "provisions": ["SFO s.295", "《證券及期貨條例》第 295 條"],
        "kinds": [pb.ASSISTANCE_KIND_INFORMATION_HELD, pb.ASSISTANCE_KIND_RECORDS],
        "subjects": SUBJECTS,
        "facts": "戶口在法蘭克福交易平台開立，資金其後轉走。\nThe account was opened in Frankfurt; the money went on.",
        "purpose": "調查虛假交易。",
        "why_useful": "Who owns the account is not known here.",
        "jurisdiction_link": "Das Konto wurde in Frankfurt am Main eröffnet.",
        "questions": ["戶口的實益擁有人是誰？", "Which devices were used to log in?"],
        "intended_uses": ["調查及其後的紀律程序"],
    }
    return pb.AssistanceRequest(**(fields | changes))  # type: ignore[arg-type]


def notice(**changes: object) -> pb.OralNotice:
    """What was asked for on the telephone a minute ago."""
    fields: dict[str, object] = {
        "contact": pb.Contact(name="陳大文", telephone="+85298765432"),
        "instrument": pb.ASSISTANCE_INSTRUMENT_IOSCO_MMOU,
        "kinds": [pb.ASSISTANCE_KIND_INFORMATION_HELD],
        "summary": "請查該戶口是否存在。",
        "urgency_reason": "The money leaves today.",
        "spoken_to": "Frau Özdemir",
        "spoken_at": now_ms() - MINUTE,
        "subjects": SUBJECTS[1:2],
    }
    return pb.OralNotice(**(fields | changes))  # type: ignore[arg-type]


def in_writing(**changes: object) -> pb.AssistanceRequest:
    """The oral notice in writing: the same people, the same scope."""
    fields: dict[str, object] = {
        "kinds": [pb.ASSISTANCE_KIND_INFORMATION_HELD],
        "subjects": SUBJECTS[1:2],
        "made_orally": True,
        "urgency_reason": "The money leaves today.",
    }
    return request(**(fields | changes))


def part(number: int, of: int, **changes: object) -> pb.ReplyPart:
    """A part of the answer."""
    fields: dict[str, object] = {
        "number": number,
        "of": of,
        "text": f"Teil {number}: Kontoeröffnungsunterlagen.",
        "use_conditions": ["Nur zu Zwecken der Aufsicht"],
    }
    return pb.ReplyPart(**(fields | changes))  # type: ignore[arg-type]


def last(number: int, **changes: object) -> pb.Reply:
    """The last part of the answer."""
    fields: dict[str, object] = {
        "number": number,
        "of": number,
        "text": "Ende der Auskunft.",
        "use_conditions": ["Keine Weitergabe ohne Zustimmung"],
        "final": True,
    }
    return pb.Reply(**(fields | changes))  # type: ignore[arg-type]


def acknowledgement(days: int = 20) -> pb.AcknowledgeCase:
    """The recipient's own reference, officer and date."""
    return pb.AcknowledgeCase(
        reference="WA 11-Wp 2026/0117",
        contact=pb.Contact(name="Jürgen Groß", telephone="+4922841081234"),
        expected_date=day(days),
    )


def day(ahead: int) -> str:
    """A date so many days ahead, ISO 8601."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=ahead)).date().isoformat()


async def hired(office: Office, *roles: Role) -> Client:
    """Gives the desk a member with several roles, and opens the home for it."""
    member = new_member_id(office.home.agency)
    MemberKeyring.generate(member).save(office.home, PASSPHRASE, CHEAP)
    request_of = joining.member_request(office.home, member, PASSPHRASE, CHEAP)
    await Admin(await office.client(), office.root).certify(request_of, roles=list(roles))
    client = await office.client(member)
    await client.sync()
    return client


async def seconded(office: Office, draft: DraftInfo) -> Sent:
    """The approver signs a draft and sends it."""
    approver = await office.as_(Role.APPROVER)
    await approver.sync()
    approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    return await approver.send(draft.id)


async def asked(bureaus: Bureaus, body: pb.AssistanceRequest | None = None, **arguments: object) -> str:
    """Two people of the SFC ask; the other side's agent has it. Returns the case."""
    analyst = await bureaus.sfc.as_(Role.ANALYST)
    await analyst.sync()
    draft = await analyst.request_assistance(BAFIN, body or request(), **arguments)
    sent = await seconded(bureaus.sfc, draft)
    await bureaus.all_see()
    return sent.case_id


async def notified(bureaus: Bureaus, body: pb.OralNotice | None = None) -> str:
    """One person of the SFC puts a call on record. Returns the case."""
    analyst = await bureaus.sfc.as_(Role.ANALYST)
    await analyst.sync()
    draft = await analyst.oral_notice(BAFIN, body or notice(), precedence=Precedence.URGENT)
    sent = await analyst.send(draft.id)
    await bureaus.all_see()
    return sent.case_id


async def accepted(bureaus: Bureaus, case: str) -> Client:
    """The recipient reads, acknowledges and takes the case. Returns its officer's client."""
    officer = await bureaus.bafin.as_(Role.ANALYST)
    await officer.sync()
    for item in officer.inbox(unread_only=True):
        await officer.open_item(item.message)
    await officer.send((await officer.acknowledge(case, acknowledgement())).id)
    await officer.send((await officer.accept(case, pb.Accept(owner="Referat WA 11"))).id)
    return officer
