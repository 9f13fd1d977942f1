"""Granting: who at the desk holds which of its keys, and which new ones are made.

A key is made by whoever acts and sealed to every live member of the desk before it is used. A grant is signed by the
member who acts, or by the root where that member's own key may not grant (`View.granting_keys`).

The archive gets a new key after everybody who parts from the desk. Grants of older archive keys that were signed by a
key that is about to be revoked, or to grant no more, are signed again first: afterwards nobody could tell them from
those that its holder or thief makes.

A key that was made and whose publication nobody answered is used again, unless somebody has parted from the desk since:
the hub may yet publish it.

Never does: statements (`agents/admin.py`); send a key through the hub.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Final

from comity.directory.records import MemberKey
from comity.encoding import u64be
from comity.errors import Reason, RefusedError
from comity.keys import Use, kid

from agents import truststore
from agents.client import Client
from agents.grants import Sign, archive_epoch, archive_number, holds_grant, make_grant, parsed_grants, save_grant
from agents.keyring import RootKeyring
from agents.keys import KeyEntry, KeyUse, UnknownKeyError, find

CLAIM_MS: Final = 60_000
"""How long a process may be making a desk key before another one of the home no longer waits for it."""
_CLAIMED: Final = "desk-key-claimed"
_MADE: Final = "desk-key-made"
"""Name of: the directory's size at which the newest desk key was made and granted, and its key id."""


class Granting:
    """Makes and grants the keys of the client's desk."""

    def __init__(self, client: Client, root: RootKeyring | None = None) -> None:
        """Takes an open client, and the root where it was opened for this."""
        self._client, self._root = client, root

    def grant(self, member: str) -> list[bytes]:
        """Grants every key of the desk that is held here to a member. Returns the grants, which are kept here too.

        An archive key that does not count is not passed on: what a thief granted is not to become good by that.

        Raises:
            UnknownKeyError: the member is not certified for the desk.
            RefusedError: WRONG_ROLE: who acts may not grant.
        """
        view = self._client.directory()
        record = view.member(member, self._client.clock())
        if record is None or self._client.desk not in record.desks or view.blocked(record.wrap_kid):
            raise UnknownKeyError("the member is not certified for this desk")
        return [self._grant(entry, record) for entry in self.held()]

    def held(self) -> list[KeyEntry]:
        """Returns the keys of the desk that are held here and may be passed on."""
        client = self._client
        archives = client.archive.counting()
        published = {key.epoch: key.kid for key in client.directory().desk_keys(client.desk)}
        # By key id: an older home has some of them in two files. Of a published epoch no other key counts.
        desk = {e.kid: e for e in self._desk_entries() if published.get(e.epoch, e.kid) == e.kid}
        return [*archives, *desk.values()]

    def lacks(self, member: str) -> bool:
        """Returns whether a member of this home lacks a grant that counts of one of the keys that are held here."""
        home, desk = self._client.home, self._client.desk
        archives = [g for _, g in parsed_grants(home, member) if g.archive is not None]
        good = {grant.epoch for grant in archives if self._client.archive.counts(grant)}
        return not all(
            entry.epoch in good
            if entry.use is KeyUse.ARCHIVE
            else holds_grant(home, member, desk, entry.epoch, entry.kid)
            for entry in self.held()
        )

    def next_desk_key(self, epoch: int) -> tuple[bytes, bytes]:
        """Returns (key id, public key) of the key to be published for an epoch. Everybody at the desk was granted it.

        One made before is used again where everybody who was granted it then still works at the desk.
        """
        client = self._client
        with client.store.begin() as c:
            made = truststore.get_meta(c, _MADE)
        client.keys.reload()  # another process of the home may have made it
        found = [e for e in self._desk_entries() if e.kid == made[8:] and e.epoch == epoch]
        view = client.directory()
        if found and int.from_bytes(made[:8], "big") >= view.parted_from_desk(client.desk):
            for record in self._colleagues():
                self._grant(found[0], record)
            return found[0].kid, found[0].public
        public = self.make_key(epoch)
        key_id = kid(client.desk, Use.DESK, public)
        with client.store.begin() as c:
            truststore.put_meta(c, _MADE, u64be(view.size) + key_id)
        return key_id, public

    def make_key(self, epoch: int) -> bytes:
        """Makes a desk key, or an archive key, and grants it to everybody at the desk. Returns its public key."""
        client = self._client
        own = client.directory().member(client.member, client.clock())
        if own is None or client.desk not in own.desks:
            raise UnknownKeyError("this member is not certified for this desk")
        public, sealed = client.keys.create_desk_key(client.desk, epoch)
        key_id = kid(client.desk, Use.DESK, public)
        desk_key = archive_number(epoch) is None
        save_grant(client.home, client.member, self._signed(epoch, own, sealed), key_id if desk_key else b"")
        client.keys.reload()
        made = next(entry for entry in client.keys.entries() if entry.kid == key_id)
        for record in self._colleagues():
            self._grant(made, record)
        return public

    def renew_archive(self) -> bool:
        """Makes a new archive key where one is due. Returns whether it did."""
        client = self._client
        number = client.directory().size
        if not client.archive.due() or not client.archive.claim(number):
            return False
        self.make_key(archive_epoch(number))
        client.archive.hold(number)
        return True

    def sign_again(self, kids: Collection[bytes]) -> None:
        """Signs anew the grants of archive keys that some keys signed, which are about to grant no more."""
        client = self._client
        archives = {entry.epoch: entry for entry in client.archive.counting()}
        view, now = client.directory(), client.clock()
        own = view.member(client.member, now)
        for record in [*self._colleagues(), *([own] if own is not None and client.desk in own.desks else [])]:
            for _, grant in parsed_grants(client.home, record.member):
                if grant.signer in kids and grant.epoch in archives and record.sign_kid not in kids:
                    self._grant(archives[grant.epoch], record, without=kids)

    def claim(self, epoch: int) -> bytes:
        """Makes sure that no other process of this home is making the desk key of an epoch. Returns what to release.

        Raises:
            RefusedError: BUSY: one is.
        """
        now = self._client.clock()
        mine = u64be(epoch) + u64be(now) + os.urandom(8)
        with self._client.store.begin() as c:
            claimed = truststore.get_meta(c, _CLAIMED)
            if claimed[:8] == u64be(epoch) and abs(now - int.from_bytes(claimed[8:16], "big")) < CLAIM_MS:
                raise RefusedError(Reason.BUSY, "another process of this home is making the desk's next key")
            truststore.put_meta(c, _CLAIMED, mine)
        return mine

    def release(self, claim: bytes) -> None:
        """Ends a claim: the key is published, or will not be. One that another process has made since stays."""
        with self._client.store.begin() as c:
            if truststore.get_meta(c, _CLAIMED) == claim:
                truststore.put_meta(c, _CLAIMED, b"")

    # --- how

    def _desk_entries(self) -> list[KeyEntry]:
        client = self._client
        return [e for e in client.keys.entries() if e.use is KeyUse.DESK and e.owner == client.desk]

    def _colleagues(self) -> list[MemberKey]:
        client, view = self._client, self._client.directory()
        people = view.members_of(client.agency, client.clock())
        return [
            m for m in people if client.desk in m.desks and m.member != client.member and not view.blocked(m.wrap_kid)
        ]

    def _grant(self, entry: KeyEntry, record: MemberKey, without: Collection[bytes] = ()) -> bytes:
        sealed = self._client.keys.regrant(entry.kid, record.wrap_kid, record.wrap_key)
        data = self._signed(entry.epoch, record, sealed, without)
        save_grant(self._client.home, record.member, data, entry.kid if entry.use is KeyUse.DESK else b"")
        return data

    def _signed(self, epoch: int, record: MemberKey, sealed: bytes, without: Collection[bytes] = ()) -> bytes:
        signer, sign = self._signer(without)
        return make_grant(self._client.desk, epoch, record.wrap_kid, sealed, signer=signer, sign=sign)

    def _signer(self, without: Collection[bytes]) -> tuple[bytes, Sign]:
        """Returns who signs grants: who acts, else the root."""
        keys, root = self._client.keys, self._root
        own = find(keys, KeyUse.SIGN).kid
        if own in self._client.directory().granting_keys(self._client.desk) and own not in without:
            return own, keys.sign
        if root is not None:
            return root.kid, lambda _kid, data: root.key.sign(data)
        raise RefusedError(Reason.WRONG_ROLE, "only an admin, or a delegate of the desk, grants its keys")
