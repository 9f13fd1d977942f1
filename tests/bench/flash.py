"""Part `flash`: from the second signature under a FLASH request to the line on the recipient's screen.

Real homes at both ends: the approver signs and sends with the SDK, the other desk follows its feed as `comity watch`
does, which verifies, opens, stores and acknowledges before it shows. Meanwhile the same hub takes fifty referrals a
second to two other desks, and a thousand readers of further desks are connected, each by a connection of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final

from comity.keys import Use, kid
from comity.tls import certificate_to_pem
from comity.workflow.terms import Family

from agents.client import now_ms
from agents.home import Home
from agents.joining import genesis_ca
from agents.keyring import MemberKeyring
from agents.store import Store
from agents.transport import load_identity
from agents.trust import Trust
from tests.bench.figures import Number, percentile
from tests.bench.processes import Process
from tests.bench.sealing import Plan, one_by_one, seal_many
from tests.bench.setting import Setting, Size, child
from tests.bench.watchlists_office import CHEAP, PASSPHRASE, Office
from tests.bench.watchlists_offices import Town, town
from tests.bench.wire import write_calls

RATE: Final = 10
"""FLASH messages a second."""
OTHERS: Final = 50
"""Other messages a second."""
DESKS: Final = 10
"""That the readers read."""
MARGIN_SECONDS: Final = 3
"""Other traffic before the first and after the last."""
PATIENCE: Final = 60.0


def needs(_: Size) -> int:
    """Returns how many envelopes it takes: its own are of its own desks."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures; the hub's database is SQLite."""
    with ExitStack() as stack:
        found = stack.enter_context(town(setting, "flash", 3 + DESKS, (Family.REFERRAL, Family.FREEZE)))
        folder = setting.folder / "flash"
        to, *others = found.subscribers
        others, idle = others[:2], others[2:]
        names = [_write_identity(folder, office) for office in (found.owner, *idle)]
        waiting = stack.enter_context(child(folder, "reading", "readers"))
        officers = stack.enter_context(_office(folder, "officers", found.owner))
        officers.ask({"do": "prepare", "to": to.desk, "count": setting.size.flash})
        screen = stack.enter_context(_office(folder, "screen", to))
        screen.hear()
        traffic = stack.enter_context(_office(folder, "others", folder))
        calls = _other_messages(folder, found, others, setting.size.flash)
        order = {"do": "hold", "address": found.hub.address, "clients": names[1:]}
        waiting.ask(order | {"readers": setting.size.readers, "start": 0})
        traffic.ask({"address": found.hub.address, "client": names[0], "file": str(calls), "rate": OTHERS})
        began = officers.ask({"do": "send", "rate": RATE})["began"]
        shown = screen.ask({"count": len(began), "seconds": PATIENCE})["shown"]
        sent = traffic.hear()
        if sent["seconds"] > 1.5 * sent["sent"] / OTHERS:
            raise RuntimeError("the other messages did not go at their rate")
    delays = sorted(1000 * (shown[message] - moment) for message, moment in began.items())
    words = f"{OTHERS} others/s, {setting.size.readers:,} readers"
    p50, p99 = percentile(delays, 50), percentile(delays, 99)
    setting.say(f"FLASH to the screen, {words}: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    return [
        Number("flash_p50_ms", p50, f"FLASH to the screen, {words}, p50 ms"),
        Number("flash_p99_ms", p99, f"FLASH to the screen, {words}, p99 ms"),
    ]


def _office(folder: Path, who: str, what: Office | Path) -> Process:
    said = json.dumps(asdict(what)) if isinstance(what, Office) else str(what)
    return Process("tests.bench.flash_office", who, said, log=folder / f"{who}.log")


def _write_identity(folder: Path, office: Office) -> str:
    """Writes a desk's TLS key and certificate for a process that has no home. Returns their name."""
    home, name = Home.load(office.path), office.desk.partition("/")[0]
    keys = office.keys()
    identity = load_identity(home, keys, now_ms())
    keys.close()
    (folder / f"{name}.key").write_bytes(identity.key.to_pem())
    (folder / f"{name}.pem").write_bytes(identity.certificate_pem)
    store = Store.open(home.store_path)
    (folder / "ca.pem").write_bytes(certificate_to_pem(genesis_ca(store)))
    store.close()
    return name


def _other_messages(folder: Path, found: Town, to: Sequence[Office], flash: int) -> Path:
    """Seals the other traffic, to two other desks, by the keys of the same two people. Returns the file of its calls.

    The officers have refreshed: their home has the directory.
    """
    home = Home.load(found.owner.path)
    store = Store.open(home.store_path)
    try:
        trust = Trust(home, store, now_ms)
        view = trust.view()
        author, approver = (
            MemberKeyring.load(home, member, PASSPHRASE, CHEAP).sign
            for member in (found.owner.member, found.owner.approver)
        )
        keys = [view.desk_keys(desk)[0] for desk in sorted((home.desk, *(office.desk for office in to)))]
        plan = Plan(
            origin=trust.exchange_origin,
            sender=home.desk,
            recipients=tuple((key.desk, key.kid, key.key) for key in keys),
            author=kid(found.owner.member, Use.SIGN, author.public),
            approver=kid(found.owner.approver, Use.SIGN, approver.public),
            author_seed=author.seed,
            approver_seed=approver.seed,
            directory_size=trust.directory_size,
            directory_root=view.root,
        )
    finally:
        store.close()
    file = folder / "others.calls"
    write_calls(file, one_by_one(seal_many(plan, int(OTHERS * (flash / RATE + 2 * MARGIN_SECONDS)))))
    return file
