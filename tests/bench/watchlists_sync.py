"""Part `sync`: a subscriber's first sync of a large list to a store that is ready for screening; beside it the floor,
and a TAXII 2.1 collection of the same entries.

Real processes: `comity-sync` at the owner, `comity-hub`, `comity-sync` at the subscriber, TLS on, relays between them
that count bytes. The clock runs from the moment the SUBSCRIBE of a person at the subscriber's desk is sent until its
screening store holds every record, verified and visible. How the list came to be large is not in it.

The floor (`watchlists_floor.py`) runs before and after it. Memory is the greatest resident set while the sync ran; what
opening the key file took before (256 MiB, on purpose) is a figure of its own.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from agents.sync.screening.reading import ScreeningReader, ScreeningStoreError
from agents.sync.screening.screening import Query, Screener
from tests.bench.figures import Number
from tests.bench.processes import Process
from tests.bench.setting import MEGABYTE, Setting, Size
from tests.bench.watchlists_office import PASSPHRASE, Office
from tests.bench.watchlists_offices import Town, town
from tests.bench.watchlists_rows import rows_file
from tests.bench.watchlists_taxii import rate_of_taxii
from tests.bench.watchlists_wallets import account

WAIT_SECONDS: Final = 600.0
_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class _Synced:
    seconds: float
    peaks: dict[str, int]
    """Greatest resident set while it ran, bytes, by part."""
    cpu: dict[str, float]
    """Seconds of processor time while it ran, by part."""
    start_peak: int
    """The agent's before, bytes."""
    sent: int
    """Bytes from the owner to the hub."""
    received: int
    """Bytes from the hub to the agent."""
    store: int
    """Bytes of the screening store."""
    index_seconds: float


def needs(_: Size) -> int:
    """Returns how many envelopes it takes."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures."""
    count = setting.size.wallets
    rows = rows_file(setting, count)
    floors = [_floor(setting, rows)]
    synced = _sync(setting, rows)
    floors += [_floor(setting, rows) for _ in range(setting.size.rounds > 1)]
    floor = sum(one["seconds"] for one in floors) / len(floors)
    ratio = synced.seconds / floor
    setting.say(f"first sync of {count:,}: {synced.seconds:.1f} s, {ratio:.1f} times the floor of {floor:.1f} s")
    theirs = rate_of_taxii(setting)
    ours = count / synced.seconds
    peaks = {name: peak / MEGABYTE for name, peak in synced.peaks.items()}
    return [
        Number("sync_1m_s", synced.seconds, f"first sync of {count:,} entries, s"),
        Number("sync_1m_floor_s", floor, "the same rows by a bare socket into SQLite, s"),
        Number("sync_1m_vs_floor", ratio, "first sync, times that floor"),
        Number("sync_1m_agent_peak_mb", peaks["agent"], "first sync, greatest memory of the agent, MB"),
        Number("sync_1m_owner_peak_mb", peaks["owner"], "first sync, greatest memory of the owner, MB"),
        Number("sync_1m_hub_peak_mb", peaks["hub"], "first sync, greatest memory of the hub, MB"),
        Number("sync_1m_agent_unlocking_mb", synced.start_peak / MEGABYTE, "the agent as it opens its key file, MB"),
        *(
            Number(f"sync_1m_{name}_cpu_s", used, f"first sync, CPU of the {name}, s")
            for name, used in synced.cpu.items()
        ),
        Number("sync_1m_sent_mb", synced.sent / MEGABYTE, "first sync, owner to hub, MB"),
        Number("sync_1m_received_mb", synced.received / MEGABYTE, "first sync, hub to agent, MB"),
        Number("sync_1m_record_mb", floors[0]["record_bytes"] / MEGABYTE, "its records, plain, MB"),
        Number("sync_1m_store_mb", synced.store / MEGABYTE, "its screening store, MB"),
        Number("sync_1m_index_s", synced.index_seconds, "its keys into a screener's memory, s"),
        Number("sync_objects_per_s", ours, "first sync, entries/s"),
        *theirs,
        Number("sync_vs_taxii", ours / theirs[0].value, "first sync, times the TAXII pair by entries/s"),
    ]


def _floor(setting: Setting, rows: Path) -> dict[str, Any]:
    """Runs the floor once."""
    folder = setting.folder / "floor"
    folder.mkdir()
    log = setting.folder / "floor.log"
    with Process("tests.bench.watchlists_floor", "send", str(rows), log=log) as sender:
        port, store = sender.line(), str(folder / "floor.db")
        with Process("tests.bench.watchlists_floor", "receive", port, store, log=log) as receiver:
            found = receiver.hear()
    shutil.rmtree(folder)
    if found["count"] != setting.size.wallets:
        raise RuntimeError("the floor moved another number of rows")
    return found


def _sync(setting: Setting, rows: Path) -> _Synced:
    """Has one subscriber take the whole list."""
    with ExitStack() as stack:
        here = stack.enter_context(town(setting, "sync", 1))
        subscriber = here.subscribers[0]
        with _child(setting, "owner", here.owner) as owner:
            listed = owner.ask({"do": "create"})["list"]
            grown = owner.ask({"do": "grow", "rows": str(rows)})
            owner.ask({"do": "offer", "desks": [subscriber.desk]})
        relays = {name: stack.enter_context(_relay(setting, here, name)) for name in ("owner", "agent")}
        for name, office in (("owner", here.owner), ("agent", subscriber)):
            here.connect(office, relays[name].line())
        person = stack.enter_context(_child(setting, "person", subscriber))
        person.line()
        programs = {
            "owner": stack.enter_context(_program(setting, "owner", here.owner)),
            "agent": stack.enter_context(_program(setting, "agent", subscriber)),
            "hub": here.hub.process,
        }
        store = Path(subscriber.path) / "screening.db"
        _await(lambda: _count(store, listed) is not None)
        start_peak = programs["agent"].peak_bytes()
        for program in programs.values():
            program.forget_peak()
        passed = {name: relay.ask({}) for name, relay in relays.items()}
        before = {name: program.cpu_seconds() for name, program in programs.items()}
        began = person.ask({"list": listed})["began"]
        _await(lambda: _count(store, listed) == grown["live"])
        seconds = time.monotonic() - began
        peaks = {name: program.peak_bytes() for name, program in programs.items()}
        now = {name: relay.ask({}) for name, relay in relays.items()}
        return _Synced(
            seconds,
            peaks,
            {name: program.cpu_seconds() - before[name] for name, program in programs.items()},
            start_peak,
            now["owner"]["up"] - passed["owner"]["up"],
            now["agent"]["down"] - passed["agent"]["down"],
            sum(path.stat().st_size for path in store.parent.glob("screening.db*")),
            _index_seconds(store),
        )


def _child(setting: Setting, name: str, office: Office) -> Process:
    module = f"tests.bench.watchlists_{name}"
    return Process(module, json.dumps(asdict(office)), log=setting.folder / f"sync-{name}-child.log")


def _relay(setting: Setting, here: Town, name: str) -> Process:
    return Process("tests.bench.watchlists_relay", here.hub.address, log=setting.folder / f"sync-{name}-relay.log")


def _program(setting: Setting, name: str, office: Office) -> Process:
    """Starts `comity-sync run` at a desk, as systemd would; returns once it has begun."""
    office.make_dear()
    folder = setting.folder / f"sync-{name}"
    folder.mkdir()
    config, ready = folder / "sync.toml", folder / "ready"
    (folder / "comity-sync-passphrase").write_bytes(PASSPHRASE)
    settings = f'home = {json.dumps(office.path)}\nmember = "{office.member}"\n[observe]\nlisten = "127.0.0.1:0"\n'
    config.write_text(settings, encoding="utf-8")
    arguments = ("run", "--config", str(config), "--ready-file", str(ready))
    variables = {"CREDENTIALS_DIRECTORY": str(folder)}
    process = Process("agents.sync", *arguments, log=setting.folder / f"sync-{name}.log", variables=variables)
    _await(ready.exists)
    return process


def _await(what: Any) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("a first sync does not come to its end")
        time.sleep(_POLL_SECONDS)


def _count(store: Path, list_id: str) -> int | None:
    """Returns how many records are visible of a list, 0 while it is only offered; None where it is not known."""
    try:
        with closing(ScreeningReader.open(store)) as reader:
            found = [one for one in reader.lists() if one.key.list_id.hex() == list_id]
    except ScreeningStoreError:
        return None
    return found[0].count if found else None


def _index_seconds(store: Path) -> float:
    """Returns how long a screener takes to begin on the store, and sees that it finds what is listed."""
    with closing(ScreeningReader.open(store)) as reader:
        began = time.perf_counter()
        screener = Screener(reader)
        seconds = time.perf_counter() - began
        answers = screener.screen([Query(account(0)), Query(account(1 << 40))]).results
    if [one.verdict.value for one in answers] != ["HIT", "CLEAR"]:
        raise RuntimeError("the synced store does not screen")
    return seconds
