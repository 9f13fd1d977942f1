"""The archive: how kept mail stays readable after a desk key was destroyed.

Of each message the envelope stays as it travelled, and its content key is sealed to the node's archive key, which every
member of the desk is granted. So the store holds no content in the clear, and what it holds still proves what was sent.

Never does: give a content key away.
"""

from __future__ import annotations

from comity.encoding import Purpose
from comity.errors import MalformedError
from comity.sealing import open_box, seal_box

from agents.grants import ARCHIVE_EPOCH, load_grants, parse_grant
from agents.home import Home
from agents.keys import KeyEntry, Keys, KeyUse, UnknownKeyError, unwrapping
from agents.trust import Trust


class Archive:
    """Seals and opens content keys of kept mail."""

    def __init__(self, home: Home, keys: Keys) -> None:
        self._desk, self._keys = home.desk, keys

    def entry(self) -> KeyEntry:
        """Returns the archive key.

        Raises:
            UnknownKeyError: it was not granted to this member.
        """
        for entry in self._keys.entries():
            if entry.use is KeyUse.ARCHIVE and entry.owner == self._desk:
                return entry
        raise UnknownKeyError("this node's archive key was not granted to this member")

    def seal(self, message_hash: bytes, content_key: bytes) -> bytes:
        """Returns a content key sealed to the archive key."""
        entry = self.entry()
        return seal_box(Purpose.ARCHIVE, message_hash, content_key, [(entry.kid, entry.public)])

    def open(self, message_hash: bytes, box: bytes) -> bytes:
        """Returns a content key.

        Raises:
            CannotOpenError: it cannot be opened.
        """
        entry = self.entry()
        return open_box(Purpose.ARCHIVE, message_hash, box, entry.kid, unwrapping(self._keys, entry.kid))


def check_archive_grant(home: Home, member: str, trust: Trust) -> None:
    """Checks that the archive key was granted by an admin or delegate of this desk, of today or of earlier.

    A file that somebody slipped into the home would have mail sealed to a stranger's key; it is not signed.

    Raises:
        MalformedError: a grant of the archive key is by somebody else.
    """
    if not trust.directory_size:
        return
    for data in load_grants(home, member):
        grant = parse_grant(data)
        if grant.epoch != ARCHIVE_EPOCH or grant.desk != home.desk:
            continue
        signer = trust.granting_keys().get(grant.signer)
        if signer is None or not grant.signed_by(signer):
            raise MalformedError("the archive key was granted by nobody who may grant it")
