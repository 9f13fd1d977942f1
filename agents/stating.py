"""Stating: statements are signed in the agency's chain and published, all of them or none.

A statement's place in the chain makes it stand once. Where the hub's answer was lost, the statement may be in the
directory all the same, and who sends it again hears that the place is taken: whether it was taken by this very
statement is looked up there before anybody says that it was refused, or states it anew.

Never does: decide what is stated (`agents/admin.py`, `agents/rotation.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import Final

from comity.directory import parse_entry, parse_statement, sign_body
from comity.directory.statements import Content, Position, make_body
from comity.encoding import Purpose, tagged
from comity.errors import Reason, RefusedError

from agents import truststore
from agents.client import Client
from agents.keyring import RootKeyring
from agents.keys import KeyUse, find

STATEMENT_TRIES: Final = 3
"""How often a statement is signed anew where a colleague's came first."""


class Stating:
    """States for the client's agency."""

    def __init__(self, client: Client, root: RootKeyring | None = None) -> None:
        """Takes an open client, and the root where it was opened for this."""
        self._client, self._root = client, root

    def sign(self, body: bytes) -> tuple[bytes, bytes]:
        """Returns (key id, signature) over a statement's body: the root's where it is open, else the member's."""
        data = tagged(Purpose.STATEMENT, body)
        if self._root is not None:
            return self._root.kid, self._root.key.sign(data)
        entry = find(self._client.keys, KeyUse.SIGN)
        return entry.kid, self._client.keys.sign(entry.kid, data)

    async def state(self, make: Callable[[], Sequence[Content]]) -> None:
        """Signs statements in this agency's chain and publishes them, all or none.

        Args:
            make: returns what is to be stated as the directory is now; asked again before each attempt. Nothing: done.

        Raises:
            RefusedError: the hub did not take them, and they are not in the directory.
        """
        client, tried = self._client, set[bytes]()
        await client.refresh()
        first = client.directory().size
        for attempt in range(1, STATEMENT_TRIES + 1):
            contents = make()
            if not contents:
                return
            number, previous = client.directory().position(client.agency)
            bodies, signed = [], []
            for content in contents:
                body = make_body(client.home.hub_origin, [Position(client.agency, number, previous)], content)
                bodies.append(body)
                signed.append(sign_body(body, [self.sign(body)]))
                number, previous = number + 1, parse_statement(signed[-1]).digest
            tried.add(previous)
            client.trust.expect(bodies)
            try:
                await self.append(signed, first, tried)
            except RefusedError as error:
                if error.reason is not Reason.STALE_POSITION or attempt == STATEMENT_TRIES:
                    raise
                await client.refresh()
            else:
                return

    async def append(self, signed: Sequence[bytes], first: int, digests: Collection[bytes]) -> None:
        """Appends signed statements, all or none, and brings the directory up to date.

        Args:
            signed: serialised Statements.
            first: size of the directory on which the first attempt was signed.
            digests: of the last statement of this attempt, and of each before.

        Raises:
            RefusedError: the hub did not take them, and they are not in the directory.
        """
        try:
            await self._client.session.append_statements(signed)
        except RefusedError:
            # Only the directory knows: an answer may have been lost, and this one be about the second time it was sent.
            with contextlib.suppress(RefusedError):
                await self._client.refresh()
            if not self._stated(first, digests):
                raise
        else:
            await self._client.refresh()

    def _stated(self, first: int, digests: Collection[bytes]) -> bool:
        """Returns whether the directory has one of some statements from an index on."""
        with self._client.store.begin() as c:
            entries = truststore.entries(c)[first:]
        return any(parse_statement(parse_entry(entry)[1]).digest in digests for entry in entries)
