"""What a family's table is made of, and its rendering for the documentation.

A table is data: rows of `Rule`, what the automatic acknowledgement and the clocks do, and which kinds of agency may
stand on which side. `engine.apply` interprets it and knows no family.

Never does: decide anything about one leg.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum

from comity.workflow.terms import AgencyKind, Family, Role, Side, State, Verb

ANY_STATE = frozenset(State)
"""Every state of a leg that was opened."""
ORDINARY = frozenset({Role.ANALYST, Role.SUPERVISOR, Role.DUTY_DESK})
"""Who may be AUTHOR of ordinary verbs. Being an agent, auditor, admin or approver alone is not enough."""
OR_MACHINE = ORDINARY | {Role.AGENT}
"""Who may be AUTHOR of verbs that a machine sends on its own. What it may say in them is ruled elsewhere."""


class People(IntEnum):
    """Whose signatures a verb needs."""

    ONE = 1
    """An AUTHOR; an APPROVER besides is accepted, and must be a proper one."""
    TWO = 2
    """An AUTHOR and an APPROVER: two different members of one agency."""
    SECOND = 3
    """One APPROVER alone, who is not the AUTHOR of `about`: late seconding."""


class PreviousRule(Enum):
    """What `previous` must hold."""

    ABSENT = "absent"
    """Nothing, so that a chatty counterpart cannot block the verb. Does not become the leg's last envelope."""
    LAST = "last"
    """The last envelope of the leg that opened it or carried `previous`; this envelope takes its place."""


class AboutRule(Enum):
    """What `about` must name. Every rule but ABSENT also asks for one of `Rule.about_verbs`, where those are given."""

    ABSENT = "absent"
    """Nothing."""
    OPENING = "opening"
    """The envelope that opened this leg."""
    OWN = "own"
    """An envelope of this leg that the sending side sent."""
    THEIRS = "theirs"
    """An envelope of this leg that the other side sent."""


class ClockRule(StrEnum):
    """What a verb does to the clock of the leg. Where it starts one, `respond_by` is required, elsewhere forbidden."""

    KEEP = "keeps"
    """Nothing."""
    STOP = "stops"
    """What was awaited has come, or is no longer awaited."""
    STOP_ANSWERED = "stops, if `about` is what is awaited"
    """What was awaited has come; an answer to an older question leaves the clock to the newer one."""
    START = "starts"
    """From now on the other side must answer by `respond_by`; stops an older one."""
    START_RECALL = "starts the recall's"
    """The recall's own clock, which stands beside the leg's: neither hides the other."""
    STOP_RECALL = "stops the recall's"
    """The recall is answered; only if it is the newest one."""


class Presence(StrEnum):
    """Whether a field must, may or must not stand in a header."""

    FORBIDDEN = "forbidden"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: who may do what from where, and what comes of it."""

    verb: Verb
    """The verb."""
    side: Side
    """Who sends it."""
    people: People
    """Whose signatures."""
    from_states: frozenset[State]
    """Where it runs; empty where it opens a leg."""
    to_state: State | None
    """Where it leads; None where the state stays."""
    previous: PreviousRule
    """What `previous` must hold."""
    clock: ClockRule
    """What happens to the clock."""
    note: str
    """One sentence for the documentation."""
    about: AboutRule = AboutRule.ABSENT
    """What `about` must name."""
    about_verbs: frozenset[Verb] = frozenset()
    """Verbs that `about` may have; empty where any may."""
    who_may: frozenset[Role] = ORDINARY
    """Roles of which the AUTHOR needs one."""
    opening: bool = False
    """It opens the leg."""
    moves_if_about_opening: bool = False
    """`to_state` is reached only if `about` is the opening envelope; else the state stays."""
    pauses: bool = False
    """The state it leaves is remembered."""
    resumes: bool = False
    """It leads back to the remembered state instead of `to_state`."""
    needs_grant: bool = False
    """It needs an onward grant, which the caller verified."""
    lapses: Presence = Presence.FORBIDDEN
    """Whether `lapses_at` stands in the header; where it does it becomes the leg's."""

    @property
    def answer_due(self) -> bool:
        """Whether the other side must answer, so that `respond_by` is required."""
        return self.clock in (ClockRule.START, ClockRule.START_RECALL)


@dataclass(frozen=True, slots=True)
class Table:
    """One family's workflow."""

    family: Family
    """Which family."""
    rules: tuple[Rule, ...]
    """Its rows, in the order of the documentation."""
    stored: Mapping[State, State]
    """What the recipient's STORED acknowledgement of the opening envelope does."""
    expires: Mapping[State, State]
    """What happens when `deliver_by` of the opening envelope goes by."""
    lapses: Mapping[State, State]
    """What happens when `lapses_at` goes by."""
    originator_kinds: frozenset[AgencyKind]
    """Kinds of agency that may open."""
    recipient_kinds: frozenset[AgencyKind]
    """Kinds of agency that may receive."""

    def __post_init__(self) -> None:
        """Raises ValueError where two rows answer the same question, or a row neither opens nor runs from anywhere."""
        seen: set[tuple[Verb, Side, State | None]] = set()
        for rule in self.rules:
            if rule.opening is bool(rule.from_states) or (rule.opening and rule.to_state is None):
                raise ValueError("a row opens and leads somewhere, or has states to run from")
            for state in rule.from_states or (None,):
                if (rule.verb, rule.side, state) in seen:
                    raise ValueError("two rules for one verb, side and state")
                seen.add((rule.verb, rule.side, state))

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """Its verbs, ascending."""
        return tuple(sorted({rule.verb for rule in self.rules}))

    def opening(self, verb: Verb) -> Rule | None:
        """Returns the row by which a verb opens a leg, or None where it opens none."""
        return next((rule for rule in self.rules if rule.verb is verb and rule.opening), None)

    def find(self, verb: Verb, side: Side) -> tuple[Rule, ...]:
        """Returns the rows of a verb on a leg that is open."""
        return tuple(rule for rule in self.rules if rule.verb is verb and rule.side is side and not rule.opening)

    def runs_from(self, state: State, side: Side) -> tuple[Rule, ...]:
        """Returns the rows that a side may use from a state, ascending by verb."""
        rows = (rule for rule in self.rules if rule.side is side and state in rule.from_states)
        return tuple(sorted(rows, key=lambda rule: rule.verb))

    def is_final(self, state: State) -> bool:
        """Returns whether nothing but what runs from every state runs from this one."""
        return all(rule.from_states == ANY_STATE for side in Side for rule in self.runs_from(state, side))


def _states(states: frozenset[State]) -> str:
    if states == ANY_STATE:
        return "any"
    return ", ".join(state for state in State if state in states) or "–"


def _to(rule: Rule) -> str:
    if rule.resumes:
        return "where it came from"
    if rule.to_state is None:
        return "same"
    return f"{rule.to_state} if `about` is the opening, else same" if rule.moves_if_about_opening else rule.to_state


def _about(rule: Rule) -> str:
    text = {
        AboutRule.ABSENT: "–",
        AboutRule.OPENING: "the opening",
        AboutRule.OWN: "one of its own",
        AboutRule.THEIRS: "one of the other side's",
    }[rule.about]
    verbs = ", ".join(verb.name for verb in sorted(rule.about_verbs))
    return f"{text}: {verbs}" if verbs else text


_PEOPLE = {People.ONE: "1", People.TWO: "2", People.SECOND: "the second"}


def document(table: Table) -> str:
    """Returns a table as Markdown: the rows, then what is automatic, then who acts next. The same text every time."""
    lines = [
        "| verb | side | people | AUTHOR's role | from | to | `previous` | `about` | clock | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for rule in table.rules:
        cells = (
            rule.verb.name,
            rule.side.lower(),
            _PEOPLE[rule.people],
            ", ".join(role.name.lower() for role in sorted(rule.who_may)),
            _states(rule.from_states),
            _to(rule),
            rule.previous.value,
            _about(rule),
            rule.clock,
            rule.note,
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| automatic | from | to |", "|---|---|---|"]
    automatic = (
        ("STORED acknowledgement", table.stored),
        ("`deliver_by` goes by", table.expires),
        ("`lapses_at` goes by", table.lapses),
    )
    for what, moves in automatic:
        lines += [f"| {what} | {source} | {target} |" for source, target in moves.items()]
    used = {state for rule in table.rules for state in (rule.to_state, *(rule.from_states - ANY_STATE)) if state}
    used |= {state for _, moves in automatic for pair in moves.items() for state in pair}
    lines += ["", "| state | who acts next |", "|---|---|"]
    lines += [f"| {state} | {state.next_actor} |" for state in State if state in used]
    return "\n".join(lines) + "\n"
