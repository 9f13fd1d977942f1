"""What is exported is what is held: lists that are followed, read at one moment, while their writer goes on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2 as wl
from comity.watchlists.entries import entry_id
from comity.watchlists.snapshots import StateRecord
from comity.watchlists.states import Standing

from agents.cli.exits import ExitCode
from agents.cli.main import run
from agents.client import now_ms
from agents.home import Home
from agents.sync.exporters.exporting import Format, export
from agents.sync.exporters.policy import Destination, Withheld
from agents.sync.exporters.sources import exportable
from agents.sync.screening.lists import ListKey, ListStatus, ListTerms
from agents.sync.screening.store import ScreeningStore
from tests.agents.owner.market import entry, market
from tests.agents.sync_export.lists import NOW, mixed, record, written

KEY = ListKey("sfc/enforcement", b"\x01" * 16)
HANDLING = pb.Handling(
    tlp=pb.TLP_AMBER,
    code=pb.HANDLING_CODE_H0,
    source_grade=pb.SOURCE_GRADE_A,
    information_grade=pb.INFORMATION_GRADE_1,
    permitted_action=pb.PERMITTED_ACTION_INTERNAL,
    evidential_use=pb.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
    onward=pb.ONWARD_ASK,
)


def home(folder: Path) -> Home:
    return Home.create(folder / "home", agency="hkma", desk="hkma/integrity")


def put(
    store: ScreeningStore, records: list[wl.WatchRecord], key: ListKey = KEY, handling: bytes | None = None
) -> None:
    """Puts a snapshot into a store as the sync agent does."""
    known = HANDLING.SerializeToString(deterministic=True) if handling is None else handling
    store.put_list(key, ListTerms("制裁 Sanctions", 1, known, b"\x02" * 16), ListStatus.SYNCING)
    generation = store.begin_snapshot(key)
    ordered = sorted(records, key=lambda one: entry_id(one.entry))
    store.add_records(
        generation,
        [StateRecord(entry_id(one.entry), one.SerializeToString(deterministic=True), one) for one in ordered],
    )
    standing = Standing(key.list_id, key.owner, 7, bytes(32), NOW, {})
    store.publish_generation(key, generation, standing, heard_at=NOW)


def test_a_followed_list_is_exported_as_it_was_at_one_moment(tmp_path: Path) -> None:
    place = home(tmp_path)
    store = ScreeningStore.open(place.path / "screening.db")
    put(store, mixed())

    with exportable(place) as held:
        put(store, [record(giver="came later")])
        text, report = written(tmp_path, Format.CSV, *held)

    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["entry_id"] for row in rows} == {entry_id(one.entry).hex() for one in mixed()}
    assert {(row["list_owner"], row["list_title"], row["sequence"]) for row in rows} == {
        ("sfc/enforcement", "制裁 Sanctions", "7")
    }
    assert not report.lists[0].head.is_behind
    store.close()


def test_a_list_whose_handling_is_not_known_stays_and_one_that_ended_is_not_offered(tmp_path: Path) -> None:
    place, ended = home(tmp_path), ListKey("osr/enforcement", b"\x03" * 16)
    store = ScreeningStore.open(place.path / "screening.db")
    put(store, [record()], handling=b"")
    put(store, [record()], ended)
    store.set_status(ended, ListStatus.REVOKED)
    store.close()

    with exportable(place) as held:
        assert [one.head.owner for one in held] == ["sfc"]
        assert held[0].head.handling.permitted_action.name == "NONE"


async def test_an_owned_list_is_exported_while_its_publisher_has_it_open(tmp_path: Path) -> None:
    async with market(tmp_path, 0) as (owner, _):
        await owner.publish(entry(1), entry(2, discreet=True))

        with exportable(owner.office.home) as held:
            await owner.publish(entry(3))
            report = export(held, Format.CSV, Destination("sfc"), tmp_path / "out.csv", now_ms=now_ms())

        (one,) = report.lists
        assert (one.head.list_id, one.head.sequence, one.written) == (owner.row.list_id, 1, 1)
        assert one.withheld == {Withheld.DISCREET: 1}
        rows = list(csv.DictReader(io.StringIO(report.path.read_text(), newline="")))
        assert [row["account"] for row in rows] == [entry(1).account]


@pytest.fixture
def watching(tmp_path: Path) -> Path:
    """A home that follows one list whose time is now."""
    place = home(tmp_path)
    store = ScreeningStore.open(place.path / "screening.db")
    put(store, [record(valid_until=NOW + 3650 * 86_400_000), record(giver="other", discreet=True)])
    store.set_status(KEY, ListStatus.LAGGING)
    store.close()
    return place.path


def test_the_command_writes_what_may_leave_and_counts_the_rest(
    watching: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    command = ["--home", str(watching), "watchlist", "export"]

    assert run([*command, "制裁 Sanctions", "--format", "stix", "--out", str(out), "--json"]) == ExitCode.OK

    told = json.loads(capsys.readouterr().out)
    assert told["bytes"] == out.stat().st_size
    assert told["lists"] == [
        {
            "list": KEY.list_id.hex(),
            "owner": KEY.owner,
            "title": "制裁 Sanctions",
            "sequence": 7,
            "lagging": True,
            "refused": None,
            "written": 1,
            "withheld": {"DISCREET": 1},
        }
    ]
    assert (
        run([*command, "--all", "--format", "csv", "--out", str(out), "--replace", "--lang", "zh-Hant"]) == ExitCode.OK
    )
    assert "略去 1 項：不得讓人察覺已被列入（DISCREET）" in capsys.readouterr().out
    assert out.read_text().startswith("account,")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--all", "--to", "osr"], ExitCode.REFUSED, "NOT_FOR_AGENCY"),
        (["--all", "010101"], ExitCode.USAGE, "--all"),
        ([], ExitCode.USAGE, "--all"),
        (["nothing"], ExitCode.NOT_FOUND, "nothing"),
        (["--all", "--to", "no/name"], ExitCode.USAGE, "name of an agency"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_no_file_is_there(
    watching: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    out = tmp_path / "out.csv"
    command = ["--home", str(watching), "watchlist", "export", "--format", "csv", "--out", str(out)]

    assert run([*command, *arguments]) == code

    assert says in capsys.readouterr().err
    assert not out.exists()


def test_a_file_that_is_there_is_not_replaced_unasked(watching: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    command = ["--home", str(watching), "watchlist", "export", "--all", "--format", "csv", "--out", str(out)]

    assert run(command) == ExitCode.USAGE
    assert out.read_text() == "mine"
