"""The hub's answer to a statement is lost: it stands once all the same, and what follows from it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Family, Role

from agents import joining
from agents.admin import Admin
from agents.client import Client, now_ms
from tests.agents.offices import CHEAP, PASSPHRASE, Office, two_offices
from tests.support.world import DAY

DESK = "hkma/intake"


def lose_answers(client: Client, *, sent_again: bool) -> None:
    """Each statement is appended, and nobody hears so. The session sends it again, or gives up."""
    honest = client.session.append_statements

    async def lost(statements: Sequence[bytes]) -> int:
        await honest(statements)
        if sent_again:
            return await honest(statements)
        raise RefusedError(Reason.UNAVAILABLE, "the hub did not answer")

    client.session.append_statements = lost  # type: ignore[method-assign]


def request(office: Office, role: Role) -> bytes:
    return joining.member_request(office.home, office.people[role], PASSPHRASE, CHEAP)


@pytest.mark.parametrize("sent_again", [True, False], ids=["sent again", "given up"])
async def test_each_statement_whose_answer_is_lost_stands_once_and_what_follows_is_done(
    tmp_path: Path, sent_again: bool
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        client, other = await hkma.client(), await sfc.client()
        lose_answers(client, sent_again=sent_again)
        admin = Admin(client, hkma.root)
        await other.refresh()
        agreement = other.directory().agreements("hkma")[0].id
        proposer = await sfc.client()

        async def accept() -> None:
            await proposer.refresh()
            proposed = Admin(proposer).propose_agreement(
                "hkma", families=[Family.REFERRAL], legal_basis="memorandum", valid_until=now_ms() + 300 * DAY
            )
            assert len(await admin.accept_agreement(proposed)) == 16

        async def added(act: Callable[[], Awaitable[object]]) -> int:
            await other.refresh()
            size = other.directory().size
            await act()
            await other.refresh()
            return other.directory().size - size

        analyst, approver, agent = (hkma.people[role] for role in (Role.ANALYST, Role.APPROVER, Role.AGENT))
        transfer = request(hkma, Role.ANALYST)
        found = {
            "contact": await added(lambda: admin.contact(telephone="+85298765432", hours="24/7", languages=["en"])),
            "delegate": await added(lambda: admin.delegate(agent)),
            "desk key": await added(lambda: admin.publish_desk_key(at_once=True)),
            "tls key": await added(lambda: admin.register_transport_key(client.session.spki_sha256)),
            "end": await added(lambda: admin.end_agreement(agreement)),
            "accept": await added(accept),
            # To another desk: the certificate, the end of its TLS key, and the desk's new key.
            "certify": await added(lambda: admin.certify(transfer, roles=[Role.ANALYST], desks=["hkma/audit"])),
            # Three keys of the member, and the desk's new key.
            "revoke": await added(lambda: admin.revoke(approver, pb.REVOCATION_REASON_LEFT)),
        }
        assert found == {
            "contact": 1, "delegate": 1, "desk key": 1, "tls key": 1, "end": 1, "accept": 1, "certify": 3, "revoke": 4
        }  # fmt: skip
        view = other.directory()
        assert [key.epoch for key in view.desk_keys(DESK)] == [1, 2, 3, 4]
        assert admin.behind() == []
        assert view.member(approver, now_ms()) is None
        assert "hkma/audit" in view.certificates(analyst)[-1].desks


async def test_a_statement_that_was_not_taken_is_refused_in_the_hubs_words(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (_sfc, hkma):
        client = await hkma.client()
        await client.refresh()
        size = client.directory().size

        async def silent(statements: Sequence[bytes]) -> int:
            raise RefusedError(Reason.UNAVAILABLE, "the hub did not answer")

        client.session.append_statements = silent  # type: ignore[method-assign]
        with pytest.raises(RefusedError) as refused:
            await Admin(client).contact(telephone="+85298765432", hours="24/7", languages=["en"])
        assert refused.value.reason is Reason.UNAVAILABLE
        await client.refresh()
        assert client.directory().size == size
