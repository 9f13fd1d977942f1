"""What bounds the figures of watchlists, in words made from them.

Never does: measure.
"""

from __future__ import annotations

import os
from collections.abc import Mapping


def bounds(flat: Mapping[str, float]) -> str:
    """Returns a paragraph on the parts that ran; empty where none of them did."""
    said = [
        *_lookups(flat),
        *_sync(flat),
        *_delta(flat),
    ]
    return " ".join(["What bounds watchlists:", *said]) if said else ""


def _lookups(flat: Mapping[str, float]) -> list[str]:
    if "lookups_per_s_batched" not in flat:
        return []
    key, raw, sifted, plain = (1e9 / flat[f"lookups_per_s_{name}"] for name in ("batched", "raw_text", "sift", "set"))
    return [
        f"a canonical key takes {key:,.0f} ns (a bare set {plain:,.0f}): the short hash of its text, and the store for"
        f" what may be listed. A raw text takes {raw:,.0f} ns, {sifted:,.0f} of them for reading it in bulk, checksum"
        f" and all; the rest goes to the question itself, to what a 3… address may mean on Litecoin as well, and to the"
        f" {flat['lookups_unsifted_share']:.0%} that are read one by one: Monero, rarer chains,"
        " what is spelt oddly or wrong. Over the API an answer in full is put together and travels for each.",
    ]


def _sync(flat: Mapping[str, float]) -> list[str]:
    if "sync_1m_s" not in flat:
        return []
    owner, hub, agent = (flat[f"sync_1m_{name}_cpu_s"] for name in ("owner", "hub", "agent"))
    return [
        f"A first sync of {flat['sync_1m_s']:.1f} s is {owner:.1f} s of processor time at the owner (records read,"
        f" compressed, sealed), {hub:.1f} at the hub and {agent:.1f} at the agent (opened, inflated, each record parsed"
        " and hashed, inserted, keys sorted), one after another: the agent begins when the last byte is at the hub."
        f" Memory is that of the interpreter and its libraries, and SQLite's caches; opening the key file takes more"
        f" ({flat['sync_1m_agent_unlocking_mb']:.0f} MB once), which Argon2id asks for."
        " The TAXII server compares each object with each entry of its manifest.",
    ]


def _delta(flat: Mapping[str, float]) -> list[str]:
    counts = sorted(int(key.split("_")[3]) for key in flat if key.startswith("delta_p99_ms_"))
    if not counts:
        return []
    most, cores = counts[-1], os.cpu_count() or 1
    owner, hub, agents = (flat[f"delta_{name}_cpu_ms_{most}_subscribers"] for name in ("owner", "hub", "agents"))
    return [
        f"A delta of 100 at {most} subscribers is {owner:.0f} ms of processor time at the owner, {hub:.0f} at the hub"
        f" and {agents:.0f} at all agents, {agents / most:.1f} each (envelope verified, proved, opened and kept; every"
        f" change checked again, applied, durable): on the {cores} cores that all of them share here that is"
        f" {(owner + hub + agents) / cores:.0f} ms, whatever the order. Agents on machines of their own wait for owner"
        " and hub alone.",
    ]
