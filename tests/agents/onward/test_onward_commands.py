"""`comity onward …` and `comity recall …`, typed at three desks: from the question to the recall of what went on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from comity.workflow.terms import Role

from agents import keyprocess
from agents.cli.catalogue import Language, use
from agents.cli.main import run
from tests.agents.offices import CHEAP, PASSPHRASE, Office, pin, referral
from tests.agents.onward.chain import chain


class Desk:
    """Runs commands for one member of an office."""

    def __init__(self, office: Office, role: Role, capture: pytest.CaptureFixture[str]) -> None:
        self.office, self.member, self.capture = office, office.people[role], capture
        keyprocess.unlock(office.home, self.member, PASSPHRASE, floor=CHEAP)

    async def typed(self, *words: str) -> tuple[int, Any]:
        self.capture.readouterr()
        line = ["--home", str(self.office.home.path), "--as", self.member, *words]
        ended = await asyncio.to_thread(run, line)
        use(Language.EN)
        return ended, self.capture.readouterr()

    async def __call__(self, *words: str) -> dict[str, Any]:
        ended, said = await self.typed("--json", *words)
        assert ended == 0, said.err
        found: dict[str, Any] = json.loads(said.out.splitlines()[-1])
        return found

    async def seconded(self, draft: dict[str, Any]) -> dict[str, Any]:
        return await self("referral", "approve", draft["draft"]["id"], "--yes", "--send")


async def test_from_the_question_to_the_recall_at_the_third_holder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with chain(tmp_path) as there:
        desks = [Desk(o, r, capsys) for o in (there.sfc, there.hkma, there.hkpf) for r in (Role.ANALYST, Role.APPROVER)]
        sfc, sfc_second, hkma, hkma_second, hkpf, _ = desks
        try:
            purpose = ("--purpose", "Arrest", "--facts", "The referral", "--yes")
            asked = await hkma("onward", "ask", there.message[:8], "--desk", "hkpf/intake", *purpose)
            question = asked["sent"]["message"]
            shown = await sfc("referral", "show", question[:8])
            assert shown["message"]["content"]["body"]["desk"] == "hkpf/intake"
            granted = await sfc("onward", "grant", question[:8], "--expires", "3d")
            assert granted["draft"]["state"] == "AWAITING_APPROVAL"
            grant = (await sfc_second.seconded(granted))["sent"]["message"]

            ended, said = await hkma.typed("onward", "list")
            assert ended == 0
            assert f"comity --home {there.hkma.home.path}" in said.out
            assert f"onward forward {grant[:8]}" in said.out
            passed = await hkma_second.seconded(await hkma("onward", "forward", grant[:8], "--text", "As agreed"))
            forward = passed["sent"]["message"]
            listed = (await sfc("onward", "list", there.case[:8]))["grants"]
            assert [(one["state"], one["forward"], one["ours"]) for one in listed] == [("USED", forward, True)]

            ended, said = await hkpf.typed("onward", "show", forward[:8])
            assert ended != 0
            assert "It brings the words of sfc/intake; nobody here has compared" in said.err
            await pin(there.hkpf, there.sfc)
            original = (await hkpf("onward", "show", forward[:8]))["original"]
            assert original["message"] == there.message
            assert original["content"]["body"]["summary"] == referral().summary
            _, said = await hkpf.typed("onward", "show", forward[:8])
            assert "what follows is sfc/intake's, proved." in said.out
            ended, said = await hkma.typed("onward", "forward", grant[:8])
            assert (ended, "NO_GRANT; state: USED" in said.err) == (1, True)

            _, said = await sfc.typed("recall", "send", there.case[:8], "--reason", "legal", "--yes")
            assert "hkpf/intake was not asked: first compare fingerprints with hkpf." in said.err
            await pin(there.sfc, there.hkpf)
            sent = await sfc("recall", "send", there.case[:8], "--reason", "legal", "--yes")
            assert len(sent["sent"]) == 1
            await hkpf("referral", "answer-recall", there.case[:8], "--done", "quarantined", "--yes")
            lines = (await sfc("recall", "list", there.case[:8]))["recalls"]
            assert [(one["desk"], one["through"], one["answer"]) for one in lines] == [
                ("hkma/intake", None, None),
                ("hkpf/intake", "hkma/intake", "QUARANTINED"),
            ]
            _, said = await sfc.typed("--lang", "zh-Hant", "recall", "list", there.case[:8])
            assert "經由" in said.out
            ended, said = await hkpf.typed("referral", "show", forward[:8])
            assert (ended != 0, "--second-look" in said.err) == (True, True)
            assert (await hkpf("referral", "show", forward[:8], "--second-look"))["message"]["standing"] == "RECALLED"
        finally:
            for desk in desks:
                keyprocess.lock(desk.office.home, desk.member)
