"""The archive: how kept mail stays readable after a desk key was destroyed.

Of each message the envelope stays as it travelled, and its content key is sealed to the node's newest archive key,
which every member of the desk is granted. So the store holds no content in the clear, and what it holds still proves
what was sent. After somebody has parted from the desk there is a new archive key (`agents/granting.py`): whoever is
gone, with all that was theirs and a later copy of the home, opens nothing that came afterwards. Older keys open older
mail.

An archive key is sealed to only where it counts: its grant is signed by the agency's root or by an admin or delegate of
the desk, whose key is neither revoked nor disputed now, and its number is no size that the directory has yet to reach.
So a thief can neither slip one in nor have one be the newest for ever.

Never does: give a content key away; make an archive key.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from comity.encoding import Purpose, u64be
from comity.errors import CannotOpenError, MalformedError
from comity.sealing import box_recipients, open_box, seal_box

from agents import truststore
from agents.grants import DeskKeyGrant, archive_number, parsed_grants
from agents.home import Home
from agents.keys import KeyEntry, Keys, KeyUse, UnknownKeyError, unwrapping
from agents.store import Store
from agents.trust import Trust

_FLOOR: Final = "archive-floor"
_CLAIMED: Final = "archive-claimed"


class Archive:
    """Seals and opens content keys of kept mail."""

    def __init__(self, home: Home, store: Store, keys: Keys, trust: Trust) -> None:
        self._home, self._store, self._keys, self._trust = home, store, keys, trust
        self._seen: tuple[object, ...] = ()
        self._counting: tuple[KeyEntry, ...] = ()
        self._floor = 0

    @property
    def home(self) -> Home:
        """Whose archive it is."""
        return self._home

    def held(self) -> list[KeyEntry]:
        """Returns every archive key that this member holds, also those that only open."""
        desk = self._home.desk
        return [entry for entry in self._keys.entries() if entry.use is KeyUse.ARCHIVE and entry.owner == desk]

    def counting(self) -> tuple[KeyEntry, ...]:
        """Returns the archive keys that count, oldest first. Sees what other processes granted meanwhile."""
        seen = (self._trust.directory_size, *_files(self._home.grants_path(self._keys.member)))
        if seen != self._seen:
            grants = self._grants()
            if grants.keys() - {entry.grant for entry in self.held()}:
                self._keys.reload()
            found = [e for e in self.held() if e.grant in grants and self.counts(grants[e.grant])]
            self._counting = tuple(sorted(found, key=lambda entry: entry.epoch))
            with self._store.begin() as c:
                self._floor = _int(truststore.get_meta(c, _FLOOR))
            self._seen = seen
        return self._counting

    def counts(self, grant: DeskKeyGrant) -> bool:
        """Returns whether what a grant of an archive key grants may be sealed to."""
        signer = self._trust.view().granting_keys(self._home.desk).get(grant.signer)
        known = grant.archive is not None and grant.archive <= self._trust.directory_size
        return known and signer is not None and grant.signed_by(signer)

    def entry(self) -> KeyEntry:
        """Returns the archive key that is sealed to: the newest one that counts.

        Raises:
            UnknownKeyError: it was not granted to this member, or by nobody who may grant it now.
        """
        found = self.counting()
        if not found or _number(found[-1]) < self._floor:
            raise UnknownKeyError("this node's archive key was not granted to this member")
        return found[-1]

    def due(self) -> bool:
        """Returns whether a new archive key must be made: none counts, or somebody has parted from the desk since."""
        found = self.counting()
        return not found or _number(found[-1]) < self._trust.view().parted_from_desk(self._home.desk)

    def claim(self, number: int) -> bool:
        """Returns whether the caller, and no other process of this home, is to make the archive key of a number."""
        with self._store.begin() as c:
            free = _int(truststore.get_meta(c, _CLAIMED)) < number
            if free:
                truststore.put_meta(c, _CLAIMED, u64be(number))
        return free

    def hold(self, number: int) -> None:
        """From now on nothing is sealed to an older archive key in this home: everybody at the desk was granted one."""
        with self._store.begin() as c:
            truststore.put_meta(c, _FLOOR, u64be(max(number, _int(truststore.get_meta(c, _FLOOR)))))

    def seal(self, message_hash: bytes, content_key: bytes) -> bytes:
        """Returns a content key sealed to the newest archive key.

        Raises:
            UnknownKeyError: as `entry`.
        """
        entry = self.entry()
        return seal_box(Purpose.ARCHIVE, message_hash, content_key, [(entry.kid, entry.public)])

    def open(self, message_hash: bytes, box: bytes) -> bytes:
        """Returns a content key.

        Raises:
            CannotOpenError: it cannot be opened.
            UnknownKeyError: the archive key of that time was not granted to this member.
        """
        try:
            recipients = box_recipients(box)
        except MalformedError:
            raise CannotOpenError from None
        for fresh in (True, False):
            found = [entry for entry in self.held() if entry.kid in recipients]
            if found:
                return open_box(Purpose.ARCHIVE, message_hash, box, found[0].kid, unwrapping(self._keys, found[0].kid))
            if fresh:
                self._keys.reload()
        raise UnknownKeyError("the archive key of that message was not granted to this member")

    def _grants(self) -> dict[bytes, DeskKeyGrant]:
        """Returns this member's grants of archive keys by their SHA-256."""
        grants = parsed_grants(self._home, self._keys.member)
        desk = self._home.desk
        return {hashlib.sha256(data).digest(): g for data, g in grants if g.archive is not None and g.desk == desk}


def _number(entry: KeyEntry) -> int:
    return archive_number(entry.epoch) or 0


def _int(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _files(folder: Path) -> list[tuple[str, int, int]]:
    """Returns what changes where a file in a folder does. Asked for each message that is kept."""
    try:
        with os.scandir(folder) as found:
            seen = [(one.name, one.stat()) for one in found]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in seen)
