"""What every field of a payload may hold: one rule a field, as the comments of `payload.proto` say it.

The tables are data, and `comity.payload_rules` applies them. A field without a rule cannot be read or written: a test
compares the tables with the descriptors.

Never does: rules between fields (`comity.payload`, `comity.payload_watchlists`, …), I/O.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from comity.payload_fields_assistance import ASSISTANCE
from comity.payload_fields_freezes import FREEZES
from comity.payload_fields_onward import ONWARD
from comity.payload_kinds import Kind, Rows, Rule, fixed, lines, need, records, text

__all__ = ["RULES", "Kind", "Rule"]

_SHARED: Final[Rows] = MappingProxyType(
    {
        "Payload": {
            "version": need(Kind.NUMBER),
            "handling": need(Kind.MESSAGE),
            "gossip": need(Kind.MESSAGE),
            "attachments": records(64),
        },
        "Handling": {
            "tlp": need(Kind.ENUM),
            "code": need(Kind.ENUM),
            "code_text": text(1000),
            "source_grade": need(Kind.ENUM),
            "information_grade": need(Kind.ENUM),
            "permitted_action": need(Kind.ENUM),
            "may_tell_affected": Rule(Kind.FLAG),
            "purposes": text(200, count=16),
            "legal_gateway": text(500),
            "evidential_use": need(Kind.ENUM),
            "onward": need(Kind.ENUM),
            "onward_agencies": Rule(Kind.AGENCY, count=64),
            "retain_until": Rule(Kind.TIME),
            "review_at": Rule(Kind.TIME),
            "original_language": Rule(Kind.LANGUAGE),
            "translator": text(200),
        },
        "Attachment": {
            "id": Rule(Kind.BYTES, required=True, limit=16),
            "key": Rule(Kind.BYTES, required=True, limit=32),
            "commitment": Rule(Kind.BYTES, required=True, limit=32),
            "plain_length": Rule(Kind.NUMBER),
            "name": text(255, required=True),
            "media_type": need(Kind.MEDIA_TYPE),
            "blob_sha256": Rule(Kind.BYTES, required=True, limit=32),
            "blob_length": need(Kind.NUMBER),
        },
        "Gossip": {"checkpoint": Rule(Kind.BYTES, limit=-128 * 1024)},
        "Contact": {
            "name": text(200, required=True),
            "unit": text(200),
            "telephone": need(Kind.TELEPHONE),
            "email": Rule(Kind.EMAIL),
        },
        "Subject": {
            "name": text(300, required=True),
            "name_other_script": text(300),
            "role": text(100),
            "birth_date": Rule(Kind.DATE),
            "identity_number": text(200),
            "platform_accounts": text(2000, count=100),
            "licence_status": text(200),
        },
        "ChronologyItem": {"when": need(Kind.WHEN), "what": lines(2000, required=True), "kind": need(Kind.ENUM)},
        "OnChainFact": {
            "account": text(300, required=True),
            "account_as_received": text(300, required=True),
            "token": text(100),
            "transaction": text(128),
            "amount": Rule(Kind.AMOUNT),
            "when": Rule(Kind.MOMENT),
            "trace_method": text(500),
            "confidence": need(Kind.ENUM),
            "statement": text(500),
            "kind": need(Kind.ENUM),
        },
        "EvidenceItem": {
            "item": text(500, required=True),
            "sha256": Rule(Kind.BYTES, limit=32),
            "holder": text(200),
            "custody": lines(2000),
            "privileged": Rule(Kind.FLAG),
        },
        "Refer": {
            "reference": text(100, required=True),
            "contact": need(Kind.MESSAGE),
            "ground": need(Kind.ENUM),
            "provisions": text(300, required=True, count=32),
            "summary": lines(20_000, required=True),
            "chronology": records(500),
            "modus_operandi": lines(10_000),
            "typology": text(100),
            "loss_amount": Rule(Kind.AMOUNT),
            "loss_currency": text(20),
            "victims": Rule(Kind.NUMBER),
            "subjects": records(500),
            "on_chain": records(5000),
            "evidence": records(1000),
            "steps_taken": lines(5000),
            "freezes_in_force": text(500, count=100),
            "do_not_contact": text(300, count=100),
            "requested_actions": text(1000, required=True, count=32),
            "urgency_reason": text(1000),
            "wished_date": Rule(Kind.DATE),
            "other_channels": text(200, count=16),
            "links": records(32),
        },
        "AcknowledgeCase": {
            "reference": text(100, required=True),
            "contact": need(Kind.MESSAGE),
            "expected_date": need(Kind.DATE),
            "note": lines(2000),
        },
        "Question": {"gap": need(Kind.ENUM), "text": lines(2000, required=True)},
        "RequestInfo": {"questions": records(50, required=True)},
        "Supply": {"text": lines(20_000, required=True), "subjects": records(500), "on_chain": records(5000)},
        "Accept": {
            "owner": text(200, required=True),
            "parts": text(500, count=32),
            "note": lines(2000),
            "decided_by": text(200),
        },
        "Decline": {"reason": need(Kind.ENUM), "text": lines(5000)},
        "Redirect": {"desk": need(Kind.DESK), "text": lines(2000)},
        "ReportProgress": {
            "text": lines(10_000, required=True),
            "expected_date": Rule(Kind.DATE),
            "slip_reason": text(1000),
        },
        "Outcome": {
            "kind": need(Kind.ENUM),
            "amount": Rule(Kind.AMOUNT),
            "currency": text(20),
            "text": lines(2000),
        },
        "ReportOutcome": {"outcomes": records(50, required=True), "usefulness": need(Kind.NUMBER)},
        "Withdraw": {"text": lines(1000)},
        "Recall": {"reason": need(Kind.ENUM), "text": lines(2000)},
        "AnswerRecall": {"kind": need(Kind.ENUM), "text": lines(2000)},
        "Close": {"text": lines(2000)},
        "Packed": {
            "length": need(Kind.NUMBER),
            "sha256": fixed(32, required=True),
            "deflated": Rule(Kind.BYTES, limit=-256 * 1024),
            "attachment": fixed(16),
        },
        "OfferList": {
            "list_id": fixed(16, required=True),
            "title": text(200, required=True),
            "purpose": lines(2000, required=True),
            "legal_gateway": text(500),
            "default_action": need(Kind.ENUM),
            "subscribers_visible": Rule(Kind.FLAG),
            "review_days": Rule(Kind.NUMBER),
            "contact": need(Kind.MESSAGE),
            "heartbeat_minutes": need(Kind.NUMBER),
            "entries": Rule(Kind.NUMBER),
        },
        "SubscribeList": {
            "list_id": fixed(16, required=True),
            "reference": text(100),
            "contact": Rule(Kind.MESSAGE),
        },
        "UnsubscribeList": {"list_id": fixed(16, required=True), "text": lines(1000)},
        "PublishBatch": {"batch": need(Kind.MESSAGE)},
        "SendSnapshot": {
            "batch": need(Kind.MESSAGE),
            "state": need(Kind.MESSAGE),
            "count": Rule(Kind.NUMBER),
        },
        "Resync": {
            "list_id": fixed(16, required=True),
            "from_sequence": Rule(Kind.NUMBER),
            "reason": text(200),
        },
        "ChallengeEntry": {
            "list_id": fixed(16, required=True),
            "entry_id": fixed(16, required=True),
            "entry_version": need(Kind.NUMBER),
            "ground": need(Kind.ENUM),
            "text": lines(5000, required=True),
            "account": text(300),
        },
        "AnswerChallenge": {
            "result": need(Kind.ENUM),
            "text": lines(5000, required=True),
            "sequence": Rule(Kind.NUMBER),
        },
        "ReportSighting": {
            "list_id": fixed(16, required=True),
            "entry_id": fixed(16, required=True),
            "entry_version": need(Kind.NUMBER),
            "kind": need(Kind.ENUM),
            "when": need(Kind.MOMENT),
            "asset": text(100),
            "amount_band": text(50),
            "account": text(300, required=True),
            "text": lines(2000),
            "reference": text(100),
        },
    }
)
RULES: Final[Rows] = MappingProxyType({**_SHARED, **ONWARD, **FREEZES, **ASSISTANCE})
"""By message, by field. The bodies in Payload's oneof need no row there."""
