"""The screening store's tables and statements. Constants only: nothing that was sent ever becomes a part of one.

Records lie by generation and id, so that a snapshot, which comes in ascending ids, is appended; the keys of a
generation are sorted once when it is whole. A generation is seen only once its list names it.

Never does: run them.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
"""Version of the tables."""
SET_VERSION: Final = "PRAGMA user_version = 1"  # a PRAGMA takes no parameter

GREATEST: Final = (1 << 63) - 1
"""Greatest number that a column holds."""

SETTINGS: Final = (
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    # A power cut may take the last transactions, never a part of one: they are applied again from the mailbox.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA secure_delete = FAST",
    "PRAGMA cache_size = -16000",
    # A snapshot of a million records is copied into the file a dozen times less often, and the log stays below 64 MiB.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
)
"""How the writer opens the file."""

TABLES: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE lists (
        number INTEGER PRIMARY KEY, owner TEXT NOT NULL, list_id BLOB NOT NULL, title TEXT NOT NULL,
        default_action INTEGER NOT NULL, handling BLOB NOT NULL, case_id BLOB NOT NULL, max_age INTEGER NOT NULL,
        status TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 0, sequence INTEGER NOT NULL DEFAULT 0,
        head BLOB NOT NULL DEFAULT x'', batch_time INTEGER NOT NULL DEFAULT 0, leaf_time INTEGER NOT NULL DEFAULT 0,
        last_heard INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 0, used BLOB NOT NULL DEFAULT x'',
        seen INTEGER NOT NULL DEFAULT 0, UNIQUE (owner, list_id))""",
    "CREATE TABLE wanted (owner TEXT NOT NULL, list_id BLOB NOT NULL, PRIMARY KEY (owner, list_id)) WITHOUT ROWID",
    """CREATE TABLE generations (
        number INTEGER PRIMARY KEY AUTOINCREMENT, list INTEGER NOT NULL, live INTEGER NOT NULL)""",
    """CREATE TABLE records (
        generation INTEGER NOT NULL, id BLOB NOT NULL, tail INTEGER NOT NULL, record BLOB NOT NULL,
        PRIMARY KEY (generation, id)) WITHOUT ROWID""",
    """CREATE TABLE keys (
        generation INTEGER NOT NULL, tail INTEGER NOT NULL, id BLOB NOT NULL,
        PRIMARY KEY (generation, tail, id)) WITHOUT ROWID""",
    """CREATE TABLE provisional (
        generation INTEGER NOT NULL, id BLOB NOT NULL, set_id BLOB NOT NULL,
        PRIMARY KEY (generation, id)) WITHOUT ROWID""",
    """CREATE TABLE bare (
        generation INTEGER NOT NULL, id BLOB NOT NULL, tail INTEGER NOT NULL,
        PRIMARY KEY (generation, id)) WITHOUT ROWID""",
    "CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, tail INTEGER NOT NULL)",
)
"""`provisional` names the records that wait for a confirmation; `changes` the keys that came with deltas, for who keeps
keys in memory; `bare` the keys that a text without a chain is asked for under where it may mean a record of another
chain; `wanted` the lists without which nothing is clear, followed or not. `seen` is the greatest sequence that is known
of a list."""

GET_META: Final = "SELECT value FROM meta WHERE name = ?"
SET_META: Final = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
BUMP_META: Final = "INSERT INTO meta (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"

LISTS: Final = """SELECT owner, list_id, title, default_action, handling, case_id, max_age, status, generation,
    sequence, head, batch_time, leaf_time, last_heard, count, seen FROM lists ORDER BY owner, list_id"""
LIST: Final = (
    "SELECT number, generation, sequence, head, batch_time, used, count FROM lists WHERE owner = ? AND list_id = ?"
)
PUT_LIST: Final = """INSERT INTO lists (owner, list_id, title, default_action, handling, case_id, max_age, status)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, list_id) DO UPDATE SET title = excluded.title,
    default_action = excluded.default_action, handling = excluded.handling, case_id = excluded.case_id,
    max_age = excluded.max_age, status = excluded.status,
    seen = CASE WHEN case_id = excluded.case_id THEN seen ELSE 0 END"""
SET_STATUS: Final = "UPDATE lists SET status = ? WHERE owner = ? AND list_id = ?"
SET_WHOLE: Final = "UPDATE lists SET seen = sequence WHERE owner = ? AND list_id = ?"
SET_MISSING: Final = "UPDATE lists SET seen = max(seen, sequence + 1, ?) WHERE owner = ? AND list_id = ?"
WANTED: Final = "SELECT owner, list_id FROM wanted ORDER BY owner, list_id"
DROP_WANTED: Final = "DELETE FROM wanted"
PUT_WANTED: Final = "INSERT OR IGNORE INTO wanted (owner, list_id) VALUES (?, ?)"
SET_HEARD: Final = "UPDATE lists SET last_heard = max(last_heard, ?) WHERE owner = ? AND list_id = ?"
MOVE_LIST: Final = """UPDATE lists SET sequence = ?, head = ?, batch_time = ?, used = ?, leaf_time = ?,
    last_heard = max(last_heard, ?), status = ?, count = ? WHERE number = ?"""
SET_GENERATION: Final = "UPDATE lists SET generation = ? WHERE number = ?"
DROP_LIST: Final = "DELETE FROM lists WHERE owner = ? AND list_id = ?"

NEW_GENERATION: Final = "INSERT INTO generations (list, live) VALUES (?, 0)"
LIVE_GENERATION: Final = "UPDATE generations SET live = 1 WHERE number = ? AND list = ? AND live = 0"
LOADING: Final = "SELECT 1 FROM generations WHERE number = ? AND live = 0"
RETIRE: Final = "UPDATE generations SET live = -1 WHERE list = ? AND number != ?"
RETIRE_UNFINISHED: Final = "UPDATE generations SET live = -1 WHERE live = 0"
RETIRE_ONE: Final = "UPDATE generations SET live = -1 WHERE number = ? AND live = 0"
RETIRED: Final = "SELECT number FROM generations WHERE live = -1 ORDER BY number LIMIT 1"
FORGET_GENERATION: Final = "DELETE FROM generations WHERE number = ?"

ADD_RECORDS: Final = "INSERT INTO records (generation, id, tail, record) VALUES (?, ?, ?, ?)"
SORT_KEYS: Final = """INSERT INTO keys (generation, tail, id)
    SELECT generation, tail, id FROM records WHERE generation = ? ORDER BY tail, id"""
PUT_RECORDS: Final = """INSERT INTO records (generation, id, tail, record) VALUES (?, ?, ?, ?)
    ON CONFLICT (generation, id) DO UPDATE SET record = excluded.record"""
PUT_KEYS: Final = "INSERT OR IGNORE INTO keys (generation, tail, id) VALUES (?, ?, ?)"
DROP_KEYS: Final = """DELETE FROM keys WHERE generation = ?1
    AND tail = (SELECT tail FROM records WHERE generation = ?1 AND id = ?2) AND id = ?2"""
PUT_PROVISIONAL: Final = "INSERT OR REPLACE INTO provisional (generation, id, set_id) VALUES (?, ?, ?)"
PUT_BARE: Final = "INSERT OR REPLACE INTO bare (generation, id, tail) VALUES (?, ?, ?)"
DROP_BARE: Final = "DELETE FROM bare WHERE generation = ? AND id = ?"
OLD_BARE: Final = "DELETE FROM bare WHERE generation = ?"
ANY_PROVISIONAL: Final = "SELECT 1 FROM provisional WHERE generation = ? LIMIT 1"
DROP_PROVISIONAL: Final = "DELETE FROM provisional WHERE generation = ? AND id = ?"
OLD_PROVISIONAL: Final = "DELETE FROM provisional WHERE generation = ?"
OF_SET: Final = "SELECT id FROM provisional WHERE generation = ? AND set_id = ? ORDER BY id"
DROP_RECORDS: Final = "DELETE FROM records WHERE generation = ? AND id = ?"
ADD_CHANGES: Final = "INSERT INTO changes (tail) SELECT value FROM json_each(?)"
"""Of a list in JSON: one statement, for each of which SQLite looks up and keeps the greatest number."""
TRIM_CHANGES: Final = "DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - ?"
LAST_CHANGE: Final = "SELECT seq FROM sqlite_sequence WHERE name = 'changes'"
FIRST_CHANGE: Final = "SELECT min(number) FROM changes"
CHANGES_AFTER: Final = "SELECT tail FROM changes WHERE number > ?"


AMONG: Final = (
    "SELECT id, record FROM records WHERE generation = ?"
    " AND id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
"""Records by id, 32 at once."""
RECORD: Final = "SELECT record FROM records WHERE generation = ? AND id = ?"
PORTION: Final = "SELECT id, record FROM records WHERE generation = ? AND id > ? ORDER BY id LIMIT ?"
FOUND: Final = """SELECT lists.owner, lists.list_id, keys.id, records.record FROM lists
    JOIN keys ON keys.generation = lists.generation AND keys.tail = ?
    JOIN records ON records.generation = keys.generation AND records.id = keys.id
    WHERE lists.generation > 0 AND lists.status IN ('SYNCING', 'CURRENT', 'LAGGING')
    ORDER BY lists.owner, lists.list_id, keys.id"""
KEPT: Final = """SELECT records.record FROM lists
    CROSS JOIN keys ON keys.generation = lists.generation
        AND keys.tail IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    CROSS JOIN records ON records.generation = keys.generation AND records.id = keys.id
    WHERE lists.generation > 0 AND lists.status IN ('SYNCING', 'CURRENT', 'LAGGING')"""
"""Records by short hash, 16 at once; CROSS keeps the order, which is not what SQLite would choose."""
TAILS: Final = """SELECT keys.tail FROM lists JOIN keys ON keys.generation = lists.generation
    WHERE lists.generation > 0 AND lists.status IN ('SYNCING', 'CURRENT', 'LAGGING')
    UNION ALL SELECT bare.tail FROM lists JOIN bare ON bare.generation = lists.generation
    WHERE lists.generation > 0 AND lists.status IN ('SYNCING', 'CURRENT', 'LAGGING')"""

OLD_RECORDS_END: Final = "SELECT id FROM records WHERE generation = ? ORDER BY id LIMIT 1 OFFSET ?"
OLD_RECORDS_PART: Final = "DELETE FROM records WHERE generation = ? AND id < ?"
OLD_RECORDS: Final = "DELETE FROM records WHERE generation = ?"
OLD_KEYS_END: Final = "SELECT tail FROM keys WHERE generation = ? ORDER BY tail LIMIT 1 OFFSET ?"
OLD_KEYS_PART: Final = "DELETE FROM keys WHERE generation = ? AND tail <= ?"
OLD_KEYS: Final = "DELETE FROM keys WHERE generation = ?"
FREE_PAGES: Final = "PRAGMA freelist_count"
ALL_PAGES: Final = "PRAGMA page_count"
GIVE_BACK: Final = "PRAGMA incremental_vacuum(2000)"
SHRINK_LOG: Final = "PRAGMA wal_checkpoint(TRUNCATE)"
DATA_VERSION: Final = "PRAGMA data_version"
