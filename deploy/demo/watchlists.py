"""The chapter on watchlists: the real OFAC list with its real history, followed by two agencies' unattended agents.

The list and its changes are published ones, see data/README.md; deposits, references and the mistaken entry are
invented. Nothing here says that the SFC runs such a list.

Never does: speak to the hub but through the agencies' own programs.
"""

from __future__ import annotations

import json
import signal
import time
from typing import Any

from followers import Agent
from stage import HERE, DemoError, Desk, Stage

EVENTS = HERE / "data" / "ofac_list_events.jsonl"
DEPOSITS = HERE / "data" / "deposits.csv"
TITLE = "OFAC digital currency addresses 制裁錢包"
LISTED = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96"  # on the list since before it was kept in public
TAKEN_OFF = "0x8589427373D6D84E98730D7795D8f6f8731FDA16"  # of those that came off on 21 March 2025
MISTAKEN = "0x5a52E96BAcdaBb82fd05763E25335261B270Efcb"  # an exchange's reserve wallet, listed here by mistake
HIT = 10


def play(stage: Stage, sfc: Desk, hkma: Desk, hkpf: Desk) -> list[str]:
    """Plays the chapter. Returns words of it that the hub must not know."""
    agents = [Agent(stage, desk) for desk in (sfc, hkma, hkpf)]
    try:
        for agent in agents:
            agent.begin()
        name = _make(stage, sfc)
        _follow(stage, sfc, name, agents)
        _history(stage, sfc, name, agents)
        _mistake_and_deposits(stage, sfc, hkma, name, agents)
        _retract(stage, sfc, hkma, hkpf, name, agents)
        _hand_on(stage, hkma, name)
    finally:
        for agent in agents:
            agent.end()
    return [TITLE, LISTED[2:], MISTAKEN[2:], "Sanctions screening 制裁篩查", "A service wallet of an exchange"]


def _make(stage: Stage, sfc: Desk) -> str:
    stage.heading("The SFC makes a watchlist of the OFAC list as it stood on 20 March 2025. A second person signs it.")
    made = stage.data(
        sfc,
        0,
        *("watchlist", "create", "--title", TITLE, "--purpose", "Sanctions screening 制裁篩查"),
        *("--legal-gateway", "UNSO (Cap. 537)", "--contact", "陳國強 CHAN Kwok-keung"),
        *("--telephone", "+85222311222", "--action", "hold-and-call", "--heartbeat", "1"),
        quiet=False,
    )
    name = str(made["list"]["list"])[:6]
    _bring_to(stage, sfc, name, "2025-03-20", seconded=True)
    return name


def _bring_to(stage: Stage, sfc: Desk, name: str, day: str, *, seconded: bool) -> int:
    """Imports the events up to a day and publishes what they change; returns the sequence."""
    options = ("--as-of", day, "--days", "1825", "--confidence", "official:100")
    read = stage.data(sfc, 0, "watchlist", "import", name, EVENTS, *options, quiet=False)
    change, rows = read["changes"], read["import"]
    refused = ", ".join(f"{count} {code}" for code, count in rows["refused"].items())
    stage.say(f"{rows['rows']} rows, refused: {refused}; {change['added']} added, {change['removed']} removed")
    out = stage.data(sfc, 0, "watchlist", "publish", name, "--import", rows["id"], "--yes", quiet=False)
    if seconded:
        if out["sent"] is not None:
            raise DemoError("one person alone published hundreds of entries")
        out = stage.data(sfc, 1, "watchlist", "approve", out["publication"]["id"], "--yes", quiet=False)
    stage.say(f"published: sequence {out['list']['sequence']}, {out['list']['entries']} entries")
    return int(out["list"]["sequence"])


def _follow(stage: Stage, sfc: Desk, name: str, agents: list[Agent]) -> None:
    stage.heading("HKMA and the police are offered it. A person there subscribes once; unattended agents do the rest.")
    for agent in agents:
        agent.ready()
    followers = agents[1:]
    for agent in followers:
        stage.comity(sfc, 0, "watchlist", "offer", name, "--to", agent.desk.desk, "--yes")
    for agent in followers:
        desk = agent.desk
        inbox = stage.data(desk, 0, "referral", "inbox")["inbox"]
        case = next(item["case"] for item in inbox if item["verb"] == "OFFER")
        contact = ("--contact", "Duty officer 值日官", "--telephone", desk.telephone)
        stage.comity(desk, 0, "watchlist", "subscribe", case, *contact, "--yes")
    for agent in followers:
        found = agent.wait_for(1)
        stage.say(f"{agent.desk.agency}: {found['entries']} entries, sequence {found['sequence']}, verified")


def _history(stage: Stage, sfc: Desk, name: str, agents: list[Agent]) -> None:
    stage.heading("21 March 2025: 68 addresses come off at once. HKMA's agent is killed just before, with kill -9.")
    _, hkma, hkpf = agents
    hkma.end(signal.SIGKILL)
    sequence = _bring_to(stage, sfc, name, "2025-03-21", seconded=False)
    begun = time.monotonic()
    hkpf.wait_for(sequence)
    stage.say(f"police: has it {time.monotonic() - begun:.2f} s after that command has ended")
    hkma.begin()
    stage.say("… and everything since, up to 19 November 2025.")
    sequence = _bring_to(stage, sfc, name, "2025-11-19", seconded=False)
    hkma.ready()
    for agent in (hkma, hkpf):
        agent.wait_for(sequence)
    stage.say("The owner and both subscribers each write the list to a file with their own program:")
    files = [_export(stage, agent.desk, name, "csv") for agent in agents]
    if len({file.read_bytes() for file in files}) != 1:
        raise DemoError("the lists are not equal")
    stage.say(f"three files of {files[0].stat().st_size:,} bytes, equal to the last byte")


def _export(stage: Stage, desk: Desk, name: str, form: str) -> Any:
    out = stage.folder / f"{desk.agency}-list.{form}"
    stage.comity(desk, 0, "watchlist", "export", name, "--format", form, "--out", out)
    return out


def _screened(stage: Stage, desk: Desk, *, ends: int, quiet: bool = False) -> dict[str, dict[str, Any]]:
    """Screens the deposits and returns the answers by reference."""
    command = ("screen", "--file", DEPOSITS, "--reference-column", "reference", "--chain-column", "chain")
    stage.begin(desk.agency, "comity", "--home", desk.home, "--as", desk.members[0], "--json", *command, quiet=quiet)
    lines = [json.loads(line) for line in stage.finish(desk.agency, ends=ends).splitlines()]
    return {line["reference"]: line for line in lines if "reference" in line}


def _mistake_and_deposits(stage: Stage, sfc: Desk, hkma: Desk, name: str, agents: list[Agent]) -> None:
    stage.heading("An analyst adds a wallet by mistake: it is an exchange's, and serves many customers.")
    options = ("--giver", "sfc", "--category", "scam", "--confidence", "own-trace", "--level", "40", "--yes")
    out = stage.data(sfc, 0, "watchlist", "add", name, MISTAKEN, *options, quiet=False)
    for agent in agents[1:]:
        agent.wait_for(out["list"]["sequence"])
    stage.heading("HKMA screens a stream of deposits, in whatever spelling they come.")
    answers = _screened(stage, hkma, ends=HIT)
    for reference, answer in answers.items():
        said = "; ".join(f"{one['giver']}: {one['category']}, {one['action']}" for one in answer["assertions"])
        stage.say(f"{reference}  {answer['verdict']:<8}{answer['address'][:44]:<46}{said or answer['problem'] or ''}")
    verdicts = [answer["verdict"] for answer in answers.values()]
    expected = ["CLEAR", "HIT", "CLEAR", "HIT", "HIT", "CLEAR", "INVALID", "HIT", "CLEAR", "CLEAR"]
    if verdicts != expected:
        raise DemoError("the deposits were judged otherwise than they must be")
    stage.heading("A hit goes back to the SFC as a sighting.")
    seen = ("--kind", "seen-deposit", "--asset", "ETH", "--band", "10-100", "--reference", "D-0004", "--yes")
    stage.comity(hkma, 0, "watchlist", "sighting", name, LISTED, *seen)
    found = stage.data(sfc, 0, "watchlist", "sightings", name, quiet=False)["sightings"]
    if [(one["desk"], one["kind"]) for one in found] != [(hkma.desk, "SEEN_DEPOSIT")]:
        raise DemoError("the sighting did not reach the owner")
    stage.say(f"{found[0]['desk']}: {found[0]['kind']}, {found[0]['asset']} {found[0]['amount_band']}, {LISTED}")


def _retract(stage: Stage, sfc: Desk, hkma: Desk, hkpf: Desk, name: str, agents: list[Agent]) -> None:
    stage.heading("The police challenge the mistaken entry; the SFC retracts it, and it is gone everywhere.")
    why = ("--ground", "service-wallet", "--text", "A service wallet of an exchange. 交易所的服務錢包。", "--yes")
    stage.comity(hkpf, 0, "watchlist", "challenge", name, MISTAKEN, *why)
    found = stage.data(sfc, 0, "watchlist", "challenges", name, quiet=False)["challenges"]
    text = ("--text", "Agreed: it serves many customers.", "--yes")
    stage.comity(sfc, 0, "watchlist", "answer", found[0]["id"], "--result", "retracted", *text)
    sequence = stage.data(sfc, 0, "watchlist", "show", name)["list"]["sequence"]
    for agent in agents[1:]:
        agent.wait_for(sequence)
        answer = _screened(stage, agent.desk, ends=HIT, quiet=True)["D-0005"]
        if (answer["verdict"], answer["assertions"]) != ("CLEAR", []):
            raise DemoError("a retracted entry is still there")
        stage.say(f"{agent.desk.agency}: D-0005 is {answer['verdict']} now")


def _hand_on(stage: Stage, hkma: Desk, name: str) -> None:
    stage.heading("HKMA writes the list as STIX 2.1 for its own systems; its handling keeps it from going further.")
    file = _export(stage, hkma, name, "stix")
    indicators = [one for one in json.loads(file.read_text("utf-8"))["objects"] if one["type"] == "indicator"]
    stage.say(f"{len(indicators)} indicators, {file.stat().st_size:,} bytes")
    refused = ("watchlist", "export", name, "--format", "stix", "--to", "osr", "--out", stage.folder / "osr.stix")
    stage.begin(hkma.agency, "comity", "--home", hkma.home, "--as", hkma.members[0], *refused)
    stage.say(stage.finish(hkma.agency, fails=1).splitlines()[0])
