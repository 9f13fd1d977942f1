"""`comity watchlist export`: lists as files for other systems, as far as their handling allows.

Works without keys and without the hub: what is here was verified when it came.

Never does: write what the handling keeps; what stays is counted by a code.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from comity.errors import MalformedError
from comity.names import check_agency

from agents.cli.catalogue import t
from agents.cli.exits import CommandError, NothingFoundError, UsageError
from agents.cli.session import Session, fresh
from agents.sync.exporters.exporting import ExportReport, Format, ListReport, export
from agents.sync.exporters.policy import Destination, ExportRefusedError, Withheld
from agents.sync.exporters.rows import Listed
from agents.sync.exporters.sources import exportable

app = typer.Typer()


@app.command("export")
def export_lists(
    ctx: typer.Context,
    *,
    lists: Annotated[
        list[str] | None, typer.Argument(help="Title of a list, or the first 6 digits of its id.", metavar="LIST")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every list that is held here.")] = False,
    form: Annotated[Format, typer.Option("--format", help="What is written.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    to: Annotated[str, typer.Option("--to", help="Agency that is to have it; else this agency's own systems.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Replace the file where there is one.")] = False,
) -> None:
    """Write lists to a file for other systems, as far as their handling allows."""
    session = Session.of(ctx)
    if bool(lists) == every:
        raise UsageError(t("Name the lists, or all with --all."))
    if not (replace and out.is_file()):
        fresh(out)
    destination = Destination(session.home.agency, _agency(to))
    with exportable(session.home) as held, session.screen.progress(t("Export")) as progress:
        chosen = list(held) if every else [_named(held, name) for name in dict.fromkeys(lists or ())]
        if not chosen:
            raise NothingFoundError(t("No list is held here."))
        try:
            report = export(chosen, form, destination, out, now_ms=time.time_ns() // 1_000_000, progress=progress)
        except ExportRefusedError as error:
            codes = ", ".join(dict.fromkeys(error.withheld))
            why = "; ".join(dict.fromkeys(map(meaning, error.withheld)))
            raise CommandError(
                t("Their handling keeps these lists here ({codes}): {why}.", codes=codes, why=why)
            ) from None
    _show(session, form, report)


def _agency(name: str) -> str:
    try:
        return check_agency(name) if name else ""
    except MalformedError:
        raise UsageError(t("That is no name of an agency.")) from None


def _named(held: Sequence[Listed], name: str) -> Listed:
    found = [
        one
        for one in held
        if one.head.title == name or (len(name) >= 6 and one.head.list_id.hex().startswith(name.lower()))
    ]
    if len(found) != 1:
        raise NothingFoundError(t("No list, or more than one, is called so: {name}", name=name))
    return found[0]


def meaning(why: Withheld) -> str:
    """Returns what a code says, in the reader's language."""
    match why:
        case Withheld.RED:
            return t("for named persons only")
        case Withheld.NOT_ONWARD:
            return t("to be passed to nobody")
        case Withheld.READ_ONLY:
            return t("nothing beyond reading is permitted")
        case Withheld.RETENTION_OVER:
            return t("it was to be deleted by now")
        case Withheld.NOT_FOR_AGENCY:
            return t("not for that agency unless the owner consents")
        case Withheld.DISCREET:
            return t("nobody may notice that it is listed")
        case Withheld.SUSPENDED:
            return t("suspended")
        case Withheld.UNCONFIRMED:
            return t("not yet confirmed by a second person")
        case Withheld.EXPIRED:
            return t("expired")


def _show(session: Session, form: Format, report: ExportReport) -> None:
    screen = session.screen
    for one in report.lists:
        name = f"{one.head.title} ({one.head.owner_desk})"
        if one.refused is not None:
            screen.warn(t("{name} stays here: {why} ({code})", name=name, why=meaning(one.refused), code=one.refused))
            continue
        screen.say(t("{name}: {n} entries", name=name, n=one.written), "bold green")
        for why, count in sorted(one.withheld.items()):
            screen.say(t("  left out: {n}, {why} ({code})", n=count, why=meaning(why), code=why))
        if one.head.is_behind:
            screen.warn(t("{name} lags behind its owner; something newer is missing.", name=name))
    screen.say(t("Written: {path}", path=report.path), "bold green")
    screen.result(
        {
            "file": str(report.path),
            "format": form.value,
            "bytes": report.length,
            "lists": [_view(one) for one in report.lists],
        }
    )


def _view(one: ListReport) -> dict[str, Any]:
    return {
        "list": one.head.list_id.hex(),
        "owner": one.head.owner_desk,
        "title": one.head.title,
        "sequence": one.head.sequence,
        "lagging": one.head.is_behind,
        "refused": one.refused,
        "written": one.written,
        "withheld": {why.value: count for why, count in sorted(one.withheld.items())},
    }
