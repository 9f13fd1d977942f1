"""Every text that a person can see has its Traditional Chinese, with the same values in it, and none is left over."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import comity.freezes
import comity.payload
import comity.payload_rules
import pytest
from comity.payload import BODY_NAMES
from comity.receipts import AckState, EventKind
from comity.v1 import payload_pb2, watchlist_pb2
from comity.watchlists import EntryState
from comity.workflow.families import TABLES
from comity.workflow.terms import Family, Precedence, Role, State

import agents.cli
from agents import formtimes
from agents.alarms import AlarmKind
from agents.cli import render, usage, words
from agents.cli.catalogue import Language, from_locale, t, use
from agents.cli.said import said
from agents.cli.zh_hant import MESSAGES
from agents.cli.zh_hant.sdk import SDK
from agents.records import DraftState, MessageStatus, Standing
from agents.story import UNPROVED
from agents.sync.owner.outbox import SubscriberState
from agents.sync.owner.publications import PublicationState
from agents.sync.progress import ImportState
from agents.templates import Wording, template

PACKAGE = Path(agents.cli.__file__).parent
CONTRACT = Path(comity.payload.__file__).parent
SEALED_RECORDS = {"Payload", "Gossip", "Attachment"}
SAY = {"Gap": 1, "ContentRefusedError": 2, "NoContactError": 2}
"""What says what is wrong with a field, and which argument says it."""


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    use(Language.EN)


def texts_of(node: ast.expr) -> list[str]:
    """Returns the constant texts that an argument can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return [*texts_of(node.body), *texts_of(node.orelse)] if isinstance(node, ast.IfExp) else []


def texts_of_source(source: str) -> set[str]:
    """Returns every text that a module shows: arguments of `t`, help, and the docstrings of commands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "t" and node.args:
                found.update(texts_of(node.args[0]))
            found.update(text for word in node.keywords if word.arg == "help" for text in texts_of(word.value))
        if isinstance(node, ast.FunctionDef) and any(".c" in ast.unparse(found) for found in node.decorator_list):
            found.add(ast.get_docstring(node) or "")
    return found


def texts_of_commands() -> set[str]:
    return set().union(*(texts_of_source(path.read_text("utf-8")) for path in PACKAGE.glob("*.py")))


def texts_of_tables() -> set[str]:
    """Returns the texts of the tables of this package."""
    ways = {"{first} and {second}", "{first} only", "{second} only"}
    return set(render.STANDINGS.values()) | {text for _, text in usage.PATTERNS} | ways


def texts_of_codes() -> set[str]:
    """Returns the English words of every code that this version carries."""
    enums: tuple[type[Enum], ...] = (State, AckState, MessageStatus, Standing, DraftState, Precedence, Role, Family)
    enums += (EventKind, EntryState, PublicationState, SubscriberState, ImportState)
    found = {words.sentence(member.name) for enum in enums for member in enum}
    found |= {words.verb_english(rule.verb) for table in TABLES.values() for rule in table.rules}
    for message in payload_pb2.DESCRIPTOR.message_types_by_name.values():
        if message.name not in SEALED_RECORDS:
            found |= {words.field_english(field) for field in message.fields}
    for enum in [e for file in (payload_pb2, watchlist_pb2) for e in file.DESCRIPTOR.enum_types_by_name.values()]:
        found |= {words.value_english(enum, number) for number in enum.values_by_number if number}
    return found | {words.sentence(UNPROVED)} | {state.next_actor for state in State}


def texts_of_contract() -> set[str]:
    """Returns the constant texts of alarms, of gaps, of ledgers, and of what rules of content say."""
    found = {kind.text for kind in AlarmKind} | set(comity.freezes.TEXTS.values())
    for source in [*CONTRACT.glob("payload*.py"), *PACKAGE.parent.rglob("*.py")]:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = SAY.get(node.func.id)
                if place is not None and len(node.args) > place:
                    found.update(texts_of(node.args[place]))
    times = {text for text in vars(formtimes).values() if isinstance(text, str) and " " in text and "\n" not in text}
    return found | {f"is not {kind.value}" for kind in comity.payload_rules.Kind} | times


def texts_of_templates() -> set[str]:
    """Returns what the comments of forms say, part by part."""
    found: set[str] = set()

    def kept(*texts: str) -> str:
        found.update(texts)
        return ""

    wording = Wording(kind=lambda parts: kept(*parts), head=kept)
    for family, verb in BODY_NAMES:
        template(family, verb, wording)
    return found


def normal(text: str) -> str:
    return re.sub(r"\d+", "{n}", text)


def test_every_text_of_the_commands_has_its_chinese() -> None:
    assert sorted(texts_of_commands() - set(MESSAGES)) == []


def test_every_text_of_the_tables_has_its_chinese() -> None:
    assert sorted(texts_of_tables() - set(MESSAGES)) == []


def test_every_code_field_and_listed_value_has_its_chinese() -> None:
    assert sorted(texts_of_codes() - set(MESSAGES)) == []


def test_every_alarm_and_gap_has_its_chinese() -> None:
    texts = texts_of_contract() | texts_of_templates()
    missing = {text for text in texts if text not in MESSAGES and normal(text) not in MESSAGES}

    assert sorted(missing) == []


def test_the_scan_sees_each_way_of_showing_a_text() -> None:
    source = '''
@app.command("x")
def x(a: Annotated[str, typer.Option(help="b")]) -> None:
    """C."""
    t("d" if e else "f", g=1)
'''
    assert texts_of_source(source) == {"b", "C.", "d", "f"}


@pytest.mark.parametrize("english", sorted(MESSAGES))
def test_both_languages_have_the_same_values_in_them(english: str) -> None:
    def places(text: str) -> list[str]:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)

    assert places(MESSAGES[english]) == places(english)


def test_no_entry_is_left_over_from_a_text_that_is_gone() -> None:
    used = texts_of_commands() | texts_of_tables() | texts_of_codes() | {normal(text) for text in texts_of_contract()}
    used |= texts_of_contract() | texts_of_templates() | {normal(text) for text in texts_of_templates()}

    assert sorted(set(MESSAGES) - used - set(SDK)) == []


def test_a_text_without_an_entry_is_shown_in_english() -> None:
    use(Language.ZH_HANT)

    assert t("no such text {n}", n=1) == "no such text 1"
    assert said("no such text") == "no such text"


def test_values_may_hold_braces() -> None:
    use(Language.ZH_HANT)

    assert t("Written: {path}", path="{x}") == "已寫入：{x}"


def test_a_gap_with_a_number_is_said_in_chinese() -> None:
    use(Language.ZH_HANT)

    assert said("has more than 32 items") == "超過 32 項"


def test_a_gap_that_names_a_refusal_is_said_in_chinese() -> None:
    use(Language.ZH_HANT)

    assert said("NO_AGREEMENT: Check the desk's name.").startswith("NO_AGREEMENT：請核對")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "zh_HK.UTF-8"}, Language.ZH_HANT),
        ({"LANG": "zh_TW"}, Language.ZH_HANT),
        ({"LC_ALL": "zh_Hant_HK.UTF-8", "LANG": "en_GB"}, Language.ZH_HANT),
        ({"COMITY_LANG": "en", "LANG": "zh_HK.UTF-8"}, Language.EN),
        ({"LANG": "zh_CN.UTF-8"}, Language.EN),
        ({"LANG": "C.UTF-8"}, Language.EN),
        ({}, Language.EN),
    ],
)
def test_the_language_follows_the_locale(variables: dict[str, str], expected: Language) -> None:
    assert from_locale(variables) is expected
