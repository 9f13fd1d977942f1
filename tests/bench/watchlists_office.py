"""One desk of the bench of watchlists: where its home lies and who acts for it.

Never does: anything that a process which only opens a home would have to wait for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from comity.keyfile import MODERATE, Cost

from agents.home import Home
from agents.keyring import MemberKeyring
from agents.keys import LocalKeys

CHEAP: Final = Cost(1, 8192 * 8)
"""What a key file costs to open where the bench itself opens it."""
PASSPHRASE: Final = b"a bench's passphrase protects nothing"


@dataclass(frozen=True, slots=True)
class Office:
    """One agency with one desk, and the member who acts for it."""

    path: str
    """Of its home."""
    desk: str
    member: str
    approver: str = ""
    """The owner's second person."""

    def keys(self, member: str = "") -> LocalKeys:
        """Opens the keys of its member, or of another one."""
        return LocalKeys.open(Home.load(self.path), member or self.member, PASSPHRASE, CHEAP)

    def make_dear(self) -> None:
        """Seals its member's key file at the cost that the product's programs ask for."""
        home = Home.load(self.path)
        MemberKeyring.load(home, self.member, PASSPHRASE, CHEAP).save(home, PASSPHRASE, MODERATE)
