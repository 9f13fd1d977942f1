"""The handling decides what becomes a file: refused as a whole, left out by code, or written under its marks."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from comity.handling import HandlingCode, Onward, PermittedAction, Tlp
from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2 as wl

from agents.sync.exporters.exporting import Format, export
from agents.sync.exporters.policy import Destination, ExportRefusedError, Withheld
from agents.sync.exporters.rows import Listed
from tests.agents.sync_export.lists import NOW, OPEN, head, listed, record, written

LISTED = replace(OPEN, onward=Onward.LISTED, onward_agencies=frozenset({"osr"}))
NARROW = pb.Handling(
    tlp=pb.TLP_AMBER_STRICT,
    code=pb.HANDLING_CODE_H3,
    code_text="call before use",
    source_grade=pb.SOURCE_GRADE_A,
    information_grade=pb.INFORMATION_GRADE_1,
    permitted_action=pb.PERMITTED_ACTION_EXTERNAL_DIRECT,
    evidential_use=pb.EVIDENTIAL_USE_CERTIFIED,
    onward=pb.ONWARD_FREE,
)


def narrowed(**fields: object) -> pb.Handling:
    """Returns a handling of an entry that differs from the narrow one in some fields."""
    handling = pb.Handling()
    handling.CopyFrom(NARROW)
    for name, value in fields.items():
        setattr(handling, name, value)
    return handling


@pytest.mark.parametrize(
    ("handling", "to", "why"),
    [
        (replace(OPEN, tlp=Tlp.RED), "", Withheld.RED),
        (replace(OPEN, onward=Onward.FORBIDDEN), "", Withheld.NOT_ONWARD),
        (replace(OPEN, code=HandlingCode.H2), "", Withheld.NOT_ONWARD),
        (replace(OPEN, permitted_action=PermittedAction.NONE), "", Withheld.READ_ONLY),
        (replace(OPEN, retain_until=NOW), "", Withheld.RETENTION_OVER),
        (replace(OPEN, onward=Onward.ASK), "osr", Withheld.NOT_FOR_AGENCY),
        (replace(OPEN, tlp=Tlp.AMBER_STRICT), "osr", Withheld.NOT_FOR_AGENCY),
        (LISTED, "hkpf", Withheld.NOT_FOR_AGENCY),
    ],
)
@pytest.mark.parametrize("form", Format)
def test_a_list_that_may_not_leave_is_refused_and_nothing_is_written(
    tmp_path: Path, handling: object, to: str, why: Withheld, form: Format
) -> None:
    path = tmp_path / f"out.{form}"
    path.write_text("of yesterday")

    with pytest.raises(ExportRefusedError) as caught:
        written(tmp_path, form, listed([record()], head(handling)), to=to)

    assert caught.value.withheld == (why,)
    assert [found.read_text() for found in tmp_path.iterdir()] == ["of yesterday"]


@pytest.mark.parametrize(
    ("handling", "to"),
    [
        (OPEN, ""),
        (OPEN, "osr"),
        (LISTED, "osr"),
        (LISTED, ""),
        (replace(OPEN, onward=Onward.ASK), ""),
        (replace(OPEN, tlp=Tlp.AMBER_STRICT), ""),
        (replace(OPEN, retain_until=NOW + 1), ""),
    ],
)
def test_a_list_that_may_leave_does(tmp_path: Path, handling: object, to: str) -> None:
    _, report = written(tmp_path, Format.CSV, listed([record()], head(handling)), to=to)

    assert (report.lists[0].refused, report.lists[0].written) == (None, 1)
    assert stat.S_IMODE(report.path.stat().st_mode) == 0o600
    assert report.length == report.path.stat().st_size


def test_the_owner_consents_to_what_it_exports_itself_but_not_to_more_than_it_signed(tmp_path: Path) -> None:
    ask = replace(OPEN, onward=Onward.ASK)
    own, red = head(ask, owner="hkma"), head(replace(ask, tlp=Tlp.RED), owner="hkma", number=2)

    _, report = written(tmp_path, Format.STIX, listed([record()], own), listed([record()], red), to="osr")

    assert [(one.refused, one.written) for one in report.lists] == [(None, 1), (Withheld.RED, 0)]


def test_entries_that_stay_are_counted_by_code_and_are_in_no_file(tmp_path: Path) -> None:
    urgent = {"set_id": bytes(16)}
    records = [
        record(giver="stays: discreet", discreet=True),
        record(giver="stays: suspended", suspended=True),
        record(giver="stays: red", handling=narrowed(tlp=pb.TLP_RED)),
        record(
            giver="stays: h2", handling=narrowed(code=pb.HANDLING_CODE_H2, code_text="", onward=pb.ONWARD_FORBIDDEN)
        ),
        record(giver="stays: expired", valid_until=NOW),
        wl.WatchRecord(entry=record(giver="stays: unconfirmed").entry, provisional_until=NOW + 1, **urgent),
        wl.WatchRecord(entry=record(giver="stays: lapsed").entry, provisional_until=NOW, **urgent),
        record(giver="goes", valid_from=NOW + 1, valid_until=NOW + 2),
    ]
    for form in Format:
        text, report = written(tmp_path, form, listed(records))

        assert "stays" not in text
        assert report.lists[0].written == 1
        assert report.lists[0].withheld == {
            Withheld.DISCREET: 1,
            Withheld.SUSPENDED: 2,
            Withheld.RED: 1,
            Withheld.NOT_ONWARD: 1,
            Withheld.EXPIRED: 1,
            Withheld.UNCONFIRMED: 1,
        }


def test_an_entry_is_marked_with_the_most_restrictive_of_its_lists_handling_and_its_own(tmp_path: Path) -> None:
    texts = {form: written(tmp_path, form, listed([record(handling=NARROW)]))[0] for form in Format}

    row = next(csv.DictReader(io.StringIO(texts[Format.CSV], newline="")))
    assert (row["tlp"], row["handling_code"], row["handling_text"]) == ("AMBER+STRICT", "H3", "call before use")
    assert (row["permitted_action"], row["evidential_use"]) == ("internal", "intelligence_only")
    objects = json.loads(texts[Format.STIX])["objects"]
    indicator = next(found for found in objects if found["type"] == "indicator")
    marks = [found for found in objects if found["id"] in indicator["object_marking_refs"]]
    assert marks[0]["name"] == "TLP:AMBER+STRICT"
    assert "limits: call before use" in marks[1]["definition"]["statement"]
    found = json.loads(texts[Format.MISP])["Event"]["Object"][0]["Attribute"][0]
    assert {"name": "tlp:amber+strict"} in found["Tag"]
    context = json.loads(yaml.safe_load(texts[Format.TAGPACK])["tags"][0]["context"])
    assert context["handling"].startswith("TLP:AMBER+STRICT; code: H3; permitted action: INTERNAL")
    # What may go to another agency is judged by the merged handling, too.
    _, report = written(tmp_path, Format.CSV, listed([record(handling=NARROW), record()]), to="osr")
    assert (report.lists[0].written, report.lists[0].withheld) == (1, {Withheld.NOT_FOR_AGENCY: 1})


def test_a_source_that_fails_in_the_middle_leaves_the_file_of_before(tmp_path: Path) -> None:
    def failing() -> Iterator[wl.WatchRecord]:
        yield record()
        raise OSError("the disk is gone")

    path = tmp_path / "out.csv"
    path.write_text("of yesterday")

    with pytest.raises(OSError, match="gone"):
        export([Listed(head(), failing)], Format.CSV, Destination("hkma"), path, now_ms=NOW)

    assert [found.read_text() for found in tmp_path.iterdir()] == ["of yesterday"]


@pytest.mark.parametrize("form", Format)
def test_the_file_grows_while_the_list_is_read(tmp_path: Path, form: Format) -> None:
    def many() -> Iterator[wl.WatchRecord]:
        for number in range(1001):
            one.entry.giver = f"giver {number}"
            yield one
        sizes.extend(found.stat().st_size for found in tmp_path.iterdir())

    one, told, sizes = record(), list[tuple[str, int, int]](), list[int]()
    report = export(
        [Listed(head(), many, 1001)],
        form,
        Destination("hkma"),
        tmp_path / "out",
        now_ms=NOW,
        progress=lambda *words: told.append(words),
    )

    # Everything but what fits the buffer was written before the end was known.
    assert len(sizes) == 1
    assert report.length - sizes[0] <= 1 << 18
    assert sizes[0] > report.length // 3
    assert told == [(head().title, 1000, 1001)]
