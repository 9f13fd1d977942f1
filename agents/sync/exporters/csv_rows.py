"""CSV (RFC 4180, UTF-8): one header, one line an entry, for spreadsheets and screening systems.

A text that a spreadsheet would take for a formula gets an apostrophe in front of it, as spreadsheets themselves write
it; also after a semicolon or a tab, where many of them cut a line. What people did not write stands as it is: accounts,
addresses (one on TON's masterchain begins with a minus), transactions, numbers, dates and names of the protocol.

Never does: leave out a field because it is empty.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from agents.sync.exporters.rows import ListHead, Row, action_name, confidence_name, iso, tlp_name

COLUMNS: Final = (
    "account",
    "chain",
    "address",
    "transaction",
    "asset",
    "label",
    "category",
    "actor",
    "giver",
    "source_url",
    "confidence",
    "level",
    "action",
    "cluster",
    "valid_from",
    "valid_until",
    "review_at",
    "tlp",
    "handling_code",
    "handling_text",
    "permitted_action",
    "evidential_use",
    "may_tell_affected",
    "onward",
    "purposes",
    "legal_gateway",
    "list_owner",
    "list_id",
    "list_title",
    "sequence",
    "entry_id",
    "version",
)
"""The header, in its order. Columns may be added at the end."""
_FREE: Final = frozenset(
    """
    asset label actor giver source_url handling_text purposes legal_gateway list_owner list_title
    """.split()  # noqa: SIM905 # a list of words, read as one
)
"""Columns that hold what people wrote."""
_IS_FREE: Final = tuple(name in _FREE for name in COLUMNS)
_FORMULA: Final = re.compile(r"""(^|[;\t\r\n][\s"']*)(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])""")


def cell(text: str) -> str:
    """Returns a text as a cell that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'", text)


def _values(row: Row) -> tuple[str, ...]:
    entry, handling, head = row.entry, row.handling, row.head
    return (
        entry.account,
        row.chain,
        "" if entry.transaction else row.value,
        entry.transaction,
        entry.asset,
        entry.label,
        entry.category,
        entry.actor,
        entry.giver,
        entry.source_url,
        confidence_name(entry.confidence),
        str(entry.confidence_level),
        action_name(row.action),
        "true" if entry.cluster else "false",
        iso(entry.valid_from),
        iso(entry.valid_until),
        iso(entry.review_at) if entry.review_at else "",
        tlp_name(handling),
        handling.code.name,
        handling.code_text,
        handling.permitted_action.name.lower(),
        handling.evidential_use.name.lower(),
        "true" if handling.may_tell_affected else "false",
        handling.onward.name.lower(),
        " | ".join(sorted(handling.purposes)),
        handling.legal_gateway,
        head.owner_desk,
        head.list_id.hex(),
        head.title,
        str(head.sequence),
        row.entry_id.hex(),
        str(entry.version),
    )


def write(sections: Iterable[tuple[ListHead, Iterable[Row]]]) -> Iterator[str]:
    """Yields the file's text, a piece a row.

    Args:
        sections: each list and its rows.
    """
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for _, rows in sections:
        for row in rows:
            lines.writerow([cell(value) if free else value for value, free in zip(_values(row), _IS_FREE, strict=True)])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
