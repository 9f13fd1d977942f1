"""What one person cannot do alone in a watchlist, however it is cut, repeated or put in other words."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from comity.errors import ComityError, Reason, RefusedError, VerificationError
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import BULK, EntryState, encode_change_set, entry_id, is_effective
from comity.watchlists.changes import AFTER_CREATED, ALONE, PROVISIONAL, URGENT_AFTER_CREATED
from comity.watchlists.states import MAX_USED

from tests.contract.builders import APPROVER, AUTHOR, NOW, SENDER, fresh, revocation, secret
from tests.contract.watchlists import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    SECOND,
    List,
    batch,
    change_set,
    confirmation,
    entry,
    signed_set,
)

A = entry_id(entry(ALICE))
BLOCK = 4
WALLETS = sorted((entry(f"eip155:*:0x{n:040d}") for n in range(3 * BULK)), key=entry_id)


def removals(puts: list[pb.WatchEntry]) -> list[pb.Removal]:
    return [pb.Removal(entry_id=entry_id(put), version=put.version, reason=pb.REMOVAL_REASON_OTHER) for put in puts]


def urgent(label: str, at: int = NOW, **changes: Any) -> pb.ChangeSet:
    return change_set(label, **{"created": at, "urgent": True, "puts": [entry(action=BLOCK)]} | changes)


def refused(made: List, data: bytes, error: type[ComityError] = RefusedError) -> None:
    before = (made.standing, dict(made.records.kept))
    with pytest.raises(error) as caught:
        made.take(data)
    assert caught.type is error
    if isinstance(caught.value, RefusedError):
        assert caught.value.reason is Reason.SECOND_PERSON_MISSING
    assert (made.standing, made.records.kept) == before


# --- urgent sets


def test_one_person_cannot_renew_what_nobody_confirmed_by_taking_it_out_and_putting_it_again() -> None:
    made, at = List(), NOW + 59 * MINUTE
    made.publish(signed_set(urgent("first")))
    out = signed_set(change_set("out", created=at, removals=removals([entry()])))
    again = signed_set(urgent("again", at))
    refused(made, batch(out, again, time=at))
    made.publish(out, time=at)
    for later in (at, NOW + PROVISIONAL + ALONE - 1):
        refused(made, batch(signed_set(urgent("again", later)), time=later))


def test_one_person_cannot_renew_it_under_another_category_or_giver_either() -> None:
    made, at = List(), NOW + 59 * MINUTE
    made.publish(signed_set(urgent("first")))
    for change in ({"category": "scam"}, {"giver": "un"}):
        other = urgent("other", at, puts=[entry(action=BLOCK, **change)])
        refused(made, batch(signed_set(other), time=at))
        made.take(batch(signed_set(other, SECOND), time=at, label=str(change)))
        made = List()
        made.publish(signed_set(urgent("first")))


def test_after_a_day_or_once_it_is_confirmed_its_author_may_hurry_again() -> None:
    confirmed, waited, later = List(), List(), NOW + PROVISIONAL + ALONE
    first = urgent("first")
    for made in (confirmed, waited):
        made.publish(signed_set(first))
    confirmed.publish(confirmations=[confirmation(first)])
    confirmed.publish(signed_set(urgent("next", puts=[entry(BOB)])))
    waited.publish(signed_set(urgent("next", later, puts=[entry(BOB)])), time=later)
    assert len(confirmed.ids()) == len(waited.ids()) == 2


def test_an_urgent_set_that_two_people_sign_needs_no_confirmation_of_the_one_before() -> None:
    made = List()
    made.publish(signed_set(urgent("first")))
    made.publish(signed_set(urgent("again", puts=[entry(BOB, action=BLOCK)]), AUTHOR, APPROVER))
    assert len(made.ids()) == 2


def test_an_urgent_set_cannot_be_kept_for_later() -> None:
    last = NOW + URGENT_AFTER_CREATED
    refused(List(), batch(signed_set(urgent("kept")), time=last + 1), VerificationError)
    refused(List(), batch(signed_set(urgent("kept"), AUTHOR, APPROVER), time=last + 1), VerificationError)
    List().take(batch(signed_set(urgent("kept")), time=last))


# --- confirmations


def test_a_confirmation_holds_for_the_bytes_that_were_shown_and_for_no_other_set_of_that_id() -> None:
    made = List()
    shown = urgent("one id", puts=[entry(BOB, action=1)])
    made.publish(signed_set(urgent("one id")))
    refused(made, batch(confirmations=[confirmation(shown)]), VerificationError)
    made.take(batch(confirmations=[confirmation(urgent("one id"))]))


def test_an_old_confirmation_does_not_confirm_what_bears_the_id_again_when_it_is_forgotten() -> None:
    made, at = List(), NOW + AFTER_CREATED + MINUTE
    harmless = urgent("one id", puts=[entry(BOB)])
    old = confirmation(harmless)
    made.publish(signed_set(harmless))
    made.publish(confirmations=[old], time=NOW + MINUTE)
    made.publish(time=at)
    assert made.standing.used == {}
    made.publish(signed_set(urgent("one id", at)), time=at)
    refused(made, batch(confirmations=[old], time=at), VerificationError)
    record = made.records.get(A)
    assert record is not None
    assert is_effective(record, at + PROVISIONAL + 1) is EntryState.SUSPENDED


# --- bulk in portions


def listed() -> List:
    made = List()
    made.publish(signed_set(change_set("all", puts=WALLETS), AUTHOR, APPROVER))
    return made


def test_bulk_is_bulk_in_one_set_in_many_sets_of_a_batch_and_in_many_batches_of_a_day() -> None:
    made = listed()
    first, rest = removals(WALLETS[:BULK]), removals(WALLETS[BULK : BULK + 1])
    one = signed_set(change_set("one", removals=first))
    two = signed_set(change_set("two", removals=rest))
    refused(made, batch(one, two))
    made.publish(one)
    refused(made, batch(two, time=NOW + ALONE - 1))
    made.take(batch(signed_set(change_set("two", removals=rest), AUTHOR, APPROVER)))
    made.take(batch(signed_set(change_set("a", removals=removals(WALLETS[BULK + 1 : 2 * BULK])), SECOND)))
    made.publish(signed_set(change_set("next day", removals=removals(WALLETS[2 * BULK :]))), time=NOW + ALONE)
    assert made.ids() == []


def test_what_is_dated_back_counts_from_when_it_is_used_for_as_long_as_it_counts() -> None:
    made, at = listed(), NOW + AFTER_CREATED
    old = [signed_set(change_set(f"old {n}", removals=removals(WALLETS[n * BULK : (n + 1) * BULK]))) for n in range(2)]
    made.publish(old[0], time=at)
    refused(made, batch(old[1], time=at))
    # Its 14 days are over in a moment; what it did today is remembered all the same.
    made.publish(time=at + 1)
    assert [used.changes for used in made.standing.used.values()] == [BULK]
    third = signed_set(change_set("new", created=at + 1, removals=removals(WALLETS[2 * BULK :])))
    refused(made, batch(third, time=at + 1))
    made.publish(third, time=at + ALONE)
    made.publish(time=at + ALONE + 1)
    assert len(made.standing.used) == 1


def test_urgent_bulk_needs_two_like_any_other() -> None:
    many = WALLETS[: BULK + 1]
    refused(List(), batch(signed_set(urgent("bulk", puts=many))))
    made = listed()
    over = [entry(put.account, version=2, action=1) for put in many]
    refused(made, batch(signed_set(urgent("over", puts=over))))


def test_what_a_second_person_confirmed_counts_for_nobody_alone() -> None:
    made = List()
    hurried = urgent("hurried", puts=WALLETS[:BULK])
    made.publish(signed_set(hurried))
    more = signed_set(change_set("more", puts=WALLETS[BULK : BULK + 1]))
    refused(made, batch(more))
    made.publish(confirmations=[confirmation(hurried)])
    made.publish(more)
    used = made.standing.used[secret("hurried")[:16]]
    assert (used.changes, used.time, used.provisional_until) == (0, 0, 0)
    assert used.sha256 == hashlib.sha256(encode_change_set(hurried)).digest()


def test_a_list_takes_no_more_sets_than_are_remembered() -> None:
    made = List()
    full = {n.to_bytes(16, "big"): pb.UsedSet(id=n.to_bytes(16, "big"), created=NOW) for n in range(MAX_USED)}
    object.__setattr__(made.standing, "used", full)
    refused(made, batch(signed_set(change_set(puts=[entry()]))), VerificationError)
    made.take(batch(signed_set(change_set(created=NOW + DAY, puts=[entry()])), time=NOW + AFTER_CREATED + 1))


# --- one directory for all who read a batch


def test_what_is_logged_at_the_leafs_second_or_later_changes_no_holders_answer() -> None:
    now = NOW // 1000 * 1000 + 100
    data = batch(signed_set(change_set(created=now, puts=[entry()])), time=now)
    early, late = fresh(), fresh()
    late.time = now // 1000 - 1
    late.by_root("sfc", revocation(AUTHOR.kid))
    assert late.time * 1000 <= now
    one, two = List(early.view), List(late.view)
    one.take(data, latest=now)
    two.take(data, latest=now)
    assert one.standing == two.standing
    assert one.standing.owner_desk == SENDER
    with pytest.raises(VerificationError):
        List(early.view).take(data, latest=now - 1)
