"""What the fields of the freeze family may hold.

Never does: rules between fields (`comity.payload_freezes`), sums (`comity.freezes`), I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from comity.payload_kinds import Kind, Rows, Rule, fixed, lines, need, records, text

_AMOUNT: Final = Rule(Kind.AMOUNT)
_SOME_AMOUNT: Final = need(Kind.AMOUNT)
_RELEASE: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "lines": records(500, required=True),
        "ground": need(Kind.ENUM),
        "text": lines(5000),
        "call_back": need(Kind.MESSAGE),
    }
)

FREEZES: Final[Rows] = MappingProxyType(
    {
        "Instrument": {
            "kind": need(Kind.ENUM),
            "binding": Rule(Kind.FLAG),
            "legal_text": lines(5000),
            "order_sha256": fixed(32),
            "order_attachment": fixed(16),
            "authority": text(300),
            "number": text(100),
            "start": need(Kind.TIME),
            "end": Rule(Kind.TIME),
            "review": Rule(Kind.TIME),
            "planned_kind": Rule(Kind.ENUM),
            "planned_by": Rule(Kind.TIME),
        },
        "Valuation": {"amount": _SOME_AMOUNT, "currency": text(20, required=True), "when": need(Kind.MOMENT)},
        "AssetLine": {
            "number": need(Kind.NUMBER),
            "holder": text(200),
            "holder_agency": Rule(Kind.AGENCY),
            "account": text(300),
            "account_as_received": text(300),
            "platform_account": text(300),
            "token": text(100, required=True),
            "decimals": Rule(Kind.NUMBER),
            "amount": _AMOUNT,
            "all": Rule(Kind.FLAG),
            "valuation": Rule(Kind.MESSAGE),
            "incoming_transaction": text(128),
            "later_inflows": Rule(Kind.FLAG),
        },
        "FreezeRequest": {
            "reference": text(100, required=True),
            "contact": need(Kind.MESSAGE),
            "instrument": need(Kind.MESSAGE),
            "offence": lines(5000, required=True),
            "asset_link": lines(5000, required=True),
            "necessity": lines(5000, required=True),
            "dissipation_risk": lines(5000, required=True),
            "loss_amount": _AMOUNT,
            "loss_currency": text(20),
            "lines": records(500, required=True),
            "permitted_payments": lines(2000),
            "may_be_told": text(300, count=32),
            "watch_duties": lines(2000),
            "subjects": records(500),
            "on_chain": records(5000),
            "evidence": records(1000),
            "urgency_reason": text(1000),
            "links": records(32),
            "other_channels": text(200, count=16),
            "victim_reference": text(100),
            "transaction": text(128),
        },
        "ProvisionalHold": {
            "loss_amount": _SOME_AMOUNT,
            "loss_currency": text(20, required=True),
            "transaction": text(128, required=True),
            "victim_reference": text(100, required=True),
            "offence": lines(5000, required=True),
            "contact": need(Kind.MESSAGE),
            "lines": records(500, required=True),
            "reference": text(100),
            "planned_kind": Rule(Kind.ENUM),
            "note": lines(2000),
            "links": records(32),
            "other_channels": text(200, count=16),
        },
        "RefuseFreeze": {"reason": need(Kind.ENUM), "text": lines(5000)},
        "HolderContact": {
            "holder": text(200, required=True),
            "when": need(Kind.MOMENT),
            "channel": text(200, required=True),
            "answer": lines(2000),
        },
        "LineReport": {
            "line": need(Kind.NUMBER),
            "status": need(Kind.ENUM),
            "requested": _SOME_AMOUNT,
            "held": _SOME_AMOUNT,
            "released": _SOME_AMOUNT,
            "gone": _SOME_AMOUNT,
            "outstanding": _SOME_AMOUNT,
            "inflow": _AMOUNT,
            "next_hop": text(300),
            "next_holder": text(200),
            "next_transaction": text(128),
            "when": need(Kind.MOMENT),
            "evidence": text(500),
            "answer": lines(2000),
        },
        "ReportExecution": {
            "lines": records(500, required=True),
            "holder_contacts": records(100),
            "instrument": Rule(Kind.MESSAGE),
            "text": lines(5000),
        },
        "AskExtension": {"until": need(Kind.TIME), "diligence": lines(5000, required=True)},
        "Extend": {"until": need(Kind.TIME), "text": lines(2000)},
        "RefuseExtension": {"text": lines(5000, required=True)},
        "LineVariation": {"line": need(Kind.NUMBER), "release": _AMOUNT, "increase": _AMOUNT},
        "AskVariation": {
            "lines": records(500),
            "permitted_payments": lines(2000),
            "text": lines(5000, required=True),
        },
        "Vary": {"lines": records(500), "permitted_payments": lines(2000), "text": lines(5000)},
        "Convert": {"instrument": need(Kind.MESSAGE), "text": lines(5000)},
        "ReportChallenge": {
            "court": text(300, required=True),
            "number": text(100),
            "next_date": Rule(Kind.DATE),
            "decision": need(Kind.ENUM),
            "text": lines(5000),
        },
        "LineRelease": {"line": need(Kind.NUMBER), "amount": _AMOUNT, "all": Rule(Kind.FLAG)},
        "CallBack": {
            "desk": need(Kind.DESK),
            "telephone": need(Kind.TELEPHONE),
            "called_at": need(Kind.TIME),
            "spoken_to": text(200, required=True),
            "result": need(Kind.ENUM),
        },
        "AskRelease": _RELEASE,
        "Release": _RELEASE,
        "LineOutcome": {
            "line": need(Kind.NUMBER),
            "held": _SOME_AMOUNT,
            "released": _SOME_AMOUNT,
            "returned": _SOME_AMOUNT,
            "forfeited": _SOME_AMOUNT,
        },
        "FreezeOutcome": {
            "lines": records(500),
            "event_at": need(Kind.TIME),
            "held_at": Rule(Kind.TIME),
            "text": lines(5000),
        },
    }
)
"""By message, by field."""
