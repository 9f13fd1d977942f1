"""Payloads: strict encoding, parsing and completeness of what is sealed (PROTOCOL.md, section "Payload").

Sender and recipient run the same rules: what `gaps` names cannot be encoded, and what could not have been encoded is
not parsed. Fields are ruled by `comity.payload_rules`; the rules between fields are here.

Never does: sealing, wallets beyond their canonical form, I/O. Never imported by the hub.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from comity.blobs import BLOB_LIMIT, sealed_blob_length
from comity.encoding import parse, serialise
from comity.envelope import MAX_ENVELOPE_BYTES, BlobRef, Header
from comity.errors import MalformedError, Reason
from comity.payload_rules import Gap, field_gaps
from comity.payload_watchlists import handling_gaps, packed_gaps, watchlist_gaps
from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, parse_account
from comity.workflow.terms import Precedence, Verb

__all__ = ["BODY_OF_VERB", "VERSION", "Body", "Gap", "body_of", "encode_payload", "gaps", "parse_payload", "set_body"]

VERSION: Final = 1
"""Version of the payload."""
PAYLOAD_LIMIT: Final = MAX_ENVELOPE_BYTES - (64 << 10)
"""Greatest length of a serialised payload: it shares an envelope with its header, seal and wraps."""

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
    | pb.OfferList
    | pb.SubscribeList
    | pb.UnsubscribeList
    | pb.PublishBatch
    | pb.SendSnapshot
    | pb.Resync
    | pb.ChallengeEntry
    | pb.AnswerChallenge
    | pb.ReportSighting
)
"""What a payload is about."""

BODY_OF_VERB: Final[Mapping[Verb, str]] = MappingProxyType(
    {
        Verb.REFER: "refer",
        Verb.ACKNOWLEDGE: "acknowledge_case",
        Verb.REQUEST_INFO: "request_info",
        Verb.SUPPLY: "supply",
        Verb.ACCEPT: "accept",
        Verb.ACCEPT_IN_PART: "accept",
        Verb.DECLINE: "decline",
        Verb.REDIRECT: "redirect",
        Verb.REPORT_PROGRESS: "report_progress",
        Verb.REPORT_OUTCOME: "report_outcome",
        Verb.WITHDRAW: "withdraw",
        Verb.RECALL: "recall",
        Verb.ANSWER_RECALL: "answer_recall",
        Verb.CLOSE: "close",
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
)
"""The member of Payload's oneof that each verb carries."""


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


def set_body(payload: pb.Payload, verb: Verb, body: Body) -> None:
    """Puts a verb's body into a payload.

    Raises:
        MalformedError: the verb carries another body, or none in this version.
    """
    name = BODY_OF_VERB.get(verb)
    if name is None or getattr(payload, name).DESCRIPTOR is not body.DESCRIPTOR:
        raise MalformedError("the body does not belong to the verb")
    getattr(payload, name).CopyFrom(body)
    getattr(payload, name).SetInParent()


def gaps(payload: pb.Payload, verb: Verb, precedence: Precedence) -> list[Gap]:
    """Returns everything that is missing or wrong, in the order of the fields; empty where it is complete.

    Args:
        payload: with handling, gossip, attachments and body.
        verb: of the header.
        precedence: of the header.
    """
    found = list(field_gaps(payload, ""))
    if payload.version not in (0, VERSION):
        found.append(Gap("version", "is not 1"))
    found += handling_gaps(payload.handling, "handling")
    found += _attachments(payload)
    name = BODY_OF_VERB.get(verb)
    if name is None or payload.WhichOneof("body") != name:
        found.append(Gap(name or "body", "is missing: the verb carries it"))
        return found
    body: Body = getattr(payload, name)
    found += field_gaps(body, name)
    found += _between(body, name, verb, precedence)
    found += packed_gaps(payload, body, name)
    return found


def encode_payload(payload: pb.Payload, verb: Verb, precedence: Precedence) -> bytes:
    """Returns the canonical bytes of a payload that is about to be sealed.

    Raises:
        MalformedError: it is not complete, or too large.
    """
    if gaps(payload, verb, precedence):
        raise MalformedError("the payload is not complete")
    data = serialise(payload)
    if len(data) > PAYLOAD_LIMIT:
        raise MalformedError("the payload is too large", Reason.TOO_LARGE)
    return data


def parse_payload(data: bytes, header: Header) -> pb.Payload:
    """Parses what was opened, strictly, against the header it came under.

    Args:
        data: the opened payload.
        header: of its envelope, verified.

    Raises:
        MalformedError: it breaks a rule, has another body than the verb, or other attachments than the header.
    """
    payload = parse(pb.Payload, data, PAYLOAD_LIMIT)
    if payload.version != VERSION:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    if gaps(payload, header.verb, header.precedence):
        raise MalformedError("the payload is not complete")
    named = sorted((BlobRef(a.blob_sha256, a.blob_length) for a in payload.attachments), key=lambda b: b.sha256)
    if tuple(named) != header.blobs:
        raise MalformedError("the attachments are not those of the header")
    return payload


def _attachments(payload: pb.Payload) -> Iterator[Gap]:
    for number, item in enumerate(payload.attachments):
        fits = item.blob_length <= BLOB_LIMIT and item.blob_length == sealed_blob_length(item.plain_length)
        if not fits:
            yield Gap(f"attachments[{number}].blob_length", "is not that of a sealed blob of the plain length")
    for name in ("id", "blob_sha256"):
        if len({getattr(item, name) for item in payload.attachments}) != len(payload.attachments):
            yield Gap("attachments", "one stands twice")


def _between(body: Body, name: str, verb: Verb, precedence: Precedence) -> Iterator[Gap]:
    match body:
        case pb.Refer():
            if precedence is not Precedence.ROUTINE and not body.urgency_reason:
                yield Gap(f"{name}.urgency_reason", "is missing: the referral is urgent")
            if bool(body.loss_amount) != bool(body.loss_currency):
                yield Gap(f"{name}.loss_currency", "stands with the loss amount, and with it only")
            yield from _accounts(body.on_chain, name)
        case pb.Supply():
            yield from _accounts(body.on_chain, name)
        case pb.Accept():
            if (verb is Verb.ACCEPT_IN_PART) != bool(body.parts):
                yield Gap(f"{name}.parts", "stand with ACCEPT_IN_PART, and with it only")
        case pb.ReportProgress():
            if bool(body.expected_date) != bool(body.slip_reason):
                yield Gap(f"{name}.slip_reason", "stands with a new expected date, and with it only")
        case pb.ReportOutcome():
            if body.usefulness > 5:
                yield Gap(f"{name}.usefulness", "is not 1 to 5")
            yield from _outcomes(body, name)
        case pb.AnswerRecall():
            if body.kind == pb.RECALL_ANSWER_KIND_CANNOT_COMPLY and not body.text:
                yield Gap(f"{name}.text", "is missing: say why it cannot be done")
        case _:
            yield from watchlist_gaps(body, name)


def _outcomes(body: pb.ReportOutcome, name: str) -> Iterator[Gap]:
    for number, outcome in enumerate(body.outcomes):
        place = f"{name}.outcomes[{number}]"
        if outcome.kind in (pb.OUTCOME_KIND_FREEZE, pb.OUTCOME_KIND_RECOVERY) and not outcome.amount:
            yield Gap(f"{place}.amount", "is missing: the outcome has one")
        if bool(outcome.amount) != bool(outcome.currency):
            yield Gap(f"{place}.currency", "stands with the amount, and with it only")


def _accounts(facts: Iterable[pb.OnChainFact], name: str) -> Iterator[Gap]:
    """Yields the facts whose account is not canonical, or not the one that was received."""
    for number, fact in enumerate(facts):
        place = f"{name}.on_chain[{number}]"
        try:
            account = parse_account(fact.account)
            canonical = account.caip10 == fact.account
        except WalletError:
            canonical = False
        if not canonical:
            yield Gap(f"{place}.account", "is not a canonical CAIP-10 account")
            continue
        try:
            same = parse_account(fact.account_as_received, account.chain).caip10 == account.caip10
        except WalletError:
            same = False
        if not same:
            yield Gap(f"{place}.account_as_received", "is not the account that the canonical form names")
