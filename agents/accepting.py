"""Accepting: grants of the desk's keys that were made in another home are verified, and only then kept.

A grant counts where it is for this desk and this member, signed by who may grant now (`View.granting_keys`), and opens.
A desk key must be the very one that the directory has published; an archive key never takes another one's place.

Never does: grant (`agents/granting.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.errors import MalformedError
from comity.keys import Use, kid

from agents.client import Client
from agents.grants import DeskKeyGrant, parse_grant, save_grant


async def accept_grants(client: Client, files: Sequence[bytes]) -> list[DeskKeyGrant]:
    """Takes grants that an admin handed over, all or none of them.

    Args:
        client: of the member that they are for.
        files: serialised SignedDeskKeyGrants.

    Returns:
        What they say.

    Raises:
        MalformedError: one is no grant that may be kept: nothing was.
        CannotOpenError: one is not for this member, or damaged: nothing was kept.
        RefusedError: the hub does not answer, and without it nobody knows who was revoked.
    """
    await client.refresh()
    client.keys.reload()
    places: dict[int, bytes] = {entry.epoch: entry.public for entry in client.archive.held()}
    grants, key_ids = [], []
    for data in files:
        grant = parse_grant(data)
        public = _verified(client, grant, data)
        if grant.archive is not None and places.setdefault(grant.epoch, public) != public:
            raise MalformedError("there is another archive key of that number here already")
        grants.append(grant)
        key_ids.append(kid(grant.desk, Use.DESK, public) if grant.archive is None else b"")
    for data, key_id in zip(files, key_ids, strict=True):
        save_grant(client.home, client.member, data, key_id)
    client.keys.reload()
    return grants


def _verified(client: Client, grant: DeskKeyGrant, data: bytes) -> bytes:
    """Returns the public key in a grant that is by who may grant, for this member, of this desk."""
    if grant.desk != client.desk:
        raise MalformedError("the grant is of another desk than this home's")
    view = client.directory()
    signer = view.granting_keys(client.desk).get(grant.signer)
    if signer is None or not grant.signed_by(signer):
        raise MalformedError("the grant is by nobody who may grant this desk's keys now")
    public = client.keys.granted(data)
    published = {key.epoch: key.key for key in view.desk_keys(client.desk)}
    if grant.archive is None and published.get(grant.epoch) != public:
        raise MalformedError("the directory has not published that desk key")
    if grant.archive is not None and not client.archive.counts(grant):
        raise MalformedError("the grant is of an archive key that nobody can have made yet")
    return public
