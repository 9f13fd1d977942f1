"""What a family's table is made of, and its rendering for the documentation.

A table is data: rows of `Rule`, what the automatic acknowledgement and the clocks do, and which kinds of agency may
stand on which side. `engine.apply` interprets it and knows no family.

Never does: decide anything about one leg.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum

from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Side, Standing, State, Verb

ANY_STATE = frozenset(State)
"""Every state of a leg that was opened."""
ORDINARY = frozenset({Role.ANALYST, Role.SUPERVISOR, Role.DUTY_DESK})
"""Who may be AUTHOR of ordinary verbs. Being an agent, auditor, admin or approver alone is not enough."""
OR_MACHINE = ORDINARY | {Role.AGENT}
"""Who may be AUTHOR of verbs that a machine sends on its own. What it may say in them is ruled elsewhere."""
ANY_STANDING = frozenset(Standing)
"""However many people stand behind the opening."""
ANY_PRECEDENCE = frozenset(Precedence)
"""However soon a person must look."""


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
    ASKED = "asked"
    """What the other side asked last and awaits (`Leg.question`): each question is answered once."""
    IF_ASKED = "if asked"
    """The same, or nothing."""
    REPLACED = "replaced"
    """What the sending side asked last and still awaits, which it takes the place of; nothing where it awaits none. Of
    another verb two people take the place, and name nothing: so one person takes back only what one may ask."""


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
    START_OWN = "starts its own"
    """From now on the sender's own side must go on by `respond_by`, as it promises; stops an older one."""
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
    clears_lapse: bool = False
    """From now on the leg does not lapse."""
    replaces_lapse: bool = False
    """The header's `lapses_at` becomes the leg's where it is absent too: then the leg does not lapse any more."""
    no_sooner: bool = False
    """`lapses_at` must not come sooner than the leg's, or than this envelope's own `respond_by`: it ends nothing."""
    standings: frozenset[Standing] = ANY_STANDING
    """Standings of the leg in which it runs."""
    to_standing: Standing | None = None
    """The standing it leads to; None where that stays. An opening leads to FULL unless it says otherwise."""
    precedences: frozenset[Precedence] = ANY_PRECEDENCE
    """Precedences in which it travels."""
    unless_awaited: bool = False
    """It does not run while the sender's own side is awaited: a question is no answer."""
    aside: bool = False
    """It may come long after the work, and moves that nowhere: a leg from which nothing else runs has ended."""

    @property
    def answer_due(self) -> bool:
        """Whether a side must act by a time, the other one or its own, so that `respond_by` is required."""
        return self.clock in (ClockRule.START, ClockRule.START_OWN, ClockRule.START_RECALL)


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
    """What happens when `lapses_at` goes by on a leg that is not FULL: nobody stood behind it in time."""
    originator_kinds: frozenset[AgencyKind]
    """Kinds of agency that may open."""
    recipient_kinds: frozenset[AgencyKind]
    """Kinds of agency that may receive."""
    ends: Mapping[State, State] = field(default_factory=dict)
    """What happens when `lapses_at` goes by on a leg that is FULL: it has reached its end."""
    _found: dict[tuple[Verb, Side | None], tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    """Rows by verb and side, and under no side the one that opens: every message asks for them."""

    def __post_init__(self) -> None:
        """Raises ValueError where two rows answer the same question, or a row neither opens nor runs from anywhere."""
        found: dict[tuple[Verb, Side | None], tuple[Rule, ...]] = {}
        for rule in self.rules:
            key = (rule.verb, None if rule.opening else rule.side)
            found[key] = (*found.get(key, ()), rule)
        object.__setattr__(self, "_found", found)
        seen: set[tuple[Verb, Side, State | None]] = set()
        for rule in self.rules:
            if rule.opening is bool(rule.from_states) or (rule.opening and rule.to_state is None):
                raise ValueError("a row opens and leads somewhere, or has states to run from")
            for state in rule.from_states or (None,):
                if (rule.verb, rule.side, state) in seen:
                    raise ValueError("two rules for one verb, side and state")
                seen.add((rule.verb, rule.side, state))

    @property
    def holds(self) -> bool:
        """Whether its legs hold something until their date, so that what has ended must not begin anew elsewhere."""
        return bool(self.ends)

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """Its verbs, ascending."""
        return tuple(sorted({rule.verb for rule in self.rules}))

    def opening(self, verb: Verb) -> Rule | None:
        """Returns the row by which a verb opens a leg, or None where it opens none."""
        return self._found.get((verb, None), (None,))[0]

    def find(self, verb: Verb, side: Side) -> tuple[Rule, ...]:
        """Returns the rows of a verb on a leg that is open."""
        return self._found.get((verb, side), ())

    def runs_from(self, state: State, side: Side) -> tuple[Rule, ...]:
        """Returns the rows that a side may use from a state, ascending by verb."""
        rows = (rule for rule in self.rules if rule.side is side and state in rule.from_states)
        return tuple(sorted(rows, key=lambda rule: rule.verb))

    def is_final(self, state: State) -> bool:
        """Returns whether nothing but what stands aside runs from a state, so that the leg has ended there.

        FORWARDED is not final: its leg is there for a recall that may come as long as the original's leg goes on.
        """
        return state is not State.FORWARDED and all(rule.aside for side in Side for rule in self.runs_from(state, side))

    def timed_out(self, standing: Standing) -> Mapping[State, State]:
        """Returns what happens to a leg of a standing when `lapses_at` goes by."""
        return self.ends if standing is Standing.FULL else self.lapses


_FEW = 5
"""Where a row runs from all states but so many, the documentation names the exceptions."""


def _states(states: frozenset[State]) -> str:
    others = ", ".join(state for state in State if state not in states)
    if len(ANY_STATE - states) <= _FEW:
        return f"any but {others}" if others else "any"
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
        AboutRule.ASKED: "what is awaited",
        AboutRule.IF_ASKED: "nothing, or what is awaited",
        AboutRule.REPLACED: "its own that is awaited",
    }[rule.about]
    if not rule.about_verbs:
        return text
    others = frozenset(Verb) - rule.about_verbs
    named, but = (others, ", not ") if len(others) <= _FEW else (rule.about_verbs, ": ")
    return text + but + ", ".join(verb.name for verb in sorted(named))


def _standing(rule: Rule) -> str:
    if rule.opening:
        return (rule.to_standing or Standing.FULL).name
    runs = "any" if rule.standings == ANY_STANDING else ", ".join(each.name for each in sorted(rule.standings))
    return runs if rule.to_standing is None else f"{runs} → {rule.to_standing.name}"


def _lapse(rule: Rule) -> str:
    parts = ["–" if rule.lapses is Presence.FORBIDDEN else rule.lapses.value]
    if rule.no_sooner:
        parts.append("no sooner")
    if rule.clears_lapse:
        parts.append("the leg's goes")
    if rule.replaces_lapse:
        parts.append("absent: the leg's goes")
    return "; ".join(parts)


_PEOPLE = {People.ONE: "1", People.TWO: "2", People.SECOND: "the second"}


def _cells(rule: Rule, *, lapsing: bool) -> list[str]:
    only = ", ".join(each.name for each in sorted(rule.precedences))
    note = rule.note if rule.precedences == ANY_PRECEDENCE else f"{only} only. {rule.note}"
    note = f"Not while its own side is awaited. {note}" if rule.unless_awaited else note
    return [
        rule.verb.name,
        rule.side.lower(),
        _PEOPLE[rule.people],
        ", ".join(role.name.lower() for role in sorted(rule.who_may)),
        _states(rule.from_states),
        _to(rule),
        *((_standing(rule),) if lapsing else ()),
        rule.previous.value,
        _about(rule),
        rule.clock,
        *((_lapse(rule),) if lapsing else ()),
        note,
    ]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(cells).rstrip() + " |" for cells in (head, *rows)]


def document(table: Table) -> str:
    """Returns a table as Markdown: the rows, then what is automatic, then who acts next. The same text every time."""
    lapsing = bool(table.lapses or table.ends)
    head = ["verb", "side", "people", "AUTHOR's role", "from", "to", "`previous`", "`about`", "clock", ""]
    if lapsing:
        head[6:6], head[-1:-1] = ["standing"], ["`lapses_at`"]
    lines = _table(head, [_cells(rule, lapsing=lapsing) for rule in table.rules])
    lines.insert(1, "|" + "---|" * len(head))
    automatic = [
        (what, ", ".join(source for source in State if moves.get(source) is target), target)
        for what, moves in (
            ("STORED acknowledgement", table.stored),
            ("`deliver_by` goes by", table.expires),
            ("`lapses_at` goes by, standing not FULL", table.lapses),
            ("`lapses_at` goes by, standing FULL", table.ends),
        )
        for target in sorted(set(moves.values()))
    ]
    if table.opening(Verb.FORWARD) is not None:
        automatic.append(("a grant over an envelope of it is used: the leg of the new desk", "–", State.FORWARDED))
    lines += ["", "| automatic | from | to |", "|---|---|---|"]
    lines += [f"| {what} | {source} | {target} |" for what, source, target in automatic]
    named = [rule.from_states for rule in table.rules if len(ANY_STATE - rule.from_states) > _FEW]
    used = {str(state) for states in named for state in states}
    used |= {str(rule.to_state) for rule in table.rules} | {target for _, _, target in automatic}
    used |= {*table.stored, *table.expires, *table.lapses, *table.ends}
    lines += ["", "| state | who acts next |", "|---|---|"]
    lines += [f"| {state} | {state.next_actor} |" for state in State if state in used]
    return "\n".join(lines) + "\n"
