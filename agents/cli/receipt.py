"""`comity receipt …`: the proof that a message is in the log, kept and checked.

Never does: need the hub's word. A receipt is checked against the history this agency holds; of a size that was not
seen here the hub has to prove that it belongs to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from comity.receipts import VerifiedReceipt

from agents.cli.catalogue import t
from agents.cli.mail import message_named
from agents.cli.session import Session, fresh, read_file, write_file
from agents.cli.times import stamp
from agents.cli.words import label
from agents.client import Client

app = typer.Typer(name="receipt", help="Proofs that a message is in the log.", no_args_is_help=True)


@app.command("verify")
def verify(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="A message's id, or a receipt's file.", metavar="MESSAGE|FILE")],
) -> None:
    """Check a receipt: event, leaf, inclusion proof, signed checkpoint."""
    session = Session.of(ctx)
    named = read_file(Path(what)) if Path(what).is_file() else what

    async def body(client: Client) -> None:
        show_receipt(session, await client.prove_receipt(named))

    session.online(body)


@app.command("save")
def save(
    ctx: typer.Context,
    *,
    message: Annotated[str, typer.Argument(help="A message's id, or its first 6 digits.", metavar="MESSAGE")],
    out: Annotated[Path, typer.Option("--out", help="File to write; it must not exist yet.")],
) -> None:
    """Write a message's receipt to a file, to hand to somebody who checks it."""
    session = Session.of(ctx)
    fresh(out)

    async def body(client: Client) -> None:
        write_file(out, client.receipt(message_named(client, message) or message))
        session.screen.say(t("Written: {path}", path=out), "bold green")
        session.screen.result({"file": str(out)})

    session.online(body)


def show_receipt(session: Session, found: VerifiedReceipt) -> None:
    """Shows what a good receipt proves."""
    screen = session.screen
    kind = found.event.kind.name
    screen.say(t("The receipt is good: the event is in the log."), "bold green")
    screen.fields(
        [
            (t("Event"), label(kind)),
            (t("Message"), found.event.message_hash.hex()),
            (t("Log"), str(found.receipt.index)),
            (t("Time"), stamp(found.leaf.time_seconds * 1000)),
            (t("Log size then"), str(found.checkpoint.size)),
        ]
    )
    screen.result(
        {
            "kind": kind,
            "message": found.event.message_hash.hex(),
            "log_index": found.receipt.index,
            "time": found.leaf.time_seconds * 1000,
            "directory_size": found.leaf.directory_size,
            "checkpoint_size": found.checkpoint.size,
        }
    )
