"""The hub's ceremony, and four agencies that join, compare fingerprints and sign an agreement.

Never does: anything that a person could not do with the same commands.
"""

from __future__ import annotations

import json
import re

from stage import DemoError, Desk, Stage

OPERATORS = ("op-1", "op-2", "op-3")


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


def join_all(stage: Stage, desks: list[Desk], genesis: str) -> None:
    """Every agency makes its root offline, applies by file, is admitted by two operators, and joins."""
    stage.heading("Four agencies make their roots, apply by file, are admitted by two operators, and join.")
    keys, endpoint = stage.folder / "operators", f"127.0.0.1:{stage.port}"
    for d in desks:
        root = stage.folder / f"{d.agency}.root"
        stage.begin(
            d.agency,
            "comity",
            *("--json", "--home", d.home, "agency", "init", d.desk, "--root", root, "--endpoint", endpoint),
            passphrases=2,
        )
    for d in desks:
        d.members.append(json.loads(stage.finish(d.agency))["member"])
    for d in desks:
        stage.begin(
            d.agency,
            "comity",
            *("--json", "--home", d.home, "agency", "apply", "--root", stage.folder / f"{d.agency}.root"),
            *("--out", stage.folder / f"{d.agency}.join", "--hub", "hub.example/directory"),
            *("--name-en", d.name_en, "--name-zh", d.name_zh, "--jurisdiction", d.jurisdiction),
            *("--telephone", d.telephone),
            passphrases=2,
        )
    for d in desks:
        d.fingerprint = json.loads(stage.finish(d.agency))["fingerprint"]
    for d in desks:
        file = stage.folder / f"{d.agency}.join"
        sign = ("operator", "admit", file, "--yes", "--key")
        stage.run("op-1", "comity-hub", *sign, keys / "op-1.key", passphrases=1)
        stage.run("op-2", "comity-hub", *sign, keys / "op-2.key", "--hub", endpoint, passphrases=1)
    for d in desks:
        answer = stage.folder / f"{d.agency}.join.answer"
        stage.begin(d.agency, "comity", *("--home", d.home, "agency", "join", answer, "--fingerprint", genesis))
    for d in desks:
        stage.finish(d.agency)
    unlock(stage, desks, 0)


def unlock(stage: Stage, desks: list[Desk], member: int) -> None:
    """One member of each desk types the passphrase once."""
    for d in desks:
        stage.begin(d.agency, "comity", "--home", d.home, "--as", d.members[member], "unlock", passphrases=1)
    for d in desks:
        stage.finish(d.agency)


def add_second_person(stage: Stage, d: Desk) -> None:
    """The desk's admin certifies a second member, who alone can second the first one's drafts."""
    stage.heading(f"{d.agency.upper()} certifies a second person: nobody seconds oneself.")
    request = stage.folder / f"{d.agency}-second.request"
    out = stage.run(
        d.agency, "comity", "--json", "--home", d.home, "member", "request", "--out", request, passphrases=1
    )
    second = json.loads(out)["member"]
    stage.comity(d, 0, "member", "certify", request, "--role", "analyst", "--role", "approver")
    d.members.append(second)
    unlock(stage, [d], 1)


def pin_each_other(stage: Stage, pairs: list[tuple[Desk, Desk]]) -> None:
    """Officers compare fingerprints by telephone; only then is anything sent or believed."""
    stage.heading(
        "Officers read out their 60 digits to one another; nothing is sent to, or believed from, anyone else."
    )
    for a, b in pairs:
        for own, other in ((a, b), (b, a)):
            stage.comity(own, 0, "agency", "pin", other.agency, "--fingerprint", other.fingerprint)


def agree(stage: Stage, a: Desk, b: Desk) -> None:
    """Two agencies sign one agreement."""
    stage.heading(f"{a.agency.upper()} and {b.agency.upper()} sign an agreement for referrals and watchlists.")
    file = stage.folder / f"{a.agency}-{b.agency}.agreement"
    basis = "Memorandum of understanding, clause 4 諒解備忘錄第四條"
    covers = ("--family", "referral", "--family", "watchlist")
    stage.comity(
        a,
        0,
        *("agreement", "propose", b.agency, "--legal-basis", basis, "--until", "2028-12-31", "--out", file),
        *covers,
    )
    stage.comity(b, 0, "agreement", "accept", file, "--yes")
