"""Which hits are reported back to the list's owner without a person: rules out of a TOML file.

    [[rule]]
    action_at_least = "HOLD_AND_CALL"   # OBSERVE, ALERT_ME, HOLD_AND_CALL or BLOCK
    kind = "SEEN_DEPOSIT"               # what is reported: SEEN_DEPOSIT, SEEN_WITHDRAWAL or HELD
    owner = "sfc/intake"                # optional: only lists of this desk
    category = "sanctions"              # optional: only this category
    reference = "send"                  # optional: the caller's reference goes along

The first rule that fits an assertion in force decides. A sighting goes to the owner of that very list, who knows of it.
The caller's reference may name a customer, and the owner is another agency: it is kept and sent only where a rule says.

Never does: send. `agents.sync.screening.sightings` keeps what is to be sent.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from comity.errors import MalformedError
from comity.names import check_desk
from comity.v1 import payload_pb2 as pb
from comity.wallets.coins import bare_account
from comity.watchlists.states import EntryState

from agents.sync.screening.lists import ListKey
from agents.sync.screening.screening import Assertion, Result

_ACTIONS: Final = {name.removeprefix("WATCH_ACTION_"): number for name, number in pb.WatchAction.items() if number}
_KINDS: Final = {name.removeprefix("SIGHTING_KIND_"): number for name, number in pb.SightingKind.items() if number}
_BY_A_PERSON: Final = "FALSE_POSITIVE"
_FIELDS: Final = {"action_at_least", "kind", "owner", "category", "reference"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    action: int
    """Least WatchAction, by number."""
    kind: int
    """SightingKind that is reported, by number."""
    owner: str = ""
    """Desk whose lists it is for; empty for all."""
    category: str = ""
    """Category it is for; empty for all."""
    with_reference: bool = False
    """Whether the caller's own reference is sent along."""

    def fits(self, found: Assertion) -> bool:
        """Whether an assertion is one to report."""
        return (
            found.state is EntryState.ACTIVE
            and found.entry.action >= self.action
            and self.owner in ("", found.held.key.owner)
            and self.category in ("", found.entry.category)
        )


@dataclass(frozen=True, slots=True)
class SightingWanted:
    """A sighting that is to be reported."""

    key: ListKey
    """The list."""
    entry_id: bytes
    """The entry, 16 bytes."""
    entry_version: int
    """Its version."""
    kind: int
    """SightingKind, by number."""
    when: str
    """ISO 8601 moment at which it was screened, UTC."""
    account: str
    """Canonical CAIP-10 account as it was seen."""
    reference: str
    """The caller's own, where the rule lets it go; empty elsewhere."""


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Reads a file of rules.

    Raises:
        MalformedError: not TOML, or a rule says something that no rule says.
        OSError: it cannot be read.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise MalformedError("the file of rules is not readable") from None
    rules = found.pop("rule", [])
    if found or not isinstance(rules, list):
        raise MalformedError("a file of rules holds [[rule]] and nothing else")
    return tuple(map(_rule, rules))


def _rule(fields: Any) -> Rule:
    if not isinstance(fields, dict) or set(fields) - _FIELDS or not all(isinstance(v, str) for v in fields.values()):
        raise MalformedError("a rule has action_at_least, kind, owner, category and reference, all of them texts")
    action, kind = _ACTIONS.get(fields.get("action_at_least", "")), _KINDS.get(fields.get("kind", ""))
    if action is None or kind is None or fields["kind"] == _BY_A_PERSON:
        raise MalformedError("a rule names an action, and a kind of sighting that a machine can report")
    if fields.get("reference", "send") != "send":
        raise MalformedError("a rule's reference is `send`, or not there")
    owner = fields.get("owner", "")
    owner = check_desk(owner) if owner else ""
    return Rule(action, kind, owner, fields.get("category", ""), "reference" in fields)


def wanted(rules: Sequence[Rule], results: Iterable[Result], at_ms: int) -> Iterator[SightingWanted]:
    """Yields what is to be reported of some answers.

    Args:
        rules: in the order in which they are tried.
        results: of `Screener.screen`.
        at_ms: Unix milliseconds UTC at which it was screened.
    """
    when = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).isoformat(timespec="seconds")
    for result in results:
        if ":tx/" in result.account:  # a sighting is of an account
            continue
        for found in result.assertions:
            rule = next((rule for rule in rules if rule.fits(found)), None)
            if rule is not None:
                place = (found.held.key, found.entry_id, found.entry.version)
                # A bare text may have meant another chain with the same form: then it is what is listed.
                listed = found.entry.account
                account = listed if bare_account(listed) == result.account else result.account
                yield SightingWanted(
                    *place, rule.kind, when, account, result.query.reference if rule.with_reference else ""
                )
