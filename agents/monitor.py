"""The owner's monitor: notices whatever the directory gains in this agency's name that this agency did not make.

A hub that invents a key fails already: no root or admin signed it, and the replay refuses it. What is left is a stolen
root or admin key. Its statements replay well, so the agency compares every statement in its own name with those it
knows it made, within a minute of their appearance (`agents/watch.py` refreshes that often), and disputes the rest.

Never does: dispute by itself; a person must know that nobody made it.
"""

from __future__ import annotations

from collections.abc import Iterable

from comity.directory import SignedStatement
from sqlalchemy import Connection

from agents.alarms import AlarmKind, raise_alarm
from agents.truststore import own_statements


def in_name_of(statement: SignedStatement, agency: str) -> bool:
    """Returns whether a statement stands in an agency's chain: only that agency's signers can have made it."""
    return any(position.signer == agency for position in statement.positions)


def watch_own_name(c: Connection, agency: str, statements: Iterable[SignedStatement], now: int) -> int:
    """Raises an alarm for every statement in the agency's name that it did not make. Returns how many are new."""
    known = own_statements(c)
    return sum(
        raise_alarm(c, AlarmKind.OWN_KEY_UNKNOWN, f"{statement.kind} {statement.digest.hex()}", now)
        for statement in statements
        if in_name_of(statement, agency) and statement.digest not in known
    )
