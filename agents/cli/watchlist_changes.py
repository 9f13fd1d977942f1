"""`comity watchlist add … confirm`: changes of a list, signed by one person or two, and what brings them out.

Never does: sign what was not shown first.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from comity.payload import Gap
from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2
from comity.wallets import WalletError, parse_account
from comity.watchlists import entry_gaps
from comity.watchlists.entries import UNSPECIFIED_CATEGORY

from agents.cli.catalogue import t
from agents.cli.exits import CommandError, NothingFoundError, UsageError
from agents.cli.lists import number_of
from agents.cli.sending import approvers_of
from agents.cli.session import Session
from agents.cli.times import stamp, when
from agents.cli.watchlist import (
    ACTION,
    REMOVAL,
    ListName,
    Text,
    Yes,
    halted,
    list_named,
    list_view,
    publication_view,
    publishing,
)
from agents.cli.words import label, sentence, short, value_label
from agents.client import Client
from agents.errors import IncompleteError, NotUniqueError
from agents.sync.importers.benign import Benign
from agents.sync.owner import lists, publications
from agents.sync.owner.cutting import Change, Lift
from agents.sync.owner.desk import find_entries, put, removals, sign
from agents.sync.owner.lists import ListRow
from agents.sync.owner.publications import Publication, PublicationState
from agents.sync.owner.publisher import Publisher, Report

app = typer.Typer()

SHOWN: int = 20
"""So many changes of a publication are shown."""
_CONFIDENCE: Any = pb.ConfidenceKind.DESCRIPTOR
PublicationId = Annotated[str, typer.Argument(help="Publication id, or its first 6 digits.", metavar="PUBLICATION")]
Urgent = Annotated[
    bool, typer.Option("--urgent", help="Go out with one signature; a second person confirms within 60 minutes.")
]
Note = Annotated[str, typer.Option("--note", help="Why, for the second person and the subscribers.")]


@app.command("add")
def add(
    ctx: typer.Context,
    *,
    name: ListName,
    wallet: Annotated[str, typer.Argument(help="The wallet, as anybody writes it.", metavar="WALLET")],
    giver: Annotated[str, typer.Option(help="Who says so.")],
    category: Annotated[str, typer.Option(help="What it is said to be, for example sanctions.")] = UNSPECIFIED_CATEGORY,
    confidence: Annotated[
        str, typer.Option(help="unknown, heuristic, public-source, record, own-trace or official.")
    ] = "unknown",
    level: Annotated[int, typer.Option(min=1, max=100, help="How sure, 1 to 100.")] = 1,
    until: Annotated[str, typer.Option(help="Until when it stands: a date, or 365d.")] = "365d",
    action: Annotated[str, typer.Option(help="observe, alert-me, hold-and-call or block; else the list's.")] = "",
    wallet_label: Annotated[str, typer.Option("--label", help="A name for it.")] = "",
    why: Annotated[str, typer.Option(help="Why, sealed.")] = "",
    discreet: Annotated[bool, typer.Option("--discreet", help="Nobody may notice that it is listed.")] = False,
    urgent: Urgent = False,
    note: Note = "",
    yes: Yes = False,
) -> None:
    """List one wallet, or change what is said of it."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        row = list_named(publisher.store, name)
        try:
            account = parse_account(wallet)
        except WalletError as error:
            raise IncompleteError((Gap("account", f"{error.kind}: {error}"),)) from None
        now = client.clock()
        entry = watchlist_pb2.WatchEntry(
            account=account.caip10,
            as_received=wallet if wallet != account.caip10.rpartition(":")[2] else "",
            label=wallet_label,
            category=category,
            giver=giver,
            confidence=number_of(_CONFIDENCE, confidence, "--confidence"),
            confidence_level=level,
            why=why,
            valid_from=now,
            valid_until=when(until, now) or 0,
            action=number_of(ACTION, action, "--action") if action else row.terms.default_action,
            discreet=discreet,
        )
        put(publisher.store, row, entry)
        found = entry_gaps(entry)
        if found:
            raise IncompleteError(tuple(found))
        for flag in Benign.load().warning(account):
            session.screen.warn(t("Look at it twice: {why}.", why=sentence(flag.name or "")))
        await signed_and_out(session, client, publisher, row, [entry], urgent=urgent, note=note, yes=yes)

    publishing(session, body)


@app.command("retract")
def retract(
    ctx: typer.Context,
    *,
    name: ListName,
    what: Annotated[str, typer.Argument(help="The wallet, or an entry's id.", metavar="ENTRY")],
    reason: Annotated[str, typer.Option(help="false-positive, delisted, outdated, duplicate or other.")],
    text: Text = "",
    giver: Annotated[str, typer.Option(help="Only what this giver says.")] = "",
    yes: Yes = False,
) -> None:
    """Take entries off a list, everywhere."""
    session = Session.of(ctx)
    code = number_of(REMOVAL, reason, "--reason")

    async def body(client: Client, publisher: Publisher) -> None:
        row = list_named(publisher.store, name)
        try:
            found = find_entries(publisher.store, row, what)
        except NotUniqueError:
            raise NothingFoundError(t("The list says nothing of it.")) from None
        found = [(key, record) for key, record in found if giver in ("", record.entry.giver)]
        if not found:
            raise NothingFoundError(t("The list says nothing of it."))
        await signed_and_out(session, client, publisher, row, removals(found, code, text), yes=yes)

    publishing(session, body)


async def signed_and_out(
    session: Session,
    client: Client,
    publisher: Publisher,
    row: ListRow,
    changes: list[Change],
    *,
    urgent: bool = False,
    note: str = "",
    yes: bool,
) -> None:
    """Shows changes, signs them as their author, and publishes them where one person suffices."""
    _show_changes(session, changes)
    session.confirm(t("Sign this?"), yes=yes)
    await client.refresh()
    await out(session, client, publisher, row, sign(publisher, row, changes, urgent=urgent, note=note))


async def out(session: Session, client: Client, publisher: Publisher, row: ListRow, found: Publication) -> None:
    """Publishes what has its signatures; of the rest, says who comes next."""
    screen = session.screen
    if found.state is PublicationState.AWAITING_APPROVAL:
        approvers = [member for member in approvers_of(client) if member != found.author]
        if not approvers:
            screen.warn(t("Nobody else of this desk may approve: an admin certifies somebody with `member add`."))
        why = t("Not published. A second person of this desk now runs")
        command = f"watchlist approve {short(found.id.hex())}"
        screen.next(session.command(command, approvers[0] if approvers else "MEMBER"), why)
        screen.result({"publication": publication_view(found), "list": list_view(row), "sent": None})
        return
    report = await publisher.publish(row.number)
    with publisher.store.read() as c:
        after, now = publications.by_prefix(c, found.id.hex()), lists.by_number(c, row.number)
    _show_out(session, after, now, report)
    if after.urgent:
        screen.warn(t("One person has signed. A second one confirms within 60 minutes, or it suspends itself."))
        screen.next(session.command(f"watchlist confirm {short(after.id.hex())}", "MEMBER"))


def _show_out(session: Session, found: Publication, row: ListRow, report: Report) -> None:
    screen = session.screen
    if found.state is PublicationState.STALE:
        screen.warn(t("Some of it fits the list no more: the entries were changed meanwhile. Make the change again."))
    elif not row.halted:
        said = t("Published: sequence {n}, {count} entries live.", n=row.sequence, count=row.live)
        screen.say(said, "bold green")
    if report.held and not row.halted:
        screen.warn(t("Not sent to everybody yet: {n} wait. See `comity watchlist subscribers`.", n=report.held))
        command = session.command(f"watchlist publish {short(row.list_id.hex())}", found.author)
        screen.next(command, t("The desk's agent sends it, or its author with"))
    sent = {"logged": report.logged, "held": report.held}
    screen.result({"publication": publication_view(found), "list": list_view(row), "sent": sent})
    if row.halted:
        raise CommandError(halted())
    if found.state is PublicationState.STALE:
        raise CommandError(t("Not all of it was published."))


@app.command("approve")
def approve(
    ctx: typer.Context,
    *,
    publication: PublicationId,
    yes: Yes = False,
) -> None:
    """Look at what a colleague signed, sign it as the second person, and publish it."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        await client.refresh()
        found = publication_named(publisher, publication)
        publications.check_second(client.directory(), client.member, found.author, client.clock())
        _show_publication(session, publisher, found)
        session.confirm(t("Sign this as the second person?"), yes=yes)
        with publisher.store.write() as c:
            view, now = client.directory(), client.clock()
            publications.approve(c, found, found.digest, keys=client.keys, desk=client.desk, view=view, now=now)
            row = lists.by_number(c, found.list)
            ready = publications.by_prefix(c, found.id.hex())
        await out(session, client, publisher, row, ready)

    publishing(session, body)


@app.command("confirm")
def confirm(ctx: typer.Context, *, publication: PublicationId, yes: Yes = False) -> None:
    """Confirm an urgent publication as its second person; unconfirmed it suspends itself after 60 minutes."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        await client.refresh()
        found = publication_named(publisher, publication)
        publications.check_second(client.directory(), client.member, found.author, client.clock())
        _show_publication(session, publisher, found)
        session.confirm(t("Confirm this as the second person?"), yes=yes)
        with publisher.store.write() as c:
            row = lists.by_number(c, found.list)
            view, now = client.directory(), client.clock()
            publications.confirm(c, found, row, found.digest, keys=client.keys, desk=client.desk, view=view, now=now)
        report = await publisher.publish(row.number)
        with publisher.store.read() as c:
            after, row = publications.by_prefix(c, found.id.hex()), lists.by_number(c, row.number)
        _show_out(session, after, row, report)

    publishing(session, body)


@app.command("discard")
def discard(ctx: typer.Context, *, publication: PublicationId) -> None:
    """Take back what was signed and is not published."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        found = publication_named(publisher, publication)
        with publisher.store.write() as c:
            publications.discard(c, found)
        session.screen.say(t("Discarded: {id}", id=short(found.id.hex())))
        session.screen.result({"discarded": found.id.hex()})

    publishing(session, body)


def publication_named(publisher: Publisher, prefix: str) -> Publication:
    """Returns the publication that a person named.

    Raises:
        UsageError, NothingFoundError: too few digits; none, or several, have an id that begins so.
    """
    try:
        if len(prefix) < 6:
            raise UsageError(t("Give at least 6 digits of an id."))
        with publisher.store.read() as c:
            return publications.by_prefix(c, prefix)
    except NotUniqueError:
        raise NothingFoundError(t("No publication has that id: see `comity watchlist show LIST`.")) from None


def _show_publication(session: Session, publisher: Publisher, found: Publication) -> None:
    """Shows what a publication says: counts, digest, and its first changes."""
    screen = session.screen
    with publisher.store.read() as c:
        row = lists.by_number(c, found.list)
        changes: list[Change] = []
        for change_set in publications.change_sets(c, found):
            changes += [*change_set.puts, *change_set.removals]
            changes += [Lift(key) for key in change_set.lifts]
            if len(changes) > SHOWN:
                break
    screen.say(row.title, "bold")
    summary = found.summary
    screen.fields(
        [
            (t("Publication"), found.id.hex()),
            (t("Author"), found.author),
            (t("State"), label(found.state)),
            (t("New"), str(summary["new"])),
            (t("Changed"), str(summary["puts"] - summary["new"])),
            (t("Removed"), str(summary["removals"])),
            (t("Suspensions that end"), str(summary["lifts"])),
            (t("With the action block"), str(summary["block"])),
            (t("Warnings"), ", ".join(f"{code}: {n}" for code, n in summary.get("warned", {}).items()) or "0"),
            (t("Note"), found.note),
            (t("Digest"), found.digest.hex()),
        ]
    )
    _show_changes(session, changes[:SHOWN])
    total = summary["puts"] + summary["removals"] + summary["lifts"]
    if total > SHOWN:
        screen.say(t("… and {n} more.", n=total - SHOWN), "dim")


def _show_changes(session: Session, changes: list[Change]) -> None:
    rows = []
    for change in changes[:SHOWN]:
        match change:
            case watchlist_pb2.WatchEntry():
                kind = t("New") if change.version == 1 else t("Changed")
                subject, said = change.account or change.transaction, f"{change.giver}: {change.category}"
                rows.append((kind, subject, said, value_label(ACTION, change.action), stamp(change.valid_until)[:10]))
            case watchlist_pb2.Removal():
                rows.append((t("Removed"), change.entry_id.hex(), value_label(REMOVAL, change.reason), "", ""))
            case Lift():
                rows.append((t("Suspension ends"), change.entry_id.hex(), "", "", ""))
    session.screen.table((t("Change"), t("Entry"), t("Says"), t("Action"), t("Until")), rows)
