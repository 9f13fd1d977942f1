"""The forms of cross-border assistance: which verb is meant, what an instrument asks for, and what writing begins from.

Never does: print, read a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Verb

from agents.cli.catalogue import t
from agents.cli.exits import UsageError
from agents.cli.words import ASSIST_COMMANDS
from agents.records import CaseInfo

FORMS: Final[Mapping[Verb, Callable[[], Any]]] = MappingProxyType(
    {
        Verb.REQUEST: pb.AssistanceRequest,
        Verb.ORAL_NOTICE: pb.OralNotice,
        Verb.CONFIRM: pb.Confirm,
        Verb.COMPLETE: pb.AssistanceRequest,
        Verb.ACKNOWLEDGE: pb.AcknowledgeCase,
        Verb.ANSWER_FIRST: pb.AnswerFirst,
        Verb.REQUEST_INFO: pb.RequestInfo,
        Verb.SUPPLY: pb.Supply,
        Verb.ACCEPT: pb.Accept,
        Verb.ACCEPT_IN_PART: pb.Accept,
        Verb.SUSPEND: pb.Suspend,
        Verb.RESUME: pb.Resume,
        Verb.REFUSE: pb.RefuseAssistance,
        Verb.REPORT_PROGRESS: pb.ReportProgress,
        Verb.REPLY_PART: pb.ReplyPart,
        Verb.REPLY: pb.Reply,
        Verb.FOLLOW_UP: pb.FollowUp,
        Verb.FEEDBACK: pb.Feedback,
        Verb.WITHDRAW: pb.Withdraw,
        Verb.RECALL: pb.Recall,
        Verb.ANSWER_RECALL: pb.AnswerRecall,
        Verb.CLOSE: pb.Close,
    }
)
"""By verb: what its form fills in."""
_NAMES: Final[Mapping[str, Verb]] = MappingProxyType(
    {
        "request": Verb.REQUEST,
        "draft": Verb.REQUEST,
        "oral": Verb.ORAL_NOTICE,
        "accept-in-part": Verb.ACCEPT_IN_PART,
        **{name: verb for verb, name in ASSIST_COMMANDS.items() if verb is not Verb.ACCEPT_IN_PART},
    }
)


def form_of(name: str) -> Verb:
    """Returns the verb of a form that a person names: `reply-part`.

    Raises:
        UsageError: there is no such form; the message lists them.
    """
    verb = _NAMES.get(name.strip().lower().replace("_", "-"))
    if verb is None:
        raise UsageError(t("{option} is one of: {listed}", option="FORM", listed=", ".join(_NAMES)))
    return verb


def needed_with(filled: Any) -> frozenset[str]:
    """Returns the paths of what must stand in a form because of what stands in it already."""
    needed: set[str] = set()
    kinds = set(getattr(filled, "kinds", ()))
    if isinstance(filled, pb.AssistanceRequest):
        if filled.instrument == pb.ASSISTANCE_INSTRUMENT_BILATERAL:
            needed.add("instrument_text")
        if pb.ASSISTANCE_KIND_STATEMENT in kinds:
            needed.add("statement_conduct")
        if filled.made_orally:
            needed.add("made_orally")
    if pb.ASSISTANCE_KIND_FREEZE in kinds:
        needed |= {"links", "links.case_id", "links.desk", "links.relation"}
    return frozenset(needed)


def notice_in_writing(opening: pb.Payload) -> pb.AssistanceRequest:
    """Returns what an oral notice already says, as the request begins that puts it in writing.

    Raises:
        UsageError: the case began in writing.
    """
    if opening.WhichOneof("body") != "oral_notice":
        raise UsageError(t("That case began in writing: there is nothing to complete."))
    spoken = opening.oral_notice
    return pb.AssistanceRequest(
        number=spoken.reference,
        contact=spoken.contact,
        instrument=spoken.instrument,
        kinds=spoken.kinds,
        subjects=spoken.subjects,
        facts=spoken.summary,
        urgency_reason=spoken.urgency_reason,
        latest_useful_date=spoken.latest_useful_date,
        made_orally=True,
        on_chain=spoken.on_chain,
        links=spoken.links,
        other_channels=spoken.other_channels,
    )


def freeze_link(leg: CaseInfo) -> pb.CaseLink:
    """Returns the link to a freeze that a request carries."""
    relation = pb.CASE_RELATION_CARRIES_FREEZE
    return pb.CaseLink(case_id=bytes.fromhex(leg.case_id), desk=leg.originator, relation=relation)


def carry(body: Any, link: pb.CaseLink | None) -> None:
    """Puts the freeze that it carries into a request: the link, and that a freeze is asked for."""
    if link is None:
        return
    if link.case_id not in [one.case_id for one in body.links]:
        body.links.add().CopyFrom(link)
    if pb.ASSISTANCE_KIND_FREEZE not in body.kinds:
        body.kinds.append(pb.ASSISTANCE_KIND_FREEZE)
