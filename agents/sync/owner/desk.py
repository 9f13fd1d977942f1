"""What a person at the owner's desk does with a list: creates it, offers it, finds its entries, answers challenges.

Never does: sign for another person; show anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from comity.errors import MalformedError, Reason, RefusedError
from comity.payload import Gap
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import parse_account, parse_transaction
from comity.wallets.errors import WalletError
from comity.watchlists import entry_id, screening_key

from agents.errors import IncompleteError, NotUniqueError
from agents.records import Sent
from agents.sync.owner import lists, outbox, publications, reports
from agents.sync.owner.cutting import Change, Lift
from agents.sync.owner.lists import ListRow
from agents.sync.owner.outbox import SubscriberState
from agents.sync.owner.publications import Publication
from agents.sync.owner.publisher import Publisher
from agents.sync.owner.reports import Challenge
from agents.sync.owner.store import OwnerStore

LIST_ID_BYTES: Final = 16
REVIEW_DAYS: Final = 90
HEARTBEAT_MINUTES: Final = 15


def create_list(store: OwnerStore, terms: payload_pb2.OfferList, handling: payload_pb2.Handling, now: int) -> ListRow:
    """Makes a list with an id of its own.

    Args:
        store: of the home.
        terms: what will be offered; its id is set here.
        handling: of everything that is published in it.
        now: Unix milliseconds UTC.
    """
    terms.list_id = os.urandom(LIST_ID_BYTES)
    terms.review_days = terms.review_days or REVIEW_DAYS
    terms.heartbeat_minutes = terms.heartbeat_minutes or HEARTBEAT_MINUTES
    with store.write() as c:
        return lists.create(c, title=terms.title, terms=terms, handling=handling, now=now)


async def offer(publisher: Publisher, row: ListRow, desk: str) -> Sent:
    """Offers a list to a desk, in a case of its own. Sending it again where it was not answered is a new offer.

    Raises:
        IncompleteError, RefusedError, UnpinnedError: as for any message.
    """
    client = publisher.client
    terms = payload_pb2.OfferList()
    terms.CopyFrom(row.terms)
    terms.entries = row.live
    draft = await client.offer_list(desk, terms, handling=row.handling)
    sent = await client.send(draft.id)
    with publisher.store.write() as c:
        if outbox.subscriber(c, bytes.fromhex(sent.case_id)) is None:
            outbox.put_subscriber(
                c,
                case_id=bytes.fromhex(sent.case_id),
                number=row.number,
                desk=desk,
                state=SubscriberState.OFFERED,
                now=client.clock(),
            )
    return sent


async def revoke(publisher: Publisher, case_id: bytes, text: str) -> Sent:
    """Ends a subscription from this side: nothing more is sent from now on, whatever becomes of the message."""
    with publisher.store.write() as c:
        subscriber = outbox.subscriber(c, case_id)
        if subscriber is None:
            raise NotUniqueError("this home has offered nothing in that case")
        row = lists.by_number(c, subscriber.list)
        outbox.revoke(c, case_id)
    body = payload_pb2.UnsubscribeList(list_id=row.list_id, text=text)
    draft = await publisher.client.unsubscribe(case_id.hex(), body, handling=row.handling)
    return await publisher.client.send(draft.id)


def find_entries(store: OwnerStore, row: ListRow, text: str) -> list[tuple[bytes, pb.WatchRecord]]:
    """Returns the live entries that a text names: the beginning of an entry id, an account or a transaction.

    Raises:
        NotUniqueError: none does.
    """
    with store.read() as c:
        found = [
            (key, pb.WatchRecord.FromString(data))
            for needle, fits in _needles(text)
            for key, data in lists.holding(c, row.number, needle)
            if fits(pb.WatchRecord.FromString(data).entry)
        ]
        if not found and len(text) >= 6:
            found = [
                (key, pb.WatchRecord.FromString(data))
                for key, data in lists.records(c, row.number)
                if key.hex().startswith(text.lower())
            ]
    if not found:
        raise NotUniqueError("no entry of the list is called so")
    return found


def removals(found: Iterable[tuple[bytes, pb.WatchRecord]], reason: pb.RemovalReason, text: str) -> list[Change]:
    """Returns the removal of entries."""
    return [
        pb.Removal(entry_id=key, version=record.entry.version, reason=reason, text=text)
        for key, record in sorted(found, key=lambda one: one[0])
    ]


def put(store: OwnerStore, row: ListRow, entry: pb.WatchEntry) -> pb.WatchEntry:
    """Returns an entry with the version that follows from what is live."""
    with store.read() as c:
        before = lists.record(c, row.number, entry_id(entry))
    entry.version = 1 if before is None else before.entry.version + 1
    return entry


def sign(
    publisher: Publisher,
    row: ListRow,
    changes: Iterable[Change],
    *,
    urgent: bool = False,
    note: str = "",
    summary: Mapping[str, object] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Publication:
    """Signs changes as their author, see `publications.create`.

    Raises:
        RefusedError: WRONG_SEQUENCE: the list has halted: what was signed now would go out once it goes on.
    """
    client = publisher.client
    with publisher.store.read() as c:
        if lists.by_number(c, row.number).halted:
            raise RefusedError(Reason.WRONG_SEQUENCE, "the list has halted", sequence=str(row.sequence))
    return publications.create(
        publisher.store,
        row,
        changes,
        keys=client.keys,
        desk=client.desk,
        now=client.clock(),
        urgent=urgent,
        note=note,
        summary=summary,
        progress=progress,
    )


async def answer(publisher: Publisher, challenge: Challenge, result: int, text: str) -> tuple[Sent, Publication | None]:
    """Answers a challenge: what it says is done first, then said.

    Args:
        publisher: of the home.
        challenge: open.
        result: number of a ChallengeResult.
        text: for the challenger.

    Returns:
        The answer, and the change that one person signed for it: a removal, or where a suspended entry is kept the end
        of its suspension, which may await approval.

    Raises:
        IncompleteError: the answer says nothing.
        RefusedError: WRONG_STATE: it was answered.
    """
    if challenge.result:
        raise RefusedError(Reason.WRONG_STATE, "the challenge was answered")
    if not text.strip():
        raise IncompleteError((Gap("answer_challenge.text", "is missing"),))  # before anything is changed
    client, publication, sequence = publisher.client, None, 0
    await client.refresh()
    await publisher.begin()
    with publisher.store.write() as c:
        row = lists.by_number(c, challenge.list)
        record = lists.record(c, row.number, challenge.entry_id)
    if result == payload_pb2.CHALLENGE_RESULT_RETRACTED:
        if record is not None:
            reason = pb.REMOVAL_REASON_FALSE_POSITIVE
            publication = sign(publisher, row, removals([(challenge.entry_id, record)], reason, ""))
            await publisher.publish(row.number)
        sequence = _sequence(publisher, row)
    elif result == payload_pb2.CHALLENGE_RESULT_SUSPENDED:
        if record is None:
            raise RefusedError(Reason.WRONG_STATE, "the entry is live no more: it was retracted")
        if not record.suspended:
            publisher.suspend(row.number, [challenge.entry_id])
        await publisher.publish(row.number)
        sequence = _sequence(publisher, row)
    elif record is not None and record.suspended:
        publication = sign(publisher, row, [Lift(challenge.entry_id)])
        await publisher.publish(row.number)
    if publication is not None:
        with publisher.store.read() as c:
            publication = publications.by_prefix(c, publication.id.hex())
    body = payload_pb2.AnswerChallenge(result=result, text=text, sequence=sequence)  # type: ignore[arg-type] # its number
    draft = await client.answer_challenge(
        challenge.case_id.hex(), body, about=challenge.message_hash.hex(), to=(challenge.desk,), handling=row.handling
    )
    sent = await client.send(draft.id)
    with publisher.store.write() as c:
        reports.answered(c, challenge.message_hash, result)
    return sent, publication


def _sequence(publisher: Publisher, row: ListRow) -> int:
    with publisher.store.write() as c:
        return lists.by_number(c, row.number).sequence


def _needles(text: str) -> list[tuple[str, Callable[[pb.WatchEntry], bool]]]:
    """Returns what to look for in records, and what then decides."""
    found: list[tuple[str, Callable[[pb.WatchEntry], bool]]] = []
    try:
        key = screening_key(parse_account(text).caip10)
        found.append((key.rpartition(":")[2], lambda e: bool(e.account) and screening_key(e.account) == key))
    except (WalletError, MalformedError):
        pass
    try:
        transaction = parse_transaction(text).caip
        found.append((transaction, lambda e: e.transaction == transaction))
    except (WalletError, MalformedError):
        pass
    return found
