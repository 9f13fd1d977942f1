"""The hub's ceremony, and five agencies that join, compare fingerprints and sign agreements.

Each agency and each operator has a process of its own, so what does not wait for another is done at the same time: the
agencies make their roots and apply while the operators begin the hub.

Never does: anything that a person could not do with the same commands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from stage import HERE, DemoError, Desk, Stage

OPERATORS = ("op-1", "op-2", "op-3")
PROFILE = HERE / "data" / "demo-1.json"
"""The deadline profile of the agreements on freezes and assistance: a provisional hold lapses after ten seconds."""


def begin_agencies(stage: Stage, desks: list[Desk], with_second: Sequence[Desk]) -> None:
    """Every agency makes its root and its application, some a second person's keys, each in its own process."""
    for d in desks:
        for arguments, passphrases in _alone(stage, d, second=d in with_second):
            stage.begin(d.agency, "comity", *arguments, passphrases=passphrases, quiet=True)


def _alone(stage: Stage, d: Desk, *, second: bool) -> list[tuple[tuple[object, ...], int]]:
    """Returns what an agency does before there is a hub: commands, and how many passphrases each asks for."""
    root, home = stage.folder / f"{d.agency}.root", ("--json", "--home", d.home)
    commands: list[tuple[tuple[object, ...], int]] = [
        ((*home, "agency", "init", d.desk, "--root", root), 2),
        (
            (
                *(*home, "agency", "apply", "--root", root, "--out", stage.folder / f"{d.agency}.join"),
                *("--hub", "hub.example/directory", "--name-en", d.name_en, "--name-zh", d.name_zh),
                *("--jurisdiction", d.jurisdiction, "--telephone", d.telephone, "--kind", d.kind),
            ),
            2,
        ),
    ]
    if second:
        commands.append(((*home, "member", "request", "--out", _request(stage, d)), 1))
    return commands


def _request(stage: Stage, d: Desk) -> Path:
    return stage.folder / f"{d.agency}-second.request"


def found_hub(stage: Stage) -> str:
    """Three operators begin the hub. Returns the genesis fingerprint they read out."""
    stage.heading("Three operators begin the hub; any two of them act later, none alone.")
    home, keys = stage.folder / "hub", stage.folder / "operators"
    for name in OPERATORS:
        stage.begin(name, "comity-hub", "operator", "keygen", "--name", name, "--out", keys, passphrases=1)
    for name in OPERATORS:
        stage.finish(name)
    publics = [part for name in OPERATORS for part in ("--operator", keys / f"{name}.pub")]
    stage.run("hub", "comity-hub", "init", "--home", home, "--origin", "hub.example", *publics, passphrases=1)
    (home / "profiles").mkdir(exist_ok=True)
    (home / "profiles" / PROFILE.name).write_bytes(PROFILE.read_bytes())
    draft = home / "genesis.statement"
    for name in OPERATORS:
        stage.run(name, "comity-hub", "operator", "sign", draft, "--key", keys / f"{name}.key", "--yes", passphrases=1)
    out = stage.run("hub", "comity-hub", "init", "--home", home, "--finish", draft, passphrases=1)
    for name in OPERATORS:
        certificate = home / "operators" / f"{name}.crt"
        (keys / f"{name}.crt").write_bytes(certificate.read_bytes())
    found = re.search(r"(?:\d{5} ){11}\d{5}", out)
    if found is None:
        raise DemoError("the ceremony did not show a fingerprint")
    stage.say(f"genesis fingerprint: {found.group()}")
    stage.start_hub(home)
    return found.group()


def join_all(stage: Stage, desks: list[Desk], with_second: Sequence[Desk], genesis: str) -> None:
    """Every agency, which has made its root offline and applied by file, is admitted by two operators, and joins."""
    stage.heading("Five agencies have made their roots and applied by file; two operators admit them, and they join.")
    for d in desks:
        for arguments, _ in _alone(stage, d, second=d in with_second):
            stage.show("comity", *arguments)
        d.members.append(json.loads(stage.finish(d.agency))["member"])
        d.fingerprint = json.loads(stage.finish(d.agency))["fingerprint"]
        if d in with_second:
            d.members.append(json.loads(stage.finish(d.agency))["member"])
        (d.home / "profiles").mkdir(exist_ok=True)
        (d.home / "profiles" / PROFILE.name).write_bytes(PROFILE.read_bytes())
    keys, endpoint = stage.folder / "operators", f"127.0.0.1:{stage.port}"
    for d in desks:
        stage.begin("op-1", "comity-hub", *_admit(stage, d), keys / "op-1.key", passphrases=1)
    for d in desks:
        stage.finish("op-1")
        stage.begin("op-2", "comity-hub", *_admit(stage, d), keys / "op-2.key", "--hub", endpoint, passphrases=1)
    for d in desks:
        stage.finish("op-2")
        answer, home = stage.folder / f"{d.agency}.join.answer", ("--home", d.home, "--as", d.members[0])
        stage.begin(
            d.agency, "comity", *home, "agency", "join", answer, "--endpoint", endpoint, "--fingerprint", genesis
        )
        stage.begin(d.agency, "comity", *home, "unlock", passphrases=1)
    for d in desks:
        stage.finish(d.agency)
        stage.finish(d.agency)


def _admit(stage: Stage, d: Desk) -> tuple[object, ...]:
    return "operator", "admit", stage.folder / f"{d.agency}.join", "--yes", "--key"


def add_second_people(stage: Stage, desks: Sequence[Desk]) -> None:
    """Each desk's admin certifies a second member, who alone can second the first one's drafts."""
    names = ", ".join(d.agency.upper() for d in desks)
    stage.heading(f"{names} each certify a second person: nobody seconds oneself.")
    roles = ("--role", "analyst", "--role", "approver", "--role", "supervisor")
    for d in desks:
        home = ("--home", d.home, "--as")
        stage.begin(d.agency, "comity", *home, d.members[0], "member", "certify", _request(stage, d), *roles)
        stage.begin(d.agency, "comity", *home, d.members[1], "unlock", passphrases=1)
    for d in desks:
        stage.finish(d.agency)
        stage.finish(d.agency)


def pin_each_other(stage: Stage, pairs: Sequence[tuple[Desk, Desk]]) -> None:
    """Officers compare fingerprints by telephone; only then is anything sent or believed."""
    stage.heading(
        "Officers read out their 60 digits to one another; nothing is sent to, or believed from, anyone else."
    )
    begun = []
    for a, b in pairs:
        for own, other in ((a, b), (b, a)):
            home = ("--home", own.home, "--as", own.members[0])
            pinned = ("agency", "pin", other.agency, "--fingerprint", other.fingerprint)
            stage.begin(own.agency, "comity", *home, *pinned)
            begun.append(own.agency)
    for agency in begun:
        stage.finish(agency)


def agree(stage: Stage, a: Desk, b: Desk, families: Sequence[str], profile: Path | None = None) -> None:
    """Two agencies sign one agreement; a holder of assets is asked, and asks nobody."""
    stage.heading(f"{a.agency.upper()} and {b.agency.upper()} sign an agreement: {', '.join(families)}.")
    file = stage.folder / f"{a.agency}-{b.agency}.agreement"
    basis = "Memorandum of understanding, clause 4 諒解備忘錄第四條"
    covers = [part for family in families for part in ("--family", family)]
    if profile is not None:
        covers += ["--profile", str(profile)]
    if b.kind == "holder":
        covers += ["--direction", "ours"]
    stage.comity(
        a,
        0,
        *("agreement", "propose", b.agency, "--legal-basis", basis, "--until", "2028-12-31", "--out", file),
        *covers,
    )
    stage.comity(b, 0, "agreement", "accept", file, "--yes")
