"""Reads a list of any supported format as a stream of rows; finds out which format it is.

Never does: judge rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from agents.sync.importers.columns import check_columns, field_of
from agents.sync.importers.delimited import read_delimited
from agents.sync.importers.faults import FaultCode, FileRefusedError
from agents.sync.importers.jsontext import Element, read_elements
from agents.sync.importers.misp import read_misp
from agents.sync.importers.opening import Source
from agents.sync.importers.policy import ImportPolicy
from agents.sync.importers.records import as_ofac, is_address_text, is_keyed, is_ofac_record, read_records
from agents.sync.importers.rows import Field, Format, RawRow
from agents.sync.importers.stix import read_stix
from agents.sync.importers.tagpack import read_tagpack

_LOOK: Final = 200
"""Elements or lines that are looked at to find out the format."""
_MISP_KEYS: Final = frozenset({"Event", "Attribute", "Object"})
_MISP_TYPES: Final = frozenset({"btc", "xmr", "dash"})


def detect(source: Source) -> Format:
    """Returns a file's format by what it begins with.

    Raises:
        FileRefusedError: of the source; UNKNOWN_FORMAT, EMPTY.
    """
    first = _first_character(source)
    if first in ("{", "["):
        return _json_format(source)
    lines = [line for line in islice(source.lines(), _LOOK) if line is not None and line.strip()]
    keys = {line.partition(":")[0] for line in lines if line[:1].isalpha() and ":" in line}
    if "tags" in keys or (lines and lines[0].startswith(("---", "%YAML"))):
        return Format.TAGPACK
    if len(keys & {"title", "creator", "confidence", "currency", "source", "label"}) >= 2 and "," not in lines[0]:
        return Format.TAGPACK
    if lines and "sdn_uid" in lines[0].casefold():
        names = re.split(r"[,;\t|]", lines[0].casefold().replace('"', ""))
        return Format.OFAC if is_ofac_record([name.strip() for name in names]) else Format.CSV
    return Format.CSV


def _first_character(source: Source) -> str:
    for chunk in source.text():
        if stripped := chunk.lstrip():
            return stripped[0]
    raise FileRefusedError(FaultCode.EMPTY)


def _json_format(source: Source) -> Format:
    for element in islice(read_elements(source), _LOOK):
        found = _format_of(element)
        if found is not None:
            return found
    raise FileRefusedError(FaultCode.UNKNOWN_FORMAT)


def _format_of(element: Element) -> Format | None:
    if _MISP_KEYS & {*element.path}:
        return Format.MISP
    value: Any = element.value
    if not isinstance(value, Mapping):
        if element.path == ("type",) and value == "bundle":
            return Format.STIX
        return Format.JSON if is_address_text(element) else None
    kind = value.get("type") if isinstance(value.get("type"), str) else None
    if _MISP_KEYS & value.keys() or (kind in _MISP_TYPES and "value" in value):
        return Format.MISP
    if kind is not None and str(value.get("id", "")).startswith(f"{kind}--"):
        return Format.STIX
    if is_ofac_record(list(value)[:_LOOK]):
        return Format.OFAC
    known = {field_of(str(key)) for key in list(value)[:_LOOK]} if element.row or not element.path else set()
    return Format.JSON if known & {Field.ADDRESS, Field.TX} or is_keyed(element) else None


def read_rows(source: Source, policy: ImportPolicy, named: Format | None = None) -> Iterator[RawRow]:
    """Yields a file's rows, in the file's order, the same each time.

    Args:
        source: the file.
        policy: the owner's assignment of columns.
        named: the format; None to find it out.

    Raises:
        FileRefusedError: the file cannot be read to its end; TOO_MANY_ROWS. Rows before that were still yielded.
        MalformedError: the policy assigns a column to a field that does not exist.
    """
    check_columns(policy.columns)
    known = named or detect(source)
    is_json = known is not Format.TAGPACK and _first_character(source) in ("{", "[")
    if known is Format.TAGPACK:
        rows = read_tagpack(source)
    elif known is Format.CSV or (known is Format.OFAC and not is_json):
        rows = read_delimited(source, policy)
        rows = as_ofac(rows) if known is Format.OFAC else rows
    elif not is_json:
        raise FileRefusedError(FaultCode.UNKNOWN_FORMAT)
    elif known is Format.STIX:
        rows = read_stix(source)
    elif known is Format.MISP:
        rows = read_misp(source)
    else:
        rows = read_records(source, policy, is_ofac=known is Format.OFAC)
    for count, row in enumerate(rows, start=1):
        if count > source.limits.rows:
            raise FileRefusedError(FaultCode.TOO_MANY_ROWS, row.row)
        yield row
