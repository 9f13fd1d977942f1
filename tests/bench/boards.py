"""Part `boards`: what an officer waits for with ten thousand open cases: the board, and the story of a case.

A real home of a desk that joined a hub; its cases are written as rows, four messages with envelopes of 2 KiB and eight
events a case, of all families, a tenth of them near their limit. Measured in process: the board read, sorted and drawn
on a screen of 60 lines; the whole board as JSON; the story of a case that is linked with two others; what the clocks
look at every two seconds; and the reminders themselves.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from random import Random
from typing import Final

from comity.receipts import EventKind
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, Side, Standing, State, Verb

from agents import mailstore
from agents.client import Client
from agents.mailstore import EventRow, Message
from agents.onward.links import LinkRow, put_link
from agents.records import Standing as MailStanding
from tests.agents.offices import two_offices
from tests.bench.figures import Number
from tests.bench.setting import Setting, Size, child

ROUNDS: Final = 9
_WORDS: Final = {
    "board_10k_ms": "board of {count:,} open cases, drawn, ms",
    "board_10k_json_ms": "board of {count:,} open cases, all as JSON, ms",
    "timeline_10k_ms": "story of a case and two linked ones among {count:,}, ms",
    "clocks_10k_ms": "limits of {count:,} open cases looked at, ms",
}
LINES: Final = 60
"""Of the screen."""
EVENTS: Final = 2
"""Of each message."""
MESSAGES: Final = 4
"""Of each case."""
_KINDS: Final = (
    (Family.FREEZE, State.IN_FORCE, Verb.REQUEST),
    (Family.FREEZE, State.SENT, Verb.REQUEST_PROVISIONAL),
    (Family.ASSISTANCE, State.IN_PROGRESS, Verb.REQUEST),
    (Family.ASSISTANCE, State.MORE_INFO, Verb.REQUEST),
    (Family.REFERRAL, State.ACKNOWLEDGED, Verb.REFER),
)
_HOUR: Final = 3_600_000


def needs(_: Size) -> int:
    """Returns how many envelopes it takes."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures in a process of its own, as the program would; the home's store is SQLite, whatever the hub has."""
    count = setting.size.cases
    folder = setting.folder / "boards"
    folder.mkdir()
    home, member, case = asyncio.run(_home(folder, count))
    with child(setting.folder, "boards_screen", "boards") as screen:
        measured = screen.ask({"home": home, "member": member, "case": case, "rounds": ROUNDS, "lines": LINES})
    found = [Number(key, measured[key], what.format(count=count)) for key, what in _WORDS.items()]
    for number in found:
        setting.say(f"{number.what}: {number.value:.1f} ({number.key})")
    return found


async def _home(folder: Path, count: int) -> tuple[str, str, str]:
    """Makes a home with so many cases. Returns its path, who acts there, and a linked case."""
    async with two_offices(folder, hire=False) as (sfc, _):
        client = await sfc.client()
        return str(sfc.home.path), client.member, _fill(client, count)[count // 2].hex()


def _fill(client: Client, count: int) -> list[bytes]:
    """Writes the cases. Returns their ids."""
    chance, now, desk = Random(7), client.clock(), client.desk
    cases = [chance.randbytes(16) for _ in range(count)]
    index = 1_000_000
    with client.store.begin(lasting=False) as c:
        for number, case_id in enumerate(cases):
            family, state, verb = _KINDS[number % len(_KINDS)]
            near = number % 10 == 0
            opened = now - (10 if near else 2) * _HOUR
            own = number % 3 > 0
            sides = (desk, "hkma/intake") if own else ("hkma/intake", desk)
            hashes = [chance.randbytes(32) for _ in range(MESSAGES)]
            for place, message_hash in enumerate(hashes):
                outgoing = own is (place % 2 == 0)
                sender = desk if outgoing else "hkma/intake"
                said = verb if place == 0 else Verb.REPORT_PROGRESS
                mailstore.put_message(
                    c, _message(message_hash, sender, case_id, said, opened + place, index, outgoing=outgoing)
                )
                for _ in range(EVENTS):
                    kind = EventKind.SUBMITTED
                    mailstore.put_event(
                        c, EventRow(index, index, b"", kind, message_hash, "", opened, b"", believed=True)
                    )
                    index += 1
            mailstore.put_leg(c, _leg(sides, case_id, family, state, hashes, opened, now + (number % 900) * 60_000))
            if number == count // 2:
                put_link(c, LinkRow(case_id, cases[number - 1], desk, hashes[0]))
                put_link(c, LinkRow(cases[number + 1], case_id, desk, hashes[0]))
    return cases


def _message(
    message_hash: bytes, sender: str, case_id: bytes, verb: Verb, created: int, index: int, *, outgoing: bool
) -> Message:
    return Message(
        message_hash=message_hash,
        agency=sender.partition("/")[0],
        envelope_id=message_hash[:16],
        sender=sender,
        outgoing=outgoing,
        verb=verb,
        case_id=case_id,
        precedence=Precedence.FLASH if verb is Verb.REQUEST_PROVISIONAL else Precedence.ROUTINE,
        created=created,
        deliver_by=created + 14 * 24 * _HOUR,
        respond_by=0,
        author="sfc/m-abcd2345",
        signers=os.urandom(64),
        envelope=b"",  # its two kilobytes stand below, where nobody parses them
        archive=os.urandom(80),
        standing=MailStanding.GOOD,
        received=created,
        opened=created,
        log_index=index,
        leaf_time=created,
        receipt=os.urandom(2048),
    )


def _leg(
    sides: tuple[str, str], case_id: bytes, family: Family, state: State, hashes: list[bytes], opened: int, due: int
) -> Leg:
    provisional = family is Family.FREEZE and state is State.SENT
    return Leg(
        originator=sides[0],
        case_id=case_id,
        recipient=sides[1],
        family=family,
        state=state,
        revision=4,
        opening=hashes[0],
        previous=hashes[-1],
        opened=opened,
        deliver_by=opened + 14 * 24 * _HOUR,
        question=b"" if state is State.IN_FORCE else hashes[-1],
        respond_by=None if state is State.IN_FORCE else due,
        awaiting=None if state is State.IN_FORCE else Side.RECIPIENT,
        lapses_at=due + 24 * _HOUR if family is Family.FREEZE else None,
        standing=Standing.PROVISIONAL if provisional else Standing.FULL,
    )
