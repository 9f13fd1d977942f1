"""What the runbooks and the deployment's page tell a person to type exists: every command, every option of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from agents.cli.main import app as comity
from hub.cli.main import app as comity_hub
from tests.support.sources import ROOT

RUNBOOKS = sorted((ROOT / "deploy" / "runbooks").glob("*.md"))
PAGES = [*RUNBOOKS, ROOT / "deploy" / "README.md", ROOT / "README.md"]
PROGRAMS = {"comity-hub": comity_hub, "comity": comity}
QUOTED = re.compile(r"`((?:comity-hub|comity) [a-z][^`]*)`")
TYPED = re.compile(r"^    (?:[A-Z_]+=\S+ )*(?:sudo (?:-\S+ )*)?(comity-hub|comity) ([^#\n]*)", re.M)
OPTION = re.compile(r"--[a-z][a-z0-9-]*")


def commands_in(text: str) -> Iterator[str]:
    """Yields every command that a page shows, typed or quoted; continued lines are one."""
    text = text.replace("\\\n", " ")
    yield from QUOTED.findall(text)
    for program, rest in TYPED.findall(text):
        # Of several commands in a row each counts.
        yield from (f"{program} {rest}" if at == 0 else part for at, part in enumerate(re.split(r"[;|]", rest)))


def faults(command: str) -> list[str]:
    """Returns what is wrong with a command, in words."""
    words = command.split()
    if words[0] not in PROGRAMS:
        return []
    found: Any = get_command(PROGRAMS[words[0]])
    options = {opt for parameter in found.params for opt in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    for word in words[1:]:
        if word.startswith("-") or not hasattr(found, "commands"):
            continue
        # An option's value before the command's name, as in `comity --home sfc agency`.
        if word not in found.commands:
            if options and re.fullmatch(r"[a-z-]+", word) and words[words.index(word) - 1] not in options:
                return [f"{command}: there is no {word}"]
            continue
        found = found.commands[word]
        options |= {opt for parameter in found.params for opt in (*parameter.opts, *parameter.secondary_opts)}
    return [f"{command}: there is no {option}" for option in OPTION.findall(command) if option not in options]


@pytest.mark.parametrize("page", PAGES, ids=[page.name if page.parent != ROOT else "root" for page in PAGES])
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    assert [fault for command in commands_in(page.read_text("utf-8")) for fault in faults(command)] == []


def test_every_command_for_operators_has_its_place_in_a_runbook() -> None:
    told = " ".join(command for page in RUNBOOKS for command in commands_in(page.read_text("utf-8")))
    missing = [
        name
        for name in ("fsck", "backup", "restore", "stats", "operator suspend", "operator resume")
        if name not in told
    ]
    assert missing == []


def test_every_runbook_stands_in_the_index_and_says_what_if_it_goes_wrong() -> None:
    index = (ROOT / "deploy" / "runbooks" / "README.md").read_text("utf-8")
    pages = [page for page in RUNBOOKS if page.name != "README.md"]
    assert [page.name for page in pages if f"({page.name})" not in index] == []
    assert [page.name for page in pages if "goes wrong" not in page.read_text("utf-8").lower()] == []


@pytest.mark.parametrize(
    "command",
    [
        "comity-hub fsk",
        "comity-hub fsck --json --deeper",
        "comity-hub operator halt sfc",
        "comity-hub backup x --key y",
    ],
)
def test_the_check_sees_a_command_or_option_that_does_not_exist(command: str) -> None:
    assert len(faults(command)) == 1


@pytest.mark.parametrize(
    "command",
    [
        "comity-hub fsck --home /var/lib/comity-hub --json",
        "comity-hub operator suspend sfc --key op-1.key --hub hub.example:7443",
        "comity-hub restore FOLDER --check",
        "comity --home sfc/ log verify",
    ],
)
def test_the_check_lets_pass_what_exists(command: str) -> None:
    assert faults(command) == []


def test_commands_are_seen_where_they_are_typed_and_where_they_are_quoted() -> None:
    page = "Run `comity-hub fsck --a`:\n\n    COMITY_HUB_X=1 comity-hub backup \\\n      --b f ; comity-hub stats --c\n"
    assert [command.split()[:2] for command in commands_in(page)] == [
        ["comity-hub", "fsck"],
        ["comity-hub", "backup"],
        ["comity-hub", "stats"],
    ]
