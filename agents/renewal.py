"""Renewal: what an unattended desk does to its keys, under a RotationDelegated, before they run out.

- A desk key gets its successor a week before it ends, published a day before it begins.
- This member's TLS key is registered for longer, and its certificate issued anew.
- Colleagues who lack a grant get one.
- The archive gets a key after everybody who parts from the desk (`agents/parting.py`), and so does the desk itself,
  where whoever stated that could not make them.
- A key that was made for an epoch which was then published with another one is destroyed.
- A desk key is destroyed 14 days after a good successor took over (`agents/succession.py`): nothing that was sealed to
  it can be live any more, and from then on it opens for nobody. What is kept stays readable under the archive keys.

Never does: anything that the delegation does not cover; revoke, but for epochs that have not begun, where an admin runs
it and somebody has parted.
"""

from __future__ import annotations

import contextlib
from typing import Final

from comity.directory.statements import DAY_MS
from comity.workflow.terms import Role

from agents.admin import Admin
from agents.client import Client
from agents.grants import destroy_grant, destroy_losers
from agents.keys import KeyUse, UnknownKeyError, find
from agents.parting import has_successor, is_left_behind
from agents.succession import superseded
from agents.transport import load_identity, save_certificate

DESK_KEY_LEFT_MS: Final = 7 * DAY_MS
"""How much of a desk key's validity is left when its successor is made."""
TRANSPORT_LEFT_MS: Final = 30 * DAY_MS
"""How much of a TLS key's registration is left when it is prolonged."""
CERTIFICATE_LEFT_MS: Final = 14 * DAY_MS
"""How much of a certificate's validity is left when a new one is asked for."""


async def renew(client: Client) -> list[str]:
    """Renews what is due and this member may renew. Returns what was done, in words; nothing where nothing was due."""
    await client.refresh()
    done: list[str] = []
    if may_renew(client):
        admin = Admin(client)
        done += _archive(admin)
        done += await _desk_key(client, admin)
        done += await _transport(client, admin)
        done += _grants(client, admin)
    done += await _certificate(client)
    done += destroy_old_keys(client)
    return done


def destroy_old_keys(client: Client) -> list[str]:
    """Destroys every member's copy of desk keys whose successor took over 14 days ago (`agents/succession.py`).

    And of those that were made for an epoch that was published with another key.
    """
    view, now, done = client.directory(), client.clock(), list[str]()
    for key in view.desk_keys(client.desk):
        losers = [destroy_losers(client.home, m, client.desk, key.epoch, key.kid) for m in client.home.members()]
        if any(losers):
            done.append(f"unpublished desk key {key.epoch} destroyed")
        if not superseded(view, key, now):
            continue
        gone = [destroy_grant(client.home, member, client.desk, key.epoch) for member in client.home.members()]
        if any(gone):
            done.append(f"desk key {key.epoch} destroyed")
    if done:
        client.keys.reload()
    return done


def may_renew(client: Client) -> bool:
    """Returns whether who acts may renew this desk's keys: an admin, or under a live delegation."""
    key_id, now = find(client.keys, KeyUse.SIGN).kid, client.clock()
    record = client.directory().member_key(key_id, now)
    admin = record is not None and Role.ADMIN in record.roles
    return admin or client.directory().delegated(client.desk, key_id, now)


async def _desk_key(client: Client, admin: Admin) -> list[str]:
    view, now = client.directory(), client.clock()
    epochs, parted = view.desk_keys(client.desk), is_left_behind(view, client.desk, now)
    if not admin.may_revoke_keys() and has_successor(view, client.desk):
        parted = False  # it begins after an epoch that only an admin can end before its time
    if epochs and epochs[-1].valid_until - now > DESK_KEY_LEFT_MS and not parted:
        return []
    at_once = not epochs or epochs[-1].valid_until <= now or parted
    return [f"desk key {await admin.publish_desk_key(at_once=at_once)} published"]


async def _transport(client: Client, admin: Admin) -> list[str]:
    spki = client.session.spki_sha256
    ends = [key.valid_until for key in client.directory().transport_keys(client.desk) if key.spki_sha256 == spki]
    if ends and max(ends) - client.clock() > TRANSPORT_LEFT_MS:
        return []
    await admin.register_transport_key(spki)
    return ["transport key prolonged"]


async def _certificate(client: Client) -> list[str]:
    identity = load_identity(client.home, client.keys, client.clock())
    if identity.valid_until - client.clock() > CERTIFICATE_LEFT_MS:
        return []
    save_certificate(client.home, client.member, await client.session.issue_certificate(identity.key.request()))
    await client.reconnect()
    return ["certificate renewed"]


def _archive(admin: Admin) -> list[str]:
    return ["archive key renewed"] if admin.renew_archive() else []


def _grants(client: Client, admin: Admin) -> list[str]:
    """Grants the desk's keys to members of this home that lack one of those held here."""
    done = []
    for member in client.home.members():
        if not admin.lacks(member):
            continue
        with contextlib.suppress(UnknownKeyError):  # not certified for this desk, or no longer
            admin.grant(member)
            done.append(f"desk keys granted to {member}")
    return done
