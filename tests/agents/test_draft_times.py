"""A draft whose times the hub would refuse says so before anybody approves it, also where another home has made it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from comity.errors import Reason
from comity.workflow.terms import Role

from agents import composing
from agents.client import Client, now_ms
from agents.errors import IncompleteError
from tests.agents.offices import referral, two_offices

HOUR = 3_600_000


def named(client: Client, draft: str) -> set[str]:
    """Returns the reasons among what stands against a draft."""
    problems = [gap.problem.partition(":")[0] for gap in client.review(draft).gaps]
    return {problem for problem in problems if problem in Reason.__members__}


async def test_an_imported_draft_that_asks_sooner_than_agreed_cannot_be_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        with monkeypatch.context() as tampered:  # a program of somebody else's, or an older one
            tampered.setattr(composing, "check_profile", lambda *_, **__: None)
            draft = await analyst.refer("hkma/intake", referral(), respond_by=now_ms() + HOUR)
        await analyst.export_draft(draft.id, tmp_path / "hasty.draft")
        analyst.discard(draft.id)

        await approver.refresh()
        taken = await approver.import_draft(io.BytesIO((tmp_path / "hasty.draft").read_bytes()))
        assert named(approver, taken.id) == {Reason.BAD_TIMES}
        with pytest.raises(IncompleteError) as incomplete:
            approver.approve(taken.id, taken.message_hash)
        assert [gap.path for gap in incomplete.value.gaps] == ["deadlines"]


async def test_a_draft_that_can_no_longer_be_delivered_says_so(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        draft = await analyst.refer("hkma/intake", referral(), deliver_by=now_ms() + HOUR)
        assert named(analyst, draft.id) == set()
        sfc.clock.shift = 2 * HOUR
        assert Reason.TOO_LATE in named(analyst, draft.id)
