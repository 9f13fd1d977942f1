"""Many entries at once: which are plainly complete, several times faster than asking each for its gaps.

A follower checks every entry of every batch again. Nearly all are sound and of the usual forms, and for these the
answer is the same as that of `entry_gaps`; of any other entry nothing is said.

Never does: name a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from comity.payload_rules import LATEST_TIME
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import WalletError
from comity.wallets.chains import EVM_ANY, EVM_PREFIX, resolve_chain
from comity.wallets.sifting import canonical, sift
from comity.watchlists.entries import MAX_VALIDITY, TEXT_LIMITS, in_form

_TEXTS: Final = tuple((name, limit) for name, limit in TEXT_LIMITS.items() if name not in ("account", "transaction"))


def plainly_complete(entries: Sequence[pb.WatchEntry]) -> list[bool]:
    """Returns for each entry whether it plainly has no gap; False where only `entry_gaps` can say."""
    found = [_fields_are_plain(entry) for entry in entries]
    asked = [(place, *_parted(entry.account)) for place, entry in enumerate(entries) if found[place]]
    for (place, chain, address), key in zip(asked, sift([address for _, _, address in asked]), strict=True):
        found[place] = key is not None and _is_canonical(chain, address, canonical(address, key))
    return found


def _parted(account: str) -> tuple[str, str]:
    chain, _, address = account.rpartition(":")
    return chain, address


def _is_canonical(chain: str, address: str, key: str) -> bool:
    """Returns whether chain and address are as the screening key of the bare address has them."""
    named, _, plain = key.rpartition(":")
    return plain == address and (named == chain or (named == EVM_ANY and _is_evm(chain)))


@lru_cache(256)
def _is_evm(chain: str) -> bool:
    try:
        return chain.startswith(EVM_PREFIX) and resolve_chain(chain) == chain
    except WalletError:
        return False


def _fields_are_plain(entry: pb.WatchEntry) -> bool:
    if not entry.account or entry.as_received or entry.HasField("handling") or not in_form(entry, len(entry.account)):
        return False
    if entry.confidence == payload_pb2.CONFIDENCE_KIND_UNKNOWN and entry.confidence_level != 1:
        return False
    if entry.valid_until > entry.valid_from + MAX_VALIDITY or not 0 <= entry.review_at <= LATEST_TIME:
        return False
    for name, limit in _TEXTS:
        text: str = getattr(entry, name)
        if text and not (len(text) <= limit and text.isascii() and text.isprintable() and text.strip()):
            return False
    return True
