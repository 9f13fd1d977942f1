"""The chapter on freezes: a victim on the telephone at three in the morning, and what becomes of the money.

Offence, amount and accounts are published ones, see data/README.md; people, transactions and the exchange are invented.
The agreements name the demonstration's own deadline profile, in which a provisional hold lapses after ten seconds: no
clock is altered.

Never does: speak to the hub but through the agencies' own programs.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from stage import HERE, DemoError, Desk, Stage

# Of usdt_freezes.jsonl, spelt with their checksums.
WALLET = "0x008fe40574e881E7247b50b991c0Cc057D66647F"
OTHER = "0xBDaf3E422D2cfa10F34c59F7151dd31499A426b5"
FURTHER = "0x0763fa09Cc7D60e734C670D327d11B3A8a3f7776"
VICTIM = "victim 0300 王女士"
OFFENCE = "Tech-support scam 假冒技術支援騙案"
GONE_TO = "Overseas Platform Ltd 海外平台"
LAPSE_SECONDS = 30.0
"""How long the demonstration waits at most for what lapses by itself after ten."""
HELD, GONE = "600000", "347883"


@dataclass
class Freeze:
    """What the chapter leaves behind for the next ones."""

    case: str
    lapsing: str
    """The hold that nobody confirmed."""
    words: list[str]
    """Of what was said; the hub must not know them."""


def facts() -> dict[str, Any]:
    """Returns the published case."""
    lines = (HERE / "data" / "freeze_case_facts.jsonl").read_text(encoding="utf-8").splitlines()
    found: dict[str, Any] = next(case for case in map(json.loads, lines) if case["id"] == "doj-ndoh-2024-947k")
    return found


def play(stage: Stage, sfc: Desk, exa: Desk, canary: str) -> Freeze:
    """Plays the hold, its confirmation and the holder's report."""
    amount = facts()["amount"]
    stage.heading("03:00. A victim is on the telephone. One officer of the SFC asks the exchange to hold: FLASH.")
    wrong = WALLET[:-1] + "E"
    said = ("--loss", f"{amount} USDT", "--victim", VICTIM, "--offence", f"{OFFENCE}. {canary}", "--to", exa.desk)
    now = (*said, "--transaction", "0x9f3c", "--amount", amount, "--holder", "Example Exchange", "--yes")
    stage.say(stage.refused(sfc, 0, "freeze", "now", wrong, *now, code=11))
    case = stage.data(sfc, 0, "freeze", "now", WALLET, *now, quiet=False)["sent"]["case"]
    lapsing = stage.data(sfc, 0, "freeze", "now", OTHER, *now, quiet=False)["sent"]["case"]
    stage.heading("It lapses by itself unless a second person confirms in time. One is confirmed, one is not.")
    stage.comity(sfc, 1, "freeze", "confirm", case, "--yes")
    _show_board(stage, sfc)

    stage.heading("The exchange's duty officer reads it, accepts, and reports: part is held, the rest has gone on.")
    inbox = stage.data(exa, 0, "freeze", "inbox", quiet=False)["inbox"]
    stage.data(exa, 0, "freeze", "show", next(item["message"] for item in inbox if item["case"] == case))
    contact = ("--name", "Ms HO 何小姐", "--telephone", exa.telephone)
    stage.comity(exa, 0, "freeze", "ack", case, "--reference", "EXA-77", *contact, "--expected", "2028-12-31", "--yes")
    stage.comity(exa, 0, "freeze", "accept", case, "--owner", "Compliance", "--decided-by", "Ms HO", "--yes")
    wrong_line = f"1:held={HELD},gone=400000"
    stage.say(stage.refused(exa, 0, "freeze", "report", case, "--line", wrong_line, "--yes"))
    line = f"1:held={HELD},gone={GONE},next_hop=eip155:1:{FURTHER},next_holder={GONE_TO}"
    stage.comity(exa, 0, "freeze", "report", case, "--line", line, "--yes")
    stage.say(stage.comity(sfc, 0, "freeze", "ledger", case))
    return Freeze(case, lapsing, [VICTIM, OFFENCE, GONE_TO, WALLET[2:], FURTHER[2:], HELD, "RN 2026/9"])


def _show_board(stage: Stage, d: Desk) -> None:
    stage.say(stage.comity(d, 0, "board", "--family", "freeze"))


def end(stage: Stage, sfc: Desk, exa: Desk, stranger: Desk, held: Freeze) -> None:
    """Plays the conversion, the forged release and the true one."""
    stage.heading("The hold becomes a restriction notice, without a gap. Two people sign; it binds the exchange.")
    notice = ("--instrument", "restriction-notice", "--number", "RN 2026/9", "--legal-text", "SFO s.204")
    whose = ("--authority", "Securities and Futures Commission", "--end", "90d")
    seconded(stage, sfc, "freeze", "convert", held.case, *notice, *whose)
    stage.comity(exa, 0, "freeze", "inbox")
    _show_board(stage, exa)

    stage.heading("Somebody wants the money released: a stranger, and a caller whom one officer believes. Refused.")
    forged = ("--ground", "mistake", "--spoken-to", "Somebody")
    stage.say(stage.refused(stranger, 0, "freeze", "release", held.case, *forged, code=4))
    stage.say(stage.refused(exa, 0, "freeze", "release", held.case, *forged))

    stage.heading("The case has ended: two people of the SFC ask, two of the exchange release, each side after a call.")
    seconded(stage, sfc, "freeze", "ask-release", held.case, "--ground", "return-to-victim", "--spoken-to", "Ms HO")
    stage.comity(exa, 0, "freeze", "inbox")
    ground = ("--ground", "return-to-victim", "--spoken-to", "陳國強 CHAN Kwok-keung")
    release = stage.data(exa, 0, "freeze", "release", held.case, *ground, quiet=False)["draft"]["id"]
    stage.say(stage.refused(exa, 0, "freeze", "approve", release, "--yes"))
    stage.comity(exa, 1, "freeze", "approve", release, "--send", "--yes")
    told = stage.data(sfc, 0, "case", "timeline", held.case, quiet=False)
    if told["legs"][0]["state"] != "RELEASED":
        raise DemoError("what was held is not released")
    if "REPLIED" not in {leg["state"] for leg in told["legs"][1:]}:
        raise DemoError("the story does not lead on to the request that was linked with it")
    proven = sum(event["proof"] for event in told["events"])
    stage.say(f"the story of {len(told['legs'])} linked cases: {len(told['events'])} events, {proven} of them proven")


def lapsed(stage: Stage, sfc: Desk, exa: Desk, held: Freeze) -> None:
    """Shows what became of the hold that nobody confirmed."""
    stage.heading("The hold that nobody confirmed has lapsed by itself, on both sides; the log says so.")
    for d in (sfc, exa):
        event = _lapsed(stage, d, held.lapsing)
        stage.say(
            f"{d.agency}: {event['kind']}, leaf {event['log_index']}, {'proven' if event['proof'] else 'NOT PROVEN'}"
        )


def seconded(stage: Stage, d: Desk, *arguments: object) -> Any:
    """One person drafts, a second approves and sends. Returns what was sent."""
    draft = stage.data(d, 0, *arguments, quiet=False)["draft"]["id"]
    return stage.data(d, 1, "referral", "approve", draft, "--send", "--yes", quiet=False)["sent"]


def _lapsed(stage: Stage, d: Desk, case: str) -> Any:
    """Waits until the log has said that a case lapsed, and returns that event."""
    until = time.monotonic() + LAPSE_SECONDS
    while True:
        events = stage.data(d, 0, "case", "timeline", case)["events"]
        found = [event for event in events if event["kind"] == "LAPSED" and not event["own_clock"]]
        if found:
            return found[0]
        if time.monotonic() > until:
            raise DemoError("a hold that nobody confirmed has not lapsed")
        time.sleep(0.1)
