"""Rules between the fields of a referral's bodies, and of those that several families carry.

Never does: rules of one family's own bodies but the referral's (`comity.payload_freezes`, …), I/O.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Final

from google.protobuf.message import Message

from comity.payload_rules import LATEST_TIME, Gap, Setting
from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, parse_account
from comity.workflow.terms import Family, Precedence, Verb

_DATED: Final = frozenset({Family.FREEZE, Family.ASSISTANCE})
"""Families in which a date of a message must lie before it no more."""
_WESTERNMOST: Final = datetime.timedelta(hours=12)
"""A date lasts longest twelve hours behind UTC."""


def case_gaps(body: Message, name: str, setting: Setting) -> Iterator[Gap]:
    """Yields where fields of a body contradict one another; nothing of a family's own bodies but the referral's.

    Args:
        body: of a payload.
        name: its member of Payload's oneof.
        setting: of the header.
    """
    match body:
        case pb.Refer():
            yield from urgency_gaps(body.urgency_reason, name, setting)
            yield from loss_gaps(body.loss_amount, body.loss_currency, name)
            yield from fact_gaps(body.on_chain, name)
        case pb.Supply():
            yield from fact_gaps(body.on_chain, name)
        case pb.AcknowledgeCase():
            yield from date_gaps(body.expected_date, f"{name}.expected_date", setting)
        case pb.Accept():
            if (setting.verb is Verb.ACCEPT_IN_PART) != bool(body.parts):
                yield Gap(f"{name}.parts", "stand with ACCEPT_IN_PART, and with it only")
            if setting.family is Family.FREEZE and not body.decided_by:
                yield Gap(f"{name}.decided_by", "is missing: who decided is on record")
        case pb.ReportProgress():
            if bool(body.expected_date) != bool(body.slip_reason):
                yield Gap(f"{name}.slip_reason", "stands with a new expected date, and with it only")
            yield from date_gaps(body.expected_date, f"{name}.expected_date", setting)
        case pb.ReportOutcome():
            if body.usefulness > 5:
                yield Gap(f"{name}.usefulness", "is not 1 to 5")
            yield from _outcomes(body, name)
        case pb.AnswerRecall():
            if body.kind == pb.RECALL_ANSWER_KIND_CANNOT_COMPLY and not body.text:
                yield Gap(f"{name}.text", "is missing: say why it cannot be done")
        case _:
            pass


def urgency_gaps(reason: str, name: str, setting: Setting) -> Iterator[Gap]:
    """Yields where something urgent does not say why."""
    if setting.precedence is not Precedence.ROUTINE and not reason:
        yield Gap(f"{name}.urgency_reason", "is missing: the message is urgent")


def loss_gaps(amount: str, currency: str, name: str) -> Iterator[Gap]:
    """Yields where a loss has no currency, or a currency no loss."""
    if bool(amount) != bool(currency):
        yield Gap(f"{name}.loss_currency", "stands with the loss amount, and with it only")


def date_gaps(date: str, path: str, setting: Setting) -> Iterator[Gap]:
    """Yields where a date that is still to come was over everywhere on earth when the message was made.

    Args:
        date: ISO 8601, or empty; one that is no date has a gap of its own.
        path: of the field.
        setting: of the header.
    """
    if setting.family not in _DATED or not setting.created:
        return
    made = datetime.datetime.fromtimestamp(min(setting.created, LATEST_TIME) // 1000, datetime.UTC)
    if date and date < (made - _WESTERNMOST).date().isoformat():
        yield Gap(path, "is a date that went by")


def time_gaps(time: int, path: str, setting: Setting) -> Iterator[Gap]:
    """Yields where a time that is still to come is not later than the message; 0 is none."""
    if setting.created and 0 < time <= setting.created:
        yield Gap(path, "is a time that went by")


def past_gaps(time: int, path: str, setting: Setting) -> Iterator[Gap]:
    """Yields where something that has happened is later than the message."""
    if 0 < setting.created < time:
        yield Gap(path, "is later than the message")


def twice(values: Iterable[object], path: str) -> Iterator[Gap]:
    """Yields where one of several stands twice."""
    items = list(values)
    if len(set(items)) != len(items):
        yield Gap(path, "one stands twice")


def fact_gaps(facts: Iterable[pb.OnChainFact], name: str) -> Iterator[Gap]:
    """Yields the facts whose account is not canonical, or not the one that was received."""
    for number, fact in enumerate(facts):
        yield from account_gaps(fact.account, fact.account_as_received, f"{name}.on_chain[{number}]")


def account_gaps(account: str, received: str, place: str) -> Iterator[Gap]:
    """Yields where an account is not canonical, or not the one that was received.

    Args:
        account: canonical CAIP-10.
        received: the same account as anybody wrote it.
        place: path of the record whose fields they are.
    """
    try:
        found = parse_account(account)
        canonical = found.caip10 == account
    except WalletError:
        canonical = False
    if not canonical:
        yield Gap(f"{place}.account", "is not a canonical CAIP-10 account")
        return
    try:
        same = parse_account(received, found.chain).caip10 == account
    except WalletError:
        same = False
    if not same:
        yield Gap(f"{place}.account_as_received", "is not the account that the canonical form names")


def _outcomes(body: pb.ReportOutcome, name: str) -> Iterator[Gap]:
    for number, outcome in enumerate(body.outcomes):
        place = f"{name}.outcomes[{number}]"
        if outcome.kind in (pb.OUTCOME_KIND_FREEZE, pb.OUTCOME_KIND_RECOVERY) and not outcome.amount:
            yield Gap(f"{place}.amount", "is missing: the outcome has one")
        if bool(outcome.amount) != bool(outcome.currency):
            yield Gap(f"{place}.currency", "stands with the amount, and with it only")
