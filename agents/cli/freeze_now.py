"""`comity freeze now ADDRESS`: the telephone call at three in the morning.

Four things are asked for: what was lost, the transaction, the victim's reference, the offence. The address is read back
in groups of four. Everything else has a default that the full form puts right within three days.

Never does: apply a near spelling, choose a desk, call anybody.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from comity.directory import View
from comity.errors import ComityError
from comity.names import agency_of
from comity.v1 import payload_pb2 as pb
from comity.wallets import Account, Checksum, WalletError, parse_account
from comity.workflow.terms import AgencyKind

from agents.cli.answering import Yes
from agents.cli.catalogue import t
from agents.cli.exits import CommandError, ExitCode, UsageError, exit_code_of
from agents.cli.freezing import amount
from agents.cli.mail import caught_up
from agents.cli.sending import after_draft, ask_to_send, send_now, show_lapse
from agents.cli.session import Session
from agents.cli.times import now_ms
from agents.cli.views import draft_view, reader_views, sent_view
from agents.cli.words import short
from agents.client import Client
from agents.freezing.near import near_spellings, read_back
from agents.freezing.prefilled import hold
from agents.freezing.suggesting import Suggestion, freeze_desks, suggest
from agents.records import DraftInfo, DraftState

app = typer.Typer()

_LOSS = re.compile(r"\s*(\S+)\s+(\S.*\S|\S)\s*")
_HOLDERS: Final = frozenset({AgencyKind.HOLDER, AgencyKind.ISSUER})
_TRIES: Final = 3
"""How often a person at a terminal is asked for the same: one wrong answer must not cost the other three."""


class _WrongAddressError(CommandError):
    """The address does not verify. Nothing was applied, nothing was drafted."""

    code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class _Told:
    """What the caller has said."""

    account: Account
    loss: tuple[str, str]
    transaction: str
    victim: str
    offence: str


@app.command("now")
def now(
    ctx: typer.Context,
    *,
    address: Annotated[str, typer.Argument(help="The wallet, in any spelling, or CAIP-10.", metavar="ADDRESS")],
    loss: Annotated[str, typer.Option(help='What was lost, for example "120000 USDT".')] = "",
    transaction: Annotated[str, typer.Option(help="Transaction of the loss, as the chain or bank writes it.")] = "",
    victim: Annotated[str, typer.Option(help="The victim's reference.")] = "",
    offence: Annotated[str, typer.Option(help="The offence, in words.")] = "",
    to: Annotated[str, typer.Option("--to", help="The desk to ask; else choose among those suggested.")] = "",
    chain: Annotated[str, typer.Option("--chain", help="Chain of the wallet: CAIP-2, symbol or name.")] = "",
    holder: Annotated[str, typer.Option(help="Who holds the wallet, where that is known.")] = "",
    token: Annotated[str, typer.Option(help="What is to be held; else what was lost.")] = "",
    wanted: Annotated[str, typer.Option("--amount", help="How much is to be held; else all there is.")] = "",
    decimals: Annotated[
        int | None, typer.Option(min=0, max=36, help="Digits after the point of the token; else the usual ones.")
    ] = None,
    officer: Annotated[str, typer.Option(help="Officer in charge; else the member who acts.")] = "",
    telephone: Annotated[str, typer.Option(help="Telephone of that officer; else the desk's duty telephone.")] = "",
    draft_only: Annotated[bool, typer.Option("--draft-only", help="Draft it; do not send.")] = False,
    yes: Yes = False,
) -> None:
    """Ask at once, alone, to hold what is at a wallet. It lapses by itself unless a second person confirms."""
    session = Session.of(ctx)
    account = _account(session, address, chain)
    told = _ask(session, account, loss=loss, transaction=transaction, victim=victim, offence=offence)

    async def body(client: Client) -> None:
        await caught_up(session, client)
        found = suggest(session.home.path, account.caip10, client.directory(), client.agency, now_ms())
        desk = _desk(session, client, found, to)
        duty = client.directory().contact(client.desk)
        contact = pb.Contact(name=officer or client.member, telephone=telephone or (duty.telephone if duty else ""))
        known = holder or next((one.holder for one in found if one.holder and one.desk == desk), "")
        known = known or holding_of(client.directory(), desk)
        request = hold(
            account,
            loss=told.loss,
            transaction=told.transaction,
            victim_reference=told.victim,
            offence=told.offence,
            contact=contact,
            holder=known,
            token=token,
            amount=amount(wanted) if wanted else "",
            decimals=decimals,
        )
        try:
            info = await client.request_hold(desk, request)
        except ComityError as error:
            _whom_to_call(session, client, desk)  # the telephone works while the hub does not
            if exit_code_of(error) is ExitCode.UNREACHABLE:
                again: dict[str, object] = {
                    "--to": desk,
                    "--chain": chain,
                    "--holder": holder,
                    "--token": token,
                    "--amount": wanted,
                }
                again |= {"--decimals": decimals, "--officer": officer, "--telephone": telephone}
                _the_same_again(session, address, told, again)
            raise
        if draft_only or info.state is not DraftState.READY:
            after_draft(session, client, info)
            return
        ask_to_send(session, client, [info], yes=yes, question=t("Send it to {desk} now?", desk=desk))
        header = client.review(info.id).header
        readers = client.who_can_read(info.id)
        try:
            sent = await send_now(session, client, info)
        except ComityError:
            _whom_to_call(session, client, desk)
            why = t("Not sent, or not known to be. The same hold again, as often as needed")
            session.screen.next(session.command(f"freeze send {short(info.id)}"), why)
            raise
        after = _afterwards(session, client, info, desk, header.lapses_at)
        session.screen.result(
            {
                "draft": draft_view(info),
                "readers": reader_views(readers),
                "sent": sent_view(sent),
                **_now_view(account, found, desk, **after),
            }
        )

    session.online(body)


def _account(session: Session, address: str, chain: str) -> Account:
    """Returns the account, read back.

    Raises:
        UsageError: it is no address.
        _WrongAddressError: its checksum is wrong; near spellings were shown, none was applied.
    """
    screen = session.screen
    try:
        account = parse_account(address, chain or None)
    except WalletError as error:
        near = near_spellings(address, chain or None)
        screen.result({"near_spellings": list(near), "problem": error.kind.value})
        if near:
            screen.say(t("The address does not verify. One slip away, each of these does:"), "bold yellow")
            for spelling in near:
                screen.say(f"  {read_back(spelling)}", "bold")
            screen.say(t("None was applied. Ask the caller, then type the right one."))
        raise _WrongAddressError(t("No address ({kind}): nothing was drafted.", kind=error.kind.value)) from None
    screen.say(t("Read back, in groups of four:"))
    screen.say(f"  {read_back(account.address)}", "bold")
    screen.say(f"  {account.chain}", "dim")
    if account.checksum is Checksum.ABSENT:
        screen.warn(t("This text carries no checksum: a slip would go unnoticed. Have every group confirmed."))
    return account


def _ask(session: Session, account: Account, *, loss: str, transaction: str, victim: str, offence: str) -> _Told:
    """Returns the four things that are needed, asking for those that no option gave, again where an answer is none."""
    missing: list[str] = []

    def asked(value: str, option: str, question: str, check: Callable[[str], object] = str) -> str:
        for _ in range(_TRIES if session.screen.interactive else 0):
            try:
                if value.strip() and check(value) is not None:
                    break
            except UsageError as error:
                session.screen.note(str(error), "bold yellow")
            value = session.screen.ask(question)
        if not value.strip():
            missing.append(option)
        return value.strip()

    lost = asked(loss, "--loss", t('What was lost? For example "120000 USDT"'), _lost)
    found = [
        asked(transaction, "--transaction", t("Transaction of the loss?")),
        asked(victim, "--victim", t("The victim's reference?")),
        asked(offence, "--offence", t("The offence?")),
    ]
    if missing:
        raise UsageError(t("Needed: {options}.", options=", ".join(missing)))
    return _Told(account, _lost(lost), *found)


def _lost(text: str) -> tuple[str, str]:
    """Returns amount and currency of a loss.

    Raises:
        UsageError: it is none.
    """
    parts = _LOSS.fullmatch(text)
    if parts is None:
        raise UsageError(t('A loss is an amount and a currency or token: "120000 USDT".'))
    return amount(parts[1]), parts[2]


def _the_same_again(session: Session, address: str, told: _Told, options: Mapping[str, object]) -> None:
    """Shows the command that asks the same with every answer in it: nothing was drafted, and nobody asks twice."""
    said = {"--loss": " ".join(told.loss), "--transaction": told.transaction, "--victim": told.victim}
    said |= {"--offence": told.offence} | {
        name: str(value) for name, value in options.items() if value not in ("", None)
    }
    words = [address, *(part for name, value in said.items() for part in (name, value))]
    why = t("Nothing was drafted. The same again, as soon as the hub answers")
    session.screen.next(session.command(f"freeze now {shlex.join(words)}"), why)


def _desk(session: Session, client: Client, found: list[Suggestion], to: str) -> str:
    """Shows who is suggested and returns the desk that was named, or the only one there is.

    Raises:
        UsageError: several are possible, or none, and none was named.
    """
    screen, possible = session.screen, freeze_desks(client.directory(), client.agency, now_ms())
    if found:
        screen.heading(t("SUGGESTED, NOT CHOSEN"))
        screen.table(
            (t("Holder"), t("Desk"), t("Says so")),
            [(one.holder, one.desk, one.source or t("the directory")) for one in found],
        )
    if to:
        return to
    if len(possible) == 1:
        return possible[0]
    if not possible:
        raise UsageError(t("No desk of another agency can be asked: there is no agreement for freezes."))
    for _ in range(_TRIES if screen.interactive else 0):
        typed = screen.ask(t("Which desk?")).strip()
        named = [desk for desk in possible if typed in (desk, agency_of(desk))]
        if len(named) == 1:
            return named[0]
        screen.note(t("That is none of them: {desks}", desks=", ".join(possible)), "bold yellow")
    raise UsageError(t("Say whom to ask with --to: {desks}", desks=", ".join(possible)))


def holding_of(view: View, desk: str) -> str:
    """Returns who holds the wallet where the desk that is asked is the holder's own; empty where it is not."""
    record = view.agency(agency_of(desk))
    return record.name_en if record is not None and record.kind in _HOLDERS else ""


def _afterwards(session: Session, client: Client, info: DraftInfo, desk: str, lapses_at: int) -> dict[str, Any]:
    """Says whom to call, when the hold lapses, and who may confirm it."""
    screen = session.screen
    duty = _whom_to_call(session, client, desk)
    lapse = show_lapse(session, client, info, lapses_at)
    screen.next(
        session.command(f"freeze complete {short(info.case_id)} --template > hold.yaml"), t("Then the full form")
    )
    return {"telephone": duty, **lapse}


def _whom_to_call(session: Session, client: Client, desk: str) -> str | None:
    """Shows the directory's telephone of the desk that was asked, and returns it; None where it has none."""
    if desk not in client.directory().desks():
        return None
    duty = client.directory().contact(desk)
    session.screen.heading(t("CALL NOW"))
    number = duty.telephone if duty else t("the directory has no duty telephone")
    session.screen.say(f"  {desk}: {number}{f' ({duty.hours})' if duty and duty.hours else ''}", "bold")
    session.screen.say(t("Nothing is held before they report it."), "dim")
    return duty.telephone if duty else None


def _now_view(
    account: Account,
    found: list[Suggestion],
    desk: str,
    *,
    telephone: str | None,
    lapses_at: int,
    confirmers: list[str],
) -> dict[str, Any]:
    return {
        "account": account.caip10,
        "read_back": read_back(account.address),
        "checksum": account.checksum.value,
        "suggestions": [{"holder": one.holder, "desk": one.desk, "source": one.source or None} for one in found],
        "call": {"desk": desk, "telephone": telephone},
        "lapses_at": lapses_at,
        "confirmers": confirmers,
    }
