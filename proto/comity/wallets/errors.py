"""The one error of wallet parsing. Its messages are constant text: never the address, never a part of it."""

from __future__ import annotations

from enum import StrEnum

from comity.errors import MalformedError


class WalletErrorKind(StrEnum):
    """Why a text is no account (or transaction) that this project handles."""

    NOT_AN_ADDRESS = "NOT_AN_ADDRESS"
    """No supported shape: characters, structure or padding of no address."""
    BAD_LENGTH = "BAD_LENGTH"
    """Right alphabet, wrong length: cut off, or of a chain that is not supported."""
    BAD_CHECKSUM = "BAD_CHECKSUM"
    """The checksum in the text does not verify. It is never put right silently."""
    MIXED_CASE = "MIXED_CASE"
    """Bech32 text in both cases, which BIP-173 forbids."""
    TESTNET = "TESTNET"
    """An address or chain of a test network; the message names the network."""
    UNKNOWN_CHAIN = "UNKNOWN_CHAIN"
    """The chain named, or the one the address belongs to, is not supported."""
    WRONG_CHAIN = "WRONG_CHAIN"
    """A sound address, but of another chain than the one named."""
    NOT_A_TRANSACTION = "NOT_A_TRANSACTION"
    """No transaction identifier of the chain named."""


class WalletError(MalformedError):
    """A text that is no account. The only error this package raises."""

    kind: WalletErrorKind

    def __init__(self, kind: WalletErrorKind, message: str) -> None:
        """Takes the kind and a message without any of the input in it.

        Args:
            kind: for a machine.
            message: for a person; constant text.
        """
        super().__init__(message)
        self.kind = kind
