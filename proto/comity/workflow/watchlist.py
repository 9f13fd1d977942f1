"""The table of watchlists: one leg is one desk's subscription to one list.

Points that the table alone does not tell:

- The owner of a list is the originator. A list's batches go to each subscriber in an envelope of its own, so that
  subscribers do not see one another; the order of the batches is the header's (`Header.watchlist`), not `previous`.
- What a machine may publish is bounded by the content: it carries change sets that people signed
  (`comity.watchlists`), so that PUBLISH and SNAPSHOT ask for no second person here.
- Where several challenges are open the clock is the newest one's; an answer to an older one leaves it running.

Never does: look at content, or at the sequence of a list.
"""

from __future__ import annotations

from types import MappingProxyType

from comity.workflow.tables import OR_MACHINE, ORDINARY, AboutRule, ClockRule, People, PreviousRule, Rule, Table
from comity.workflow.terms import AgencyKind, Family, Role, Side, State, Verb

_SUBSCRIBED = frozenset({State.SYNCING, State.CURRENT, State.LAGGING})
_SYNCED = frozenset({State.CURRENT, State.LAGGING})
_SYNCING = frozenset({State.SYNCING})


def _rule(
    verb: Verb,
    side: Side,
    from_states: frozenset[State],
    to_state: State | None,
    note: str,
    *,
    clock: ClockRule = ClockRule.KEEP,
    who_may: frozenset[Role] = ORDINARY,
    about: AboutRule = AboutRule.ABSENT,
    about_verbs: frozenset[Verb] = frozenset(),
) -> Rule:
    return Rule(
        verb,
        side,
        People.ONE,
        from_states,
        to_state,
        PreviousRule.ABSENT,
        clock,
        note,
        about=about,
        about_verbs=about_verbs,
        who_may=who_may,
        opening=not from_states,
    )


_RULES = (
    _rule(
        Verb.OFFER,
        Side.ORIGINATOR,
        frozenset(),
        State.SENT,
        "Opens the leg: the list and its terms.",
    ),
    _rule(
        Verb.SUBSCRIBE,
        Side.RECIPIENT,
        frozenset({State.OFFERED}),
        State.SYNCING,
        "Takes the terms.",
    ),
    _rule(
        Verb.UNSUBSCRIBE,
        Side.ORIGINATOR,
        _SUBSCRIBED | {State.OFFERED},
        State.REVOKED,
        "The owner takes the offer or the subscription back.",
        clock=ClockRule.STOP,
    ),
    _rule(
        Verb.UNSUBSCRIBE,
        Side.RECIPIENT,
        _SUBSCRIBED | {State.OFFERED},
        State.REVOKED,
        "The subscriber declines or leaves.",
        clock=ClockRule.STOP,
    ),
    _rule(
        Verb.PUBLISH,
        Side.ORIGINATOR,
        _SYNCED,
        State.CURRENT,
        "The next batch of the list; an empty one is the heartbeat.",
        who_may=OR_MACHINE,
    ),
    _rule(
        Verb.PUBLISH,
        Side.ORIGINATOR,
        _SYNCING,
        None,
        "The next batch, while the snapshot is still to come.",
        who_may=OR_MACHINE,
    ),
    _rule(
        Verb.SNAPSHOT,
        Side.ORIGINATOR,
        _SUBSCRIBED,
        State.CURRENT,
        "All that is live after a batch, and that batch.",
        who_may=OR_MACHINE,
    ),
    _rule(
        Verb.RESYNC,
        Side.RECIPIENT,
        _SYNCED,
        State.LAGGING,
        "Asks for batches again, or for the whole.",
        who_may=OR_MACHINE,
    ),
    _rule(
        Verb.RESYNC,
        Side.RECIPIENT,
        _SYNCING,
        None,
        "Asks again for what is still to come.",
        who_may=OR_MACHINE,
    ),
    _rule(
        Verb.CHALLENGE,
        Side.RECIPIENT,
        _SUBSCRIBED,
        None,
        "An entry should not stand; a person of the owner answers.",
        clock=ClockRule.START,
    ),
    _rule(
        Verb.ANSWER,
        Side.ORIGINATOR,
        _SUBSCRIBED,
        None,
        "Kept, suspended or retracted.",
        clock=ClockRule.STOP_ANSWERED,
        about=AboutRule.THEIRS,
        about_verbs=frozenset({Verb.CHALLENGE}),
    ),
    _rule(
        Verb.SIGHTING,
        Side.RECIPIENT,
        _SUBSCRIBED,
        None,
        "A listed wallet was seen.",
        who_may=OR_MACHINE,
    ),
)

WATCHLIST = Table(
    family=Family.WATCHLIST,
    rules=_RULES,
    stored=MappingProxyType({State.SENT: State.OFFERED}),
    expires=MappingProxyType({State.SENT: State.EXPIRED}),
    lapses=MappingProxyType({}),
    originator_kinds=frozenset({AgencyKind.AUTHORITY}),
    recipient_kinds=frozenset({AgencyKind.AUTHORITY}),
)
"""Watchlists: owned by authorities, followed by agencies of every kind."""
