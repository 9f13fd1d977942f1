"""The store: every step one transaction, one writer, snapshots unseen until they are whole, bounded disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from comity.watchlists import entry_id, parse_record

from agents.sync.screening.lists import ListStatus, key_of
from agents.sync.screening.reading import ScreeningReader, ScreeningStoreError
from agents.sync.screening.store import ScreeningStore, SecondWriterError
from tests.agents.screening.holding import (
    ETH,
    KEY,
    NOW,
    OTHER,
    XRP,
    effects,
    opened,
    reading,
    record,
    state,
    take_in,
    terms,
    wallet,
)
from tests.support.sources import ROOT

ETH_KEY = key_of(record(ETH).entry)


def ids(store: ScreeningReader) -> list[bytes]:
    return [found for found, _ in store.records(KEY).bytes()]


def test_a_snapshot_is_seen_whole_or_not_at_all(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(XRP)])
    reader = reading(store.path)
    generation = store.begin_snapshot(KEY)
    store.add_records(generation, state([record(ETH)]))

    assert reader.found(ETH_KEY) == []
    assert [found.entry_id for found in reader.found(XRP)] == [entry_id(record(XRP).entry)]
    store.publish_generation(KEY, generation, effects(9).standing, heard_at=NOW + 5, leaf_time=6, applied_index=44)

    held = reader.lists()[0]
    assert [found.key for found in reader.found(ETH_KEY)] == [KEY]
    assert reader.found(XRP) == []
    assert (held.sequence, held.head, held.count, held.status) == (9, b"\x09" * 32, 1, ListStatus.CURRENT)
    assert (held.last_heard, held.leaf_time, reader.applied_index()) == (NOW + 5, 6, 44)


def test_a_snapshot_that_is_given_up_or_holds_an_entry_twice_changes_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(XRP)])
    generation = store.begin_snapshot(KEY)
    with pytest.raises(ScreeningStoreError):
        store.add_records(generation, state([record(ETH), record(ETH)]))
    store.add_records(generation, state([record(ETH)]))
    store.give_up(generation)

    with pytest.raises(ScreeningStoreError):
        store.add_records(generation, state([record(wallet(1))]))
    with pytest.raises(ScreeningStoreError):
        store.publish_generation(KEY, generation, effects(9).standing, heard_at=5, applied_index=44)
    assert ids(store) == [entry_id(record(XRP).entry)]
    assert store.applied_index() == 7


def test_a_batch_changes_records_keys_sequence_and_log_index_together(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(XRP), record(wallet(1))])
    store.apply(
        KEY, effects(8, [record(ETH), record(XRP, version=2)], [record(wallet(1))]), heard_at=3, applied_index=50
    )

    assert store.standing(KEY) == effects(8).standing
    assert store.list_named(KEY).count == 2  # type: ignore[union-attr]
    assert store.found(key_of(record(wallet(1)).entry)) == []
    assert [found.record.entry.version for found in store.found(XRP)] == [2]
    assert store.applied_index() == 50
    with pytest.raises(ScreeningStoreError):
        store.apply(KEY, effects(8, [record(wallet(2))]), heard_at=4, applied_index=51)
    with pytest.raises(ScreeningStoreError):
        store.apply(KEY, effects(10, [record(wallet(2))]), heard_at=4, applied_index=51)
    assert (store.applied_index(), len(ids(store))) == (50, 2)


def test_a_list_can_be_followed_from_its_first_batch_without_a_snapshot(tmp_path: Path) -> None:
    store = opened(tmp_path)

    assert store.standing(KEY) is None
    store.apply(KEY, effects(1, [record(ETH)]), heard_at=3)
    assert [found.key for found in store.found(ETH_KEY)] == [KEY]
    assert store.standing(KEY) == effects(1).standing


def test_records_waiting_for_a_confirmation_are_found_by_their_change_set(tmp_path: Path) -> None:
    waiting = {"set_id": b"s" * 16, "provisional_until": 99}
    store = opened(tmp_path, [record(XRP, **waiting), record(wallet(1))])
    store.apply(KEY, effects(8, [record(ETH, **waiting)]), heard_at=3)

    assert set(store.records(KEY).of_set(b"s" * 16)) == {entry_id(record(a).entry) for a in (XRP, ETH)}
    store.apply(KEY, effects(9, [record(XRP)], [record(ETH)]), heard_at=3)
    assert store.records(KEY).of_set(b"s" * 16) == []


def test_records_are_read_by_id_and_digested_in_order(tmp_path: Path) -> None:
    records = state([record(wallet(number)) for number in range(30)])
    store = opened(tmp_path, [item.record for item in records])
    held = store.records(KEY)

    assert list(held.bytes()) == [(item.entry_id, item.data) for item in records]
    assert [found for found, _ in held.digests()] == [item.entry_id for item in records]
    assert held.get(records[3].entry_id) == parse_record(records[3].data)
    assert held.get(bytes(16)) is None
    assert store.records(OTHER).get(records[3].entry_id) is None


def test_a_second_writer_is_told_and_readers_go_on_while_the_writer_writes(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(ETH)])
    with pytest.raises(SecondWriterError):
        ScreeningStore.open(store.path)
    reader = reading(store.path)

    with reader.at_once():
        assert len(reader.found(ETH_KEY)) == 1
        store.apply(KEY, effects(8, [], [record(ETH)]), heard_at=1)  # does not wait for the reader
        assert len(reader.found(ETH_KEY)) == 1
        assert reader.lists()[0].sequence == 7
    assert reader.found(ETH_KEY) == []
    store.close()
    ScreeningStore.open(reader.path).close()


def test_a_list_that_ended_is_not_asked_and_one_that_is_dropped_is_gone(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(ETH)])
    store.put_list(OTHER, terms(title="HKMA"), ListStatus.SYNCING)
    take_in(store, [record(ETH)], key=OTHER)

    assert [found.key for found in store.found(ETH_KEY)] == [OTHER, KEY]
    store.set_status(OTHER, ListStatus.REVOKED, applied_index=60)
    assert [found.key for found in store.found(ETH_KEY)] == [KEY]
    store.drop_list(KEY)
    assert store.found(ETH_KEY) == []
    assert store.tails() == set()
    with pytest.raises(ScreeningStoreError):
        store.begin_snapshot(KEY)


def test_what_is_replaced_is_removed_in_portions_and_the_pages_come_back(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(wallet(number), label="x" * 100) for number in range(3000)])
    store.shrink_log()
    largest = store.path.stat().st_size
    take_in(store, [record(ETH)], sequence=9)
    steps = 1
    while store.clean(500):
        steps += 1
    store.shrink_log()

    assert steps > 5
    assert ids(store) == [entry_id(record(ETH).entry)]
    assert store.path.stat().st_size < largest / 4
    assert [found.key for found in store.found(ETH_KEY)] == [KEY]


def test_a_store_that_is_missing_foreign_or_newer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScreeningStoreError):
        ScreeningReader.open(tmp_path / "screening.db")
    (tmp_path / "foreign.db").write_bytes(b"no database, but long enough to look like one" * 40)
    for open_it in (ScreeningReader.open, ScreeningStore.open):
        with pytest.raises(ScreeningStoreError):
            open_it(tmp_path / "foreign.db")
    store = opened(tmp_path)
    store._db.execute("PRAGMA user_version = 99")
    store.close()
    for open_it in (ScreeningReader.open, ScreeningStore.open):
        with pytest.raises(ScreeningStoreError):
            open_it(tmp_path / "screening.db")


VICTIM = """
import sys
from pathlib import Path
from agents.sync.screening.store import ScreeningStore
from tests.agents.screening.holding import KEY, effects, record, state, wallet
store = ScreeningStore.open(Path(sys.argv[1]))
generation = store.begin_snapshot(KEY)
sequence = store.list_named(KEY).sequence
while True:
    sequence += 1
    records = [record(wallet(sequence * 50 + n)) for n in range(50)]
    store.apply(KEY, effects(sequence, records), heard_at=1, applied_index=sequence)
    store.add_records(generation, state(records[:1]))
    print(sequence, flush=True)
"""


def test_kill_9_anywhere_leaves_sequence_records_keys_and_log_index_in_step(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.close()
    for seen in (3, 7):
        victim = subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(store.path)],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert victim.stdout is not None
        for _ in range(seen):
            victim.stdout.readline()
        victim.kill()  # wherever it is by now
        victim.communicate()
        after = ScreeningStore.open(store.path)
        held = after.lists()[0]
        assert held.sequence == after.applied_index() >= seen
        assert held.count == 50 * held.sequence == len(ids(after))
        assert after._db.execute("SELECT count(*) FROM keys").fetchone() == (held.count,)
        while after.clean():
            pass
        assert after._db.execute("SELECT count(*) FROM records").fetchone() == (held.count,)
        after.close()
