"""Wallets: canonical CAIP-10 accounts for the chains of `CHAINS`, from Bitcoin, EVM and Tron to NEAR and Waves.

What agencies write down is rarely written twice alike. `parse_account` gives every spelling of a wallet one canonical
form, says what its checksum said, keeps the text as received, and refuses test networks by name. `matches` and
`lookup_keys` are for screening; `sifting.sift` reads many texts at once, where only their keys are wanted; `CHAINS` is
the table that PROTOCOL.md shows.

Never does: correct a wrong checksum, put an address into an error message, ask a network.
"""

from __future__ import annotations

from comity.wallets.account import Account, lookup_keys, matches, other_readings, parse_account
from comity.wallets.chain import Chain
from comity.wallets.chains import CHAINS, EVM_ANY, resolve_chain
from comity.wallets.errors import WalletError, WalletErrorKind
from comity.wallets.reading import Checksum
from comity.wallets.testnets import TESTNETS
from comity.wallets.transactions import Transaction, parse_transaction

__all__ = [
    "CHAINS",
    "EVM_ANY",
    "TESTNETS",
    "Account",
    "Chain",
    "Checksum",
    "Transaction",
    "WalletError",
    "WalletErrorKind",
    "lookup_keys",
    "matches",
    "other_readings",
    "parse_account",
    "parse_transaction",
    "resolve_chain",
]
