"""PROTOCOL.md says what a stranger needs by name: the directory's rules, test networks, limits of payload fields."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import comity.directory
import comity.payload_rules
import pytest
from comity.payload_rules import RULES, Kind
from comity.wallets import TESTNETS
from comity.watchlists.entries import TEXT_LIMITS

PROTO = Path(comity.payload_rules.__file__).resolve().parents[1]
DOCUMENT = (PROTO / "PROTOCOL.md").read_text(encoding="utf-8")
UNNAMED_LENGTH = {Kind.TEXT: 300}
"""Texts whose comment names no length: accounts alone, which PROTOCOL.md names."""


def directory_rules() -> set[str]:
    """Returns every rule by which the directory's code refuses a statement."""
    found = set()
    for file in Path(comity.directory.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in {"require", "refused", "take_some"} and isinstance(node.args[-1], ast.Constant):
                    found.add(str(node.args[-1].value))
    return found


def comments(file: str = "payload") -> dict[tuple[str, str], str]:
    """Returns the comment of every field of a .proto file, by message and field."""
    found, message, said = dict[tuple[str, str], str](), "", list[str]()
    for line in (PROTO / f"comity/v1/{file}.proto").read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("//"):
            said.append(text.removeprefix("//").strip())
            continue
        if match := re.match(r"message (\w+)", text):
            message = match[1]
        elif match := re.match(r"(?:repeated )?[\w.]+ (\w+) = \d+;", text):
            found[message, match[1]] = " ".join(said)
        said = []
    return found


def number(text: str) -> int:
    """Returns a number with commas."""
    return int(text.replace(",", ""))


def test_every_rule_of_the_directory_stands_in_the_protocol_by_its_name() -> None:
    rules = directory_rules()

    assert len(rules) > 25
    assert [rule for rule in sorted(rules) if f"`{rule}`" not in DOCUMENT] == []


def test_every_test_network_stands_in_the_protocol_by_its_name() -> None:
    paragraph = DOCUMENT.split("Test networks by name:")[1].split("\n\n")[0]
    by_namespace = dict(re.findall(r"`(\w+):` ([^;`]+)", paragraph))
    named = {f"{space}:{name.strip(' .')}" for space, names in by_namespace.items() for name in names.split(",")}
    named |= set(re.findall(r"`(\w+:[-\w]+)`", paragraph))

    assert named == set(TESTNETS)


@pytest.mark.parametrize("message", RULES)
def test_the_comments_of_the_payload_say_what_its_rules_are(message: str) -> None:
    for field, rule in RULES[message].items():
        said = comments()[message, field]
        place = f"{message}.{field}: {said}"
        required = said.startswith(("Required.", "Required:"))
        assert required == rule.required, place
        if rule.kind in (Kind.TEXT, Kind.LINES):
            assert ("Lines" in said) == (rule.kind is Kind.LINES), place
            lengths = re.findall(r"([\d,]+) bytes", said)
            assert rule.limit == (number(lengths[0]) if lengths else UNNAMED_LENGTH[rule.kind]), place


def test_the_comments_of_an_entry_say_how_long_its_texts_may_be() -> None:
    said = {
        field: number(lengths[0])
        for (message, field), text in comments("watchlist").items()
        if message == "WatchEntry" and (lengths := re.findall(r"[Uu]p to ([\d,]+) bytes", text))
    }
    assert said.pop("category") == 64
    assert said == {field: limit for field, limit in TEXT_LIMITS.items() if field not in ("account", "transaction")}
