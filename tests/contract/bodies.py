"""Bodies of freezes, assistance and the shared flows, each complete, and payloads and headers around them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from comity.blobs import sealed_blob_length
from comity.header import BlobRef, Header, Recipient
from comity.payload import gaps, set_body
from comity.v1 import payload_pb2 as pb
from comity.v1.envelope_pb2 import Signature
from comity.v1.onward_pb2 import EmbeddedOriginal
from comity.workflow.terms import Family, Precedence, Verb
from google.protobuf.message import Message

NOW: Final = 1_800_000_000_000
"""2027-01-15T08:00:00Z."""
HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
ACCOUNT: Final = "eip155:1:0x52908400098527886E0F7030069857D2E4169EE7"
RECEIVED: Final = "0x52908400098527886e0f7030069857d2e4169ee7"
HOP: Final = "eip155:1:0xde709f2102306220921060314715629080e2fb77"
ORDER: Final = bytes(range(16))
"""Id of the attachment that is an order's image, or an embedded original."""

CONTACT: Final = pb.Contact(name="Chan Tai Man 陳大文", unit="Enforcement", telephone="+85298765432")
FACT: Final = pb.OnChainFact(
    account=ACCOUNT,
    account_as_received=RECEIVED,
    amount="0.10",
    when="2026-03-04T05:06:07+08:00",
    confidence=pb.CONFIDENCE_KIND_OWN_TRACE,
    kind=pb.FACT_KIND_INFERENCE,
)
HANDLING: Final = pb.Handling(
    tlp=pb.TLP_AMBER,
    code=pb.HANDLING_CODE_H0,
    source_grade=pb.SOURCE_GRADE_A,
    information_grade=pb.INFORMATION_GRADE_1,
    permitted_action=pb.PERMITTED_ACTION_INTERNAL,
    evidential_use=pb.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
    onward=pb.ONWARD_ASK,
)
CARRIED: Final = pb.CaseLink(case_id=bytes(16), desk="sfc/intake", relation=pb.CASE_RELATION_CARRIES_FREEZE)

M = TypeVar("M", bound=Message)


def changed(message: M, /, **changes: Any) -> M:
    """A copy with fields changed; None clears one."""
    made = type(message)()
    made.CopyFrom(message)
    for name, value in changes.items():
        made.ClearField(name)  # type: ignore[arg-type, unused-ignore] # stubs know each message's own names
        if isinstance(value, list):
            getattr(made, name).extend(value)
        elif isinstance(value, Message):
            getattr(made, name).CopyFrom(value)
        elif value is not None:
            setattr(made, name, value)
    return made


INSTRUMENT: Final = pb.Instrument(
    kind=pb.INSTRUMENT_KIND_RESTRICTION_NOTICE,
    binding=True,
    legal_text="SFO s.204: not to deal with the assets of the account.",
    authority="Securities and Futures Commission",
    number="RN-2027-3",
    start=NOW,
    end=NOW + 30 * DAY,
    planned_kind=pb.INSTRUMENT_KIND_RESTRAINT_ORDER,
    planned_by=NOW + 20 * DAY,
)
LINE: Final = pb.AssetLine(
    number=1,
    holder="Example Exchange Ltd",
    account=ACCOUNT,
    account_as_received=RECEIVED,
    token="USDT",
    decimals=6,
    amount="200000",
    valuation=pb.Valuation(amount="1560000.00", currency="HKD", when="2027-01-14T23:30:00+08:00"),
    incoming_transaction="0x" + "ab" * 32,
)
REPORT: Final = pb.LineReport(
    line=1,
    status=pb.LINE_STATUS_HELD_PART,
    requested="200000",
    held="150000.5",
    released="0",
    gone="49999.5",
    outstanding="0",
    next_hop=HOP,
    when="2027-01-15T09:00:00Z",
    evidence="ticket 77",
)
CALL: Final = pb.CallBack(
    desk="hkma/duty",
    telephone="+85223456789",
    called_at=NOW - HOUR,
    spoken_to="Wong Siu Ming 黃小明",
    result=pb.CALL_BACK_RESULT_CONFIRMED,
)
CASE: Final[Mapping[Verb, Any]] = {
    Verb.ACKNOWLEDGE: pb.AcknowledgeCase(reference="HKMA-9", contact=CONTACT, expected_date="2027-02-01"),
    Verb.REQUEST_INFO: pb.RequestInfo(questions=[pb.Question(gap=pb.INFO_GAP_FACTS, text="which bank?")]),
    Verb.SUPPLY: pb.Supply(text="that one", on_chain=[FACT]),
    Verb.ACCEPT: pb.Accept(owner="Team 3", decided_by="Head of Enforcement"),
    Verb.REPORT_PROGRESS: pb.ReportProgress(text="so far", expected_date="2027-02-24", slip_reason="holidays"),
    Verb.WITHDRAW: pb.Withdraw(),
    Verb.RECALL: pb.Recall(reason=pb.RECALL_REASON_LEGAL),
    Verb.ANSWER_RECALL: pb.AnswerRecall(kind=pb.RECALL_ANSWER_KIND_DESTROYED),
    Verb.ASK_ONWARD: pb.AskOnward(desk="hkpf/cctb", purpose="a freeze there", facts="the wallet"),
    Verb.GRANT_ONWARD: pb.GrantOnward(conditions="the wallet alone"),
    Verb.REFUSE_ONWARD: pb.RefuseOnward(reason=pb.ONWARD_REFUSAL_REASON_SOURCE_RISK),
    Verb.FORWARD: pb.Forward(original_attachment=ORDER, grant_receipt=b"receipt"),
    Verb.REVOKE_GRANT: pb.RevokeGrant(text="not any more"),
}
REQUEST: Final = pb.FreezeRequest(
    reference="SFC/2027/3",
    contact=CONTACT,
    instrument=INSTRUMENT,
    offence="fraud",
    asset_link="the proceeds went there",
    necessity="nothing milder holds them",
    dissipation_risk="it was emptied twice",
    loss_amount="340000",
    loss_currency="USD",
    lines=[LINE],
    on_chain=[FACT],
    links=[CARRIED],
)
FREEZE: Final[Mapping[Verb, Any]] = {
    **CASE,
    Verb.REQUEST: REQUEST,
    Verb.COMPLETE: REQUEST,
    Verb.CONFIRM: pb.Confirm(),
    Verb.REQUEST_PROVISIONAL: pb.ProvisionalHold(
        loss_amount="340000",
        loss_currency="USD",
        transaction="0x" + "cd" * 32,
        victim_reference="V-11",
        offence="confidence scam",
        contact=CONTACT,
        lines=[changed(LINE, holder=None)],
    ),
    Verb.REFUSE: pb.RefuseFreeze(reason=pb.FREEZE_REFUSAL_REASON_SELF_HOSTED),
    Verb.REPORT_EXECUTION: pb.ReportExecution(
        lines=[REPORT],
        holder_contacts=[pb.HolderContact(holder="Example Exchange Ltd", when="2027-01-15", channel="telephone")],
        instrument=changed(INSTRUMENT, kind=pb.INSTRUMENT_KIND_VOLUNTARY_HOLD, binding=None),
    ),
    Verb.ASK_EXTENSION: pb.AskExtension(until=NOW + 60 * DAY, diligence="two interviews were held"),
    Verb.EXTEND: pb.Extend(until=NOW + 60 * DAY),
    Verb.REFUSE_EXTENSION: pb.RefuseExtension(text="nothing was done"),
    Verb.ASK_VARIATION: pb.AskVariation(lines=[pb.LineVariation(line=1, release="10.5")], text="rent"),
    Verb.VARY: pb.Vary(permitted_payments="rent of one flat"),
    Verb.CONVERT: pb.Convert(instrument=changed(INSTRUMENT, kind=pb.INSTRUMENT_KIND_RESTRAINT_ORDER)),
    Verb.REPORT_CHALLENGE: pb.ReportChallenge(
        court="High Court", next_date="2027-02-02", decision=pb.CHALLENGE_DECISION_FILED
    ),
    Verb.ASK_RELEASE: pb.AskRelease(
        lines=[pb.LineRelease(line=1, all=True)], ground=pb.RELEASE_GROUND_CASE_ENDED, call_back=CALL
    ),
    Verb.RELEASE: pb.Release(
        lines=[pb.LineRelease(line=1, amount="150000.5")], ground=pb.RELEASE_GROUND_CASE_ENDED, call_back=CALL
    ),
    Verb.REPORT_OUTCOME: pb.FreezeOutcome(
        lines=[pb.LineOutcome(line=1, held="0", released="0", returned="150000", forfeited="0.5")],
        event_at=NOW - DAY,
        held_at=NOW - HOUR,
    ),
}
ASSISTANCE_REQUEST: Final = pb.AssistanceRequest(
    number="SFC/A/5",
    requesting_authority="Securities and Futures Commission",
    requested_authority="Monetary Authority of Singapore",
    contact=CONTACT,
    instrument=pb.ASSISTANCE_INSTRUMENT_IOSCO_MMOU,
    signatory="Executive Director, Enforcement",
    competence=["SFO s.186"],
    provisions=["SFO s.300"],
    kinds=[pb.ASSISTANCE_KIND_RECORDS],
    facts="Funds went to a platform there.",
    purpose="to find who controls the account",
    why_useful="it ends the trace",
    jurisdiction_link="the platform is licensed there",
    questions=["Who is the beneficial owner?"],
    intended_uses=["proceedings under SFO s.300"],
    latest_useful_date="2027-03-01",
    on_chain=[FACT],
)
PART: Final = pb.ReplyPart(number=1, of=2, text="the first", on_chain=[FACT], use_conditions=["not in court"])
ASSISTANCE: Final[Mapping[Verb, Any]] = {
    **CASE,
    Verb.REQUEST: ASSISTANCE_REQUEST,
    Verb.COMPLETE: ASSISTANCE_REQUEST,
    Verb.CONFIRM: pb.Confirm(),
    Verb.ORAL_NOTICE: pb.OralNotice(
        contact=CONTACT,
        instrument=pb.ASSISTANCE_INSTRUMENT_POLICE,
        kinds=[pb.ASSISTANCE_KIND_FREEZE],
        summary="hold the account",
        urgency_reason="it is being emptied",
        spoken_to="Lee",
        spoken_at=NOW - HOUR,
        on_chain=[FACT],
    ),
    Verb.ACCEPT_IN_PART: pb.Accept(owner="Team 3", parts=["the records"]),
    Verb.ANSWER_FIRST: pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_HIT),
    Verb.REFUSE: pb.RefuseAssistance(
        reason=pb.ASSISTANCE_REFUSAL_REASON_INCOMPLETE, acceptable_if="the account is named"
    ),
    Verb.SUSPEND: pb.Suspend(reason="a court decides first", review_date="2027-02-01"),
    Verb.RESUME: pb.Resume(),
    Verb.REPLY_PART: PART,
    Verb.REPLY: pb.Reply(number=2, of=2, text="the rest", use_conditions=["with consent"], final=True),
    Verb.FOLLOW_UP: pb.FollowUp(questions=["Since when?"]),
    Verb.FEEDBACK: pb.Feedback(usefulness=5, used_for=["a charge"]),
    Verb.CLOSE: pb.Close(),
}
ORIGINAL: Final = EmbeddedOriginal(
    header=b"header",
    seal=b"seal",
    ciphertext=b"ciphertext",
    signatures=[Signature(kid=bytes(32), role=1, sig=bytes(64))],  # type: ignore[arg-type] # a number will do
    cek=bytes(range(32)),
    receipt=b"receipt",
)
"""A message of somebody else, as a FORWARD attaches it; of parts that nobody could open."""
BODIES: Final[Mapping[Family, Mapping[Verb, Any]]] = {Family.FREEZE: FREEZE, Family.ASSISTANCE: ASSISTANCE}


def attachment(number: bytes = b"", **changes: Any) -> pb.Attachment:
    """An attachment of ten bytes."""
    fields: dict[str, Any] = {
        "id": number or os.urandom(16),
        "key": os.urandom(32),
        "commitment": os.urandom(32),
        "plain_length": 10,
        "name": "order.pdf",
        "media_type": "application/pdf",
        "blob_sha256": os.urandom(32),
        "blob_length": sealed_blob_length(10),
    }
    return pb.Attachment(**(fields | changes))


def payload(family: Family, verb: Verb, body: Any = None, /, **changes: Any) -> pb.Payload:
    """A payload with a verb's body, fields of which may be changed; a FORWARD brings its original."""
    made = pb.Payload(version=1, handling=HANDLING, gossip=pb.Gossip())
    set_body(made, family, verb, changed(BODIES[family][verb] if body is None else body, **changes))
    if verb is Verb.FORWARD:
        made.attachments.append(attachment(ORDER))
    return made


def header(
    family: Family, verb: Verb, made: pb.Payload, *, precedence: Precedence = Precedence.ROUTINE, created: int = NOW
) -> Header:
    """A header that a payload fits."""
    blobs = [BlobRef(item.blob_sha256, item.blob_length) for item in made.attachments]
    blobs += [BlobRef(item.sha256, item.length) for item in made.forward.original_blobs]
    return Header(
        origin="hub.example/exchange",
        envelope_id=bytes(16),
        family=family,
        verb=verb,
        case_id=bytes(16),
        previous=b"",
        about=b"",
        sender="sfc/intake",
        recipients=(Recipient("hkma/intake", bytes(32)),),
        author=bytes(32),
        precedence=precedence,
        created=created,
        deliver_by=created + DAY,
        respond_by=0,
        lapses_at=0,
        directory_size=1,
        directory_root=bytes(32),
        blobs=tuple(sorted(blobs, key=lambda blob: blob.sha256)),
    )


def found(
    made: pb.Payload, family: Family, verb: Verb, precedence: Precedence = Precedence.ROUTINE, created: int = NOW
) -> list[tuple[str, str]]:
    """What is missing or wrong in a payload, by path."""
    return [(gap.path, gap.problem) for gap in gaps(made, family, verb, precedence, created)]
