"""Fills the generated blocks of PROTOCOL.md from the code, or proves that they are fresh.

Run by `make gen` (`python proto/gen_docs.py`) and, with `--check`, by `make check` and a test. The lines between

    <!-- generated: reasons -->
    <!-- end generated -->

belong to this program; the word names one of `BLOCKS`. It never touches a line outside such a pair, and refuses a word
it does not know, a pair that is not closed, and a document without one of its blocks.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import itertools
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from comity import errors
from comity.errors import GRPC_CODE, Reason
from comity.wallets import CHAINS
from comity.workflow.clocks import DAY, HOUR, MINUTE, Profile, Spans, WorkingDays
from comity.workflow.families import TABLES
from comity.workflow.profiles import packaged_profiles, standard_profile
from comity.workflow.tables import document
from comity.workflow.terms import Family, Precedence

DOCUMENT = Path(__file__).resolve().with_name("PROTOCOL.md")
_BLOCK = re.compile(r"^<!-- generated: (?P<name>[a-z]+) -->\n(?:(?!<!--).*\n)*?<!-- end generated -->$", re.MULTILINE)
_BEGIN = re.compile(r"^<!-- generated:", re.MULTILINE)


def referral() -> str:
    """Returns the workflow of case referrals."""
    return document(TABLES[Family.REFERRAL])


def freeze() -> str:
    """Returns the workflow of asset freezes."""
    return document(TABLES[Family.FREEZE])


def assistance() -> str:
    """Returns the workflow of cross-border assistance."""
    return document(TABLES[Family.ASSISTANCE])


def watchlist() -> str:
    """Returns the workflow of watchlists."""
    return document(TABLES[Family.WATCHLIST])


def _span(milliseconds: int) -> str:
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if milliseconds % unit == 0:
            return f"{milliseconds // unit} {name}"
    return f"{milliseconds // 1000} s"


def _by_precedence(spans: Mapping[Precedence, int | WorkingDays] | None) -> str:
    if spans is None:
        return "–"
    texts = [
        f"{span.count} wd" if isinstance(span, WorkingDays) else _span(span)
        for span in (spans[precedence] for precedence in Precedence)
    ]
    return texts[0] if len(set(texts)) == 1 else " / ".join(texts)


def _answer(spans: Spans) -> str:
    text = _by_precedence(spans.respond)
    return f"own side: {text}" if spans.own else text


def _lapse(spans: Spans) -> str:
    text = _by_precedence(spans.lapse)
    return text if spans.lapse is None else f"{text} from {'the opening' if spans.lapse_from_opening else '`created`'}"


def profile() -> str:
    """Returns the spans of the standard deadline profile, and which others there are."""
    standard: Profile = standard_profile()
    reminders = ", ".join(f"{percent} %" for percent in standard.reminders_percent)
    names = " / ".join(precedence.name for precedence in Precedence)
    places = ", ".join(place for place in standard.calendars if place != "default")
    rows = [
        (
            family.name,
            verb.name,
            _by_precedence(spans.deliver),
            _answer(spans),
            _lapse(spans),
        )
        for (family, verb), spans in standard.spans.items()
    ]
    plain = next(row[2:] for row in rows if row[3] == row[4] == "–")
    lines = ["| profile | SHA-256 |", "|---|---|"]
    lines += [f"| `{each.name}` | `{each.sha256.hex()}` |" for each in packaged_profiles().values()]
    lines += [
        "",
        f"`{standard.name}`, {names}; wd: working days; calendars of {places}; reminders after {reminders}. "
        f"What is not in the table has `deliver_by` {plain[0]} and nothing else.",
        "",
        "| family | verb | `deliver_by` | `respond_by` | `lapses_at` |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row)} |" for row in rows if row[2:] != plain]
    lines += ["", "| instrument | binding | at most | extendable |", "|---|---|---|---|"]
    lines += [
        f"| {kind} | {'yes' if each.binding else 'no'} | {each.max_days} d | {'yes' if each.extendable else 'no'} |"
        for kind, each in standard.instruments.items()
    ]
    return "\n".join(lines) + "\n"


def chains() -> str:
    """Returns the chains whose wallets have a canonical form."""
    lines = [
        "| chain | CAIP-2 | symbols | other spellings | forms, canonical one first | checksum | published profile |",
        "|---|---|---|---|---|---|---|",
    ]
    for chain in CHAINS:
        others = ", ".join(f"`{alias}`" for alias in chain.aliases)
        registered = "yes" if chain.registered else "no"
        cells = (
            chain.name,
            f"`{chain.caip2}`",
            ", ".join(chain.symbols),
            others,
            chain.forms,
            chain.checksum,
            registered,
        )
        lines.append(("| " + " | ".join(cells) + " |").replace("<", "\\<"))
    return "\n".join(lines) + "\n"


def meanings() -> Mapping[Reason, str]:
    """Returns the docstring below each reason, on one line.

    Raises:
        ValueError: A reason has none.
    """
    body = next(
        node.body
        for node in ast.parse(inspect.getsource(errors)).body
        if isinstance(node, ast.ClassDef) and node.name == Reason.__name__
    )
    found: dict[Reason, str] = {}
    for first, second in itertools.pairwise(body):
        match first, second:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[Reason[name]] = " ".join(text.split())
    if set(found) != set(Reason):
        raise ValueError("a reason has no meaning below it")
    return found


def reasons() -> str:
    """Returns every reason with its gRPC code and its meaning."""
    meaning = meanings()
    rows = [f"| {reason.value} | {GRPC_CODE[reason]} | {meaning[reason]} |" for reason in Reason]
    return "\n".join(["| reason | gRPC code | meaning |", "|---|---|---|", *rows]) + "\n"


BLOCKS: Mapping[str, Callable[[], str]] = {
    "referral": referral,
    "freeze": freeze,
    "assistance": assistance,
    "watchlist": watchlist,
    "profile": profile,
    "chains": chains,
    "reasons": reasons,
}
"""What is generated, by its word."""


def refreshed(text: str) -> str:
    """Returns a document with each of its blocks written anew.

    Raises:
        ValueError: A block is unknown, missing, twice there, or not closed.
    """
    names = [match["name"] for match in _BLOCK.finditer(text)]
    if sorted(names) != sorted(BLOCKS) or len(_BEGIN.findall(text)) != len(names):
        raise ValueError("a generated block is unknown, missing, twice there or not closed")

    def write(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- generated: {name} -->\n\n{BLOCKS[name]()}\n<!-- end generated -->"

    return _BLOCK.sub(write, text)


def main() -> int:
    """Entry point.

    Returns:
        0, or 1 when `--check` found a stale block.
    """
    parser = argparse.ArgumentParser(description="Fills the generated blocks of PROTOCOL.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a block is stale")
    check = parser.parse_args().check
    before = DOCUMENT.read_text(encoding="utf-8")
    after = refreshed(before)
    if before == after:
        return 0
    if check:
        sys.stderr.write(f"stale: proto/{DOCUMENT.name} - run make gen\n")
        return 1
    DOCUMENT.write_text(after, encoding="utf-8")
    sys.stdout.write(f"gen: proto/{DOCUMENT.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
