"""`comity freeze …`, typed at both desks: from the telephone call at three in the morning to the release."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

import agents.cli
from agents import keyprocess
from agents.cli.freeze_ledger import end_fields
from agents.cli.main import run
from agents.client import now_ms
from agents.forms import to_form
from agents.freezing.standing import FreezeStanding
from tests.agents.freezing.freezes import (
    DAY,
    HOUR,
    MINUTE,
    NEXT,
    WALLET,
    accepted,
    line,
    notice,
    offices,
    request,
    seconded,
)
from tests.agents.offices import CHEAP, PASSPHRASE, Office
from tests.agents.screening import holding

CALL = ("--loss", "120000 USDT", "--transaction", "0x9f", "--victim", "V-1", "--offence", "Fraud by a false platform.")
BARE = WALLET.rpartition(":")[2]


@dataclass
class Desk:
    """Runs commands for one member of an office."""

    office: Office
    role: Role
    capture: pytest.CaptureFixture[str]

    async def __call__(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Runs a command with `--json`; returns what it printed last."""
        ended, said = await self.typed("--json", "freeze", *words)
        assert ended == code, said.err
        found: dict[str, Any] = json.loads((said.err if code else said.out).splitlines()[-1])
        return found

    async def shown(self, *words: str, code: int = 0) -> str:
        """Runs a command as a person does; returns what it printed."""
        ended, said = await self.typed("freeze", *words)
        assert ended == code, said.err
        return str(said.out)

    async def typed(self, *words: str) -> tuple[int, Any]:
        self.capture.readouterr()
        member = self.office.people[self.role]
        line = ["--home", str(self.office.home.path), "--as", member, *words]
        ended = await asyncio.to_thread(run, line)
        return ended, self.capture.readouterr()


async def drafted(office: Office) -> None:
    """The approver signs the newest draft of an office, and sends it."""
    analyst = await office.as_(Role.ANALYST)
    await seconded(office, analyst.drafts()[-1])


@pytest.fixture
async def desks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[tuple[Desk, Desk, Desk]]:
    """Analyst and approver here, an analyst there."""
    async with offices(tmp_path) as (sfc, hkma):
        people = ((sfc, Role.ANALYST), (sfc, Role.APPROVER), (hkma, Role.ANALYST))
        found = [Desk(office, role, capsys) for office, role in people]
        for desk in found:
            keyprocess.unlock(desk.office.home, desk.office.people[desk.role], PASSPHRASE, floor=CHEAP)
        try:
            yield found[0], found[1], found[2]
        finally:
            for desk in found:
                keyprocess.lock(desk.office.home, desk.office.people[desk.role])


async def test_from_the_call_at_three_in_the_morning_to_the_release(
    desks: tuple[Desk, Desk, Desk], tmp_path: Path
) -> None:
    await the_call(*desks, tmp_path / "next.yaml")
    await the_notice(*desks, tmp_path / "notice.yaml")


async def the_call(here: Desk, second: Desk, there: Desk, form: Path) -> None:
    """A hold at once, confirmed, reported in part, and the next request after what has gone on."""
    store = holding.opened(
        here.office.home.path,
        [holding.record(WALLET, actor="Hong Kong Monetary Authority", category="exchange")],
    )
    store.close()

    # A slip is offered put right and applied by nobody; what is missing is named.
    wrong = f"{BARE[:10]}{BARE[11]}{BARE[10]}{BARE[12:]}"
    ended, said = await here.typed("--json", "freeze", "now", wrong, *CALL)
    assert (ended, json.loads(said.out)["near_spellings"][0]) == (11, BARE)
    missing = await here("now", BARE, "--loss", "120000 USDT", code=2)
    assert all(option in missing["error"]["message"] for option in ("--transaction", "--victim", "--offence"))

    # Where nobody can be asked, nothing goes without --yes; the draft is kept, below its own family's noun.
    ended, said = await here.typed("freeze", "now", BARE, *CALL)
    assert (ended, "add --yes" in said.err) == (2, True)
    analyst = await here.office.as_(Role.ANALYST)
    assert analyst.sent() == []
    (kept,) = analyst.drafts()
    assert f"freeze send {kept.id[:8]}" in said.out
    assert f"freeze send {kept.id[:8]}" in (await here.typed("next"))[1].out

    before = now_ms()
    done = await here("now", BARE, *CALL, "--yes")
    case = done["sent"]["case"]
    assert done["draft"]["precedence"] == "FLASH"
    assert done["read_back"].startswith("0x D122 0A0c")
    assert done["call"] == {"desk": "hkma/intake", "telephone": "+85212345678"}
    assert abs(done["lapses_at"] - before - HOUR) < 2 * MINUTE
    assert done["confirmers"] == [m for m in done["confirmers"] if m != done["draft"]["author"]]
    assert second.office.people[Role.APPROVER] in done["confirmers"]
    suggested = {"holder": "Hong Kong Monetary Authority", "desk": "", "source": "OFAC"}
    assert suggested in done["suggestions"]
    assert "hkma/intake" in {one["desk"] for one in done["suggestions"]}

    (read,) = [one for one in json.loads((await there.typed("--json", "next"))[1].out)["next"] if one["kind"] == "read"]
    assert " freeze show " in read["command"]
    told = await second.shown("confirm", case, "--yes")
    assert "Request to hold at once" in told
    assert "`comity freeze sent` says DELIVERED" in told
    assert "V-1" in told
    begun = await here.shown("complete", case, "--template")
    assert "V-1" in begun
    assert BARE in begun

    # The holder's side: nothing is frozen before it has reported.
    await accepted(there.office, case)
    waiting = await here.shown("ledger", case)
    assert "Nothing is reported as held yet." in waiting
    assert "frozen" not in waiting.lower()
    assert (await there("report", case, "--line", "1:held=-5", code=1))["error"]["message"].startswith("Line 1")
    gone = f"1:held=600,gone=300,next_hop={NEXT},next_holder=Platform abroad"
    assert (await there("report", case, "--line", gone, "--yes"))["sent"]["status"] == "SUBMITTED"
    ledger = await here("ledger", case)
    assert (ledger["holds"], ledger["standing"], ledger["binding"]) == (True, "CONFIRMED", False)
    (one,) = ledger["lines"]
    page = (Path(str(agents.cli.__file__)).parent / "JSON.md").read_text("utf-8")
    shape = json.loads(page.partition("```json ledger\n")[2].partition("\n```")[0])
    assert (set(ledger), set(one)) == (set(shape), set(shape["lines"][0]))
    assert [one[part] for part in ("requested", "held", "released", "gone", "outstanding")] == [
        "900", "600", "0", "300", "0",
    ]  # fmt: skip
    assert (one["status"], one["next_hop"], one["next_holder"]) == ("HELD_PART", NEXT, "Platform abroad")
    shown = await here.shown("ledger", case)
    assert "frozen" not in shown.lower()  # it binds nobody
    assert "Reported by the holder" in shown
    assert "In force" not in shown
    assert "HELD by the holder's own decision" in shown
    assert "freeze follow-on" in shown

    # What has gone on: the next request begins with it, linked.
    begun = await here.shown("follow-on", case, "--line", "1")
    assert NEXT in begun
    assert case in begun
    assert "FOLLOW_ON" in begun
    for name in ("reference", "asset_link", "necessity", "dissipation_risk"):
        begun = begun.replace(f'{name}: ""', f'{name}: "As before."', 1)
    begun = begun.replace("    kind: ", "    kind: VOLUNTARY_HOLD", 1)
    begun = begun.replace("    start: ", f"    start: {now_ms()}", 1).replace(
        "    end: ", f"    end: {now_ms() + DAY}", 1
    )
    await asyncio.to_thread(form.write_text, begun, "utf-8")
    analyst = await here.office.as_(Role.ANALYST)
    told = analyst.inbox()[-1].message
    unasked = await here("draft", "--to", "hkma/intake", "--from", str(form), "--quotes", told)
    assert unasked["draft"]["state"] == "AWAITING_APPROVAL"  # it goes back to whom it came from
    (link,) = analyst.review(unasked["draft"]["id"]).payload.request_freeze.links
    assert (link.case_id.hex(), link.relation) == (case, pb.CASE_RELATION_FOLLOW_ON)


async def the_notice(here: Desk, second: Desk, there: Desk, form: Path) -> None:
    """A notice from a form: seconded, varied, extended, converted, challenged, released by two after calls, ended."""
    asked_for = request(line(), instrument=notice())
    await asyncio.to_thread(form.write_text, to_form(Verb.REQUEST, asked_for), "utf-8")
    draft = await here("draft", "--to", "hkma/intake", "--from", str(form))
    assert draft["draft"]["state"] == "AWAITING_APPROVAL"
    assert f"freeze approve {draft['draft']['id'][:8]}" in (await second.typed("next"))[1].out
    review = await second.shown("review", draft["draft"]["id"])
    assert "Restriction notice: it binds the holder" in review
    case = (await second("approve", draft["draft"]["id"], "--yes", "--send"))["sent"]["case"]

    officer = await there.office.as_(Role.ANALYST)
    await officer.sync()
    asked = officer.case(case)[0].opening
    assert [one.awaited for one in officer.inbox() if one.message == asked] == [True]
    await there("ack", case, "--reference", "H-1", "--name", "Lee", "--expected", "14d", "--yes")
    assert [one.awaited for one in officer.inbox() if one.message == asked] == [False]  # nobody is late with it
    taken = await there("accept", case, "--owner", "Enforcement", "--decided-by", "Lee", "--yes")
    assert taken["draft"]["state"] == "AWAITING_APPROVAL"  # it binds: a second person
    await drafted(there.office)
    assert "Nobody here has opened the request" in await there.shown("ledger", case)
    await officer.open_item(asked)
    await there("report", case, "--line", "1:held=1000", "--yes")
    assert "FROZEN, by the holder's report" in await here.shown("ledger", case)

    await here("ask-variation", case, "--line", "1:release=50", "--text", "Living expenses.", "--yes")
    assert (await there("vary", case, "--line", "1:release=60", "--yes", code=1))["error"]["gaps"][0]["path"] == (
        "vary.lines[0].release"
    )
    await there("vary", case, "--line", "1:release=50", "--yes")
    await here("ask-extension", case, "--until", "120d", "--diligence", "Two banks asked.")
    await drafted(here.office)
    await there("extend", case, "--until", "119d", "--yes")
    stronger = (
        "--instrument",
        "restraint-order",
        "--authority",
        "High Court",
        "--number",
        "HCMP 7",
        "--legal-text",
        "s.25A",
    )
    await here("convert", case, *stronger, "--end", "200d")
    await drafted(here.office)
    converted = await here.shown("ledger", case)  # it says what it rests on now, not what it began with
    assert "Restraint order: an order of the court" in converted
    assert "Restriction notice" not in converted
    assert "Ends by itself" in converted
    filed = ("--court", "High Court", "--decision", "filed", "--next", "30d")
    await there("challenge", case, *filed, "--yes")

    # Nothing is drafted before somebody was called, and the number is the directory's.
    first = await here.typed("--json", "freeze", "ask-release", case, "--ground", "case-ended")
    assert first[0] == 1
    assert json.loads(first[1].out)["call"]["telephone"] == "+85212345678"
    await here("ask-release", case, "--ground", "case-ended", "--spoken-to", "Duty officer")
    await drafted(here.office)
    let_go = await there("release", case, "--ground", "case-ended", "--spoken-to", "Chan")
    assert let_go["draft"]["state"] == "AWAITING_APPROVAL"
    await drafted(there.office)
    became = ("--line", "1:returned=950,released=50", "--event", "2026-11-01", "--text", "Paid back.")
    assert (await here("outcome", case, *became, "--yes"))["sent"]["status"] == "SUBMITTED"
    ended = (await there.typed("--lang", "zh-Hant", "freeze", "ledger", case))[1].out
    assert "現時並無扣存任何資產" in ended
    assert "自動終止" not in ended  # nothing is left that could


@pytest.mark.parametrize("kind", ["restriction-notice", "voluntary-hold"])
def test_a_template_is_printed_for_each_instrument_in_both_languages(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["freeze", "template", "--instrument", kind]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# ")
    assert "約束力" in said.splitlines()[1]
    assert f"kind: {kind.upper().replace('-', '_')}" in said
    assert run(["freeze", "template", "--instrument", "a-wish"]) == 2
    assert run(["freeze", "template", "report", "--instrument", kind]) == 2
    assert run(["--json", "freeze", "template", "report"]) == 0
    assert json.loads(capsys.readouterr().out)["verb"] == "REPORT_EXECUTION"


@pytest.mark.parametrize(
    ("state", "label"),
    [(State.IN_FORCE, "Ends by itself"), (State.LAPSED, "Ended by itself"), (State.RELEASED, "")],
)
def test_an_end_is_ahead_behind_or_of_no_account(state: State, label: str) -> None:
    found = dict(end_fields(cast("FreezeStanding", SimpleNamespace(state=state, ends=now_ms() - DAY))))
    assert list(found) == ([label] if label else [])
    assert ("overdue" in found.get(label, "")) == (state is State.IN_FORCE)
