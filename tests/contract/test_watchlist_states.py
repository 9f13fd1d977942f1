"""What a batch makes of a list: what follows is taken by everybody alike, and what does not follow by nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from comity.encoding import serialise
from comity.errors import ComityError, MalformedError, Reason, RefusedError, VerificationError
from comity.header import WatchlistPosition
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import (
    BULK,
    Effects,
    EntryState,
    MemoryRecords,
    apply_batch,
    digest_after,
    encode_batch,
    entry_id,
    head_of,
    is_effective,
    parse_batch,
    state_digest,
)
from comity.watchlists.changes import AFTER_CREATED, BEFORE_CREATED, MAX_CHANGES, PROVISIONAL

from tests.contract.builders import APPROVER, AUTHOR, NOW, Signer, secret
from tests.contract.watchlists import (
    ALICE,
    BOB,
    CAROL,
    DAY,
    LIST_ID,
    MINUTE,
    SECOND,
    List,
    batch,
    change_set,
    confirmation,
    entry,
    signed_set,
)

A, B, C = (entry_id(entry(account)) for account in (ALICE, BOB, CAROL))
BLOCK = 4
THREE = change_set("three", puts=[entry(ALICE), entry(BOB), entry(CAROL)])


def removal(found: bytes = A, version: int = 1) -> pb.Removal:
    return pb.Removal(entry_id=found, version=version, reason=pb.REMOVAL_REASON_OUTDATED)


def three() -> List:
    """A list with three entries."""
    made = List()
    made.publish(signed_set(THREE))
    return made


def refuses(made: List, data: bytes, error: type[ComityError] = VerificationError, **given: Any) -> None:
    before = (made.standing, dict(made.records.kept))
    with pytest.raises(error) as caught:
        made.take(data, **given)
    assert caught.type is error
    assert (made.standing, made.records.kept) == before


def test_a_batch_moves_the_list_by_one_and_its_head_commits_to_all_before_it() -> None:
    made = three()
    first = made.standing
    assert (first.sequence, first.time, len(first.head), made.ids()) == (1, NOW, 32, sorted((A, B, C)))
    second = made.publish(time=NOW + 15 * MINUTE)
    assert made.standing.head == head_of(LIST_ID, 2, first.head, second)
    tail = b"".join(len(p).to_bytes(8, "big") + p for p in (LIST_ID, (2).to_bytes(8, "big"), first.head, second))
    assert made.standing.head == hashlib.sha256(b"comity/v1/watchlist\x00" + tail).digest()


def test_followers_come_to_the_same_bytes_and_the_digest_says_so() -> None:
    owner, follower = List(), List()
    batches = [
        owner.publish(signed_set(THREE)),
        owner.publish(signed_set(change_set("b", puts=[entry(BOB, version=2, action=BLOCK)]), AUTHOR, APPROVER)),
        owner.publish(signed_set(change_set("c", removals=[removal(A)]))),
        owner.publish(suspends=[B]),
        owner.publish(signed_set(change_set("d", lifts=[B]), AUTHOR, APPROVER)),
    ]
    for data in batches:
        follower.take(data)
    assert (follower.standing, follower.records.kept) == (owner.standing, owner.records.kept)
    stated = parse_batch(batches[-1])
    digests = [hashlib.sha256(owner.records.kept[key]).digest() for key in sorted((B, C))]
    used = serialise(pb.SnapshotPreamble(used=[owner.standing.used[key] for key in sorted(owner.standing.used)]))
    assert stated.state_digest == hashlib.sha256(hashlib.sha256(used).digest() + b"".join(digests)).digest()
    assert stated.state_digest == state_digest(owner.standing.used, digests)
    assert stated.live == 2


def test_what_is_live_afterwards_is_told_in_order_with_what_is_gone() -> None:
    made = three()
    content = change_set("x", puts=[entry(BOB, version=2)], removals=[removal(A)])
    effects: Effects = made.take(batch(signed_set(content)))
    assert list(effects.puts) == [B] == list(effects.records)
    assert effects.removed == (A,)
    assert effects.records[B].entry.version == 2
    assert effects.puts[B] == serialise(effects.records[B]) == made.records.kept[B]
    assert effects.batch.sets[0].body


def test_a_set_that_puts_and_lifts_and_a_second_set_in_one_batch_apply_in_order() -> None:
    made = three()
    made.publish(suspends=[A])
    first = change_set("one", puts=[entry(version=2)], lifts=[A])
    second = change_set("two", puts=[entry(version=3)])
    made.publish(signed_set(first), signed_set(second), suspends=[A])
    record = made.records.get(A)
    assert record is not None
    assert (record.entry.version, record.suspended) == (3, True)
    made.publish(signed_set(change_set("four", puts=[entry(version=4)])))
    kept = made.records.get(A)
    assert kept is not None
    assert kept.suspended


def test_what_was_removed_may_come_back_and_begins_anew() -> None:
    made = three()
    made.publish(signed_set(change_set("r", removals=[removal()])))
    refuses(made, batch(signed_set(change_set("v2", puts=[entry(version=2)]))))
    made.publish(signed_set(change_set("v1", puts=[entry()])))
    assert A in made.ids()


DOES_NOT_FOLLOW: dict[str, pb.ChangeSet] = {
    "a new entry with a later version": change_set("x", puts=[entry(giver="un", version=2)]),
    "the version that is live": change_set("x", puts=[entry()]),
    "a version left out": change_set("x", puts=[entry(version=3)]),
    "a removal of what is not there": change_set("x", removals=[removal(bytes(16))]),
    "a removal of another version": change_set("x", removals=[removal(A, 2)]),
    "a lift of what is not suspended": change_set("x", lifts=[A]),
    "a lift of what is not there": change_set("x", lifts=[bytes(16)]),
    "another list": change_set("x", list_id=bytes(16), puts=[entry(version=2)]),
    "a set that was used": THREE,
    "a set with the id of one that was used": change_set("three", puts=[entry(version=2)]),
}


@pytest.mark.parametrize("content", DOES_NOT_FOLLOW.values(), ids=DOES_NOT_FOLLOW)
def test_a_change_that_does_not_follow_from_what_is_live_is_refused(content: pb.ChangeSet) -> None:
    refuses(three(), batch(signed_set(content)))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"suspends": [bytes(16)]}, VerificationError),
        ({"suspends": [min(A, B), max(A, B)], "drops": [A]}, VerificationError),
        ({"drops": [A]}, VerificationError),
        ({"drops": [bytes(16)]}, VerificationError),
        ({"confirmations": [confirmation(THREE)]}, VerificationError),
        ({"confirmations": [confirmation(change_set("nothing", lifts=[A]))]}, VerificationError),
        ({"confirmations": [confirmation(THREE, list_id=bytes(16))]}, VerificationError),
        ({"time": NOW - 1}, VerificationError),
        ({"state_digest": bytes(32), "live": 3}, VerificationError),
        ({"state_digest": bytes(32)}, VerificationError),
    ],
)
def test_a_machine_or_a_chain_that_does_what_it_may_not_is_refused(
    changes: dict[str, Any], error: type[ComityError]
) -> None:
    refuses(three(), batch(**changes), error)


def test_suspending_twice_is_refused() -> None:
    made = three()
    made.publish(suspends=[A])
    refuses(made, batch(suspends=[A]))


def test_a_state_digest_is_compared_with_the_number_of_entries_too() -> None:
    made = three()
    effects = apply_batch(made.standing, batch(), made.view, made.records)
    digest, live = digest_after(effects, made.records)
    refuses(made, batch(state_digest=digest, live=live + 1))
    made.take(batch(state_digest=digest, live=live))


def test_a_list_may_become_empty_again_and_says_so() -> None:
    made = three()
    made.publish(signed_set(change_set("all", removals=sorted((removal(A), removal(B), removal(C)), key=str))))
    assert made.ids() == []
    assert parse_batch(made.publish()).live == 0


BAD_FORMS: dict[str, Callable[[pb.WatchBatch], object]] = {
    "no salt": lambda m: m.ClearField("salt"),
    "no time": lambda m: m.ClearField("time"),
    "a time beyond calendars": lambda m: setattr(m, "time", 1 << 60),
    "half a digest": lambda m: setattr(m, "state_digest", bytes(31)),
    "a number without a digest": lambda m: setattr(m, "live", 3),
    "suspensions out of order": lambda m: m.suspends.extend([max(A, B), min(A, B)]),
    "an id that is none": lambda m: m.drops.append(b"x"),
    "too many changes": lambda m: m.suspends.extend(n.to_bytes(16, "big") for n in range(MAX_CHANGES + 1)),
    "too many changes of two kinds": lambda m: (
        m.suspends.extend(n.to_bytes(16, "big") for n in range(MAX_CHANGES)),
        m.drops.append(A),
    ),
    "too large": lambda m: m.sets.append(pb.SignedChangeSet(body=bytes(4 << 20))),
    "a set without a signature": lambda m: m.sets.append(pb.SignedChangeSet(body=signed_set(THREE).body)),
}


@pytest.mark.parametrize("change", BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_batch_out_of_form_is_refused(change: Callable[[pb.WatchBatch], object]) -> None:
    m = pb.WatchBatch.FromString(batch())
    change(m)
    refuses(three(), serialise(m), MalformedError)


def test_a_batch_out_of_form_is_not_written() -> None:
    with pytest.raises(MalformedError):
        encode_batch(pb.WatchBatch(salt=bytes(32)))


def test_the_changes_of_all_sets_of_a_batch_are_counted_together() -> None:
    ids = [n.to_bytes(16, "big") for n in range(MAX_CHANGES - 1)]
    content = change_set("many", puts=[entry(giver="un"), entry(giver="eu")])
    refuses(three(), batch(signed_set(content), suspends=ids), MalformedError)


def test_a_set_whose_body_breaks_a_rule_is_refused_although_it_is_signed() -> None:
    body = serialise(change_set("x", puts=[entry(giver="")]))
    refuses(three(), batch(signed_set(THREE, body=body)), MalformedError)


def two_needed() -> list[pb.ChangeSet]:
    accounts = (f"eip155:*:0x{n:040d}" for n in range(BULK + 1))
    return [
        change_set("block", puts=[entry(version=2, action=BLOCK)]),
        change_set("bulk", puts=[entry(account) for account in accounts]),
    ]


@pytest.mark.parametrize("content", two_needed(), ids=["block", "bulk"])
def test_two_people_are_asked_for_where_they_are_needed(content: pb.ChangeSet) -> None:
    made = three()
    refuses(made, batch(signed_set(content)), RefusedError)
    made.publish(signed_set(content, AUTHOR, APPROVER))


def test_to_lift_the_suspension_of_a_block_takes_two_whatever_the_set_says() -> None:
    made = List()
    made.publish(signed_set(change_set("block", puts=[entry(action=BLOCK)]), AUTHOR, APPROVER), suspends=[A])
    lift = change_set("lift", lifts=[A])
    with pytest.raises(RefusedError) as caught:
        made.take(batch(signed_set(lift)))
    assert caught.value.reason is Reason.SECOND_PERSON_MISSING
    made.publish(signed_set(lift, AUTHOR, APPROVER))


def test_a_set_counts_from_a_little_before_it_was_made_until_fourteen_days_after() -> None:
    for at, good in (
        (NOW - BEFORE_CREATED, True),
        (NOW - BEFORE_CREATED - 1, False),
        (NOW + AFTER_CREATED, True),
        (NOW + AFTER_CREATED + 1, False),
    ):
        data = batch(signed_set(THREE), time=at)
        List().take(data) if good else refuses(List(), data)


def test_a_used_set_is_remembered_for_as_long_as_it_could_be_used_again() -> None:
    made = three()
    made.publish(signed_set(change_set("gone", removals=[removal(i) for i in sorted((A, B, C))])))
    made.publish(time=NOW + AFTER_CREATED)
    assert len(made.standing.used) == 2
    refuses(made, batch(signed_set(THREE), time=NOW + AFTER_CREATED))
    made.publish(time=NOW + AFTER_CREATED + 1)
    assert made.standing.used == {}
    refuses(made, batch(signed_set(THREE), time=NOW + AFTER_CREATED + 1))


# --- the header's position


def test_a_batch_under_its_header_is_the_next_one_with_that_head_or_refused() -> None:
    made = three()
    data = batch(time=NOW + 1)
    right = WatchlistPosition(LIST_ID, 2, made.standing.head, head_of(LIST_ID, 2, made.standing.head, data))
    for wrong in (
        replace(right, sequence=3),
        replace(right, sequence=1),
        replace(right, list_id=bytes(16)),
        replace(right, previous_head=bytes(32)),
        replace(right, head=bytes(32)),
    ):
        refuses(made, data, position=wrong)
    refuses(made, batch(time=NOW + 2), position=right)
    assert made.take(data, position=right).standing.sequence == 2


def test_a_batch_that_is_ahead_of_its_leaf_is_refused() -> None:
    made = three()
    data = batch(time=NOW + 120_001)
    refuses(made, data, latest=NOW + 120_000)
    assert made.take(data, latest=NOW + 120_001).standing.sequence == 2


# --- urgent


URGENT = change_set("urgent", puts=[entry(action=BLOCK), entry(BOB)], urgent=True)


def states(made: List, at: int) -> list[EntryState]:
    found = [made.records.get(key) for key in (A, B)]
    return [is_effective(record, at) for record in found if record is not None]


def test_an_urgent_set_of_one_person_suspends_itself_after_an_hour_by_every_holders_clock() -> None:
    made = List()
    made.publish(signed_set(URGENT))
    limit = NOW + PROVISIONAL
    assert states(made, limit) == [EntryState.ACTIVE] * 2
    assert states(made, limit + 1) == [EntryState.SUSPENDED] * 2
    made.publish(time=limit + 1)
    assert states(made, limit + 1) == [EntryState.SUSPENDED] * 2
    refuses(made, batch(confirmations=[confirmation(URGENT)], time=limit + 1))


def test_a_second_persons_word_in_time_makes_it_stay() -> None:
    made = List()
    made.publish(signed_set(URGENT))
    made.publish(confirmations=[confirmation(URGENT)], time=NOW + PROVISIONAL)
    assert states(made, NOW + 2 * PROVISIONAL) == [EntryState.ACTIVE] * 2
    assert {used.provisional_until for used in made.standing.used.values()} == {0}
    assert made.records.of_set(secret("urgent")[:16]) == []
    refuses(made, batch(confirmations=[confirmation(URGENT)], time=NOW + PROVISIONAL))


def test_a_confirmation_leaves_alone_what_was_changed_or_removed_since() -> None:
    made = List()
    made.publish(signed_set(URGENT))
    later = change_set("later", puts=[entry(version=2)], removals=[removal(B)])
    again = change_set("again", puts=[entry(BOB)], urgent=True)
    made.publish(signed_set(later), signed_set(again, SECOND), confirmations=[confirmation(URGENT)])
    assert states(made, NOW + PROVISIONAL + 1) == [EntryState.ACTIVE, EntryState.SUSPENDED]
    assert made.records.of_set(secret("again")[:16]) == [B]


def test_a_confirmation_in_the_same_batch_and_of_a_suspended_entry_keeps_the_suspension() -> None:
    made = List()
    made.publish(signed_set(URGENT), confirmations=[confirmation(URGENT)], suspends=[A])
    assert states(made, NOW + 2 * PROVISIONAL) == [EntryState.SUSPENDED, EntryState.ACTIVE]


def test_an_urgent_set_that_two_people_signed_is_not_provisional() -> None:
    made = List()
    made.publish(signed_set(URGENT, AUTHOR, APPROVER))
    assert states(made, NOW + 2 * PROVISIONAL) == [EntryState.ACTIVE] * 2
    refuses(made, batch(confirmations=[confirmation(URGENT)]))


def test_who_says_again_what_nobody_confirmed_gets_no_further_hour_by_it() -> None:
    made = List()
    made.publish(signed_set(URGENT))
    at = NOW + 50 * MINUTE
    again = change_set("again", created=at, puts=[entry(action=BLOCK, version=2)], urgent=True)
    made.publish(signed_set(again, SECOND), time=at)
    assert states(made, NOW + PROVISIONAL)[0] is EntryState.ACTIVE
    assert states(made, NOW + 71 * MINUTE)[0] is EntryState.SUSPENDED
    made.publish(confirmations=[confirmation(again)], time=NOW + 71 * MINUTE)
    assert states(made, NOW + 71 * MINUTE)[0] is EntryState.ACTIVE


def test_whoever_wrote_an_urgent_set_cannot_confirm_it() -> None:
    made = List()
    made.publish(signed_set(URGENT))
    refuses(made, batch(confirmations=[confirmation(URGENT, AUTHOR)]), RefusedError)
    refuses(made, batch(confirmations=[confirmation(URGENT, Signer("sfc/m-nobody00"))]), RefusedError)


# --- machines and clocks


def test_a_machine_drops_what_is_over_and_nothing_else() -> None:
    made = List()
    made.publish(signed_set(change_set(puts=[entry(valid_until=NOW + DAY), entry(BOB)])))
    refuses(made, batch(drops=[A], time=NOW + DAY))
    made.publish(drops=[A], time=NOW + DAY + 1)
    assert made.ids() == [B]


def test_records_in_memory_are_what_was_stored() -> None:
    records = MemoryRecords({A: serialise(pb.WatchRecord(entry=entry()))})
    assert records.digests() == [(A, hashlib.sha256(records.kept[A]).digest())]
    assert records.get(B) is None
