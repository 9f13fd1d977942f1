"""What the daemon knows of itself: the one place that health, metrics and status read.

Never does: I/O, decide what follows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

DAY_MS = 86_400_000


class What(StrEnum):
    """What can end, or run out."""

    TLS_CERTIFICATE = "tls-certificate"
    """Of this member; renewed by itself."""
    TLS_KEY = "tls-key"
    """Its registration in the directory; prolonged by itself."""
    DESK_KEY = "desk-key"
    """The newest of this desk; its successor is made by itself under a delegation."""
    MEMBER_KEY = "member-key"
    """Of a colleague or of this member: an admin certifies it anew."""
    DELEGATION = "delegation"
    """Under which this member renews: the root holder delegates anew."""
    AGREEMENT = "agreement"
    """With another agency: two admins sign a new one."""
    HUB_CA = "hub-ca"
    """The hub's certificate authority, in the pinned genesis."""
    HUB_CERTIFICATE = "hub-certificate"
    """What the hub's server shows; its operators renew it."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """One thing that ends."""

    what: What
    name: str
    """Whose: a member, desk or agency; a name of the directory."""
    ends: int
    """Unix milliseconds UTC."""
    renews_days: int = 0
    """It is renewed without a person when so many days are left; 0 where people must."""

    def due(self, now: int, within_days: int) -> bool:
        """Returns whether somebody has to look: it ends within so many days, or should have renewed itself."""
        days = (self.ends - now) / DAY_MS
        return days < min(within_days, self.renews_days - 1 if self.renews_days else within_days)


@dataclass(frozen=True, slots=True)
class ListCondition:
    """How one list stands here. Times are Unix milliseconds UTC."""

    owner: str
    list_id: str
    """Hexadecimal."""
    status: str
    """OFFERED, SYNCING, CURRENT, LAGGING or REVOKED."""
    sequence: int
    entries: int
    batch_time: int
    """Of the last batch, by the owner's clock; 0 before the first."""
    last_heard: int
    """When the last batch was taken, by this machine's clock; 0 before the first."""
    followed: bool
    """False where the settings leave it out, or nobody has subscribed."""
    head: str = ""
    """After the last batch, hexadecimal: whoever shows the same one was shown the same list. Empty before the first."""


@dataclass(slots=True)
class Condition:
    """The present state, written by the daemon's loops and read by whoever asks."""

    started: int
    """When this process began, Unix milliseconds UTC."""
    connected: bool = False
    """Whether the feed is being read."""
    heard: int = 0
    """When the hub last said anything, Unix milliseconds UTC; 0 before."""
    clock_offset_ms: int = 0
    """This clock less the hub's, as of the newest head; what is below the time between two heads means nothing."""
    offered: bool = True
    """Whether the hub and its release take this family at all."""
    lists: tuple[ListCondition, ...] = ()
    expiries: tuple[Expiry, ...] = ()
    alarms: int = 0
    """Alarms that nobody has dismissed."""
    sightings_full: bool = False
    """Whether no more sightings are kept before some are sent."""
    disk_free: int = 0
    """Bytes."""
    store_bytes: int = 0
    """Size of the screening store's files."""
    mail_bytes: int = 0
    """Size of the mailbox's files."""
    counts: Counter[str] = field(default_factory=Counter)
    """Events since the start, by name."""
    delays: list[float] = field(default_factory=list)
    """Seconds from a batch's time to its being screenable, of the last batches."""

    def count(self, name: str, n: int = 1) -> None:
        """Counts an event."""
        self.counts[name] += n

    def took(self, seconds: float) -> None:
        """Notes how long a batch took from its owner's clock to this store."""
        self.delays.append(seconds)
        del self.delays[:-1000]

    def lagging(self) -> list[ListCondition]:
        """Returns the followed lists that are not current."""
        return [one for one in self.lists if one.followed and one.status != "CURRENT"]
