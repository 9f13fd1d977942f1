"""The guards of the engine: what one envelope must be besides being by the right people, each in one function.

Never does: find the row or move the leg (`comity.workflow.engine`).
"""

from __future__ import annotations

from comity.errors import Reason, RefusedError
from comity.workflow.actions import Action
from comity.workflow.legs import Leg
from comity.workflow.tables import AboutRule, Presence, PreviousRule, Rule, Table
from comity.workflow.terms import AgencyKind, Precedence, Side, Verb


def check_kinds(table: Table, action: Action, side: Side) -> None:
    """Checks that agencies of these kinds may stand on these sides.

    Raises:
        RefusedError: FAMILY_NOT_OFFERED.
    """
    kinds: tuple[AgencyKind, AgencyKind] = (action.sender_kind, action.counterpart_kind)
    originator, recipient = kinds if side is Side.ORIGINATOR else kinds[::-1]
    if originator not in table.originator_kinds or recipient not in table.recipient_kinds:
        raise RefusedError(
            Reason.FAMILY_NOT_OFFERED, "the family is not for agencies of these kinds", family=table.family.name
        )


def check_precedence(rule: Rule, leg: Leg | None, action: Action) -> None:
    """Checks that the verb travels in the header's precedence.

    On the leg of a used grant a recall is ROUTINE: the two may have agreed on nothing, and nobody is woken for it.

    Raises:
        RefusedError: WRONG_PRECEDENCE.
    """
    onward = leg is not None and leg.onward and rule.verb is Verb.RECALL
    allowed = rule.precedences & {Precedence.ROUTINE} if onward else rule.precedences
    if action.precedence not in allowed:
        raise RefusedError(
            Reason.WRONG_PRECEDENCE,
            "the verb does not travel in that precedence",
            allowed=",".join(precedence.name for precedence in sorted(allowed)),
        )


def check_presence(rule: Rule, action: Action) -> None:
    """Checks that `respond_by` and `lapses_at` stand where the row has them, and there only.

    Raises:
        RefusedError: BAD_TIMES.
    """
    if (action.respond_by is not None) != rule.answer_due:
        raise RefusedError(Reason.BAD_TIMES, "respond_by stands where no answer is due, or is missing where one is")
    wrong = Presence.REQUIRED if action.lapses_at is None else Presence.FORBIDDEN
    if rule.lapses is wrong:
        raise RefusedError(Reason.BAD_TIMES, "lapses_at stands where nothing lapses, or is missing where it does")


def check_lapse(rule: Rule, leg: Leg | None, action: Action) -> None:
    """Checks that an envelope which moves the leg's end does not bring it forward, which would end what is held.

    Where the verb awaits an answer, the time for that is enough: a shorter instrument may take a longer one's place,
    but not before the other side had its time to object. A leg without an end has none that could be extended.

    Raises:
        RefusedError: BAD_TIMES.
    """
    if not rule.no_sooner or leg is None or action.lapses_at is None:
        return
    limits = [limit for limit in (leg.lapses_at, action.respond_by) if limit is not None]
    if not limits or action.lapses_at < min(limits):
        raise RefusedError(
            Reason.BAD_TIMES,
            "lapses_at comes sooner than what it takes the place of, or there is nothing to extend",
            **({"limit": str(min(limits))} if limits else {}),
        )


def check_previous(rule: Rule, leg: Leg | None, action: Action) -> None:
    """Checks that `previous` is what the row asks for.

    Raises:
        RefusedError: WRONG_PREVIOUS.
    """
    expected = leg.previous if leg is not None and rule.previous is PreviousRule.LAST else b""
    if action.previous != expected:
        raise RefusedError(Reason.WRONG_PREVIOUS, "previous is not the last envelope of the leg, or stands needlessly")


def check_about(rule: Rule, leg: Leg | None, action: Action, side: Side) -> None:
    """Checks that `about` names what the row asks for.

    Raises:
        RefusedError: WRONG_ABOUT; SECOND_PERSON_MISSING where one person takes the place of a question and names none.
    """
    if action.about == b"" and takes_place(rule, leg, side):
        if not action.has_approver:
            raise RefusedError(Reason.SECOND_PERSON_MISSING, "a question is awaited: it is named, or two people sign")
        return
    if not _about_is_right(rule, leg, action, side):
        raise RefusedError(Reason.WRONG_ABOUT, "about names no envelope of this leg that the verb could refer to")


def takes_place(rule: Rule, leg: Leg | None, side: Side) -> bool:
    """Returns whether an envelope of a row takes the place of a question that its own side still awaits."""
    return rule.about is AboutRule.REPLACED and leg is not None and leg.awaiting is side.other


def _about_is_right(rule: Rule, leg: Leg | None, action: Action, side: Side) -> bool:
    if rule.about is AboutRule.ABSENT:
        return action.about == b""
    if rule.about is AboutRule.IF_ASKED and action.about == b"":
        return True
    if rule.about is AboutRule.REPLACED and not takes_place(rule, leg, side):
        return action.about == b""
    facts = action.about_facts
    if leg is None or action.about == b"":
        return False
    if leg.onward and action.about == leg.opening:  # the original, which no envelope between these two desks carried
        return rule.about is AboutRule.OWN and side is Side.ORIGINATOR and not rule.about_verbs
    if facts is None:
        return False
    if rule.about_verbs and facts.verb not in rule.about_verbs:
        return False
    if rule.about is AboutRule.OPENING:
        return action.about == leg.opening
    if rule.about in (AboutRule.ASKED, AboutRule.IF_ASKED, AboutRule.REPLACED) and action.about != leg.question:
        return False
    return leg.side_of(facts.sender) is (side if rule.about in (AboutRule.OWN, AboutRule.REPLACED) else side.other)
