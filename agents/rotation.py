"""Rotation: the desk's next key is made, granted to everybody at the desk, and published.

A key that begins at once must really do so: good epochs that were published and have not begun are revoked in the same
batch, or whoever has just left would hold the key that comes into force next, and one that was made to begin in ten
years would put off every successor. Only an admin or the root can revoke; a delegate's key then begins with the last
one that was published before it, in whose place it comes (`agents/renewal.py`).

A key is granted before it is published. Where somebody has parted from the desk in between, it is not published:
another one is made without them (`Granting.next_desk_key`).

Never does: decide that a key is due (`agents/admin.py`, `agents/renewal.py`).
"""

from __future__ import annotations

from typing import Final

from comity.directory.records import DeskKey
from comity.directory.statements import DAY_MS, Content
from comity.errors import RefusedError
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents.client import Client
from agents.granting import Granting
from agents.joining import DESK_KEY_DAYS
from agents.keyring import RootKeyring
from agents.keys import KeyUse, find
from agents.stating import Stating

AHEAD_MS: Final = DAY_MS
"""How long before it begins a routine successor of a desk key is published."""
_BACKDATE_MS: Final = 60_000
_MOST_REVOKED: Final = 32
"""Epochs that are revoked in one batch, at most: the hub takes 64 statements in a call."""


class Rotation:
    """Gives the client's desk its next key."""

    def __init__(self, client: Client, root: RootKeyring | None = None) -> None:
        """Takes an open client, and the root where it was opened for this."""
        self._client, self._root = client, root
        self._granting, self._stating = Granting(client, root), Stating(client, root)

    async def publish(self, *, at_once: bool) -> int:
        """Makes, grants and publishes the desk's next key, see `Admin.publish_desk_key`. Returns its epoch."""
        client, made = self._client, dict[bytes, int]()
        await client.refresh()
        claim = self._granting.claim(self._next_epoch())
        try:
            while at_once and len(self._ahead()) > _MOST_REVOKED:
                await self._stating.state(lambda: self._revoked(self._ahead()[-_MOST_REVOKED:]))
            await self._stating.state(lambda: self._contents(made, at_once=at_once))
        except RefusedError:
            # An earlier statement of the very key, whose answer nobody had, may have come first.
            if not made or self._published(made, at_once=at_once) is None:
                raise
        finally:
            self._granting.release(claim)
        self._granting.renew_archive()  # what was revoked beside it is a parting too
        found = self._published(made, at_once=at_once)
        return max(made.values()) if found is None else found.epoch

    def may_revoke(self) -> bool:
        """Returns whether who acts could revoke an epoch that has not begun."""
        view, now = self._client.directory(), self._client.clock()
        record = view.member_key(find(self._client.keys, KeyUse.SIGN).kid, now)
        return self._root is not None or (record is not None and Role.ADMIN in record.roles)

    # --- how

    def _contents(self, made: dict[bytes, int], *, at_once: bool) -> list[Content]:
        """Returns what is to be stated as the directory is now; nothing where one of the keys made is published."""
        if self._published(made, at_once=at_once) is not None:
            return []
        client = self._client
        view, now = client.directory(), client.clock()
        good = [key for key in view.desk_keys(client.desk) if not view.blocked(key.kid)]
        ahead = self._ahead() if at_once else []
        kept = [key.valid_from for key in good if key not in ahead]
        epoch = self._next_epoch()
        begin = max(now - _BACKDATE_MS if at_once or epoch == 1 else now + AHEAD_MS, *kept[-1:], 0)
        self._granting.renew_archive()
        key_id, public = self._granting.next_desk_key(epoch)  # durable before it is used
        made[key_id] = epoch
        return [
            *self._revoked(ahead),
            pb.DeskKeyPublished(
                desk=client.desk,
                epoch=epoch,
                wrap_key=public,
                valid_from=begin,
                valid_until=begin + DESK_KEY_DAYS * DAY_MS,
            ),
        ]

    def _ahead(self) -> list[DeskKey]:
        """Returns the good epochs that have not begun, in order, where who acts may revoke them."""
        client = self._client
        view, now = client.directory(), client.clock()
        keys = view.desk_keys(client.desk) if self.may_revoke() else []
        return [key for key in keys if key.valid_from > now and not view.blocked(key.kid)]

    def _revoked(self, keys: list[DeskKey]) -> list[Content]:
        view, reason = self._client.directory(), pb.REVOCATION_REASON_SUPERSEDED
        return [pb.Revoked(kid=key.kid, reason=reason, effective=view.entered(key)) for key in keys]

    def _next_epoch(self) -> int:
        earlier = self._client.directory().desk_keys(self._client.desk)
        return earlier[-1].epoch + 1 if earlier else 1

    def _published(self, made: dict[bytes, int], *, at_once: bool) -> DeskKey | None:
        """Returns the key among those made that is published, and has begun where it was to begin at once."""
        view, now = self._client.directory(), self._client.clock()
        keys = [key for key in view.desk_keys(self._client.desk) if key.kid in made and not view.blocked(key.kid)]
        return next((key for key in keys if not at_once or key.valid_from <= now), None)
