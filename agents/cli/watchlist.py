"""`comity watchlist …`: the lists that this desk owns.

Changes are in `watchlist_changes.py`, imports in `watchlist_imports.py`, what goes between owner and subscriber in
`watchlist_mail.py`.

Never does: sign or send by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from comity.payload import Gap, gaps
from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2
from comity.watchlists import EntryState, is_effective
from comity.watchlists.entries import entry_id
from comity.workflow.terms import Family, Precedence, Verb

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError
from agents.cli.lists import number_of
from agents.cli.session import Session, read_text
from agents.cli.times import now_ms, stamp
from agents.cli.views import message_view
from agents.cli.words import label, short, value_code, value_label
from agents.client import Client
from agents.composing import default_handling
from agents.errors import IncompleteError, NotUniqueError
from agents.forms import read_handling
from agents.sync.owner import lists, outbox, publications
from agents.sync.owner.desk import create_list, find_entries
from agents.sync.owner.lists import ListRow
from agents.sync.owner.outbox import Subscriber, SubscriberState
from agents.sync.owner.publications import Publication
from agents.sync.owner.publisher import Publisher
from agents.sync.owner.store import OwnerStore

app = typer.Typer(name="watchlist", help="Wallet watchlists: own, publish, follow, challenge.", no_args_is_help=True)

ListName = Annotated[str, typer.Argument(help="Title of a list, or the first 6 digits of its id.", metavar="LIST")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Text = Annotated[str, typer.Option("--text", help="In words.")]

HEAD_DIGITS: Final = 16
"""Digits of a head that are shown to a person, as `comity-sync status` shows them; `--json` has all 64."""
ACTION: Any = pb.WatchAction.DESCRIPTOR
REMOVAL: Any = watchlist_pb2.RemovalReason.DESCRIPTOR


@contextmanager
def owned(session: Session) -> Iterator[OwnerStore]:
    """Opens what this home owns; without keys, without the hub."""
    store = OwnerStore.open(session.home)
    try:
        yield store
    finally:
        store.close()


def publishing(session: Session, body: Callable[[Client, Publisher], Awaitable[None]]) -> None:
    """Runs a command's body with an open client and what its home owns."""

    async def run(client: Client) -> None:
        publisher = Publisher.open(client)
        try:
            await body(client, publisher)
        finally:
            publisher.close()

    session.online(run)


def list_named(store: OwnerStore, name: str) -> ListRow:
    """Returns the list that a person named.

    Raises:
        NothingFoundError: this home owns none, or several, of that name.
    """
    try:
        with store.read() as c:
            known = [one for row in lists.all_lists(c) for one in outbox.subscribers(c, row.number)]
            of_case = {one.list for one in known if len(name) >= 6 and one.case_id.hex().startswith(name.lower())}
            return lists.by_number(c, of_case.pop()) if len(of_case) == 1 else lists.named(c, name)
    except NotUniqueError:
        raise NothingFoundError(t("No list, or more than one, is called so: {name}", name=name)) from None


def halted() -> str:
    """Returns what a person can do about a list of which nothing is published any more."""
    return t(
        "The list has halted: the hub knows it otherwise than this home does. "
        "Run `comity watchlist repair`; else put the newer home back, or make the list anew."
    )


def list_view(row: ListRow) -> dict[str, Any]:
    """Returns a list for machines."""
    return {
        "list": row.list_id.hex(),
        "title": row.title,
        "purpose": row.terms.purpose,
        "default_action": value_code(ACTION, row.terms.default_action),
        "sequence": row.sequence,
        "head": row.head.hex() or None,
        "entries": row.live,
        "time": row.time or None,
        "halted": row.halted or None,
    }


def publication_view(found: Publication) -> dict[str, Any]:
    """Returns a publication for machines."""
    return {
        "id": found.id.hex(),
        "state": found.state.value,
        "author": found.author,
        "approver": found.approver or None,
        "people": found.people,
        "urgent": found.urgent,
        "created": found.created,
        "digest": found.digest.hex(),
        "sequence": found.sequence or None,
        "summary": found.summary,
    }


def entry_view(record: watchlist_pb2.WatchRecord) -> dict[str, Any]:
    """Returns a live entry for machines."""
    return {
        "id": entry_id(record.entry).hex(),
        **message_view(record.entry),
        "state": is_effective(record, now_ms()).value,
        "provisional_until": record.provisional_until or None,
    }


def subscriber_view(found: Subscriber) -> dict[str, Any]:
    """Returns a subscription for machines."""
    return {
        "case": found.case_id.hex(),
        "desk": found.desk,
        "state": found.state.value,
        "since": found.since,
        "sent": found.sent or None,
        "stored": found.stored or None,
        "wants": found.wants or None,
        "fault": found.fault or None,
    }


@app.command("create")
def create(
    ctx: typer.Context,
    *,
    title: Annotated[str, typer.Option(help="What the list is called.")],
    purpose: Annotated[str, typer.Option(help="What it may be used for.")],
    legal_gateway: Annotated[str, typer.Option(help="The law that lets it be shared.")],
    contact: Annotated[str, typer.Option(help="Who answers challenges.")],
    telephone: Annotated[str, typer.Option(help="Their telephone, +85212345678.")],
    action: Annotated[str, typer.Option(help="observe, alert-me, hold-and-call or block.")] = "alert-me",
    review_days: Annotated[int, typer.Option(help="Days after which every entry is looked at again.")] = 90,
    heartbeat: Annotated[int, typer.Option(help="Minutes between signs of life.")] = 15,
    visible: Annotated[bool, typer.Option("--visible", help="Subscribers may know of one another.")] = False,
    handling: Annotated[
        Path | None, typer.Option("--handling", help="File with the handling of all of it; else the usual one.")
    ] = None,
) -> None:
    """Create a list. It is empty, and nobody knows of it before it is offered."""
    session = Session.of(ctx)
    terms = pb.OfferList(
        title=title,
        purpose=purpose,
        legal_gateway=legal_gateway,
        default_action=number_of(ACTION, action, "--action"),
        subscribers_visible=visible,
        review_days=review_days,
        heartbeat_minutes=heartbeat,
        contact=pb.Contact(name=contact, telephone=telephone),
    )
    rules = default_handling() if handling is None else read_handling(read_text(handling))
    with owned(session) as store:
        _check_terms(terms, rules)
        row = create_list(store, terms, rules, now_ms())
    session.screen.say(t("The list is made: {id}", id=row.list_id.hex()), "bold green")
    session.screen.next(session.command(f"watchlist import {short(row.list_id.hex())} FILE"))
    session.screen.result({"list": list_view(row)})


def _check_terms(terms: pb.OfferList, handling: pb.Handling) -> None:
    """Holds terms against the rules of an offer before anything is made of them."""
    offer = pb.OfferList()
    offer.CopyFrom(terms)
    offer.list_id = offer.list_id or bytes(15) + b"\x01"
    payload = pb.Payload(version=1, handling=handling, gossip=pb.Gossip(), offer_list=offer)
    found: list[Gap] = gaps(payload, Family.WATCHLIST, Verb.OFFER, Precedence.ROUTINE)
    if found:
        raise IncompleteError(tuple(found))


@app.command("show")
def show(
    ctx: typer.Context,
    *,
    name: Annotated[
        str, typer.Argument(help="Title of a list, or the first 6 digits of its id; all where none is named.")
    ] = "",
    entry: Annotated[str, typer.Option("--entry", help="An entry's id, or the wallet: show what is said of it.")] = "",
) -> None:
    """Show the lists of this desk, one list, or what a list says of a wallet."""
    session = Session.of(ctx)
    with owned(session) as store:
        if not name:
            with store.read() as c:
                rows = lists.all_lists(c)
            _show_lists(session, rows)
            return
        row = list_named(store, name)
        if entry:
            _show_entries(session, [record for _, record in find_entries(store, row, entry)])
            return
        with store.read() as c:
            publication_rows = publications.of_list(c, row.number)
            subscriber_rows = outbox.subscribers(c, row.number)
    _show_list(session, row, publication_rows, subscriber_rows)


def _show_lists(session: Session, rows: list[ListRow]) -> None:
    screen = session.screen
    columns = (t("Id"), t("Title"), t("Entries"), t("Sequence"), t("State"))
    shown = [
        (short(r.list_id.hex()), r.title, str(r.live), str(r.sequence), t("halted") if r.halted else "") for r in rows
    ]
    screen.table(columns, shown)
    screen.result({"lists": [list_view(row) for row in rows]})


def _show_entries(session: Session, records: list[watchlist_pb2.WatchRecord]) -> None:
    screen = session.screen
    for record in records:
        entry = record.entry
        state = is_effective(record, now_ms())
        screen.heading(entry.account or entry.transaction)
        screen.fields(
            [
                (t("Id"), entry_id(entry).hex()),
                (t("State"), label(state)),
                (t("Giver"), entry.giver),
                (t("Category"), entry.category),
                (t("Action"), value_label(ACTION, entry.action)),
                (t("Confidence"), f"{value_label(_CONFIDENCE, entry.confidence)} {entry.confidence_level}"),
                (t("Valid until"), stamp(entry.valid_until)),
                (t("Label"), entry.label),
            ]
        )
        if record.provisional_until and state is EntryState.ACTIVE:
            until = stamp(record.provisional_until)
            screen.warn(t("One person has signed: it suspends itself at {time} unless it is confirmed.", time=until))
    screen.result({"entries": [entry_view(record) for record in records]})


_CONFIDENCE: Any = pb.ConfidenceKind.DESCRIPTOR


def _show_list(session: Session, row: ListRow, found: list[Publication], subscribers: list[Subscriber]) -> None:
    screen = session.screen
    screen.say(row.title, "bold")
    screen.fields(
        [
            (t("Id"), row.list_id.hex()),
            (t("Purpose"), row.terms.purpose),
            (t("Action"), value_label(ACTION, row.terms.default_action)),
            (t("Entries"), str(row.live)),
            (t("Sequence"), str(row.sequence)),
            (t("Head"), row.head.hex()[:HEAD_DIGITS]),
            (t("Last batch"), stamp(row.time)),
            (t("Subscribers"), str(sum(s.state is SubscriberState.ACTIVE for s in subscribers))),
        ]
    )
    if row.halted:
        screen.warn(halted())
    if found:
        screen.heading(t("Publications"))
        show_publications(session, found)
    screen.result({"list": list_view(row), "publications": [publication_view(one) for one in found]})


def show_publications(session: Session, found: list[Publication]) -> None:
    """Shows publications in a table, newest last."""
    columns = (t("Id"), t("State"), t("Changes"), t("Author"), t("Second person"), t("Sequence"))
    rows = [
        (
            short(one.id.hex()),
            label(one.state),
            str(one.summary["puts"] + one.summary["removals"] + one.summary["lifts"]),
            one.author,
            one.approver,
            str(one.sequence or ""),
        )
        for one in found
    ]
    session.screen.table(columns, rows)


@app.command("subscribers")
def subscribers(ctx: typer.Context, *, name: ListName) -> None:
    """Show who was offered a list, who follows it, and how far each has come."""
    session = Session.of(ctx)
    with owned(session) as store:
        row = list_named(store, name)
        with store.read() as c:
            found = outbox.subscribers(c, row.number)
    columns = (t("Case"), t("Desk"), t("State"), t("Sent"), t("Stored"), t("Fault"))
    rows = [
        (short(s.case_id.hex()), s.desk, label(s.state), str(s.sent or ""), str(s.stored or ""), s.fault) for s in found
    ]
    session.screen.table(columns, rows)
    session.screen.result({"list": list_view(row), "subscribers": [subscriber_view(one) for one in found]})
