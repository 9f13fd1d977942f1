"""`comity watchlist repair`: a list that has halted, since this home was put back, is read back and goes on.

Never does: publish; go on where the log does not lead on from what is here.
"""

from __future__ import annotations

import typer
from comity.errors import VerificationError

from agents.cli.catalogue import t
from agents.cli.exits import CommandError, FindingsError
from agents.cli.session import Session
from agents.cli.watchlist import ListName, list_named, list_view, publishing
from agents.cli.words import short
from agents.client import Client
from agents.errors import SplitViewError
from agents.sync.owner import lists
from agents.sync.owner.publisher import Publisher
from agents.sync.owner.repairing import Problem, RepairError, repair

app = typer.Typer()


@app.command("repair")
def repair_list(ctx: typer.Context, *, name: ListName) -> None:
    """Read a list back from this desk's own copies at the hub, after this home was put back from an older copy."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        await publisher.begin()  # what is not mended stays halted
        row = list_named(publisher.store, name)
        screen = session.screen
        try:
            found = await repair(publisher.store, client, row.number)
        except RepairError as error:
            if error.problem is Problem.NOTHING and not row.halted:
                screen.say(t("Nothing is missing: the log has no batch of it that this home lacks."), "bold green")
                screen.result({"list": list_view(row), "read_back": None})
                return
            raise CommandError(_why(error)) from None
        except SplitViewError:
            raise
        except VerificationError:
            raise FindingsError(
                t("A batch of this desk's own does not verify. Nothing was changed; evidence is saved.")
            ) from None
        with publisher.store.read() as c:
            row = lists.by_number(c, row.number)
        said = t(
            "Read back: batches {first} to {last}, {count} entries live.",
            first=found.first,
            last=found.last,
            count=row.live,
        )
        screen.say(said, "bold green")
        screen.next(session.command(f"watchlist publish {short(row.list_id.hex())}"), t("The desk's agent goes on, or"))
        read = {"first": found.first, "last": found.last, "changed": found.changed}
        screen.result({"list": list_view(row), "read_back": read})

    publishing(session, body)


def _why(error: RepairError) -> str:
    match error.problem:
        case Problem.NOTHING:
            return t("The log has no copy of a batch that this home lacks. Make the list anew: see the runbook.")
        case Problem.MISSING:
            return t("Of batch {n} the hub has no copy for this desk. Make the list anew.", n=error.sequence)
    return t(
        "This home has gone on otherwise since batch {n} or before. "
        "Put the copy back once more and repair the list before anything else, or make the list anew.",
        n=error.sequence,
    )
