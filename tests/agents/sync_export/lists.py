"""Lists to export: real wallets on several chains, with texts that try to break each format."""

from __future__ import annotations

from pathlib import Path

from comity.handling import Handling, Onward, PermittedAction, Tlp
from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2 as wl
from comity.watchlists.entries import entry_gaps, entry_id

from agents.sync.exporters.exporting import ExportReport, Format, export
from agents.sync.exporters.policy import Destination
from agents.sync.exporters.rows import Listed, ListHead

NOW = 1_763_856_000_000  # 2025-11-23
DAY = 86_400_000
BITCOIN = "bip122:000000000019d6689c085ae165831e93"
WALLETS = (
    f"{BITCOIN}:12HQDsicffSBaYdJ6BhnE22sfjTESmmzKx",
    "eip155:1:0x8589427373D6D84E98730D7795D8f6f8731FDA16",
    "eip155:*:0x8589427373D6D84E98730D7795D8f6f8731FDA16",
    "tron:0x2b6653dc:TDnytyeHuRrpQ2wbpDot8io92bHs78XrMv",
    "xrpl:0:rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh-12345",
    "eip155:137:0x8589427373D6D84E98730D7795D8f6f8731FDA16",
)
TRANSACTION = f"{BITCOIN}:tx/4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
OPEN = Handling(tlp=Tlp.AMBER, permitted_action=PermittedAction.INTERNAL, onward=Onward.FREE)


def head(handling: Handling = OPEN, *, owner: str = "sfc", number: int = 1) -> ListHead:
    return ListHead(owner, f"{owner}/enforcement", bytes([number]) * 16, "制裁 Sanctioned", handling, 1, 7, NOW)


def record(account: str = WALLETS[0], *, suspended: bool = False, **fields: object) -> wl.WatchRecord:
    """Returns a complete record."""
    entry = wl.WatchEntry(
        **(
            {
                "account": account,
                "category": "sanction",
                "giver": "ofac-sdn",
                "label": "Example Trading",
                "source_url": "https://sanctionssearch.ofac.treas.gov/",
                "confidence": pb.CONFIDENCE_KIND_OFFICIAL,
                "confidence_level": 60,
                "valid_from": NOW - DAY,
                "valid_until": NOW + DAY,
                "action": pb.WATCH_ACTION_BLOCK,
                "version": 1,
            }
            | fields
        )
    )
    assert not entry_gaps(entry), entry_gaps(entry)
    return wl.WatchRecord(entry=entry, suspended=suspended)


def mixed() -> list[wl.WatchRecord]:
    """Returns records of every kind, in the order of a list."""
    records = [record(account) for account in WALLETS]
    records += [
        record("", transaction=TRANSACTION, label="", category="unspecified", source_url=""),
        record(
            giver="開放資料", label="=HYPERLINK(\"http://x\") 'quoted' \\ 陳大文", category="scam", actor='A, B; "C"'
        ),
        record(giver="other", confidence=pb.CONFIDENCE_KIND_UNKNOWN, confidence_level=1, source_url="see the notice"),
    ]
    return sorted(records, key=lambda found: entry_id(found.entry))


def listed(records: list[wl.WatchRecord], list_head: ListHead | None = None) -> Listed:
    return Listed(list_head or head(), lambda: iter(records))


def written(folder: Path, form: Format, *lists: Listed, to: str = "") -> tuple[str, ExportReport]:
    """Exports for the HKMA and returns the text and the report."""
    path = folder / f"out.{form}"
    report = export(lists or [listed(mixed())], form, Destination("hkma", to), path, now_ms=NOW)
    return path.read_bytes().decode(), report
