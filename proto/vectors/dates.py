"""What the vectors of deadlines ask for: a header's limits under a profile, and close of business by a calendar.

Nothing here knows what is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.workflow.calendars import parse_calendar
from comity.workflow.profiles import load_profile
from comity.workflow.terms import Family, Precedence, Verb

Inputs = Mapping[str, Any]


def deadlines(i: Inputs) -> Any:
    """What a profile says of a header; `own` tells whether `respond_by` is the sender's own."""
    profile = load_profile(bytes.fromhex(i["profile"]))
    family, verb = Family[i["family"]], Verb[i["verb"]]
    found = profile.deadlines_for(
        family, verb, Precedence[i["precedence"]], i["created"], i["opened"], answering=i["answering"], own=i["sender"]
    )
    return {**found._asdict(), "own": profile.spans_of(family, verb).own}


def close(i: Inputs) -> int:
    """Close of business of the n-th working day after the day of `created`."""
    return parse_calendar(i["calendar"]).close_after(i["created"], i["working_days"])
