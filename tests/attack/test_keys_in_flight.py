"""A thousand messages in flight while the recipient's desk key is succeeded, and what the old key opens in the end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from comity.directory import sign_body
from comity.directory.statements import Position, make_body
from comity.encoding import Purpose, serialise, tagged
from comity.envelope import parse_envelope
from comity.errors import CannotOpenError
from comity.sealing import open_content, open_wrap
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2, payload_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import Family, Role

from agents.admin import Admin
from agents.grants import load_grants, parse_grant
from agents.keys import KeyUse, unwrapping
from agents.records import Standing
from agents.renewal import destroy_old_keys
from tests.agents.offices import Office, referral, two_offices
from tests.support.hub import RunningHub, hub_settings
from tests.support.people import Desk
from tests.support.world import DAY, World, admit_agency

MANY = 1000
A_CALL = 50


def payload() -> bytes:
    """A complete referral, as a client takes it."""
    handling = payload_pb2.Handling(
        tlp=payload_pb2.TLP_AMBER,
        code=payload_pb2.HANDLING_CODE_H0,
        source_grade=payload_pb2.SOURCE_GRADE_B,
        information_grade=payload_pb2.INFORMATION_GRADE_2,
        permitted_action=payload_pb2.PERMITTED_ACTION_INTERNAL,
        evidential_use=payload_pb2.EVIDENTIAL_USE_WITH_CONSENT,
        onward=payload_pb2.ONWARD_ASK,
        original_language="en",
    )
    return serialise(payload_pb2.Payload(version=1, handling=handling, gossip=payload_pb2.Gossip(), refer=referral()))


async def stranger_joins(office: Office) -> World:
    """An agency that seals by the thousand comes to the hub and makes an agreement with the office's."""
    world, hkma = office.town.world, await office.client()
    begun = len(world.statements)
    admit_agency(world, "osr")
    for at in range(begun, len(world.statements), 16):
        await office.town.append(world.statements[at : at + 16])
    await hkma.refresh()
    hkma.pin("osr", hkma.fingerprint("osr"))
    content = directory_pb2.AgreementSigned(
        id=os.urandom(16),
        first="hkma",
        second="osr",
        families=[int(Family.REFERRAL)],  # type: ignore[list-item]
        direction=directory_pb2.AGREEMENT_DIRECTION_BOTH,
        legal_basis="memorandum of understanding",
        valid_until=world.now + 300 * DAY,
        profile_sha256=standard_profile().sha256,
    )
    positions = [Position(agency, *hkma.directory().position(agency)) for agency in ("hkma", "osr")]
    body = make_body(world.origin, positions, content)
    admin = world.agencies["osr"].admin
    proposed = sign_body(body, [(admin.kid, admin.sign_key.sign(tagged(Purpose.STATEMENT, body)))])
    await Admin(hkma).accept_agreement(proposed)
    current = hkma.directory().desk_key("hkma/intake", office.clock())
    assert current is not None

    class Public:
        public = current.key

    world.agencies["hkma"] = world.agencies["osr"].__class__(
        "hkma",
        world.agencies["osr"].kind,
        world.agencies["osr"].root,
        admin,
        {"hkma/intake": Desk("hkma/intake", Public(), world.desk("osr/intake").tls_key, {})},  # type: ignore[arg-type]
    )
    return world


async def send_many(office: Office, world: World) -> list[envelope_pb2.Envelope]:
    """Seals and submits a thousand referrals to the desk's present key."""
    hub = office.town.hub
    running = RunningHub(hub, world, hub_settings("sqlite:///unused", office.town.folder))
    content = payload()
    envelopes = [
        world.envelope(running.view(), "osr/intake", ["hkma/intake"], payload=content, own_copy=False)
        for _ in range(MANY)
    ]
    async with running.as_desk("osr/intake") as channel:
        for at in range(0, MANY, A_CALL):
            request = exchange_pb2.SubmitBatchRequest(envelopes=envelopes[at : at + A_CALL])
            answer = await ExchangeServiceStub(channel).SubmitBatch(request)
            assert all(result.HasField("receipt") for result in answer.results)
    return envelopes


async def test_K_09_a_thousand_in_flight_open_after_the_key_was_succeeded_and_not_after_it_was_destroyed(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        world = await stranger_joins(hkma)
        envelopes = await send_many(hkma, world)
        await Admin(await hkma.client()).publish_desk_key(at_once=True)

        officer = await hkma.as_(Role.ANALYST)
        report = await officer.sync()
        assert (len(report.new), report.quarantined, report.acknowledged) == (MANY, 0, MANY)
        assert {item.standing for item in officer.inbox()} == {Standing.GOOD}

        # What a thief of the wire has kept, and the old key while it is there: it opens.
        kept = parse_envelope(envelopes[7], reader="hkma/intake")
        found = kept.wrap_for("hkma/intake")
        assert found is not None
        old, wrap = found
        key = unwrapping(officer.keys, old)
        content_key = open_wrap(kept.header_bytes, old, wrap, key)
        assert open_content(kept.header_bytes, kept.seal_bytes, kept.ciphertext, content_key) == payload()

        hkma.clock.shift = 15 * DAY
        assert destroy_old_keys(officer) == ["desk key 1 destroyed"]
        with pytest.raises(CannotOpenError):
            open_wrap(kept.header_bytes, old, wrap, key)
        for member in hkma.home.members():
            assert 1 not in {parse_grant(data).epoch for data in load_grants(hkma.home, member)}
        assert {entry.epoch for entry in officer.keys.entries() if entry.use is KeyUse.DESK} == {2}
        # What was taken in time stays readable, by the archive's key.
        assert officer.peek(kept.message_hash.hex()).payload.refer.reference == "SFC/2026/117"
