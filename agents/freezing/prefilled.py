"""Forms that begin with what is known already.

A hold comes out of a telephone call, the full form out of a hold, the request to the next holder or the next country
out of a report that nothing is left. What cannot be known stays empty, so that the form's own check names it.

Never does: send, fill in what nobody said.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from comity.v1 import payload_pb2 as pb
from comity.wallets import Account, WalletError, parse_account

_DECIMALS: Final[Mapping[str, int]] = MappingProxyType(
    {"BTC": 8, "LTC": 8, "XRP": 6, "TRX": 6, "SOL": 9, "XMR": 12, "TON": 9, "ETH": 18, "BNB": 18, "DAI": 18}
    | {"USDT": 6, "USDC": 6, "EURC": 6, "PYUSD": 6}
    | dict.fromkeys(("HKD", "USD", "EUR", "GBP", "SGD", "CNY"), 2)
)
"""Digits after the point of what is lost most often."""
_UNKNOWN_DECIMALS: Final = 18


def decimals_of(token: str) -> int:
    """Returns how many digits after the point a token has, the greatest usual number where it is not known."""
    return _DECIMALS.get(token.strip().upper(), _UNKNOWN_DECIMALS)


def hold(
    account: Account,
    *,
    loss: tuple[str, str],
    transaction: str,
    victim_reference: str,
    offence: str,
    contact: pb.Contact,
    holder: str = "",
    token: str = "",
    amount: str = "",
    decimals: int | None = None,
) -> pb.ProvisionalHold:
    """Returns the provisional hold of one account, out of what is told by telephone.

    Args:
        account: as it was read back.
        loss: amount and currency or token.
        transaction: of the loss.
        victim_reference: the victim's.
        offence: in words.
        contact: officer in charge.
        holder: who holds the account, where that is known.
        token: what is to be held; empty for what was lost.
        amount: how much; empty for all there is.
        decimals: digits after the point; None for those usual with the token.
    """
    wanted = token or loss[1]
    line = pb.AssetLine(
        number=1,
        holder=holder,
        account=account.caip10,
        account_as_received=account.raw.strip(),
        token=wanted,
        decimals=decimals_of(wanted) if decimals is None else decimals,
        amount=amount,
        all=not amount,
        incoming_transaction=transaction,
        later_inflows=not amount,
    )
    return pb.ProvisionalHold(
        loss_amount=loss[0],
        loss_currency=loss[1],
        transaction=transaction,
        victim_reference=victim_reference,
        offence=offence,
        contact=contact,
        lines=[line],
    )


def completed(held: pb.ProvisionalHold) -> pb.FreezeRequest:
    """Returns the full form of a hold, as far as the hold says it."""
    return pb.FreezeRequest(
        reference=held.reference,
        contact=held.contact,
        instrument=pb.Instrument(kind=held.planned_kind),
        offence=held.offence,
        loss_amount=held.loss_amount,
        loss_currency=held.loss_currency,
        lines=held.lines,
        victim_reference=held.victim_reference,
        transaction=held.transaction,
        links=held.links,
        other_channels=held.other_channels,
    )


def has_next_hop(report: pb.LineReport) -> bool:
    """Returns whether a line's report says where the assets went."""
    return bool(report.next_hop or report.next_holder)


def follow_on(
    asked: pb.FreezeRequest | pb.ProvisionalHold, report: pb.LineReport, case_id: bytes, opener: str
) -> pb.FreezeRequest:
    """Returns the request to the next holder, for what has gone on of one line.

    Args:
        asked: the request that found nothing left, or less than it asked for.
        report: of the line.
        case_id: of that case, 16 bytes.
        opener: the desk that opened it.
    """
    before = next(line for line in asked.lines if line.number == report.line)
    line = pb.AssetLine(
        number=1,
        holder=report.next_holder,
        account=report.next_hop,
        account_as_received=_address(report.next_hop),
        token=before.token,
        decimals=before.decimals,
        amount=report.gone,
        incoming_transaction=report.next_transaction,
    )
    full = asked if isinstance(asked, pb.FreezeRequest) else completed(asked)
    wanted = pb.FreezeRequest()
    wanted.CopyFrom(full)
    for name in ("lines", "links", "instrument", "evidence"):
        wanted.ClearField(name)
    wanted.instrument.kind = full.instrument.kind
    wanted.lines.append(line)
    wanted.links.add(case_id=case_id, desk=opener, relation=pb.CASE_RELATION_FOLLOW_ON)
    return wanted


def follow_on_assistance(
    asked: pb.FreezeRequest | pb.ProvisionalHold, report: pb.LineReport, case_id: bytes, opener: str
) -> pb.AssistanceRequest:
    """Returns the request for assistance to the country where the assets went; arguments as of `follow_on`."""
    before = next(line for line in asked.lines if line.number == report.line)
    wanted = pb.AssistanceRequest(
        contact=asked.contact,
        kinds=[pb.ASSISTANCE_KIND_RECORDS],
        facts=asked.offence,
        made_orally=False,
        other_channels=asked.other_channels,
    )
    if report.next_hop:
        wanted.on_chain.add(
            account=report.next_hop,
            account_as_received=_address(report.next_hop),
            token=before.token,
            amount=report.gone,
            transaction=report.next_transaction,
        )
    if report.next_holder:
        wanted.jurisdiction_link = report.next_holder
    wanted.links.add(case_id=case_id, desk=opener, relation=pb.CASE_RELATION_FOLLOW_ON)
    return wanted


def _address(account: str) -> str:
    try:
        return parse_account(account).address if account else ""
    except WalletError:
        return account
