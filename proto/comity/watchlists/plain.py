"""Many entries at once: which are plainly complete, several times faster than asking each for its gaps.

A follower checks every entry of every batch again. Nearly all are sound and of the usual forms, and for these the
answer is the same as that of `entry_gaps`; of any other entry nothing is said.

Never does: name a gap.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import lru_cache

from comity.payload_rules import LATEST_TIME
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import WalletError
from comity.wallets.chains import EVM_ANY, EVM_PREFIX, resolve_chain
from comity.wallets.sifting import canonical, sift
from comity.watchlists.entries import LAST_ACTION, LAST_CONFIDENCE, MAX_VALIDITY, TEXT_LIMITS, is_category

_EVM_KEY = f"{EVM_ANY}:"
_EVM_LENGTH = 42
_Texts = tuple[str, str, str, str, str, str]
"""Giver, asset, label, actor, source, and why."""

_GIVER, _ASSET, _LABEL = TEXT_LIMITS["giver"], TEXT_LIMITS["asset"], TEXT_LIMITS["label"]
_ACTOR, _SOURCE_URL, _WHY = TEXT_LIMITS["actor"], TEXT_LIMITS["source_url"], TEXT_LIMITS["why"]


def plainly_complete(entries: Sequence[pb.WatchEntry]) -> list[bool]:
    """Returns for each entry whether it plainly has no gap; False where only `entry_gaps` can say."""
    texts = [_texts(entry) for entry in entries]
    clean = _is_clean(itertools.chain.from_iterable(texts))
    found = [
        _are_judged(entry) and _fit(mine) and (clean or _is_clean(mine))
        for entry, mine in zip(entries, texts, strict=True)
    ]
    asked = [(place, *_parted(entry.account)) for place, entry in enumerate(entries) if found[place]]
    for (place, chain, address), key in zip(asked, sift([address for _, _, address in asked]), strict=True):
        found[place] = key is not None and _is_canonical(chain, address, key)
    return found


def _parted(account: str) -> tuple[str, str]:
    chain, _, address = account.rpartition(":")
    return chain, address


def _is_canonical(chain: str, address: str, key: str) -> bool:
    """Returns whether chain and address are as the screening key of the bare address has them."""
    if key.startswith(_EVM_KEY) and _has_both_cases(address):
        return chain == EVM_ANY or _is_evm(chain)  # `sift` has compared its letters with EIP-55
    named, _, plain = canonical(address, key).rpartition(":")
    return plain == address and (named == chain or (named == EVM_ANY and _is_evm(chain)))


def _has_both_cases(address: str) -> bool:
    digits = address[2:]
    return len(address) == _EVM_LENGTH and digits not in (digits.lower(), digits.upper())


@lru_cache(256)
def _is_evm(chain: str) -> bool:
    try:
        return chain.startswith(EVM_PREFIX) and resolve_chain(chain) == chain
    except WalletError:
        return False


def _texts(entry: pb.WatchEntry) -> _Texts:
    return entry.giver, entry.asset, entry.label, entry.actor, entry.source_url, entry.why


def _is_clean(texts: Iterable[str]) -> bool:
    """Returns whether texts hold nothing but what is printable in ASCII."""
    together = "".join(texts)
    return together.isascii() and together.isprintable()


def _fit(texts: _Texts) -> bool:
    """Returns whether clean texts have lengths that they may have, and none is blank."""
    giver, asset, label, actor, source_url, why = texts
    return (
        0 < len(giver) <= _GIVER
        and len(asset) <= _ASSET
        and len(label) <= _LABEL
        and len(actor) <= _ACTOR
        and len(source_url) <= _SOURCE_URL
        and len(why) <= _WHY
        and not (giver.isspace() or asset.isspace() or label.isspace())
        and not (actor.isspace() or source_url.isspace() or why.isspace())
    )


def _are_judged(entry: pb.WatchEntry) -> bool:
    """Returns whether all that is no text is plainly as it must be, and the account is all that names a subject."""
    begins, confidence = entry.valid_from, entry.confidence
    most = 100 if confidence != payload_pb2.CONFIDENCE_KIND_UNKNOWN else 1
    return (
        0 < confidence <= LAST_CONFIDENCE
        and 0 < entry.confidence_level <= most
        and 0 < entry.action <= LAST_ACTION
        and 0 < begins < entry.valid_until <= min(begins + MAX_VALIDITY, LATEST_TIME)
        and 0 <= entry.review_at <= LATEST_TIME
        and entry.version > 0
        and bool(entry.account)
        and not (entry.transaction or entry.as_received or entry.HasField("handling"))
        and is_category(entry.category)
    )
