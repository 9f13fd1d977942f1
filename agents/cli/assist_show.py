"""`comity assist show`: how a request stands, part by part, and the cases that belong to it.

Never does: open a message because its case is looked at.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family

from agents.assisting.story import AssistanceStory, Part
from agents.cli.answering import case_of
from agents.cli.catalogue import labelled, t
from agents.cli.linking import linked_legs, show_linked
from agents.cli.mail import caught_up
from agents.cli.referral import NoSync, show_one
from agents.cli.render import answers, next_actor
from agents.cli.session import Session
from agents.cli.times import due, stamp
from agents.cli.views import case_view, message_view
from agents.cli.words import label, short, value_code, value_label
from agents.client import Client
from agents.records import CaseInfo

app = typer.Typer()

_KIND: Final[Any] = pb.AssistanceKind.DESCRIPTOR
_FIRST: Final[Any] = pb.FirstAnswerKind.DESCRIPTOR
_REASON: Final[Any] = pb.AssistanceRefusalReason.DESCRIPTOR
_TLP: Final[Any] = pb.Tlp.DESCRIPTOR
_CODE: Final[Any] = pb.HandlingCode.DESCRIPTOR


@app.command("show")
def show(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="Case, message or draft id, or its first 6 digits.", metavar="ID")],
    no_sync: NoSync = False,
) -> None:
    """Show how a request stands; or open a message of it, so that the sender learns that a person has seen it."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        if not await show_one(session, client, what):
            legs = case_of(client, what, Family.ASSISTANCE)
            stories = client.assistance(legs[0].case_id)
            linked = linked_legs(client, legs[0].case_id)
            for leg, story in zip(legs, stories, strict=True):
                _show_story(session, leg, story)
            show_linked(session, linked)
            session.screen.result(
                {
                    "legs": [case_view(leg) for leg in legs],
                    "stories": [story_view(story) for story in stories],
                    "linked": [case_view(leg) for leg in linked],
                }
            )
        late.raise_if_unreachable()

    session.online(body)


def _show_story(session: Session, leg: CaseInfo, story: AssistanceStory) -> None:
    screen = session.screen
    screen.say(f"{t('Case')} {leg.case_id}", "bold")
    if story.provisional:
        until = f"{stamp(story.lapses_at)} ({due(story.lapses_at)})"
        screen.warn(t("Asked orally: it lapses at {time} unless it is completed in writing.", time=until))
    pairs = [
        (t("From"), leg.originator),
        (t("To"), leg.recipient),
        (t("Reference"), story.reference),
        (t("Kinds"), ", ".join(value_label(_KIND, kind) for kind in story.kinds)),
        (t("State"), label(leg.state)),
        (t("Next"), next_actor(leg)),
        (t("Answer"), due(leg.respond_by)),
        (t("First answer"), value_label(_FIRST, story.first_answer) if story.first_answer else ""),
        (t("Expected date"), story.expected),
        (t("Laid aside"), story.suspended),
        (t("Review date"), story.review),
        (t("Refused"), value_label(_REASON, story.refusal) if story.refusal else ""),
        (t("Acceptable if"), story.acceptable_if),
        (t("Usefulness"), str(story.usefulness or "")),
    ]
    screen.fields([(name, value) for name, value in pairs if value])
    if story.parts:
        screen.heading(t("Parts of the answer"))
        for part in story.parts:
            _show_part(session, part)
    for message in story.unread:
        screen.next(session.command(f"assist show {short(message)}"), t("Nobody has read this yet"))
    commands = answers(leg)
    if commands:
        screen.next("\n  ".join(session.command(command) for command in commands), t("You can"))


def _show_part(session: Session, part: Part) -> None:
    screen = session.screen
    title = t("Part {n} of {total}", n=part.number, total=part.total)
    screen.say(f"{title} · {value_label(_TLP, part.handling.tlp)} · {value_label(_CODE, part.handling.code)}", "bold")
    for condition in part.conditions:
        screen.say(f"  {labelled(t('Condition of use'), condition)}")
    screen.say(f"  {session.command(f'assist show {short(part.message)}')}", "cyan")


def story_view(story: AssistanceStory) -> dict[str, Any]:
    """Returns how a request stands on one leg."""
    return {
        "case": story.case_id,
        "originator": story.originator,
        "recipient": story.recipient,
        "standing": story.standing.name,
        "lapses_at": story.lapses_at,
        "reference": story.reference or None,
        "kinds": [value_code(_KIND, kind) for kind in story.kinds],
        "orally": story.orally,
        "expected": story.expected or None,
        "first_answer": value_code(_FIRST, story.first_answer) if story.first_answer else None,
        "parts": [_part_view(part) for part in story.parts],
        "rounds": story.rounds,
        "suspended": story.suspended or None,
        "review": story.review or None,
        "refusal": value_code(_REASON, story.refusal) if story.refusal else None,
        "acceptable_if": story.acceptable_if or None,
        "usefulness": story.usefulness or None,
        "unread": story.unread,
        "linked": list(story.linked),
    }


def _part_view(part: Part) -> dict[str, Any]:
    return {
        "message": part.message,
        "number": part.number,
        "of": part.total,
        "last": part.last,
        "handling": message_view(part.handling),
        "use_conditions": list(part.conditions),
        "time": part.sent,
    }
