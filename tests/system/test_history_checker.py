"""The judge of the chaos runs, shown histories that were made by hand: a good one, and one bad in each way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos import history
from tests.chaos.checker import check
from tests.chaos.history import (
    Answered,
    Asked,
    Delivered,
    Ended,
    Entry,
    Head,
    Held,
    Refused,
    Restarted,
    Resumed,
    Stored,
)

A, B = "hkma/intake", "sfc/intake"
ONE, TWO, ACK = "m:01", "m:02", f"a:01:{A}"
GOOD: tuple[Entry, ...] = (
    Resumed(A, 0),
    Asked(ONE, (A, B)),
    Head(2, "r2"),
    Answered(ONE, 1, "x"),
    Delivered(A, 1, 1, ONE),
    Restarted(1, "kill", ()),
    Resumed(A, 0),
    Delivered(A, 1, 1, ONE),
    Asked(ONE, (A, B)),
    Answered(ONE, 1, "x"),
    Asked(ACK, (B,)),
    Asked(TWO, (A, B)),
    Refused(TWO, "UNAVAILABLE"),
    Answered(ACK, 2, "y"),
    Head(3, "r3"),
    Asked(TWO, (A, B)),
    Answered(TWO, 4, "z"),
    Delivered(A, 2, 4, TWO),
    Held(A, 1, 1, ONE),
    Held(A, 2, 4, TWO),
    Held(B, 1, 1, ONE),
    Held(B, 2, 2, ACK),
    Held(B, 3, 4, TWO),
    Stored(ONE, 1),
    Stored(ACK, 2),
    Stored(TWO, 4),
    Ended(5, 2),
)


def without(*entries: Entry) -> list[Entry]:
    return [entry for entry in GOOD if entry not in entries]


def instead(old: Entry, *new: Entry) -> list[Entry]:
    at = GOOD.index(old)
    return [*GOOD[:at], *new, *GOOD[at + 1 :]]


def test_a_good_history_has_nothing_wrong() -> None:
    assert check(GOOD) == []


def test_an_unanswered_submission_may_be_there_wholly_or_not_at_all() -> None:
    unanswered = [e for e in GOOD if e != Answered(TWO, 4, "z")]
    assert check(unanswered) == []
    gone = [e for e in unanswered if not (isinstance(e, Held | Stored | Delivered) and e.op == TWO)]
    assert check([*gone[:-1], Ended(5, 3)]) == []


BAD: dict[str, tuple[list[Entry], str]] = {
    "an acknowledged message is lost": (
        [*without(Held(A, 2, 4, TWO), Held(B, 3, 4, TWO), Stored(TWO, 4), Delivered(A, 2, 4, TWO))[:-1], Ended(5, 3)],
        "m:02 was acknowledged and is lost",
    ),
    "it is stored, and missing in one feed": (
        without(Held(B, 3, 4, TWO)),
        "m:02 took effect and is not in the feed of sfc/intake",
    ),
    "an acknowledgement that was answered is lost": (
        [*without(Held(B, 2, 2, ACK), Held(B, 3, 4, TWO), Stored(ACK, 2))[:-1], Held(B, 2, 4, TWO), Ended(5, 3)],
        f"{ACK} was acknowledged and is lost",
    ),
    "a message has two leaves": (
        [*instead(Stored(ONE, 1), Stored(ONE, 1), Stored(ONE, 3))[:-1], Ended(5, 1)],
        "m:01 has more than one leaf: [1, 3]",
    ),
    "a message is delivered twice to one desk": (
        instead(Held(A, 2, 4, TWO), Held(A, 2, 4, TWO), Held(A, 3, 5, ONE)),
        "m:01 was delivered 2 times to hkma/intake",
    ),
    "a retry gets another receipt": (
        instead(Answered(TWO, 4, "z"), Answered(TWO, 4, "z"), Answered(TWO, 4, "other")),
        "m:02 got 2 different receipts",
    ),
    "a receipt names another place than the feed": (
        instead(Answered(TWO, 4, "z"), Answered(TWO, 3, "z")),
        "m:02 has more than one leaf: [3, 4]",
    ),
    "a feed has a gap": (
        instead(Held(B, 3, 4, TWO), Held(B, 4, 4, TWO)),
        "the numbers of sfc/intake have gaps",
    ),
    "a number is given twice": (
        instead(Held(B, 3, 4, TWO), Held(B, 3, 4, TWO), Held(B, 3, 4, TWO)),
        "number 3 of sfc/intake was given twice",
    ),
    "a feed is not in the log's order": (
        [
            replace(e, number={2: 3, 3: 2}.get(e.number, e.number)) if isinstance(e, Held) and e.desk == B else e
            for e in GOOD
        ],
        "the numbers of sfc/intake are not in the order of the log",
    ),
    "a reader misses an item": (
        without(Delivered(A, 1, 1, ONE)),
        "hkma/intake was handed 2 after 0",
    ),
    "what a reader was handed is taken back": (
        instead(Delivered(A, 2, 4, TWO), Delivered(A, 2, 5, "m:03")),
        "hkma/intake was handed m:03 as 2, which was taken back",
    ),
    "a reader's place moves by itself": (
        instead(Restarted(1, "kill", ()), Resumed(A, 2)),
        "the reader of hkma/intake saved a place that it had not reached",
    ),
    "something nobody sent is delivered": (
        instead(Held(B, 3, 4, TWO), Held(B, 3, 4, TWO), Held(B, 4, 5, "m:99")),
        "sfc/intake holds m:99, which nobody asked for",
    ),
    "something reaches a desk that it is not for": (
        instead(Held(A, 2, 4, TWO), Held(A, 2, 2, ACK), Held(A, 3, 4, TWO)),
        f"hkma/intake holds {ACK}, which is not for it",
    ),
    "a later message stands before an earlier one's answer": (
        instead(Answered(ONE, 1, "x"), Answered(ONE, 1, "x"), Asked("m:03", ()), Answered("m:03", 0, "w")),
        "m:03 stands at 0, before what was answered when it was first asked for",
    ),
    "the log has two histories": (instead(Head(3, "r3"), Head(2, "other")), "two roots of the log at size 2"),
    "a signed log is longer than what is left": (
        instead(Head(3, "r3"), Head(6, "r6")),
        "a head of 6 leaves was signed; 5 are left",
    ),
    "there is a leaf that nobody accounts for": (
        [*GOOD[:-1], Ended(6, 2)],
        "6 leaves, of which 3 are operations and 2 the hub's own",
    ),
    "something stored does not verify after a restart": (
        instead(Restarted(1, "kill", ()), Restarted(1, "kill", ("exchange log, index 1: leaf is missing",))),
        "cycle 1, after kill: exchange log, index 1: leaf is missing",
    ),
    "a fault brings about a refusal": (
        instead(Refused(TWO, "UNAVAILABLE"), Refused(TWO, "INTERNAL")),
        "m:02 was refused: INTERNAL",
    ),
    "the run broke off": ([*GOOD[:-1]], "the history has no end: nothing can be said of what was kept"),
}


@pytest.mark.parametrize("what", BAD)
def test_each_way_to_break_a_promise_is_found(what: str) -> None:
    entries, words = BAD[what]
    assert words in check(entries)


def test_a_history_is_kept_in_a_file_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.write(path, GOOD)
    assert history.read(path) == list(GOOD)
