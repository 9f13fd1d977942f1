"""How people, machines and spreadsheets see what screening found.

Never does: screen; show an owner's own reference (`why`).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from comity.v1 import payload_pb2
from comity.wallets.errors import WalletErrorKind
from comity.watchlists.states import EntryState

from agents.cli.catalogue import t
from agents.cli.screen import Screen, safe
from agents.cli.times import short_stamp
from agents.cli.views import message_view
from agents.cli.words import value_code, value_label
from agents.handlings import to_wire
from agents.sync.exporters.csv_rows import cell
from agents.sync.screening import screening
from agents.sync.screening.lists import ASKED, subject_of
from agents.sync.screening.screening import Age, Assertion, Result, Verdict

STYLES: Final = {Verdict.HIT: "bold red", Verdict.INVALID: "bold yellow", Verdict.STALE: "yellow", Verdict.CLEAR: ""}
CSV_COLUMNS: Final[tuple[str, ...]] = (
    *("address", "reference", "account", "verdict", "problem", "owner", "list", "list_title", "sequence", "entry"),
    *("version", "listed", "giver", "category", "label", "actor", "confidence", "confidence_level", "action"),
    *("discreet", "state", "valid_from", "valid_until", "tlp", "permitted_action"),
)
"""Columns of `--csv`, a row an assertion."""
_ACTION: Final = payload_pb2.WatchAction.DESCRIPTOR
_CONFIDENCE: Final = payload_pb2.ConfidenceKind.DESCRIPTOR


def verdict_text(verdict: Verdict) -> str:
    """Returns a verdict for people."""
    match verdict:
        case Verdict.HIT:
            return t("HIT: listed")
        case Verdict.INVALID:
            return t("INVALID: no address, or a wrong checksum")
        case Verdict.STALE:
            return t("STALE: nothing found, but a list is too old to say clear")
    return t("CLEAR: no list held here says anything in force")


def _state_text(state: EntryState) -> str:
    match state:
        case EntryState.ACTIVE:
            return t("in force")
        case EntryState.SUSPENDED:
            return t("suspended")
        case EntryState.EXPIRED:
            return t("expired")
    return t("not yet in force")


def _problem_text(problem: str) -> str:
    match problem:
        case screening.UNREADABLE:
            return t("its row cannot be read: cells shifted, a quotation mark left open, or a text that is too long")
        case WalletErrorKind.BAD_LENGTH:
            return t("wrong length: cut off, or of a chain that is not supported")
        case WalletErrorKind.BAD_CHECKSUM:
            return t("the checksum is wrong")
        case WalletErrorKind.MIXED_CASE:
            return t("capital and small letters mixed where they must not be")
        case WalletErrorKind.TESTNET:
            return t("of a test network")
        case WalletErrorKind.UNKNOWN_CHAIN:
            return t("of a chain that is not supported")
        case WalletErrorKind.WRONG_CHAIN:
            return t("of another chain than the one named")
    return t("no address")


def show_result(screen: Screen, result: Result) -> None:
    """Shows one answer with everything that is said about the wallet."""
    screen.say(f"{result.query.address}  {verdict_text(result.verdict)}", STYLES[result.verdict])
    if result.problem:
        screen.say(f"  {_problem_text(result.problem)}")
    for found in result.assertions:
        entry, held = found.entry, found.held
        if entry.discreet:
            screen.say(t("  DISCREET: nobody outside may notice. Do not tip off."), "bold red")
        confidence = f"{value_label(_CONFIDENCE, entry.confidence)} ({entry.confidence_level}/100)"
        handling = to_wire(found.handling)
        pairs = (
            (t("List"), f"{held.terms.title} · {held.key.owner} · {t('batch {n}', n=held.sequence)}"),
            (t("Listed as"), subject_of(entry)),
            (t("Said by"), entry.giver),
            (t("Category"), entry.category),
            (t("Label"), entry.label),
            (t("Actor"), entry.actor),
            (t("Confidence"), confidence),
            (t("Asked for"), value_label(_ACTION, entry.action)),
            (t("State"), _state_text(found.state)),
            (t("Holds"), f"{short_stamp(entry.valid_from)} – {short_stamp(entry.valid_until)}"),
            (t("Handling"), f"{_code(handling, 'tlp')} · {_code(handling, 'permitted_action')}"),
            (t("Entry"), found.entry_id.hex()),
        )
        screen.fields([(f"  {name}", value) for name, value in pairs if value])
    if result.left_out:
        screen.say(t("  {n} more things are said about it.", n=result.left_out), "bold")


def show_summary(screen: Screen, counts: Counter[Verdict], lists: Sequence[Age]) -> None:
    """Shows how many were what, and how old the lists are."""
    screen.say()
    if not lists:
        screen.say(t("No list is held here: nothing can be called clear."), "bold yellow")
    rows = [
        (
            age.held.terms.title or age.held.key.list_id.hex(),
            age.held.key.owner,
            str(age.held.sequence),
            _age_text(age),
            _standing_text(age),
        )
        for age in lists
    ]
    if rows:
        styles = ["bold yellow" if age.stale else "" for age in lists]
        screen.table((t("List"), t("Owner desk"), t("Batch"), t("Age"), t("Standing")), rows, styles)
    numbers = {
        t("hits"): Verdict.HIT,
        t("invalid"): Verdict.INVALID,
        t("stale"): Verdict.STALE,
        t("clear"): Verdict.CLEAR,
    }
    screen.say(" · ".join(f"{counts[verdict]} {name}" for name, verdict in numbers.items()), "bold")


def _standing_text(age: Age) -> str:
    if age.held.status not in ASKED:
        return t("not subscribed to: nothing can be called clear")
    if age.held.is_missing:
        return t("something is missing: nothing can be called clear")
    return t("too old to say clear") if age.stale else t("current")


def _age_text(age: Age) -> str:
    if not age.held.generation:
        return t("not here yet")
    return t("{n} min", n=max(0, age.age_ms) // 60_000)


def result_view(result: Result) -> dict[str, Any]:
    """Returns the JSON shape of an answer."""
    return {
        "address": result.query.address,
        "reference": result.query.reference or None,
        "account": result.account or None,
        "verdict": result.verdict.value,
        "problem": result.problem or None,
        "discreet": result.discreet,
        "assertions": [_assertion_view(found) for found in result.assertions],
        "left_out": result.left_out,
    }


def _assertion_view(found: Assertion) -> dict[str, Any]:
    held, entry = found.held, found.entry
    return {
        "owner": held.key.owner,
        "list": held.key.list_id.hex(),
        "list_title": held.terms.title,
        "sequence": held.sequence,
        "entry": found.entry_id.hex(),
        "version": entry.version,
        "account": subject_of(entry),
        "giver": entry.giver,
        "category": entry.category,
        "label": entry.label or None,
        "actor": entry.actor or None,
        "confidence": value_code(_CONFIDENCE, entry.confidence),
        "confidence_level": entry.confidence_level,
        "action": value_code(_ACTION, entry.action),
        "discreet": entry.discreet,
        "state": found.state.value,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "handling": message_view(to_wire(found.handling)),
    }


def summary_view(counts: Counter[Verdict], lists: Sequence[Age]) -> dict[str, Any]:
    """Returns the JSON shape of the last line."""
    return {
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "lists": [
            {
                "owner": age.held.key.owner,
                "list": age.held.key.list_id.hex(),
                "title": age.held.terms.title,
                "status": age.held.status.value,
                "sequence": age.held.sequence,
                "batch_time": age.held.batch_time or None,
                "age": age.age_ms if age.held.generation else None,
                "stale": age.stale,
            }
            for age in lists
        ],
    }


def csv_lines(results: Iterable[Result], *, header: bool) -> Iterator[str]:
    """Yields CSV lines, a row an assertion and one for a wallet without any; nothing in them is a formula."""
    rows = [CSV_COLUMNS] if header else []
    for result in results:
        rows += [_csv_row(result, found) for found in result.assertions or (None,)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([cell(safe(value)) for value in row] for row in rows)
    yield out.getvalue()


def _csv_row(result: Result, found: Assertion | None) -> tuple[str, ...]:
    asked = (result.query.address, result.query.reference, result.account, result.verdict.value, result.problem)
    if found is None:
        return (*asked, *[""] * (len(CSV_COLUMNS) - len(asked)))
    held, entry, handling = found.held, found.entry, to_wire(found.handling)
    return (
        *asked,
        *(held.key.owner, held.key.list_id.hex(), held.terms.title, str(held.sequence), found.entry_id.hex()),
        *(str(entry.version), subject_of(entry), entry.giver, entry.category, entry.label, entry.actor),
        *(value_code(_CONFIDENCE, entry.confidence), str(entry.confidence_level), value_code(_ACTION, entry.action)),
        *("true" if entry.discreet else "false", found.state.value, str(entry.valid_from), str(entry.valid_until)),
        *(_code(handling, "tlp"), _code(handling, "permitted_action")),
    )


def _code(handling: payload_pb2.Handling, name: str) -> str:
    field = handling.DESCRIPTOR.fields_by_name[name]
    return value_code(field.enum_type, getattr(handling, name))
