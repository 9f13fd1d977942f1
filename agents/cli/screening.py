"""`comity screen`: whether wallets are listed, out of the local store, hub or no hub.

Never does: show an owner's own reference, write anything, ask the hub.
"""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from agents.cli import screenings
from agents.cli.catalogue import t
from agents.cli.exits import ExitCode, UsageError
from agents.cli.session import Session
from agents.sync.screening.asking import Columns, Form, Source, lines_of, queries_in
from agents.sync.screening.reading import FILE, ScreeningReader
from agents.sync.screening.rules import load_rules
from agents.sync.screening.screening import Age, Query, Result, Screener, Verdict
from agents.sync.screening.sightings import FILE as SIGHTINGS
from agents.sync.screening.sightings import Reporter, SightingQueue

app = typer.Typer()

PORTION = 2_000
"""So many questions are answered together, and sooner where no more have come yet."""
CODES = {
    Verdict.HIT: ExitCode.HIT,
    Verdict.INVALID: ExitCode.INVALID,
    Verdict.STALE: ExitCode.STALE,
    Verdict.CLEAR: ExitCode.OK,
}
"""How the command ends, by the gravest verdict."""
_FORMS = {".csv": Form.CSV, ".tsv": Form.CSV, ".jsonl": Form.JSONL, ".ndjson": Form.JSONL}


class _Work:
    """One run: asks in portions, prints, counts."""

    def __init__(
        self, session: Session, screener: Screener, reporter: Reporter | None, *, as_csv: bool, brief: bool
    ) -> None:
        self._session = session
        self._screener = screener
        self._reporter = reporter
        self._as_csv = as_csv
        self._brief = brief and not as_csv and not session.screen.as_json
        self._waiting: list[Query] = []
        self._begun = False
        self.counts: Counter[Verdict] = Counter()
        self.lists: Sequence[Age] = ()

    def ask(self, query: Query) -> None:
        """Takes a question; answers once there are enough."""
        self._waiting.append(query)
        if len(self._waiting) >= PORTION:
            self.answer()

    def answer(self) -> None:
        """Answers what waits."""
        if not self._waiting:
            return
        queries, self._waiting = self._waiting, []
        found = self._screener.screen(self._worth_it(queries) if self._brief else queries)
        self.lists = found.lists
        self.counts.update(result.verdict for result in found.results)
        if self._reporter is not None:
            self._reporter(found)
        self._print(found.results)

    def _worth_it(self, queries: list[Query]) -> list[Query]:
        """Counts what nothing is said about and returns the rest: people are shown no line for each such wallet."""
        if any(query.chain for query in queries):
            return queries
        verdicts = self._screener.unlisted(["" if query.broken else query.address for query in queries])
        self.counts.update(verdict for verdict in verdicts if verdict is Verdict.CLEAR)
        return [query for query, verdict in zip(queries, verdicts, strict=True) if verdict is not Verdict.CLEAR]

    def _print(self, results: Sequence[Result]) -> None:
        screen = self._session.screen
        if self._as_csv:
            sys.stdout.writelines(screenings.csv_lines(results, header=not self._begun))
            sys.stdout.flush()
        elif screen.as_json:
            for result in results:
                screen.result(screenings.result_view(result))
        else:
            for result in results:
                # What is suspended, over or to come is no hit, and is shown all the same.
                if not self._brief or result.verdict is not Verdict.CLEAR or result.assertions:
                    screenings.show_result(screen, result)
        self._begun = True

    def finish(self) -> ExitCode:
        """Answers the rest, shows the summary, and returns how the command ends."""
        self.answer()
        self.lists = self.lists or self._screener.lists()
        if not self._as_csv:
            screenings.show_summary(self._session.screen, self.counts, self.lists)
            self._session.screen.result(screenings.summary_view(self.counts, self.lists))
        # Who was asked nothing has found nothing either: the lists' ages say whether that means anything.
        stale = not self.lists or any(age.stale for age in self.lists)
        nothing = Verdict.STALE if stale else Verdict.CLEAR
        return CODES[next((verdict for verdict in Verdict if self.counts[verdict]), nothing)]


@app.command("screen")
def screen_wallets(
    ctx: typer.Context,
    *,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Wallets, in any spelling; - for standard input.", metavar="ADDRESS")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="File with wallets: lines, CSV or JSON lines.")] = None,
    form: Annotated[Form | None, typer.Option("--format", help="What is in the file; else by its name.")] = None,
    column: Annotated[
        str, typer.Option("--column", help="Column with the wallet; else address, wallet or account.")
    ] = "",
    chain_column: Annotated[str, typer.Option("--chain-column", help="Column with the chain.")] = "",
    reference_column: Annotated[
        str, typer.Option("--reference-column", help="Column with your own reference; else the number of the row.")
    ] = "",
    chain: Annotated[str, typer.Option("--chain", help="Chain of all: CAIP-2, symbol or name.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a row for each thing that is said.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show clear wallets of a file, too.")] = False,
    max_age: Annotated[
        int | None,
        typer.Option("--max-age", min=1, help="Minutes after which a list is too old to say clear; else the agent's."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Report hits back by the rules in this file; the agent sends them.")
    ] = None,
    store: Annotated[Path | None, typer.Option("--store", help="The screening store; else that of the home.")] = None,
) -> int:
    """Say whether wallets are listed. Ends with 0 clear, 10 hit, 11 no address, 12 lists too old."""
    session = Session.of(ctx)
    given = list(addresses or ())
    if bool(given) == (file is not None) or ("-" in given and len(given) > 1):
        raise UsageError(t("Name wallets, or a file with --file, or - for standard input."))
    if as_csv and session.screen.as_json:
        raise UsageError(t("Either --csv or --json."))
    columns = Columns(column, chain_column, reference_column, chain)
    many = file is not None or given == ["-"]
    path = store or session.home.path / FILE
    with _screener(path, max_age, in_memory=many) as screener, _reporter(path.parent, rules) as reporter:
        work = _Work(session, screener, reporter, as_csv=as_csv, brief=many and not every)
        if many:
            _ask_all(work, file, form, columns)
        else:
            for text in given:
                work.ask(Query(text, chain))
        return work.finish()


@contextmanager
def _screener(path: Path, max_age: int | None, *, in_memory: bool) -> Iterator[Screener]:
    reader = ScreeningReader.open(path)
    try:
        yield Screener(reader, max_age_ms=max_age * 60_000 if max_age else None, in_memory=in_memory)
    finally:
        reader.close()


@contextmanager
def _reporter(folder: Path, rules: Path | None) -> Iterator[Reporter | None]:
    if rules is None:
        yield None
        return
    loaded = load_rules(rules)
    with SightingQueue(folder / SIGHTINGS) as queue:
        yield Reporter(loaded, queue)


def _ask_all(work: _Work, file: Path | None, form: Form | None, columns: Columns) -> None:
    by_name = Form.TEXT if file is None else _FORMS.get(file.suffix.lower(), Form.TEXT)
    with _source(file) as source:
        for query in queries_in(lines_of(source, work.answer), form or by_name, columns):
            work.ask(query)


@contextmanager
def _source(file: Path | None) -> Iterator[Source]:
    if file is None:
        stream = sys.stdin.buffer
        yield stream if isinstance(stream, io.BufferedReader) else io.BytesIO(stream.read())
        return
    with file.open("rb") as opened:
        yield opened
