"""Vectors of the workflow of freezes and assistance: every row from every state, standings, ends, one fault each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from comity.workflow.actions import AboutFacts, Action
from comity.workflow.families import TABLES
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, Side, Standing, State, Verb
from vectors import words
from vectors.makers.book import Book

from tests.support.acting import ASKED, ENDS, MINUTE, act, fit, opening, signers, standing_leg
from tests.support.expected import EXPECTED, OPENINGS, find
from tests.support.legs import DAY, NOW, OPENING, ORIGINATOR, T0

STANDINGS = {
    Family.FREEZE: (
        State.IN_FORCE,
        (
            (Verb.CONFIRM, Side.ORIGINATOR),
            (Verb.COMPLETE, Side.ORIGINATOR),
            (Verb.CONVERT, Side.ORIGINATOR),
            (Verb.ASK_EXTENSION, Side.ORIGINATOR),
            (Verb.EXTEND, Side.RECIPIENT),
            (Verb.REFUSE_EXTENSION, Side.RECIPIENT),
        ),
    ),
    Family.ASSISTANCE: (
        State.IN_PROGRESS,
        ((Verb.CONFIRM, Side.ORIGINATOR), (Verb.COMPLETE, Side.ORIGINATOR)),
    ),
}
"""What depends on the standing, and from where it is shown."""


WHOLE = {State.SENT, State.IN_FORCE, State.IN_PROGRESS, State.LAPSED, State.CLOSED}
"""States from which every verb is shown; from the others those that run."""


class _Writer:
    """Writes cases of one family, each without what is the same in all."""

    def __init__(self, book: Book, family: Family, leg: dict[str, Any], action: dict[str, Any]) -> None:
        self.book, self.family, self.leg, self.action = book, family, leg, action

    def inputs(self, leg: Leg | None, action: Action, now: int) -> dict[str, Any]:
        before = None if leg is None else _less(leg, self.leg)
        return {"leg": before, "action": _less(action, self.action)} | ({} if now == NOW else {"now": now})

    def any(self, name: str, leg: Leg | None, action: Action, now: int = NOW) -> None:
        self.book.any(name, "step", input=self.inputs(leg, action, now))

    def bad(self, name: str, expect: str, leg: Leg | None, action: Action, now: int = NOW) -> None:
        self.book.bad(name, "step", expect, input=self.inputs(leg, action, now))


def _less(value: Any, default: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in words.words_of(value).items() if default[name] != part}


def _states(family: Family) -> Iterator[State]:
    table = TABLES[family]
    used = {rule.to_state for rule in table.rules} | {*table.stored.values(), *table.expires.values()}
    used |= {*table.lapses.values(), State.FORWARDED}
    return (state for state in State if state in used)


def _action(family: Family, verb: Verb, side: Side, state: State, standing: Standing) -> Action:
    row = find(family, verb, side, state, standing)
    plain = act(family, verb, side)
    plain = plain if row is None else fit(plain, row)
    return replace(plain, signers=signers("approver alone" if verb is Verb.CONFIRM else "both", side))


def _book(family: Family) -> Book:
    leg = words.words_of(standing_leg(family, State.ACKNOWLEDGED))
    action = words.words_of(act(family, Verb.ACCEPT, Side.RECIPIENT))
    name = {Family.FREEZE: "freezes", Family.ASSISTANCE: "assistance"}[family]
    shared = {"now": NOW, "default_leg": leg, "default_action": action}
    book = Book(f"workflow-{name}", f"Workflow of the family {family.name.lower()} (section 7).", shared)
    write = _Writer(book, family, leg, action)
    for verb in OPENINGS[family]:
        write.any(f"{verb.name} opens", None, opening(family, verb), T0)
        write.any(
            f"{verb.name} by one person",
            None,
            replace(opening(family, verb), signers=signers("author alone", Side.ORIGINATOR)),
            T0,
        )
    rows = dict.fromkeys((row.verb, row.side) for row in EXPECTED[family])
    for state in _states(family):
        before = standing_leg(family, state)
        for verb, side in rows:
            if state in WHOLE or find(family, verb, side, state, Standing.FULL):
                action = _action(family, verb, side, state, Standing.FULL)
                write.any(f"{state}: {verb.name} by the {side.lower()}", before, action)
        stored = {"leg": _less(before, leg), "message_hash": OPENING.hex()}
        book.any(f"{state}: the opening is stored", "stored", input=stored)
    shown, verbs = STANDINGS[family]
    for standing in Standing:
        for verb, side in verbs:
            one = standing_leg(family, shown, standing)
            write.any(
                f"{standing.name}: {verb.name} by the {side.lower()}", one, _action(family, verb, side, shown, standing)
            )
    _ends(write, shown)
    return book


def _ends(write: _Writer, shown: State) -> None:
    family = write.family
    for standing in Standing:
        before = replace(standing_leg(family, shown, standing), lapses_at=ENDS)
        late = replace(act(family, Verb.RECALL, Side.ORIGINATOR), created=ENDS, deliver_by=ENDS + DAY)
        for name, now in (("at its end", ENDS), ("after its end", ENDS + 1)):
            write.any(f"{standing.name}: recalled {name}", before, replace(late, respond_by=ENDS + DAY), now)
    hold = standing_leg(family, shown, Standing.PROVISIONAL)
    confirm = _action(family, Verb.CONFIRM, Side.ORIGINATOR, shown, Standing.PROVISIONAL)
    write.bad(
        "nobody confirms what lapsed", "TOO_LATE", hold, replace(confirm, created=ENDS, deliver_by=ENDS + DAY), ENDS + 1
    )
    same = replace(confirm, signers=(replace(confirm.signers[0], member="sfc/m-aaaaaaaa"),))  # type: ignore[type-var] # a Signer
    write.bad("nobody confirms what is its own", "SECOND_PERSON_MISSING", hold, same)
    both = replace(confirm, signers=signers("both", Side.ORIGINATOR))
    write.bad("an author confirms nothing", "WRONG_ROLE", hold, both)


def freezes() -> Book:
    """The workflow of asset freezes."""
    family = Family.FREEZE
    book = _book(family)
    write = _Writer(book, family, book.shared["default_leg"], book.shared["default_action"])
    held = standing_leg(family, State.IN_FORCE)
    hold = standing_leg(family, State.IN_FORCE, Standing.PROVISIONAL)
    routine = replace(opening(family, Verb.REQUEST_PROVISIONAL), precedence=Precedence.ROUTINE)
    write.bad("a provisional hold that is no FLASH", "WRONG_PRECEDENCE", None, routine, T0)
    unending = replace(opening(family, Verb.REQUEST_PROVISIONAL), lapses_at=None)
    write.bad("a provisional hold without an end", "BAD_TIMES", None, unending, T0)
    write.any("a freeze without an end", None, replace(opening(family, Verb.REQUEST), lapses_at=None), T0)
    for verb, side in ((Verb.EXTEND, Side.RECIPIENT), (Verb.CONVERT, Side.ORIGINATOR)):
        action = act(family, verb, side)
        for name, until in (("no sooner", ENDS), ("sooner", ENDS - 1)):
            write.any(f"{verb.name} that ends {name}", held, replace(action, lapses_at=until))
        write.any(
            f"{verb.name} of what has no end", replace(held, lapses_at=None), replace(action, lapses_at=NOW + DAY)
        )
    soon = replace(act(family, Verb.CONVERT, Side.ORIGINATOR), lapses_at=NOW + MINUTE)
    write.bad("a conversion that releases in disguise", "BAD_TIMES", replace(held, lapses_at=None), soon)
    _asked(write, held)
    for verb in (Verb.CONFIRM, Verb.COMPLETE):
        action = _action(family, verb, Side.ORIGINATOR, State.IN_FORCE, Standing.PROVISIONAL)
        write.bad(f"{verb.name} that ends sooner", "BAD_TIMES", hold, replace(action, lapses_at=ENDS - 1))
    for verb in (Verb.RELEASE, Verb.REPORT_OUTCOME):
        alone = replace(act(family, verb, Side.RECIPIENT), signers=signers("author alone", Side.RECIPIENT))
        write.bad(f"{verb.name} by one person", "SECOND_PERSON_MISSING", held, alone)
    return book


def _asked(write: _Writer, held: Leg) -> None:
    family, recipient = write.family, Side.RECIPIENT
    awaited = replace(held, awaiting=recipient, respond_by=NOW + DAY)
    other = b"\x0b" * 32
    report = act(family, Verb.REPORT_EXECUTION, recipient)
    write.any("a report leaves the question open", awaited, report)
    facts = AboutFacts(ORIGINATOR, Verb.CONVERT, "sfc/m-aaaaaaaa")
    done = replace(report, about=ASKED, about_facts=facts)
    write.any("a report that a conversion is done", awaited, done)
    write.bad("a report about another conversion", "WRONG_ABOUT", replace(awaited, question=other), done)
    extension = replace(done, about_facts=replace(facts, verb=Verb.ASK_EXTENSION))
    write.bad("a report about an extension", "WRONG_ABOUT", awaited, extension)
    for verb in (Verb.EXTEND, Verb.REFUSE_EXTENSION, Verb.VARY):
        action = act(family, verb, recipient)
        write.any(f"{verb.name} of what is awaited", awaited, action)
        write.bad(f"{verb.name} of what was answered", "WRONG_ABOUT", replace(held, question=b""), action)
        write.bad(f"{verb.name} of what was asked before", "WRONG_ABOUT", replace(awaited, question=other), action)
    ask = act(family, Verb.ASK_VARIATION, recipient)
    write.bad("a question instead of an answer", "WRONG_STATE", awaited, ask)
    vary = replace(act(family, Verb.ASK_VARIATION, Side.ORIGINATOR), signers=signers("author alone", Side.ORIGINATOR))
    two = replace(vary, signers=signers("both", Side.ORIGINATOR))
    own = AboutFacts(ORIGINATOR, Verb.ASK_VARIATION, "sfc/m-aaaaaaaa")
    write.any("a variation in the place of one's own", awaited, replace(vary, about=ASKED, about_facts=own))
    write.bad("one person in the place of a question", "SECOND_PERSON_MISSING", awaited, vary)
    write.any("two people in the place of a question", awaited, two)
    write.any("a variation while one's own side is awaited", replace(awaited, awaiting=Side.ORIGINATOR), vary)
    for name, leg, facts in (
        ("what two people asked", awaited, replace(own, verb=Verb.ASK_EXTENSION)),
        ("an older question", replace(awaited, question=other), own),
        ("a question of the other side", awaited, replace(own, sender=held.recipient)),
        ("a question that was answered", held, own),
        ("what is not known", awaited, None),
    ):
        action = replace(two, about=ASKED, about_facts=facts)
        write.bad(f"a variation in the place of {name}", "WRONG_ABOUT", leg, action)
    for name, late in (("half of its time", 0), ("less than half", 1)):
        write.any(f"a question with {name} left", held, replace(ask, respond_by=NOW + DAY), NOW + DAY // 2 + late)
    passed = replace(held, state=State.FORWARDED, previous=OPENING, question=b"", lapses_at=None, recall=b"")
    passed = replace(passed, onward=b"\x08" * 32, forwarded=False, overdue_logged=False)
    recall = replace(
        act(family, Verb.RECALL, Side.ORIGINATOR), about=OPENING, about_facts=None, precedence=Precedence.ROUTINE
    )
    write.any("a recall where a grant was used", passed, recall)
    for precedence in (Precedence.URGENT, Precedence.FLASH):
        urgent = replace(recall, precedence=precedence)
        write.bad(f"an {precedence.name} recall where a grant was used", "WRONG_PRECEDENCE", passed, urgent)
    waits = replace(passed, recall=b"\x0c" * 32, recall_respond_by=NOW + DAY)
    write.bad("a recall where one is unanswered", "WRONG_STATE", waits, recall)
    write.any("a recall where one was answered", replace(waits, recall_respond_by=None), recall)


def assistance() -> Book:
    """The workflow of cross-border assistance."""
    return _book(Family.ASSISTANCE)


BOOKS = (freezes, assistance)
