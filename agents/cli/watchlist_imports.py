"""`comity watchlist import … publish`: files become change sets: read, compared, looked at, signed.

An import that was cut off goes on at its row; nothing of one that did not come to its end is published. What a row
says stands in the owner's own report and nowhere else.

Never does: mend a wallet; publish a file that was not compared first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from comity.v1 import payload_pb2 as pb

from agents.cli.catalogue import t
from agents.cli.exits import CommandError, StoppedError, UsageError
from agents.cli.lists import number_of
from agents.cli.session import Session, fresh
from agents.cli.times import now_ms, when
from agents.cli.watchlist import ACTION, ListName, Yes, list_named, list_view, owned, publishing
from agents.cli.watchlist_changes import Note, Urgent, out
from agents.cli.watchlist_preview import (
    SHOWN,
    changes_of,
    first_refusals,
    import_named,
    import_view,
    previewed,
    show_import,
    show_preview,
    staging,
    warned_of,
    write_report,
)
from agents.cli.words import short
from agents.client import Client
from agents.sync.importers.benign import Benign
from agents.sync.importers.policy import Action, Confidence, ImportPolicy, OnRefusal
from agents.sync.importers.rows import Format
from agents.sync.owner import lists
from agents.sync.owner.desk import sign
from agents.sync.owner.lists import ListRow
from agents.sync.owner.publisher import Publisher
from agents.sync.progress import ImportInfo, ImportState, Progress
from agents.sync.staging import Staging

app = typer.Typer()

_CONFIDENCE: Any = pb.ConfidenceKind.DESCRIPTOR
ImportId = Annotated[str, typer.Option("--import", help="Import id, or its beginning; else the newest.")]
RemoveAbsent = Annotated[
    list[str],
    typer.Option("--remove-absent", help="Giver whose entries go where the file has them no more; may be repeated."),
]


@app.command("import")
def import_file(
    ctx: typer.Context,
    *,
    name: ListName,
    file: Annotated[Path | None, typer.Argument(help="CSV, TagPack, OFAC extract, STIX 2.1 or MISP.")] = None,
    resume: Annotated[str, typer.Option("--resume", help="Go on with an import that was cut off.")] = "",
    form: Annotated[Format | None, typer.Option("--format", help="What the file is; else it shows.")] = None,
    on_refusal: Annotated[OnRefusal, typer.Option(help="What a refused row does.")] = OnRefusal.SKIP,
    giver: Annotated[str, typer.Option(help="Who says so, whatever the rows say.")] = "",
    default_giver: Annotated[str, typer.Option(help="Who says so where the rows do not.")] = "",
    category: Annotated[str, typer.Option(help="Category of rows without one.")] = "unspecified",
    confidence: Annotated[
        str, typer.Option(help="Of rows without one: a kind and a level, official:90; else lowest; `require` refuses.")
    ] = "",
    days: Annotated[int, typer.Option(help="Days that rows without an end stand; 0 refuses them.")] = 365,
    action: Annotated[str, typer.Option(help="Of rows without one; else the list's.")] = "",
    discreet: Annotated[bool, typer.Option("--discreet", help="Nobody may notice that they are listed.")] = False,
    chain: Annotated[str, typer.Option(help="Chain of rows that name none.")] = "",
    column: Annotated[
        list[str], typer.Option("--column", help="COLUMN=FIELD, where the name does not say it; may be repeated.")
    ] = [],  # noqa: B006 # typer copies it
    as_of: Annotated[str, typer.Option(help="Of a list of events, only those up to this day.")] = "",
    benign: Annotated[Path | None, typer.Option(help="CSV of further wallets to warn of.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write every refused row and why to this CSV.")
    ] = None,
    remove_absent: RemoveAbsent = [],  # noqa: B006 # typer copies it
) -> None:
    """Read a file and show what it would change. Nothing is published."""
    session = Session.of(ctx)
    if report is not None:
        fresh(report)
    with owned(session) as store, staging(session) as staged:
        row = list_named(store, name)
        if bool(resume) == (file is not None):
            raise UsageError(t("Name a file, or an import with --resume."))
        if resume:
            info = import_named(staged, resume)
        else:
            policy = ImportPolicy(
                now=now_ms(),
                giver=giver,
                default_giver=default_giver or session.home.agency,
                default_category=category,
                default_confidence=_confidence(confidence),
                default_days=days,
                default_action=Action(number_of(ACTION, action, "--action") if action else row.terms.default_action),
                discreet=discreet,
                on_refusal=on_refusal,
                chain=chain,
                columns=dict(_pair(text) for text in column),
                as_of=(when(as_of) or 0) if as_of else 0,
            )
            info = staged.begin(file or Path(), policy, named=form)
            session.screen.note(t("Import {id}. If it is cut off, go on with --resume {id}.", id=info.id))
        with _stoppable(session, staged, row, info), session.screen.progress(t("Reading")) as tell:

            def told(done: Progress) -> None:
                if tell is not None:
                    tell(str(done.rows), done.bytes_done, done.bytes_total)

            path = file if resume else None
            info = staged.run(info.id, path=path, benign=Benign.load(benign) if benign else None, progress=told)
        show_import(session, info)
        written = write_report(staged, info, report)
        if info.state is not ImportState.DONE:
            first_refusals(session, staged, info)
            session.screen.result({"import": import_view(info), "changes": None, "report": written})
            raise CommandError(
                t("The import did not come to its end ({why}). Nothing can be published.", why=_why(info))
            )
        with _stoppable(session, staged, row, info):
            preview = previewed(store, staged, row, info, remove_absent)
            show_preview(session, preview)
    if info.counts.refused.total():
        session.screen.next(session.command(f"watchlist check {short(row.list_id.hex())}"), t("What was refused"))
    if preview.changes:
        options = "".join(f" --remove-absent {one}" for one in remove_absent)
        command = session.command(f"watchlist publish {short(row.list_id.hex())} --import {info.id}{options}")
        session.screen.next(command, t("Sign and publish"))
    session.screen.result({"import": import_view(info), "changes": preview.view(), "report": written})


@contextmanager
def _stoppable(session: Session, staged: Staging, row: ListRow, info: ImportInfo) -> Iterator[None]:
    """Where a person stops it with Ctrl-C, says what is staged and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        command = session.command(f"watchlist import {short(row.list_id.hex())} --resume {info.id}")
        rows = staged.info(info.id).rows
        raise StoppedError(
            t("Stopped: {n} rows are staged, nothing is published. Go on: {command}", n=rows, command=command)
        ) from None


@app.command("diff")
def show_diff(
    ctx: typer.Context,
    *,
    name: ListName,
    which: ImportId = "",
    remove_absent: RemoveAbsent = [],  # noqa: B006 # typer copies it
) -> None:
    """Show what an import would change in a list."""
    session = Session.of(ctx)
    with owned(session) as store, staging(session) as staged:
        row, info = list_named(store, name), import_named(staged, which)
        preview = previewed(store, staged, row, info, remove_absent)
        show_preview(session, preview)
        columns = (t("Change"), t("Entry"), t("Says"))
        session.screen.table(columns, preview.shown)
        if preview.changes > len(preview.shown):
            session.screen.say(t("… and {n} more.", n=preview.changes - len(preview.shown)), "dim")
    session.screen.result({"import": import_view(info), "changes": preview.view()})


@app.command("check")
def check(
    ctx: typer.Context,
    *,
    name: ListName,
    which: ImportId = "",
    report: Annotated[
        Path | None, typer.Option("--report", help="Write every refused row and why to this CSV.")
    ] = None,
) -> None:
    """Show which rows of an import were refused, by row and column, and which wallets to look at twice."""
    session = Session.of(ctx)
    if report is not None:
        fresh(report)
    with owned(session) as store, staging(session) as staged:
        row, info = list_named(store, name), import_named(staged, which)
        show_import(session, info)
        refused = first_refusals(session, staged, info)
        warned = warned_of(staged, info)
        if warned:
            session.screen.heading(t("Look at these twice"))
            session.screen.table((t("Row"), t("Entry"), t("Why")), warned[:SHOWN])
        written = write_report(staged, info, report)
    session.screen.result(
        {
            "list": list_view(row),
            "import": import_view(info),
            "refused": refused,
            "warned": [{"row": int(at), "entry": subject, "why": why} for at, subject, why in warned],
            "report": written,
        }
    )


@app.command("publish")
def publish(
    ctx: typer.Context,
    *,
    name: ListName,
    which: Annotated[
        str, typer.Option("--import", help="Import to sign; without it, what was signed before goes out.")
    ] = "",
    remove_absent: RemoveAbsent = [],  # noqa: B006 # typer copies it
    urgent: Urgent = False,
    note: Note = "",
    yes: Yes = False,
) -> None:
    """Sign an import, and publish what has every signature to all subscribers."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        row = list_named(publisher.store, name)
        await client.refresh()
        if not which:
            report = await publisher.publish(row.number)
            with publisher.store.read() as c:
                row = lists.by_number(c, row.number)
            said = t("Sequence {n}; {sent} sent, {held} wait.", n=row.sequence, sent=report.logged, held=report.held)
            session.screen.say(said)
            view = {"logged": report.logged, "held": report.held}
            session.screen.result({"publication": None, "list": list_view(row), "sent": view})
            return
        with staging(session) as staged:
            info = import_named(staged, which)
            expected = 0
            if session.screen.interactive:  # comparing twice takes twice as long: only where somebody looks
                preview = previewed(publisher.store, staged, row, info, remove_absent)
                expected = preview.changes
                show_preview(session, preview)
            changes = changes_of(publisher.store, staged, row, info, remove_absent)
            first = next(changes, None)
            if first is None:
                session.screen.say(t("Nothing changes."))
                session.screen.result({"publication": None, "list": list_view(row), "sent": None})
                return
            session.confirm(t("Sign this?"), yes=yes)
            with session.screen.progress(t("Signing")) as tell:

                def told(done: int) -> None:
                    if tell is not None:
                        tell("", done, expected)

                summary = {"import": info.id, "file": info.sha256.hex(), "warned": import_view(info)["warned"]}
                every = itertools.chain((first,), changes)
                found = sign(publisher, row, every, urgent=urgent, note=note, summary=summary, progress=told)
        await out(session, client, publisher, row, found)

    publishing(session, body)


def _why(info: ImportInfo) -> str:
    return info.fault.value if info.fault else info.state.value


def _confidence(text: str) -> Confidence | None:
    if text == "require":
        return None
    if not text:
        return Confidence(1, 1)
    kind, _, level = text.partition(":")
    if not level.isdigit() or not 1 <= int(level) <= 100:
        raise UsageError(t("A confidence is KIND:LEVEL, for example official:90, or require."))
    return Confidence(number_of(_CONFIDENCE, kind, "--confidence"), int(level))


def _pair(text: str) -> tuple[str, str]:
    column, equals, meant = text.rpartition("=")
    if not equals:
        raise UsageError(t("A column is COLUMN=FIELD."))
    return column, meant
