"""`comity watchlist repair`: a list that has halted, since this home was put back, is read back and goes on.

Never does: publish; go on where the log does not lead on from what is here, or does not show what is here; let go out
by itself what was signed in an older copy.
"""

from __future__ import annotations

from typing import Annotated

import typer
from comity.errors import VerificationError

from agents.cli.catalogue import t
from agents.cli.exits import CommandError, FindingsError
from agents.cli.session import Session
from agents.cli.watchlist import ListName, list_named, list_view, publication_view, publishing, show_publications
from agents.cli.watchlist_changes import publication_named
from agents.cli.words import short
from agents.client import Client
from agents.errors import SplitViewError
from agents.sync.owner import holding, lists
from agents.sync.owner.lists import ListRow
from agents.sync.owner.publications import Publication, PublicationState
from agents.sync.owner.publisher import Publisher
from agents.sync.owner.repairing import Problem, Repaired, RepairError, repair

app = typer.Typer()
Release = Annotated[
    list[str],
    typer.Option(
        "--release",
        help="Let a publication go out that was signed in the older copy and is held back since; may be given again.",
        metavar="PUBLICATION",
    ),
]


@app.command("repair")
def repair_list(
    ctx: typer.Context,
    *,
    name: ListName,
    release: Release = [],  # noqa: B006 # typer copies it
) -> None:
    """Read a list back from this desk's own copies at the hub, after this home was put back from an older copy."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        released = [publication_named(publisher, prefix) for prefix in release]
        await publisher.begin()  # what is not mended stays halted
        row = list_named(publisher.store, name)
        found: Repaired | None = None
        try:
            found = await repair(publisher, row.number)
        except RepairError as error:
            if error.problem is not Problem.NOTHING:
                raise CommandError(_why(error)) from None
        except SplitViewError:
            raise
        except VerificationError:
            raise FindingsError(
                t("A batch of this desk's own does not verify. Nothing was changed; evidence is saved.")
            ) from None
        with publisher.store.write() as c:
            for one in released:
                holding.release(c, row.number, one)
            row, waiting = lists.by_number(c, row.number), holding.waiting(c, row.number)
        _show(session, row, found, waiting)

    publishing(session, body)


def _show(session: Session, row: ListRow, found: Repaired | None, waiting: list[Publication]) -> None:
    screen = session.screen
    if found is None:
        said = t("Nothing is missing: the log has no batch of it that this home lacks.")
    elif not found.last:
        said = t("The log has the list as this home has it. It goes on.")
    else:
        said = t(
            "Read back: batches {first} to {last}, {count} entries live.",
            first=found.first,
            last=found.last,
            count=row.live,
        )
    screen.say(said, "bold green")
    if waiting:
        screen.heading(t("Not published"))
        show_publications(session, waiting)
    held = [one for one in waiting if one.state is PublicationState.HELD_BACK]
    if held or (waiting and found is not None):
        screen.warn(t("It was signed before this copy was made, and may have been taken back since. Ask its author."))
    if held:
        name = f"watchlist repair {short(row.list_id.hex())}"
        screen.next(session.command(f"{name} --release {short(held[0].id.hex())}"), t("It goes out with"))
        screen.next(session.command(f"watchlist discard {short(held[0].id.hex())}"), t("It is taken back with"))
    else:
        screen.next(session.command(f"watchlist publish {short(row.list_id.hex())}"), t("The desk's agent goes on, or"))
    read = None if found is None else {"first": found.first, "last": found.last, "changed": found.changed}
    view = [publication_view(one) for one in waiting]
    screen.result({"list": list_view(row), "read_back": read, "waiting": view})


def _why(error: RepairError) -> str:
    match error.problem:
        case Problem.NOT_SHOWN:
            return t(
                "Nothing is missing, but the hub does not take the list as it is here, or nobody follows it. "
                "Call the operators; else make the list anew: see the runbook."
            )
        case Problem.WITHHELD:
            return t(
                "The hub withholds something that this desk may have sent. The list stays as it is: call the operators."
            )
        case Problem.MISSING:
            return t("Of batch {n} the hub has no copy for this desk. Make the list anew.", n=error.sequence)
    return t(
        "This home has gone on otherwise since batch {n} or before. "
        "Put the copy back once more and repair the list before anything else, or make the list anew.",
        n=error.sequence,
    )
