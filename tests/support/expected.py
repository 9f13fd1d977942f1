"""What every verb of every family does, written by hand from the design and not from the tables of the code.

One line a row: verb, side (o, r), people (1, 2, S for a second person alone), from > to, then words in any order:

- `last`: `previous` is the leg's last envelope, else absent
- `stop`, `start`, `own`, `recall`, `answered`, `reply`: what the clock does; nothing where it keeps
- `opening`, `mine`, `theirs`, or `theirs:VERB,VERB`, `mine:VERB`: what `about` names; `asked:VERB`: what is awaited,
  `asked?:VERB`: that or nothing
- `unawaited`: not while its own side is awaited
- `A+B>C`: runs in the standings A and B and leads to C; `A`: runs in A only
- `lapse` required, `lapse?` optional
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.workflow.terms import Family, Side, Standing, State, Verb

_ALL = set(State)
_S = {state.name: {state} for state in State}
_REACHED = _ALL - {State.SENT, State.WITHDRAWN, State.RECALLED, State.FORWARDED}
_SHARED = """
ASK_ONWARD    r 1 REACHED > same  theirs
GRANT_ONWARD  o 2 REACHED > same  theirs:ASK_ONWARD
REFUSE_ONWARD o 1 REACHED > same  theirs:ASK_ONWARD
REVOKE_GRANT  o 1 NOT_FORWARDED > same  mine:GRANT_ONWARD
ANSWER_RECALL r 1 ALL > same  answered theirs:RECALL
WITHDRAW      o 1 SENT > WITHDRAWN  stop opening
"""
_GROUPS = {"ALL": _ALL, "REACHED": _REACHED, "NOT_FORWARDED": _ALL - {State.FORWARDED}}

_REFERRAL = """
ACKNOWLEDGE     r 1 DELIVERED > ACKNOWLEDGED  last stop
REQUEST_INFO    r 1 ACKNOWLEDGED > MORE_INFO  last start
SUPPLY          o 1 MORE_INFO > ACKNOWLEDGED  last start
ACCEPT          r 1 ACKNOWLEDGED|MORE_INFO > IN_PROGRESS  last stop
ACCEPT_IN_PART  r 1 ACKNOWLEDGED|MORE_INFO > IN_PROGRESS  last stop
DECLINE         r 2 ACKNOWLEDGED|MORE_INFO > DECLINED  last stop
REDIRECT        r 1 ACKNOWLEDGED|MORE_INFO > REDIRECTED  last stop
REPORT_PROGRESS r 1 IN_PROGRESS > same
REPORT_OUTCOME  r 1 IN_PROGRESS > OUTCOME_REPORTED  last stop
CLOSE           o 1 DECLINED|REDIRECTED|OUTCOME_REPORTED > CLOSED  last stop
RECALL          o 1 ALL > RECALLED  recall mine
"""

_FREEZE = """
CONFIRM          o S LIVE > same  opening PROVISIONAL>CONFIRMED lapse
COMPLETE         o 2 LIVE > same  opening PROVISIONAL+CONFIRMED>COMPLETED lapse
ACKNOWLEDGE      r 1 SENT|DELIVERED > ACKNOWLEDGED  last own
REQUEST_INFO     r 1 ACKNOWLEDGED > MORE_INFO  last start
SUPPLY           o 1 MORE_INFO > ACKNOWLEDGED  last start
REFUSE           r 2 ACKNOWLEDGED|MORE_INFO > REFUSED  last stop
ACCEPT           r 1 ACKNOWLEDGED|MORE_INFO > EXECUTING  last own
REPORT_EXECUTION r 1 EXECUTING > IN_FORCE  last stop
REPORT_EXECUTION r 1 FORCE > same  last reply asked?:CONVERT
REPORT_PROGRESS  r 1 EXECUTING|FORCE > same
ASK_EXTENSION    o 2 FORCE > same  last start FULL
EXTEND           r 1 FORCE > same  last reply asked:ASK_EXTENSION lapse FULL
REFUSE_EXTENSION r 1 FORCE > same  last reply asked:ASK_EXTENSION FULL
ASK_VARIATION    o 1 FORCE > same  last start
ASK_VARIATION    r 1 FORCE > same  last start unawaited
VARY             r 1 FORCE > same  last reply asked:ASK_VARIATION
CONVERT          o 2 FORCE > same  last start PROVISIONAL+CONFIRMED+COMPLETED+FULL>FULL lapse?
REPORT_CHALLENGE r 1 IN_FORCE > CHALLENGED  last
REPORT_CHALLENGE r 1 CHALLENGED > IN_FORCE  last
ASK_RELEASE      o 2 EXECUTING|FORCE > same  last start
RELEASE          r 2 FORCE > RELEASED  last stop theirs:ASK_RELEASE,REQUEST,REQUEST_PROVISIONAL,FORWARD,CONVERT
REPORT_OUTCOME   r 2 FORCE > RELEASED  last stop
REPORT_OUTCOME   r 1 ENDED > same
REPORT_OUTCOME   o 1 ENDED > CLOSED  last stop
RECALL           o 1 NOT_HOLDING > RECALLED  recall mine
RECALL           o 1 EXECUTING|FORCE > same  recall mine
"""
_FORCE = {State.IN_FORCE, State.CHALLENGED}
_BEFORE = {State.SENT, State.DELIVERED, State.ACKNOWLEDGED, State.MORE_INFO}
_FREEZE_GROUPS = {
    "FORCE": _FORCE,
    "LIVE": _BEFORE | _FORCE | {State.EXECUTING},
    "NOT_HOLDING": _ALL - _FORCE - {State.EXECUTING},
    "ENDED": {State.RELEASED, State.EXPIRED, State.LAPSED, State.REFUSED},
}

_ASSISTANCE = """
CONFIRM         o S LIVE > same  opening PROVISIONAL>CONFIRMED
COMPLETE        o 2 LIVE > same  opening PROVISIONAL+CONFIRMED>FULL
ACKNOWLEDGE     r 1 SENT|DELIVERED > ACKNOWLEDGED  last own
ANSWER_FIRST    r 1 ACKNOWLEDGED > same  last stop
ANSWER_FIRST    r 1 IN_PROGRESS > same  last
REQUEST_INFO    r 1 ACKNOWLEDGED|IN_PROGRESS > MORE_INFO  last start
SUPPLY          o 1 MORE_INFO > IN_PROGRESS  last start
ACCEPT          r 1 ACKNOWLEDGED|MORE_INFO > IN_PROGRESS  last own
ACCEPT_IN_PART  r 1 ACKNOWLEDGED|MORE_INFO > IN_PROGRESS  last own
SUSPEND         r 1 IN_PROGRESS > SUSPENDED  last own
RESUME          r 1 SUSPENDED > IN_PROGRESS  last own
REFUSE          r 2 ACKNOWLEDGED|MORE_INFO|IN_PROGRESS|SUSPENDED > REFUSED  last stop
REPORT_PROGRESS r 1 IN_PROGRESS|SUSPENDED|MORE_INFO > same
REPLY_PART      r 1 IN_PROGRESS > same  last
REPLY           r 1 IN_PROGRESS > REPLIED  last start
FOLLOW_UP       o 1 REPLIED > IN_PROGRESS  last start
FEEDBACK        o 1 REPLIED|REFUSED > same  last stop
CLOSE           o 1 REPLIED|REFUSED > CLOSED  last stop
RECALL          o 1 ALL > RECALLED  recall mine
"""
"""SUPPLY leads back to where it came from: to IN_PROGRESS on the legs of these tests."""
_ASSISTANCE_GROUPS = {"LIVE": _BEFORE | {State.IN_PROGRESS, State.SUSPENDED, State.REPLIED}}

_CLOCKS = ("stop", "start", "own", "recall", "answered", "reply")
_ABOUTS = ("opening", "mine", "theirs", "asked", "asked?")


@dataclass(frozen=True)
class Expected:
    """One row of the design."""

    verb: Verb
    side: Side
    people: str
    """1, 2 or S."""
    states: frozenset[State]
    target: State | None
    last: bool
    clock: str
    """One of `_CLOCKS`, or empty."""
    about: str
    """One of `_ABOUTS`, or empty."""
    about_verbs: tuple[Verb, ...]
    standings: frozenset[Standing]
    to_standing: Standing | None
    lapse: str
    """lapse, lapse? or empty."""
    unawaited: bool

    @property
    def asks(self) -> bool:
        """Whether `respond_by` stands."""
        return self.clock in ("start", "own", "recall")


def _row(line: str, groups: dict[str, set[State]]) -> Expected:
    head, _, rest = line.partition(" > ")
    verb, side, people, states = head.split()
    target, *words = rest.split()
    about, _, about_verbs = next((w for w in words if w.split(":")[0] in _ABOUTS), "").partition(":")
    standings, to_standing = frozenset(Standing), None
    for word in words:
        runs, _, leads = word.partition(">")
        if set(runs.split("+")) <= {each.name for each in Standing}:
            standings = frozenset(Standing[name] for name in runs.split("+"))
            to_standing = Standing[leads] if leads else None
    return Expected(
        Verb[verb],
        Side.ORIGINATOR if side == "o" else Side.RECIPIENT,
        people,
        frozenset(state for name in states.split("|") for state in (groups | _GROUPS | _S)[name]),
        None if target == "same" else State[target],
        "last" in words,
        next((word for word in words if word in _CLOCKS), ""),
        about,
        tuple(Verb[name] for name in about_verbs.split(",") if name),
        standings,
        to_standing,
        next((word for word in words if word in ("lapse", "lapse?")), ""),
        "unawaited" in words,
    )


def _rows(text: str, groups: dict[str, set[State]]) -> tuple[Expected, ...]:
    return tuple(_row(line, groups) for line in (text + _SHARED).strip().splitlines() if line.strip())


EXPECTED = {
    Family.REFERRAL: _rows(_REFERRAL, {}),
    Family.FREEZE: _rows(_FREEZE, _FREEZE_GROUPS),
    Family.ASSISTANCE: _rows(_ASSISTANCE, _ASSISTANCE_GROUPS),
}
"""The rows that run on a leg, by family. Watchlists have a test of their own."""
OPENINGS = {
    Family.REFERRAL: {Verb.REFER: "2", Verb.FORWARD: "2"},
    Family.FREEZE: {Verb.REQUEST: "2", Verb.REQUEST_PROVISIONAL: "1", Verb.FORWARD: "2"},
    Family.ASSISTANCE: {Verb.REQUEST: "2", Verb.ORAL_NOTICE: "1", Verb.FORWARD: "2"},
}
"""The verbs that open a leg, and by how many people."""
LIVE = {Family.FREEZE: _FREEZE_GROUPS["LIVE"], Family.ASSISTANCE: _ASSISTANCE_GROUPS["LIVE"]}
"""Where a leg that lapses, lapses."""
FINAL = {
    Family.REFERRAL: {"CLOSED", "WITHDRAWN", "RECALLED", "EXPIRED", "LAPSED"},
    Family.FREEZE: {"CLOSED", "WITHDRAWN", "RECALLED"},
    Family.ASSISTANCE: {"CLOSED", "WITHDRAWN", "RECALLED", "EXPIRED", "LAPSED"},
}
"""Where a leg has ended, of the states that the family has."""


def find(family: Family, verb: Verb, side: Side, state: State, standing: Standing) -> Expected | None:
    """Returns the row that runs, or None."""
    for row in EXPECTED[family]:
        if (row.verb, row.side) == (verb, side) and state in row.states and standing in row.standings:
            return row
    return None


def knows(family: Family, verb: Verb, side: Side) -> bool:
    """Returns whether a side has any row of a verb on an open leg."""
    return any((row.verb, row.side) == (verb, side) for row in EXPECTED[family])
