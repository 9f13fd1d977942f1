"""`comity watchlist offer … sighting`: what goes between a list's owner and its subscribers, each said by a person.

Never does: answer for the other side.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import typer
from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, parse_account
from comity.watchlists import seen_keys
from comity.workflow.terms import Side

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.lists import number_of
from agents.cli.mail import case_named, caught_up
from agents.cli.referral import NoSync, open_seen
from agents.cli.render import show_content, show_header
from agents.cli.sending import draft_and_send
from agents.cli.session import Session
from agents.cli.times import due, short_stamp, when
from agents.cli.views import sent_view
from agents.cli.watchlist import (
    ListName,
    Text,
    Yes,
    list_named,
    list_view,
    publication_view,
    publishing,
)
from agents.cli.words import short, value_code, value_label
from agents.client import Client
from agents.errors import NotUniqueError
from agents.records import CaseInfo
from agents.sync.owner import lists, reports
from agents.sync.owner.desk import answer as answer_challenge
from agents.sync.owner.desk import offer as offer_list
from agents.sync.owner.desk import revoke
from agents.sync.owner.publisher import Publisher
from agents.sync.screening.lists import WatchedList
from agents.sync.screening.reading import FILE, Found, ScreeningReader

app = typer.Typer()

_GROUND: Any = pb.ChallengeGround.DESCRIPTOR
_RESULT: Any = pb.ChallengeResult.DESCRIPTOR
_SIGHTING: Any = pb.SightingKind.DESCRIPTOR
DraftOnly = Annotated[bool, typer.Option("--draft-only", help="Draft it; do not send.")]
Subscription = Annotated[
    str, typer.Argument(help="Case of the offer or subscription, or its first 6 digits.", metavar="CASE")
]
Entry = Annotated[str, typer.Argument(help="The wallet, or an entry's id.", metavar="ENTRY")]


@app.command("offer")
def offer(
    ctx: typer.Context,
    *,
    name: ListName,
    to: Annotated[str, typer.Option("--to", help="The desk that may follow it.")],
    yes: Yes = False,
) -> None:
    """Offer a list to a desk. It follows the list once a person there has subscribed."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        row = list_named(publisher.store, name)
        session.confirm(t("Offer {title} to {desk}?", title=row.title, desk=to), yes=yes)
        sent = await offer_list(publisher, row, to)
        session.screen.say(t("Offered to {desk}.", desk=to), "bold green")
        session.screen.result({"list": list_view(row), "to": to, "sent": sent_view(sent)})

    publishing(session, body)


@app.command("subscribe")
def subscribe(
    ctx: typer.Context,
    *,
    case: Subscription,
    contact: Annotated[str, typer.Option(help="Who looks after it here.")],
    telephone: Annotated[str, typer.Option(help="Their telephone, +85212345678.")],
    reference: Annotated[str, typer.Option(help="This desk's own reference.")] = "",
    no_sync: NoSync = False,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Read an offer and take its terms. The list follows by itself."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await caught_up(session, client, offline=no_sync)
        leg = _leg(client, case)
        opened = await open_seen(client, leg.opening)
        show_header(session.screen, opened.header, author=opened.author)
        show_content(session.screen, opened.payload)
        offered = opened.payload.offer_list
        wanted = pb.SubscribeList(
            list_id=offered.list_id, reference=reference, contact=pb.Contact(name=contact, telephone=telephone)
        )
        info = await client.subscribe(leg.case_id, wanted, handling=opened.payload.handling)
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(body)


@app.command("unsubscribe")
def unsubscribe(
    ctx: typer.Context, *, case: Subscription, text: Text = "", no_sync: NoSync = False, yes: Yes = False
) -> None:
    """End a subscription, from either side. Whoever is removed gets nothing newer."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        await caught_up(session, client, offline=no_sync)
        leg = _leg(client, case)
        session.confirm(t("End this subscription?"), yes=yes)
        if leg.side is Side.ORIGINATOR:
            sent = await revoke(publisher, bytes.fromhex(leg.case_id), text)
        else:
            opened = client.peek(leg.opening)
            ending = pb.UnsubscribeList(list_id=opened.payload.offer_list.list_id, text=text)
            info = await client.unsubscribe(leg.case_id, ending, handling=opened.payload.handling)
            sent = await client.send(info.id)
        session.screen.say(t("The subscription has ended."), "bold green")
        session.screen.result({"case": leg.case_id, "sent": sent_view(sent)})

    publishing(session, body)


@app.command("challenge")
def challenge(
    ctx: typer.Context,
    *,
    name: ListName,
    what: Entry,
    ground: Annotated[str, typer.Option(help="not-that-person, service-wallet, outdated, wrong-address or other.")],
    text: Text,
    giver: Annotated[str, typer.Option(help="Only what this giver says.")] = "",
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Tell a list's owner that an entry should not stand. A person there answers within one working day."""
    session = Session.of(ctx)
    code = number_of(_GROUND, ground, "--ground")

    async def body(client: Client) -> None:
        held, found = _held(session, name, what, giver)
        wanted = pb.ChallengeEntry(
            list_id=held.key.list_id,
            entry_id=found.entry_id,
            entry_version=found.record.entry.version,
            ground=code,
            text=text,
            account=found.record.entry.account,
        )
        info = await client.challenge_entry(held.terms.case_id.hex(), wanted, handling=_handling(held))
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(body)


@app.command("sighting")
def sighting(
    ctx: typer.Context,
    *,
    name: ListName,
    what: Entry,
    kind: Annotated[str, typer.Option(help="seen-deposit, seen-withdrawal, held or false-positive.")],
    at: Annotated[str, typer.Option("--at", help="When it was seen: 2026-03-01T14:05; else now.")] = "",
    asset: Annotated[str, typer.Option(help="Asset, for example USDT.")] = "",
    band: Annotated[str, typer.Option(help="Amount band, for example 1000-10000.")] = "",
    giver: Annotated[str, typer.Option(help="Only what this giver says.")] = "",
    reference: Annotated[str, typer.Option(help="This desk's own reference.")] = "",
    text: Text = "",
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Report to a list's owner that a listed wallet was seen."""
    session = Session.of(ctx)
    code = number_of(_SIGHTING, kind, "--kind")

    async def body(client: Client) -> None:
        held, found = _held(session, name, what, giver)
        wanted = pb.ReportSighting(
            list_id=held.key.list_id,
            entry_id=found.entry_id,
            entry_version=found.record.entry.version,
            kind=code,
            when=_moment((when(at) if at else None) or client.clock()),
            asset=asset,
            amount_band=band,
            account=found.record.entry.account,
            text=text,
            reference=reference,
        )
        info = await client.report_sighting(held.terms.case_id.hex(), wanted, handling=_handling(held))
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(body)


@app.command("challenges")
def challenges(
    ctx: typer.Context,
    *,
    name: ListName,
    every: Annotated[bool, typer.Option("--all", help="Answered ones, too.")] = False,
    no_sync: NoSync = False,
) -> None:
    """Show the challenges of a list, and by when each is to be answered."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        late = await caught_up(session, client, offline=no_sync)
        publisher.hear()
        row = list_named(publisher.store, name)
        with publisher.store.read() as c:
            found = [one for one in reports.challenges(c, row.number) if every or not one.result]
            records = {one.entry_id: lists.record(c, row.number, one.entry_id) for one in found}
        columns = (t("Id"), t("From"), t("Entry"), t("Ground"), t("Answer"), t("Result"))
        rows, views = [], []
        for one in found:
            record = records[one.entry_id]
            subject = one.entry_id.hex() if record is None else record.entry.account or record.entry.transaction
            result = value_label(_RESULT, one.result) if one.result else ""
            limit = "" if one.result else due(one.respond_by)
            rows.append(
                (short(one.message_hash.hex()), one.desk, subject, value_label(_GROUND, one.ground), limit, result)
            )
            views.append(_challenge_view(one))
        session.screen.table(columns, rows)
        waiting = [one for one in found if not one.result]
        if waiting:
            first = short(waiting[0].message_hash.hex())
            session.screen.next(session.command(f"watchlist answer {first} --result kept"), t("Answer"))
        session.screen.result({"list": list_view(row), "challenges": views})
        late.raise_if_unreachable()

    publishing(session, body)


@app.command("answer")
def answer(
    ctx: typer.Context,
    *,
    which: Annotated[str, typer.Argument(help="Id of the challenge, or its first 6 digits.", metavar="CHALLENGE")],
    result: Annotated[str, typer.Option(help="kept, suspended or retracted.")],
    text: Text,
    no_sync: NoSync = False,
    yes: Yes = False,
) -> None:
    """Answer a challenge. What the answer says is done to the list first, everywhere."""
    session = Session.of(ctx)
    code = number_of(_RESULT, result, "--result")
    if len(which) < 6:
        raise UsageError(t("Give at least 6 digits of an id."))

    async def body(client: Client, publisher: Publisher) -> None:
        await caught_up(session, client, offline=no_sync)
        publisher.hear()
        try:
            with publisher.store.read() as c:
                found = reports.challenge_named(c, which)
        except NotUniqueError:
            raise NothingFoundError(t("No challenge has that id: see `comity watchlist challenges LIST`.")) from None
        opened = await open_seen(client, found.message_hash.hex())
        show_content(session.screen, opened.payload)
        session.confirm(t("Answer it so?"), yes=yes)
        sent, publication = await answer_challenge(publisher, found, code, text)
        session.screen.say(t("Answered: {result}.", result=value_label(_RESULT, code)), "bold green")
        if publication is not None and publication.people == 2:
            command = session.command(f"watchlist approve {short(publication.id.hex())}", "MEMBER")
            session.screen.next(command, t("Not published. A second person of this desk now runs"))
        view = None if publication is None else publication_view(publication)
        session.screen.result({"challenge": found.message_hash.hex(), "publication": view, "sent": sent_view(sent)})

    publishing(session, body)


@app.command("sightings")
def sightings(ctx: typer.Context, *, name: ListName, no_sync: NoSync = False) -> None:
    """Show where and when wallets of a list were seen, newest first."""
    session = Session.of(ctx)

    async def body(client: Client, publisher: Publisher) -> None:
        late = await caught_up(session, client, offline=no_sync)
        publisher.hear()
        row = list_named(publisher.store, name)
        with publisher.store.read() as c:
            found = reports.sightings(c, row.number)
        rows, views = [], []
        for one in found:
            said = client.peek(one.message_hash.hex()).payload.report_sighting
            kind = value_label(_SIGHTING, one.kind)
            rows.append((short_stamp(one.received), one.desk, kind, said.account, said.asset, said.amount_band))
            views.append(
                {
                    "message": one.message_hash.hex(),
                    "desk": one.desk,
                    "entry": one.entry_id.hex(),
                    "kind": value_code(_SIGHTING, one.kind),
                    "received": one.received,
                    "when": said.when,
                    "account": said.account,
                    "asset": said.asset or None,
                    "amount_band": said.amount_band or None,
                    "text": said.text or None,
                    "reference": said.reference or None,
                }
            )
        columns = (t("Time"), t("From"), t("Kind"), t("Account"), t("Asset"), t("Amount band"))
        session.screen.table(columns, rows)
        session.screen.result({"list": list_view(row), "sightings": views})
        late.raise_if_unreachable()

    publishing(session, body)


def _challenge_view(one: reports.Challenge) -> dict[str, Any]:
    return {
        "id": one.message_hash.hex(),
        "case": one.case_id.hex(),
        "desk": one.desk,
        "entry": one.entry_id.hex(),
        "version": one.entry_version,
        "ground": value_code(_GROUND, one.ground),
        "received": one.received,
        "respond_by": one.respond_by or None,
        "result": value_code(_RESULT, one.result) if one.result else None,
    }


def _leg(client: Client, case: str) -> CaseInfo:
    """Returns the one leg of a subscription."""
    legs = case_named(client, case)
    if len(legs) != 1:
        raise NothingFoundError(t("There is no such subscription here."))
    return legs[0]


def _held(session: Session, name: str, what: str, giver: str) -> tuple[WatchedList, Found]:
    """Returns a list that this desk follows, and the one entry of it that is meant."""
    path = session.home.path / FILE
    if not path.exists():
        raise NothingFoundError(t("This desk follows no list yet: `comity-sync run` follows what was subscribed to."))
    reader = ScreeningReader.open(path)
    try:
        held = [
            one
            for one in reader.lists()
            if one.terms.title == name or (len(name) >= 6 and one.key.list_id.hex().startswith(name.lower()))
        ]
        if len(held) != 1:
            raise NothingFoundError(t("No list, or more than one, is called so: {name}", name=name))
        found = [one for one in _entries(reader, held[0], what) if giver in ("", one.record.entry.giver)]
    finally:
        reader.close()
    if not found:
        raise NothingFoundError(t("The list says nothing of it."))
    if len(found) > 1:
        listed = ", ".join(sorted(f"{one.record.entry.giver}: {one.entry_id.hex()}" for one in found))
        raise UsageError(t("Several entries are about it; name one by its id: {listed}", listed=listed))
    return held[0], found[0]


def _entries(reader: ScreeningReader, held: WatchedList, what: str) -> list[Found]:
    try:
        entry_id = bytes.fromhex(what)
    except ValueError:
        entry_id = b""
    record = reader.records(held.key).get(entry_id) if len(entry_id) == 16 else None
    if record is not None:
        return [Found(held.key, entry_id, record)]
    try:
        keys = seen_keys(parse_account(what))
    except WalletError:
        return []
    return [one for key in keys for one in reader.found(key) if one.key == held.key]


def _handling(held: WatchedList) -> pb.Handling:
    return pb.Handling.FromString(held.terms.handling)


def _moment(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms // 1000, datetime.UTC).isoformat().replace("+00:00", "Z")
