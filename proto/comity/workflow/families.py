"""The families there are. A further one is a table, a payload schema and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from comity.errors import Reason, RefusedError
from comity.workflow.assistance import ASSISTANCE
from comity.workflow.freeze import FREEZE
from comity.workflow.referral import REFERRAL
from comity.workflow.tables import Table
from comity.workflow.terms import Family
from comity.workflow.watchlist import WATCHLIST

TABLES: Mapping[Family, Table] = MappingProxyType(
    {table.family: table for table in (REFERRAL, WATCHLIST, FREEZE, ASSISTANCE)}
)
"""The tables by family."""


def table_of(family: Family, tables: Mapping[Family, Table] = TABLES) -> Table:
    """Returns a family's table.

    Raises:
        RefusedError: FAMILY_NOT_OFFERED.
    """
    table = tables.get(family)
    if table is None:
        raise RefusedError(Reason.FAMILY_NOT_OFFERED, "this version does not carry that family", family=family.name)
    return table
