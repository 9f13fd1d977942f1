"""Rules between the fields of the freeze family's bodies.

What only the ledger of the case can tell, `comity.freezes` does: here stands what a body says of itself.

Never does: know what was said before, look into the directory, I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from google.protobuf.message import Message

from comity.freezes.amounts import DECIMALS_LIMIT, TEXTS, LedgerError, Problem, read_amount
from comity.freezes.reports import read_report
from comity.freezes.rules import NON_BINDING
from comity.payload_cases import (
    account_gaps,
    date_gaps,
    fact_gaps,
    loss_gaps,
    past_gaps,
    time_gaps,
    twice,
    urgency_gaps,
)
from comity.payload_rules import Gap, Setting
from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, parse_account

_WITHOUT_TEXT: Final = NON_BINDING | {pb.INSTRUMENT_KIND_ISSUER_BLACKLIST}
"""Instruments that need no legal text where they do not bind."""


def freeze_gaps(payload: pb.Payload, body: Message, name: str, setting: Setting) -> Iterator[Gap]:
    """Yields where fields of a freeze's body contradict one another; nothing of another family's.

    Args:
        payload: with the attachments.
        body: of the payload.
        name: its member of Payload's oneof.
        setting: of the header.
    """
    match body:
        case pb.FreezeRequest():
            yield from _instrument(payload, body.instrument, f"{name}.instrument", setting)
            yield from urgency_gaps(body.urgency_reason, name, setting)
            yield from loss_gaps(body.loss_amount, body.loss_currency, name)
            yield from _assets(body.lines, name, full=True)
            yield from fact_gaps(body.on_chain, name)
        case pb.ProvisionalHold():
            yield from _assets(body.lines, name, full=False)
        case pb.ReportExecution():
            yield from _reports(body.lines, name)
            if body.HasField("instrument"):
                yield from _instrument(payload, body.instrument, f"{name}.instrument", setting)
        case pb.AskExtension() | pb.Extend():
            yield from time_gaps(body.until, f"{name}.until", setting)
        case pb.AskVariation() | pb.Vary():
            yield from _variations(body, name)
        case pb.Convert():
            yield from _instrument(payload, body.instrument, f"{name}.instrument", setting)
        case pb.ReportChallenge():
            yield from date_gaps(body.next_date, f"{name}.next_date", setting)
        case pb.AskRelease() | pb.Release():
            yield from _release(body, name, setting)
        case pb.FreezeOutcome():
            yield from _outcome(body, name, setting)
        case _:
            pass


def _instrument(payload: pb.Payload, said: pb.Instrument, path: str, setting: Setting) -> Iterator[Gap]:
    if said.binding and said.kind in NON_BINDING:
        yield Gap(f"{path}.binding", "is set, and this instrument never binds")
    if said.binding or said.kind not in _WITHOUT_TEXT:
        for field in ("legal_text", "authority", "number"):
            if not getattr(said, field):
                yield Gap(f"{path}.{field}", "is missing: the instrument is a notice or an order")
    if said.order_attachment:
        if not said.order_sha256:
            yield Gap(f"{path}.order_sha256", "is missing: the order's image is attached")
        if said.order_attachment not in {item.id for item in payload.attachments}:
            yield Gap(f"{path}.order_attachment", "is no attachment of this message")
    if not said.end and not said.review:
        yield Gap(f"{path}.end", "is missing: an instrument has an end, or a review")
    for field in ("end", "review"):
        if 0 < getattr(said, field) <= said.start:
            yield Gap(f"{path}.{field}", "is not after the start")
    for field in ("end", "review", "planned_by"):
        yield from time_gaps(getattr(said, field), f"{path}.{field}", setting)
    if bool(said.planned_kind) != bool(said.planned_by):
        yield Gap(f"{path}.planned_by", "stands with the planned instrument, and with it only")
    if said.end and said.planned_by > said.end:
        yield Gap(f"{path}.planned_by", "is after the end: nothing would hold between")


def _assets(lines: Iterable[pb.AssetLine], name: str, *, full: bool) -> Iterator[Gap]:
    for number, line in enumerate(lines):
        place = f"{name}.lines[{number}]"
        if full and not line.holder:
            yield Gap(f"{place}.holder", "is missing")
        if line.account or line.account_as_received:
            yield from account_gaps(line.account, line.account_as_received, place)
        elif not line.platform_account:
            yield Gap(f"{place}.account", "is missing: an account, or the platform's")
        if line.decimals > DECIMALS_LIMIT:
            yield Gap(f"{place}.decimals", f"is more than {DECIMALS_LIMIT}")
        if line.all == bool(line.amount):
            yield Gap(f"{place}.amount", "is either an amount or all")
        elif line.amount:
            yield from _amount(line.amount, f"{place}.amount", line.decimals)
    yield from twice((line.number for line in lines), f"{name}.lines")
    yield from twice(((line.account, line.platform_account, line.token) for line in lines), f"{name}.lines")


def _amount(text: str, path: str, decimals: int | None = None) -> Iterator[Gap]:
    """Yields where an amount is too fine, too large, or nothing; one that is no amount has a gap of its own."""
    try:
        if not read_amount(text, decimals):
            yield Gap(path, TEXTS[Problem.ZERO])
    except LedgerError as error:
        if error.problem not in (Problem.NEGATIVE, Problem.NOT_AN_AMOUNT):
            yield Gap(path, TEXTS[error.problem])


def _reports(reports: Iterable[pb.LineReport], name: str) -> Iterator[Gap]:
    for number, report in enumerate(reports):
        place = f"{name}.lines[{number}]"
        try:
            gone = read_report(report).gone
        except LedgerError as error:
            if error.problem not in (Problem.NEGATIVE, Problem.NOT_AN_AMOUNT):
                yield Gap(f"{place}.{error.field}" if error.field else place, TEXTS[error.problem])
            continue
        if report.status == pb.LINE_STATUS_NOTHING_LEFT and gone and not (report.next_hop or report.next_holder):
            yield Gap(f"{place}.next_hop", "is missing: say where it went, or who holds it now")
        if report.next_hop and not _is_canonical(report.next_hop):
            yield Gap(f"{place}.next_hop", "is not a canonical CAIP-10 account")
    yield from twice((report.line for report in reports), f"{name}.lines")


def _is_canonical(account: str) -> bool:
    try:
        return parse_account(account).caip10 == account
    except WalletError:
        return False


def _variations(body: pb.AskVariation | pb.Vary, name: str) -> Iterator[Gap]:
    if not body.lines and not body.permitted_payments:
        yield Gap(f"{name}.lines", "are missing: a variation changes lines, or payments that are allowed")
    for number, line in enumerate(body.lines):
        place = f"{name}.lines[{number}]"
        if not line.release and not line.increase:
            yield Gap(place, "changes nothing")
        for field in ("release", "increase"):
            if getattr(line, field):
                yield from _amount(getattr(line, field), f"{place}.{field}")
    yield from twice((line.line for line in body.lines), f"{name}.lines")


def _release(body: pb.AskRelease | pb.Release, name: str, setting: Setting) -> Iterator[Gap]:
    for number, line in enumerate(body.lines):
        place = f"{name}.lines[{number}].amount"
        if line.all == bool(line.amount):
            yield Gap(place, "is either an amount or all")
        elif line.amount:
            yield from _amount(line.amount, place)
    yield from twice((line.line for line in body.lines), f"{name}.lines")
    if body.ground == pb.RELEASE_GROUND_OTHER and not body.text:
        yield Gap(f"{name}.text", "is missing: say why")
    called = body.call_back
    if called.result != pb.CALL_BACK_RESULT_CONFIRMED and body.ground != pb.RELEASE_GROUND_COURT_ORDER:
        yield Gap(f"{name}.call_back.result", "is not CONFIRMED: nothing is released on paper alone")
    yield from past_gaps(called.called_at, f"{name}.call_back.called_at", setting)


def _outcome(body: pb.FreezeOutcome, name: str, setting: Setting) -> Iterator[Gap]:
    held = False
    for number, line in enumerate(body.lines):
        for field in ("held", "released", "returned", "forfeited"):
            path = f"{name}.lines[{number}].{field}"
            found = list(_amount(getattr(line, field), path))
            held = held or not found
            yield from (gap for gap in found if gap.problem != TEXTS[Problem.ZERO])
    yield from twice((line.line for line in body.lines), f"{name}.lines")
    if held != bool(body.held_at):
        yield Gap(f"{name}.held_at", "stands where something was held, and there only")
    if 0 < body.held_at < body.event_at:
        yield Gap(f"{name}.held_at", "is before the event")
    for field in ("event_at", "held_at"):
        yield from past_gaps(getattr(body, field), f"{name}.{field}", setting)
