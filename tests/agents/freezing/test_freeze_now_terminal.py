"""`comity freeze now` on a real terminal: asked again where an answer is none, and nothing typed is lost."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from comity.workflow.terms import Role, Verb

from agents import keyprocess
from agents.records import DraftState
from tests.agents.freezing.freezes import WALLET, offices
from tests.agents.offices import CHEAP, PASSPHRASE, Office

ROOT = Path(__file__).resolve().parents[3]
BARE = WALLET.rpartition(":")[2]
SPOKEN = "0x D122 0A0c f47c 7B9B e7A2 E6BA 89F4 2976 2e7b 9aDb"
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SECONDS = 40.0


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal of 100 columns: the person's end and the program's."""
    person, program = pty.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    try:
        yield person, program
    finally:
        os.close(person)


async def typed(office: Office, words: Sequence[str], answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Runs a command in a process of its own at a terminal; answers each question as soon as it is asked."""
    line = ["--home", str(office.home.path), "--as", office.people[Role.ANALYST], *words]
    environment = {"PATH": os.environ["PATH"], "HOME": str(office.home.path), "TERM": "xterm", "PYTHONUTF8": "1"}
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "proto")))
    shown, asked, waiting, ended = "", 0, list(answers), asyncio.Event()
    with terminal() as (person, program):
        command = (sys.executable, "-m", "agents.cli.main", *line)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=program, stdout=program, stderr=program, env=environment
        )
        os.close(program)

        def read() -> None:
            nonlocal shown, asked
            try:
                shown += os.read(person, 65536).decode(errors="replace")
            except OSError:  # how a terminal tells that nobody is at its other end any more
                asyncio.get_running_loop().remove_reader(person)
                ended.set()
                return
            if waiting and waiting[0][0] in shown[asked:]:
                asked = len(shown)
                os.write(person, f"{waiting.pop(0)[1]}\n".encode())

        asyncio.get_running_loop().add_reader(person, read)
        await asyncio.wait_for(ended.wait(), SECONDS)
        code = await process.wait()
    assert not waiting, f"never asked: {waiting}; shown: {shown}"
    return code, COLOURS.sub("", shown).replace("\r\n", "\n")


@pytest.fixture
async def sfc(tmp_path: Path) -> AsyncIterator[Office]:
    """An office whose analyst is at the terminal."""
    async with offices(tmp_path) as (office, _):
        member = office.people[Role.ANALYST]
        keyprocess.unlock(office.home, member, PASSPHRASE, floor=CHEAP)
        try:
            yield office
        finally:
            keyprocess.lock(office.home, member)


async def test_four_questions_at_a_terminal_are_asked_again_where_needed_and_the_hold_is_sent(sfc: Office) -> None:
    wrong = BARE[:-1] + "B"
    code, shown = await typed(sfc, ("freeze", "now", wrong), ())
    assert code == 11
    assert SPOKEN in shown
    assert "What was lost" not in shown

    answers = (
        ("What was lost", "120000"),
        ("A loss is an amount", "120000 USDT"),
        ("Transaction", "0x9f"),
        ("victim's reference", ""),
        ("victim's reference", "V-1 王女士"),
        ("offence", "Fraud 騙案"),
        ("now? [Y/n]", ""),
    )
    code, shown = await typed(sfc, ("freeze", "now", BARE), answers)
    assert code == 0, shown
    assert SPOKEN in shown
    assert "hkma/intake: +85212345678" in shown
    assert "IT LAPSES BY ITSELF" in shown
    assert "freeze confirm " in shown
    assert sfc.people[Role.APPROVER] in shown
    assert "A loss is an amount" in shown
    assert "Traceback" not in shown
    analyst = await sfc.as_(Role.ANALYST)
    await analyst.sync()
    assert [item.verb for item in analyst.sent()] == [Verb.REQUEST_PROVISIONAL]


async def test_who_says_no_at_the_terminal_has_sent_nothing_and_is_told_that_the_draft_is_kept(sfc: Office) -> None:
    answers = (
        ("損失了甚麼", "120000 USDT"),
        ("交易編號", "0x9f"),
        ("受害人檔號", "V-1"),
        ("罪行", "Fraud"),
        ("[Y/n]", "n"),
    )
    code, shown = await typed(sfc, ("--lang", "zh-Hant", "freeze", "now", BARE), answers)
    assert code == 1, shown
    analyst = await sfc.as_(Role.ANALYST)
    await analyst.sync()
    (kept,) = analyst.drafts()
    assert kept.state is DraftState.READY
    assert analyst.sent() == []
    assert "草稿已保留" in shown
    assert f"freeze send {kept.id[:8]}" in shown
    assert "沒有發出任何內容" in shown
