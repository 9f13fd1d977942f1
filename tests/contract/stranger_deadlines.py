"""Section 7's deadlines by somebody who reads profiles with the standard library, and counts dates."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

import comity.workflow

FOLDER = Path(comity.workflow.__file__ or "").parent / "profiles"
OWN = {
    "FREEZE": {"ACKNOWLEDGE", "ACCEPT"},
    "ASSISTANCE": {"ACKNOWLEDGE", "ACCEPT", "ACCEPT_IN_PART", "SUSPEND", "RESUME"},
}
"""Verbs that start the sender's own clock."""
EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 # local times here have no zone but their offset


def local(at: int, minutes: int) -> datetime.datetime:
    return EPOCH + datetime.timedelta(milliseconds=at, minutes=minutes)


def close(i: Any) -> int:
    calendar, offsets = i["calendar"], i["calendar"]["offsets"]
    date = local(i["created"], [minutes for start, minutes in offsets if start <= i["created"]][-1]).date()
    for _ in range(i["working_days"]):
        date += datetime.timedelta(days=1)
        while date.weekday() in calendar["weekend"] or date.isoformat() in calendar["holidays"]:
            date += datetime.timedelta(days=1)
    wall = datetime.datetime.combine(date, datetime.time.fromisoformat(calendar["closes"]))
    # The last moment at which no local clock has gone beyond the closing time.
    ends = [start for start, _ in offsets[1:]] + [1 << 53]
    moments = []
    for (start, minutes), end in zip(offsets, ends, strict=True):
        at = (wall - EPOCH) // datetime.timedelta(milliseconds=1) - minutes * 60_000
        if at >= start:
            moments.append(min(at, end))
    return moments[-1]


def deadlines(i: Any) -> Any:
    files = {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in FOLDER.glob("*.json")}
    profile = json.loads(files[i["profile"]].read_text("utf-8"))
    spans, precedence = profile["families"][i["family"]][i["verb"]], i["precedence"]
    deliver, respond, lapse = spans.values()
    own = i["verb"] in OWN.get(i["family"], ())
    answer = respond and respond[precedence]
    if isinstance(answer, dict):
        calendars = profile["calendars"]
        calendar = calendars.get(i["sender" if own else "answering"], calendars["default"])
        answer = close({"calendar": calendar, "created": i["created"], "working_days": answer["working_days"]})
    elif answer:
        answer = i["created"] + answer * 1000
    start = i["opened"] if lapse and lapse["from"] == "opening" and i["opened"] is not None else i["created"]
    return {
        "deliver_by": i["created"] + deliver[precedence] * 1000,
        "respond_by": answer,
        "lapses_at": lapse and start + lapse[precedence] * 1000,
        "own": own,
    }
