r"""Where output goes: results to stdout, all else to stderr, and no character of anybody's text reaches a terminal raw.

Every text passes `safe`: control, bidirectional, line-separating and unassigned characters are shown as `\u202e`, so
that nothing received can move a cursor, forge a line or turn text around (I-01). Markup is never interpreted.

With `--json` stdout holds JSON and nothing else, without colour.

Never does: decide what to say.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from agents.cli.catalogue import labelled, t

_HIDDEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Cf"})
_JOINERS: Final = frozenset("\u200c\u200d")  # names in several scripts need them, and they move nothing
_PROGRESS_COLUMNS: Final = 60

Report = Callable[[str, int, int], None]
"""Takes the name of what is worked on, what is done and what there is to do."""
ShowTable = Callable[[str, Sequence[str], Sequence[Sequence[str]], Sequence[str]], None]
"""Takes a heading, columns, rows and the rows' styles."""


def safe(text: str, *, lines: bool = False) -> str:
    """Returns a text that can do nothing but be read.

    Args:
        text: anything.
        lines: True where line feeds may stand.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char, lines) for char in text)


def _shown(char: str, lines: bool) -> str:
    if (char == "\n" and lines) or char in _JOINERS or unicodedata.category(char) not in _HIDDEN:
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def encoded(data: Mapping[str, Any]) -> str:
    """Returns an object as one line of JSON in which no character is live on a terminal either."""
    text = json.dumps(data, ensure_ascii=False, separators=(", ", ": "))
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shown(char, lines=False) == char else _json_escape(char) for char in text)


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1]  # ASCII, with a pair of surrogates where one is needed


class Screen:
    """Both streams of one command."""

    def __init__(self, *, as_json: bool = False) -> None:
        """Takes whether stdout is for a machine."""
        self.as_json = as_json
        self._out = _console(stderr=False, plain=as_json)
        self._err = _console(stderr=True, plain=as_json)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: a terminal at both ends."""
        return sys.stdin is not None and sys.stdin.isatty() and self._err.is_terminal

    def say(self, text: str = "", style: str = "") -> None:
        """Prints a result for people; nothing with `--json`."""
        if not self.as_json:
            self._out.print(Text(safe(text, lines=True), style=style), soft_wrap=True)

    def heading(self, text: str) -> None:
        """Prints a heading for people, after an empty line."""
        self.say()
        self.say(text, "bold")

    def note(self, text: str, style: str = "") -> None:
        """Prints a remark to stderr."""
        self._err.print(Text(safe(text, lines=True), style=style), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Prints a warning to stderr."""
        self.note(labelled(t("Warning"), text), "bold yellow")

    def next(self, command: str, why: str = "") -> None:
        """Prints the command that comes next, alone on its line so that it can be copied."""
        self.say()
        self.say(t("{label}:", label=why or t("Next")), "bold")
        self.say(f"  {command}", "cyan")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str] = ()) -> None:
        """Prints a table for people.

        Args:
            columns: headings.
            rows: one text a column.
            styles: one a row; empty for none.
        """
        self._print(_table(columns, rows, styles))

    @contextmanager
    def live(self) -> Iterator[ShowTable]:
        """Takes over the terminal, and yields what shows a heading and a table in the place of those before.

        Only on a terminal (`is_terminal`). What was there before is there again when the block ends.
        """
        with Live(console=self._out, screen=True, auto_refresh=False) as live:

            def show(
                heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str]
            ) -> None:
                live.update(Group(Text(safe(heading), style="bold"), _table(columns, rows, styles)), refresh=True)

            yield show

    @property
    def is_terminal(self) -> bool:
        """Whether results go to a terminal."""
        return not self.as_json and self._out.is_terminal

    @property
    def height(self) -> int:
        """How many lines the terminal has."""
        return self._out.height

    def fields(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Prints labels and values in two columns for people."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", max_width=26, overflow="fold")
        grid.add_column(overflow="fold", ratio=1)
        for label, value in pairs:
            grid.add_row(Text(safe(label)), Text(safe(value, lines=True)))
        self._print(grid)

    def _print(self, table: Table) -> None:
        if self.as_json:
            return
        with self._out.capture() as capture:
            self._out.print(table)
        lines = capture.get().splitlines()  # rich fills every line with blanks up to its column
        self._out.file.write("".join(f"{line.rstrip()}\n" for line in lines))

    def result(self, data: Mapping[str, Any]) -> None:
        """Prints the result for machines; nothing without `--json`."""
        if self.as_json:
            self._out.file.write(encoded(data) + "\n")
            self._out.file.flush()

    def failure(self, data: Mapping[str, Any], line: str, named: Sequence[str] = ()) -> None:
        """Prints why a command failed to stderr: JSON for a machine, else words.

        Args:
            data: for machines.
            line: for people, shown as one line whatever stands in it.
            named: what it is about where that is several things, a line each.
        """
        if self.as_json:
            self._err.file.write(encoded(data) + "\n")
            return
        self.note(" ".join(line.split()), "bold red")
        for one in named:
            self.note(f"  {' '.join(one.split())}", "red")

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Asks a person yes or no on the terminal. Only where `interactive`."""
        choices = t("[Y/n]") if default else t("[y/N]")
        self._err.print(Text(safe(f"{question} {choices} ")), end="")
        answer = sys.stdin.readline()
        if not answer:
            return False
        answer = answer.strip().lower()
        return default if not answer else answer in {"y", "yes", "是"}

    def ask(self, question: str) -> str:
        """Asks a person for one line on the terminal. Only where `interactive`."""
        self._err.print(Text(safe(f"{question} ")), end="")
        return sys.stdin.readline().strip()

    @contextmanager
    def progress(self, label: str) -> Iterator[Report | None]:
        """Shows how far long work is, on a terminal only; yields None where nobody looks."""
        if self.as_json or not self._err.is_terminal:
            yield None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, TimeRemainingColumn(), console=self._err, transient=True) as bar:
            task = bar.add_task(escape(safe(label)), total=None)

            def report(name: str, done: int, total: int) -> None:
                text = escape(safe(f"{label} {name}")[:_PROGRESS_COLUMNS])
                bar.update(task, description=text, completed=done, total=total or None)

            yield report


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(Text(column), overflow="fold", no_wrap=number == 0)
    for number, row in enumerate(rows):
        style = styles[number] if styles else ""
        table.add_row(*(Text(safe(cell, lines=True)) for cell in row), style=style)
    return table


def _console(*, stderr: bool, plain: bool) -> Console:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")  # a terminal that knows no Chinese shows numbers, not a traceback
    colours: Literal["auto"] | None = None if plain or os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, color_system=colours)
