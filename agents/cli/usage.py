"""The command line as such: global options anywhere, help and usage errors in the reader's language.

Never does: run a command.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import typer

from agents.cli.catalogue import Language, from_locale, language, t

_VALUED: Final = frozenset({"--home", "--as", "--lang", "--passphrase-fd"})
_FLAGS: Final = frozenset({"--json", "--verbose", "--os-keyring"})
PATTERNS: Final = (
    (re.compile(r"No such option: (?P<what>\S+).*"), "There is no option {what}."),
    (re.compile(r"No such command '(?P<what>[^']*)'.*"), "There is no command {what}."),
    (
        re.compile(r"Missing (?:option|argument|parameter) '?(?P<what>[^'.]+(?:' / '[^']+)?)'?\..*"),
        "{what} is missing.",
    ),
    (re.compile(r"Got unexpected extra arguments? \((?P<what>.*)\)"), "There is something too much: {what}"),
    (re.compile(r"Option '(?P<what>[^']+)' requires an argument\."), "{what} needs a value."),
    (re.compile(r"Invalid value for '?(?P<what>[^':]+)'?: .*"), "The value of {what} is not one it can have."),
    (re.compile(r"Missing command\."), "A command is missing."),
)
"""What the parser says in English, and the text that is shown instead."""


def hoisted(arguments: Sequence[str]) -> list[str]:
    """Returns the arguments with every global option in front; nothing behind `--` is touched."""
    front: list[str] = []
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *pending]
        elif argument in _FLAGS or (equals and name in _VALUED):
            front.append(argument)
        elif argument in _VALUED:
            front += [argument, *([value] if (value := next(pending, None)) is not None else [])]
        else:
            rest.append(argument)
    return front + rest


def language_of(arguments: Sequence[str]) -> Language:
    """Returns the language that hoisted arguments ask for, before they are parsed: help must be in it already."""
    chosen = ""
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            chosen = arguments[place + 1]
        elif argument.startswith("--lang="):
            chosen = argument.removeprefix("--lang=")
    return Language(chosen) if chosen in set(Language) else from_locale()


def problem(message: str) -> str:
    """Returns what is wrong with a command line, in the reader's language."""
    for pattern, text in PATTERNS:
        found = pattern.fullmatch(" ".join(message.split()))
        if found:
            return t(text, **found.groupdict())
    return message


class _Formatter(typer.Context.formatter_class):  # type: ignore[misc, valid-type] # typer's own, of no public name
    """Writes the line of usage in the reader's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Writes it as typer does, with the word for it translated."""
        super().write_usage(prog, args, t("Usage: ") if prefix is None else prefix)


class _Context(typer.Context):
    """Of a command whose help is in the reader's language."""

    formatter_class = _Formatter


def commands(command: Any) -> Iterator[Any]:
    """Yields a command and everything below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from commands(below)


def translate(root: Any) -> None:
    """Puts the help of a whole tree of commands into the reader's language."""
    for command in commands(root):
        own = command.get_help_option(typer.Context(command))
        if own is not None:
            own.help = t("Show this message and exit.")
        command.help = t(command.help) if command.help else command.help
        command.context_class = _Context
        command.options_metavar = t("[OPTIONS]")
        if getattr(command, "subcommand_metavar", None):
            command.subcommand_metavar = t("COMMAND [ARGS]...")
        for parameter in command.params:
            if getattr(parameter, "help", None):
                parameter.help = t(parameter.help)


def dress_help() -> None:
    """Puts the parser's own words on a help page (Usage, Options, [required] …) into the reader's language.

    They stand in its modules, not in a tree of commands: a process that runs commands in several languages says it for
    each.
    """
    if language() is Language.EN and "typer.rich_utils" not in sys.modules:
        return
    from typer import rich_utils  # noqa: PLC0415 # slow to load, and needed for help alone

    rich_utils.ARGUMENTS_PANEL_TITLE = t("Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = t("Options")
    rich_utils.COMMANDS_PANEL_TITLE = t("Commands")
    rich_utils.REQUIRED_LONG_STRING = t("[required]")
    rich_utils.DEFAULT_STRING = t("[default: {}]")
    rich_utils.ENVVAR_STRING = t("[env var: {}]")
    rich_utils.DEPRECATED_STRING = t("(deprecated) ")
    rich_utils.ERRORS_PANEL_TITLE = t("Error")
    rich_utils.ABORTED_TEXT = t("Aborted.")
