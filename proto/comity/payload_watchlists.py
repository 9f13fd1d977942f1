"""Rules between the fields of what watchlists are spoken of with, and of every payload's handling.

Never does: look into a batch or a snapshot (`comity.watchlists`), I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message

from comity.payload_rules import Gap
from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, parse_account

BATCH_LIMIT: Final = 4 << 20
"""Greatest length of a serialised batch, in bytes."""
STATE_LIMIT: Final = 2 << 30
"""Greatest length of a snapshot's state, in bytes."""
HEARTBEAT_LIMIT: Final = 24 * 60
"""A list that is silent for longer than a day cannot be told from one that is withheld, in minutes."""
REVIEW_LIMIT: Final = 3650
"""Longest review cycle, in days."""


def handling_gaps(handling: pb.Handling, path: str) -> Iterator[Gap]:
    """Yields where fields of a handling contradict one another.

    Args:
        handling: its single fields keep their rules.
        path: of the handling itself.
    """
    if (handling.code == pb.HANDLING_CODE_H3) != bool(handling.code_text):
        yield Gap(f"{path}.code_text", "stands with H3, and with H3 only")
    if (handling.onward == pb.ONWARD_LISTED) != bool(handling.onward_agencies):
        yield Gap(f"{path}.onward_agencies", "stand with LISTED, and with LISTED only")
    if handling.code == pb.HANDLING_CODE_H2 and handling.onward in (pb.ONWARD_LISTED, pb.ONWARD_FREE):
        yield Gap(f"{path}.onward", "contradicts H2, which forbids onward sharing")


def watchlist_gaps(body: Message, name: str) -> Iterator[Gap]:
    """Yields where fields of a body of the watchlist family contradict one another; nothing of another family's.

    Args:
        body: of a payload.
        name: its member of Payload's oneof.
    """
    match body:
        case pb.OfferList():
            if body.heartbeat_minutes > HEARTBEAT_LIMIT:
                yield Gap(f"{name}.heartbeat_minutes", "is more than a day")
            if body.review_days > REVIEW_LIMIT:
                yield Gap(f"{name}.review_days", "is more than ten years")
        case pb.ChallengeEntry():
            if body.account:
                yield from _account(body.account, name)
        case pb.ReportSighting():
            yield from _account(body.account, name)
        case pb.AnswerChallenge():
            if (body.result == pb.CHALLENGE_RESULT_KEPT) == bool(body.sequence):
                yield Gap(f"{name}.sequence", "stands where the list was changed, and there only")
        case _:
            pass


def packed_gaps(payload: pb.Payload, body: Message, name: str) -> Iterator[Gap]:
    """Yields where what a PUBLISH or SNAPSHOT packs is neither here nor in an attachment, or an attachment is neither.

    Args:
        payload: with the attachments.
        body: of the payload.
        name: its member of Payload's oneof.
    """
    match body:
        case pb.PublishBatch():
            packs = [("batch", body.batch, BATCH_LIMIT)]
        case pb.SendSnapshot():
            packs = [("batch", body.batch, BATCH_LIMIT), ("state", body.state, STATE_LIMIT)]
        case _:
            return
    for part, packed, limit in packs:
        if bool(packed.deflated) == bool(packed.attachment):
            yield Gap(f"{name}.{part}", "is either here or in an attachment")
        if packed.length > limit:
            yield Gap(f"{name}.{part}.length", "is above the limit")
    named = sorted(packed.attachment for _, packed, _ in packs if packed.attachment)
    if named != sorted(item.id for item in payload.attachments):
        yield Gap("attachments", "are not those that the body names")


def _account(account: str, name: str) -> Iterator[Gap]:
    try:
        canonical = parse_account(account).caip10 == account
    except WalletError:
        canonical = False
    if not canonical:
        yield Gap(f"{name}.account", "is not a canonical CAIP-10 account")
