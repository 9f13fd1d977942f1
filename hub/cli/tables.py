"""Figures as lines for a person.

Never does: count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.cli.words import moment


def stats_lines(figures: dict[str, Any]) -> Iterator[str]:
    """Yields the lines that show what `hub.keeping.counting.figures` counted."""
    for title, value in figures.items():
        name = title.replace("_", " ")
        if isinstance(value, dict):
            yield name
            yield from _lines(value, "  ")
        else:
            yield f"{name}  {value}"


def _lines(values: dict[str, Any], indent: str) -> Iterator[str]:
    if not values:
        yield f"{indent}none"
    width = max((len(name) for name, value in values.items() if not _is_group(value)), default=0)
    for name, value in values.items():
        if isinstance(value, dict) and all(not isinstance(inner, dict) for inner in value.values()) and value:
            yield f"{indent}{name}: " + ", ".join(f"{key.replace('_', ' ')} {_shown(v)}" for key, v in value.items())
        elif isinstance(value, dict):
            yield f"{indent}{name.replace('_', ' ')}"
            yield from _lines(value, indent + "  ")
        else:
            shown = moment(value * 1000) if name == "last_leaf_seconds" else _shown(value)
            yield f"{indent}{name.removesuffix('_seconds').replace('_', ' '):<{width}}  {shown}"


def _is_group(value: Any) -> bool:
    return isinstance(value, dict)


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)
