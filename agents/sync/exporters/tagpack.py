"""GraphSense TagPack (YAML): a header and one tag for each entry.

A tag takes one concept of the published taxonomy where the entry's category is one; every category, the giver, the
exact level of confidence, the validity and the handling stand in the tag's `context`, a JSON object. A wallet on any
EVM chain has the network ETH there, the one of them that GraphSense reads, and its CAIP-10 account in the context.

Never does: invent a concept. A few categories are another spelling of one (`sanctioned`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from comity.v1 import payload_pb2 as pb

from agents.sync.exporters.rows import ListHead, Row, action_name, confidence_name, iso, limits

CONCEPTS: Final = frozenset(
    """
    account_hack atm behaviour abuse child_sexual_abuse coinjoin cold_wallet collectible concept counterfeit dark_web
    data_breach defi defi_bridge defi_custody defi_dao defi_derivatives defi_dex defi_dex_pair defi_lending
    defi_staking defi_token donation drugs entity escrow_wallet exchange exploit extortion extremism faucet filesharing
    financial_crime forum_mention gambling gray_usage hacking hosting hot_wallet human_trafficking ico_wallet index
    investment_fraud item malware market mention messaging_service miner mining_service mixing mixing_service
    money_laundering murder nameservice organization payment_card_fraud payment_processor perpetrator phishing
    ponzi_scheme pyramid_scheme ransomware sanction scam search_engine service service_hack sextortion sexual_abuse
    shop social_engineering source terrorism terrorism_financing torture unknown user victim violence vpn
    wallet_service warm_wallet weapons website_mention white_usage
    """.split()  # noqa: SIM905 # a list of words, read as one
)
"""Concepts of the taxonomy that TagPacks are checked against, version 0.1.0."""
_SAME: Final = {"sanctioned": "sanction", "sanctions": "sanction", "hack": "hacking", "mixer": "mixing_service"}
_CONFIDENCE: Final = {
    pb.CONFIDENCE_KIND_OFFICIAL: "authority_data",
    pb.CONFIDENCE_KIND_OWN_TRACE: "forensic_investigation",
    pb.CONFIDENCE_KIND_RECORD: "service_data",
    pb.CONFIDENCE_KIND_PUBLIC_SOURCE: "web_crawl",
    pb.CONFIDENCE_KIND_HEURISTIC: "heuristic",
    pb.CONFIDENCE_KIND_UNKNOWN: "unknown",
}
# What YAML 1.1 lets stand in double quotes as itself, on one line.
_TO_ESCAPE: Final = re.compile(
    r'["\\]|[^\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]'
)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in '"\\':
        return f"\\{character}"
    return f"\\U{ord(character):08x}"


def scalar(text: str) -> str:
    """Returns a text as a YAML scalar that is nothing but that text."""
    return f'"{_TO_ESCAPE.sub(_escaped, text)}"'


def _context(row: Row) -> str:
    entry = row.entry
    return json.dumps(
        {
            "account": row.account,
            "category": entry.category,
            "giver": entry.giver,
            "confidence": confidence_name(entry.confidence),
            "level": entry.confidence_level,
            "action": action_name(row.action),
            "valid_from": iso(entry.valid_from),
            "valid_until": iso(entry.valid_until),
            "handling": limits(row.handling),
            "list": row.head.list_id.hex(),
            "entry": row.entry_id.hex(),
            "version": entry.version,
        },
        ensure_ascii=False,
    )


def _tag(row: Row) -> str:
    entry = row.entry
    fields = {
        "tx_hash" if entry.transaction else "address": row.value,
        "label": entry.label or entry.actor or entry.category,
        "source": entry.source_url or entry.giver,
        "currency": row.asset,
        "network": row.symbol,
        "confidence": _CONFIDENCE[entry.confidence],
        "actor": entry.actor,
        "context": _context(row),
    }
    lines = [f"{name}: {scalar(text)}" for name, text in fields.items() if text]
    concept = _SAME.get(entry.category, entry.category)
    lines += [f"concepts: [{scalar(concept)}]"] if concept in CONCEPTS else []
    since = iso(min(entry.valid_from, row.head.time_ms))[:10]
    lines += [f"is_cluster_definer: {'true' if entry.cluster else 'false'}", f"lastmod: {since}"]
    return "- " + "\n  ".join(lines) + "\n"


def write(
    sections: Iterable[tuple[ListHead, Iterable[Row]]], *, title: str, creator: str, description: str
) -> Iterator[str]:
    """Yields the file's text, a piece a row.

    Args:
        sections: each list and its rows.
        title: of the file.
        creator: who exports.
        description: which lists, and their handling.
    """
    yield f"title: {scalar(title)}\ncreator: {scalar(creator)}\ndescription: {scalar(description)}\ntags:"
    before = "\n"
    for _, rows in sections:
        for row in rows:
            yield before + _tag(row)
            before = ""
    if before:
        yield " []\n"
