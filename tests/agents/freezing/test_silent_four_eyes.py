"""Until both have signed, the hub is not sent a single byte: not the request, not its size, not that there is one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.terms import Role

from agents.client import Client
from agents.keys import LocalKeys
from agents.records import MessageStatus
from tests.agents.freezing.freezes import letter, line, offices, request
from tests.agents.offices import CHEAP, PASSPHRASE, Office
from tests.support.line import Line, line_to


async def behind(office: Office, role: Role, line: Line) -> Client:
    """The colleague with a role, at a line whose bytes are counted."""
    home = office.home.changed(endpoints=(line.address,))
    keys = LocalKeys.open(home, office.people[role], PASSPHRASE, CHEAP)
    client = await Client.open(home, keys, clock=office.clock, patience_seconds=2.0)
    office.opened.append(client)
    return client


PING = 39
"""What answers one of the hub's own HTTP/2 pings, in one TLS record (17 + 22 bytes). The smallest call is longer."""


async def quiet(line: Line) -> int:
    """Waits until what belongs to the calls before has arrived; then what the hub was sent so far, in bytes."""
    while True:
        before = line.heard
        await asyncio.sleep(0.5)
        if line.heard == before:
            return before


async def test_not_a_byte_of_a_request_leaves_before_the_second_signature(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma), line_to(sfc.town.hub.port) as counted:
        analyst, approver = await behind(sfc, Role.ANALYST, counted), await behind(sfc, Role.APPROVER, counted)
        await analyst.sync()
        await approver.sync()
        order = tmp_path / "order.pdf"
        order.write_bytes(b"an order's image " * 20_000)

        before = await quiet(counted)
        assert before > 1_000  # so that what is counted is a line in use
        draft = await analyst.request_freeze("hkma/intake", request(line(), instrument=letter()), attachments=[order])
        review = approver.review(draft.id)
        assert analyst.who_can_read(draft.id)
        approver.approve(draft.id, review.info.message_hash)
        assert await quiet(counted) - before in (0, PING, 2 * PING)  # the hub asks who is still there, in its own time

        assert (await approver.send(draft.id)).status is MessageStatus.SUBMITTED
        assert counted.heard > before + order.stat().st_size

        # One that nobody has seconded is sent by nobody, and nothing of it is at the hub.
        alone = await analyst.request_freeze("hkma/intake", request(), attachments=[order])
        blob = analyst.review(alone.id).payload.attachments[0]
        with pytest.raises(RefusedError) as refused:
            await analyst.send(alone.id)
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING
        assert await analyst.session.upload_offset(blob.blob_sha256) == (0, False)
        officer = await hkma.as_(Role.ANALYST)
        assert len((await officer.sync()).new) == 1
