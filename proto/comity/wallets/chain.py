"""A supported chain, as the tables have it.

Never does: know one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chain:
    """A supported chain, as PROTOCOL.md tables it."""

    caip2: str
    """CAIP-2 identifier, the canonical spelling."""
    name: str
    """Name for people."""
    symbols: tuple[str, ...]
    """Asset symbols that mean this chain and no other, upper case."""
    aliases: tuple[str, ...]
    """Other spellings of the chain that are accepted: CAIP-2 of drafts, and names in upper case."""
    forms: str
    """Forms of address accepted, the canonical one first."""
    checksum: str
    """The checksum that an address carries."""
    registered: bool
    """Whether the identifier is that of a published profile of the Chain Agnostic namespaces."""

    @property
    def namespace(self) -> str:
        """What stands before the colon."""
        return self.caip2.partition(":")[0]

    @property
    def reference(self) -> str:
        """What stands after the colon."""
        return self.caip2.partition(":")[2]
