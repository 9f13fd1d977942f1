"""What an export is made of: lists, and one row for each entry that may leave.

Never does: decide what may leave (`policy`), write a format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from comity.handling import Handling
from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2 as wl
from comity.wallets.chains import CHAINS, EVM_ANY

LAST_MS: Final = 253_402_300_799_999
"""The last moment that ISO 8601 writes with four digits of the year."""
_NATIVE: Final = {chain.caip2: chain.symbols[0] for chain in CHAINS} | {
    EVM_ANY: "ETH",
    "eip155:0": "ETH",
    "eip155:56": "BSC",
    "eip155:61": "ETC",
}


@dataclass(frozen=True, slots=True)
class ListHead:
    """A list, and the position at which it is exported."""

    owner: str
    """Agency that owns it."""
    owner_desk: str
    """Its desk, `agency/desk`."""
    list_id: bytes
    """16 bytes."""
    title: str
    """As the owner offers it."""
    handling: Handling
    """What may be done with everything in it."""
    default_action: int
    """`WatchAction` where an entry says nothing else."""
    sequence: int
    """Batch up to which it is held."""
    time_ms: int
    """Unix milliseconds UTC of that batch."""
    is_behind: bool = False
    """True where something newer is known to be missing here."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list and how to read what is live in it."""

    head: ListHead
    """The list."""
    records: Callable[[], Iterable[wl.WatchRecord]]
    """Reads its records by ascending entry id; called once, and never held whole."""
    count: int = 0
    """How many there are, for whoever waits."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry that may leave, with everything the formats share."""

    head: ListHead
    """Its list."""
    entry_id: bytes
    """16 bytes."""
    entry: wl.WatchEntry
    """As its owner signed it."""
    handling: Handling
    """The list's and the entry's own, the most restrictive of both."""
    chain: str
    """CAIP-2, or `eip155:*`."""
    value: str
    """Address or transaction identifier, as the chain's tools write it; with the destination tag where there is one."""

    @property
    def symbol(self) -> str:
        """Symbol of the chain's own asset; its CAIP-2 identifier where it has no symbol that means it alone."""
        return _NATIVE.get(self.chain, self.chain)

    @property
    def asset(self) -> str:
        """Symbol of the asset it was listed for."""
        return self.entry.asset or self.symbol

    @property
    def account(self) -> str:
        """Canonical CAIP-10 account, or canonical transaction."""
        return self.entry.account or self.entry.transaction

    @property
    def action(self) -> int:
        """`WatchAction` that is asked for."""
        return self.entry.action or self.head.default_action


def place(entry: wl.WatchEntry) -> tuple[str, str]:
    """Returns the chain of an entry, and its address or transaction identifier.

    The text is canonical and vouched for by its signatures, so it is taken apart, not checked again. A destination tag
    of the XRP Ledger stays on: without it the row would stand for a whole exchange.
    """
    if entry.transaction:
        chain, _, identifier = entry.transaction.partition(":tx/")
        return chain, identifier
    chain, _, local = entry.account.rpartition(":")
    return chain, local.replace("%3A", ":")


def iso(ms: int) -> str:
    """Returns Unix milliseconds UTC as ISO 8601 with milliseconds, moved into the years 1970 to 9999."""
    seconds, rest = divmod(min(max(ms, 0), LAST_MS), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def action_name(action: int) -> str:
    """Returns `observe`, `alert_me`, `hold_and_call` or `block`."""
    return pb.WatchAction.Name(action).removeprefix("WATCH_ACTION_").lower()


def confidence_name(kind: int) -> str:
    """Returns `unknown`, `heuristic`, `public_source`, `record`, `own_trace` or `official`."""
    return pb.ConfidenceKind.Name(kind).removeprefix("CONFIDENCE_KIND_").lower()


def tlp_name(handling: Handling) -> str:
    """Returns the mark as the Traffic Light Protocol 2.0 writes it, for example `AMBER+STRICT`."""
    return handling.tlp.name.replace("_", "+")


def limits(handling: Handling) -> str:
    """Returns everything a handling says in one line, for formats that have no fields for it."""
    said = {
        "code": handling.code.name,
        "permitted action": handling.permitted_action.name,
        "evidential use": handling.evidential_use.name,
        "onward": handling.onward.name,
        "limits": handling.code_text,
        "onward to": ", ".join(sorted(handling.onward_agencies)),
        "purposes": ", ".join(sorted(handling.purposes)),
        "legal gateway": handling.legal_gateway,
        "retain until": "" if handling.retain_until is None else iso(handling.retain_until),
        "affected person": "may be told" if handling.may_tell_affected else "is not told",
    }
    named = [f"{name}: {text}" for name, text in said.items() if text]
    return "; ".join([f"TLP:{tlp_name(handling)}", *named])
