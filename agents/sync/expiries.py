"""Everything that ends: what this process needs in order to go on, and when it stops holding.

What renews itself is listed too: an alarm that it is due in two weeks says that renewing does not work.

Never does: renew (`agents/renewal.py`).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Final

from comity.errors import ComityError
from comity.tls import certificate_to_pem, certificate_validity
from comity.workflow.terms import Family

from agents.client import Client
from agents.joining import genesis_ca
from agents.keys import KeyUse, find
from agents.renewal import CERTIFICATE_LEFT_MS, DESK_KEY_LEFT_MS, TRANSPORT_LEFT_MS, may_renew
from agents.sync.condition import DAY_MS, Expiry, What
from agents.transport import load_identity

HORIZON_MS: Final = 400 * 86_400_000
"""How far ahead a delegation's end is looked for."""
_SECONDS: Final = 5.0


def expiries(client: Client, now: int) -> list[Expiry]:
    """Returns what ends, the soonest first.

    Args:
        client: open; its directory is taken as it is.
        now: Unix milliseconds UTC.
    """
    found = [*_own(client, now), *_of_the_desk(client, now), *_agreements(client, now)]
    with contextlib.suppress(ComityError):
        found.append(Expiry(What.HUB_CA, "hub", certificate_validity(genesis_ca(client.store))[1]))
    return sorted(found, key=lambda one: (one.ends, one.what, one.name))


def _own(client: Client, now: int) -> list[Expiry]:
    """Of whoever acts: certificate, its key's registration, and the delegation under which they are renewed."""
    found = []
    with contextlib.suppress(ComityError):
        ends = load_identity(client.home, client.keys, now).valid_until
        found.append(Expiry(What.TLS_CERTIFICATE, client.member, ends, CERTIFICATE_LEFT_MS // DAY_MS))
    view, spki = client.directory(), client.session.spki_sha256
    registered = [key.valid_until for key in view.transport_keys(client.desk) if key.spki_sha256 == spki]
    if registered:
        by_itself = TRANSPORT_LEFT_MS // DAY_MS if may_renew(client) else 0
        found.append(Expiry(What.TLS_KEY, client.member, max(registered), by_itself))
    with contextlib.suppress(ComityError):
        key_id = find(client.keys, KeyUse.SIGN).kid
        over = _until(lambda moment: view.delegated(client.desk, key_id, moment), now)
        if over is not None:
            found.append(Expiry(What.DELEGATION, client.member, over))
    return found


def _of_the_desk(client: Client, now: int) -> list[Expiry]:
    view = client.directory()
    found = [
        Expiry(What.MEMBER_KEY, record.member, record.valid_until)
        for record in view.members_of(client.agency, now)
        if client.desk in record.desks
    ]
    good = [key.valid_until for key in view.desk_keys(client.desk) if not view.blocked(key.kid)]
    by_itself = DESK_KEY_LEFT_MS // DAY_MS if may_renew(client) else 0
    return [*found, Expiry(What.DESK_KEY, client.desk, max(good), by_itself)] if good else found


def _agreements(client: Client, now: int) -> list[Expiry]:
    """Of several live agreements with one agency the last one counts."""
    last: dict[str, int] = {}
    for agreement in client.directory().agreements(client.agency):
        if agreement.valid_until > now and Family.WATCHLIST in agreement.families:
            other = agreement.second if agreement.first == client.agency else agreement.first
            last[other] = max(last.get(other, 0), agreement.valid_until)
    return [Expiry(What.AGREEMENT, other, ends) for other, ends in last.items()]


def hub_certificates(endpoints: Sequence[str], tls_ca: bytes) -> list[Expiry]:
    """Asks each process of the hub for the certificate that it shows. One that does not answer is left out.

    Args:
        endpoints: `host:port`.
        tls_ca: the hub's CA, DER.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=certificate_to_pem(tls_ca).decode())
    found = []
    for endpoint in endpoints:
        host, _, port = endpoint.rpartition(":")
        host = host.strip("[]")
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host, int(port)), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
            if shown:
                begins, ends = certificate_validity(shown)
                by_itself = max(1, (ends - begins) // 2 // DAY_MS)  # the hub makes another at half its time
                found.append(Expiry(What.HUB_CERTIFICATE, endpoint, ends, by_itself))
    return found


def _until(holds: Callable[[int], bool], now: int) -> int | None:
    """Returns when something that holds now ceases to, to the second; the horizon where it does not before."""
    if not holds(now):
        return None
    low, high = now, now + HORIZON_MS
    if holds(high):
        return high
    while high - low > 1000:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high
