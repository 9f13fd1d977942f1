"""Which body a verb carries in which family, and the bodies that there are.

The same verb says different things in different families (REQUEST, REFUSE, COMPLETE, REPORT_OUTCOME): the family of the
header decides.

Never does: look into a body, I/O. Never imported by the hub.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from comity.errors import MalformedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb

Body = (
    pb.Refer
    | pb.AcknowledgeCase
    | pb.RequestInfo
    | pb.Supply
    | pb.Accept
    | pb.Decline
    | pb.Redirect
    | pb.ReportProgress
    | pb.ReportOutcome
    | pb.Withdraw
    | pb.Recall
    | pb.AnswerRecall
    | pb.Close
    | pb.Confirm
    | pb.AskOnward
    | pb.GrantOnward
    | pb.RefuseOnward
    | pb.Forward
    | pb.RevokeGrant
    | pb.OfferList
    | pb.SubscribeList
    | pb.UnsubscribeList
    | pb.PublishBatch
    | pb.SendSnapshot
    | pb.Resync
    | pb.ChallengeEntry
    | pb.AnswerChallenge
    | pb.ReportSighting
    | pb.FreezeRequest
    | pb.ProvisionalHold
    | pb.RefuseFreeze
    | pb.ReportExecution
    | pb.AskExtension
    | pb.Extend
    | pb.RefuseExtension
    | pb.AskVariation
    | pb.Vary
    | pb.Convert
    | pb.ReportChallenge
    | pb.AskRelease
    | pb.Release
    | pb.FreezeOutcome
    | pb.AssistanceRequest
    | pb.OralNotice
    | pb.AnswerFirst
    | pb.RefuseAssistance
    | pb.Suspend
    | pb.Resume
    | pb.ReplyPart
    | pb.Reply
    | pb.FollowUp
    | pb.Feedback
)
"""What a payload is about."""

_CASE: Final[Mapping[Verb, str]] = {
    Verb.ACKNOWLEDGE: "acknowledge_case",
    Verb.REQUEST_INFO: "request_info",
    Verb.SUPPLY: "supply",
    Verb.ACCEPT: "accept",
    Verb.REPORT_PROGRESS: "report_progress",
    Verb.WITHDRAW: "withdraw",
    Verb.RECALL: "recall",
    Verb.ANSWER_RECALL: "answer_recall",
    Verb.ASK_ONWARD: "ask_onward",
    Verb.GRANT_ONWARD: "grant_onward",
    Verb.REFUSE_ONWARD: "refuse_onward",
    Verb.FORWARD: "forward",
    Verb.REVOKE_GRANT: "revoke_grant",
}
_REFERRAL: Final[Mapping[Verb, str]] = {
    **_CASE,
    Verb.REFER: "refer",
    Verb.ACCEPT_IN_PART: "accept",
    Verb.DECLINE: "decline",
    Verb.REDIRECT: "redirect",
    Verb.REPORT_OUTCOME: "report_outcome",
    Verb.CLOSE: "close",
}
_WATCHLIST: Final[Mapping[Verb, str]] = {
    Verb.OFFER: "offer_list",
    Verb.SUBSCRIBE: "subscribe_list",
    Verb.UNSUBSCRIBE: "unsubscribe_list",
    Verb.PUBLISH: "publish_batch",
    Verb.SNAPSHOT: "send_snapshot",
    Verb.RESYNC: "resync",
    Verb.CHALLENGE: "challenge_entry",
    Verb.ANSWER: "answer_challenge",
    Verb.SIGHTING: "report_sighting",
}
_FREEZE: Final[Mapping[Verb, str]] = {
    **_CASE,
    Verb.REQUEST: "request_freeze",
    Verb.REQUEST_PROVISIONAL: "request_hold",
    Verb.CONFIRM: "confirm",
    Verb.COMPLETE: "request_freeze",
    Verb.REFUSE: "refuse_freeze",
    Verb.REPORT_EXECUTION: "report_execution",
    Verb.ASK_EXTENSION: "ask_extension",
    Verb.EXTEND: "extend",
    Verb.REFUSE_EXTENSION: "refuse_extension",
    Verb.ASK_VARIATION: "ask_variation",
    Verb.VARY: "vary",
    Verb.CONVERT: "convert",
    Verb.REPORT_CHALLENGE: "report_challenge",
    Verb.ASK_RELEASE: "ask_release",
    Verb.RELEASE: "release",
    Verb.REPORT_OUTCOME: "freeze_outcome",
}
_ASSISTANCE: Final[Mapping[Verb, str]] = {
    **_CASE,
    Verb.REQUEST: "request_assistance",
    Verb.ORAL_NOTICE: "oral_notice",
    Verb.CONFIRM: "confirm",
    Verb.COMPLETE: "request_assistance",
    Verb.ACCEPT_IN_PART: "accept",
    Verb.ANSWER_FIRST: "answer_first",
    Verb.REFUSE: "refuse_assistance",
    Verb.SUSPEND: "suspend",
    Verb.RESUME: "resume",
    Verb.REPLY_PART: "reply_part",
    Verb.REPLY: "reply",
    Verb.FOLLOW_UP: "follow_up",
    Verb.FEEDBACK: "feedback",
    Verb.CLOSE: "close",
}

BODY_NAMES: Final[Mapping[tuple[Family, Verb], str]] = MappingProxyType(
    {
        (family, verb): name
        for family, names in (
            (Family.REFERRAL, _REFERRAL),
            (Family.WATCHLIST, _WATCHLIST),
            (Family.FREEZE, _FREEZE),
            (Family.ASSISTANCE, _ASSISTANCE),
        )
        for verb, name in names.items()
    }
)
"""The member of Payload's oneof that each verb of each family carries."""


def body_name(family: Family, verb: Verb) -> str | None:
    """Returns the member of Payload's oneof that a verb carries in a family; None where the family has no such verb."""
    return BODY_NAMES.get((family, verb))


def body_of(payload: pb.Payload) -> Body:
    """Returns the body that is set.

    Raises:
        MalformedError: none is.
    """
    name = payload.WhichOneof("body")
    if name is None:
        raise MalformedError("the payload has no body")
    body: Body = getattr(payload, name)
    return body


def set_body(payload: pb.Payload, family: Family, verb: Verb, body: Body) -> None:
    """Puts a verb's body into a payload.

    Raises:
        MalformedError: the verb carries another body in that family, or none.
    """
    name = body_name(family, verb)
    if name is None or getattr(payload, name).DESCRIPTOR is not body.DESCRIPTOR:
        raise MalformedError("the body does not belong to the verb")
    getattr(payload, name).CopyFrom(body)
    getattr(payload, name).SetInParent()
