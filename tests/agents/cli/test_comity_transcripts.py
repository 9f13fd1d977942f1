"""Two agencies on one machine against a real hub, as people type it: joining, a whole case, failures, JSON, Chinese."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import keyprocess
from agents.cli.catalogue import Language, use
from agents.cli.main import run
from agents.home import Home
from tests.agents.cli.ceremony import HubProcess
from tests.agents.cli.transcript import play

TRANSCRIPTS = Path(__file__).parent / "transcripts"
CASE = """
reference: CCB/2026/0451
contact: {name: Chan Tai Man 陳大文, telephone: "+85228605012"}
ground: OUTSIDE_OUR_REMIT
provisions: [SFO s.107]
summary: |
  Unlicensed platform took deposits.
  無牌平台收取投資者款項。
requested_actions: [Investigate licensing offences]
urgency_reason: Funds still moving
handling: {tlp: AMBER_STRICT, code: H1, source_grade: B, information_grade: "2", permitted_action: INTERNAL,
  legal_gateway: SFO s.378(3), evidential_use: WITH_CONSENT, onward: ASK}
"""
WRITTEN = """
number: P/1
requesting_authority: Police 警務處
requested_authority: SFC 證監會
contact: {name: Chan Tai Man 陳大文, telephone: "+85228605012"}
instrument: courtesy
signatory: Chief Superintendent
competence: [Police Force Ordinance s.10]
provisions: [Theft Ordinance s.16A]
kinds: [INFORMATION_HELD]
facts: The victim paid into an account. 受害人存入一個戶口。
purpose: Investigation
why_useful: Who owns it is not known.
jurisdiction_link: The platform is licensed there.
questions: ["Who owns the account?"]
made_orally: yes
urgency_reason: The money leaves today
intended_uses: [Investigation]
"""
RED = """
handling: {tlp: RED, code: H0, source_grade: X, information_grade: "4", permitted_action: NONE,
  evidential_use: INTELLIGENCE_ONLY, onward: FORBIDDEN}
"""
AGENCIES = (
    {"name": "police", "desk": "police/duty", "english": "Police", "chinese": "警務處", "telephone": "+85223456781"},
    {"name": "sfc", "desk": "sfc/intake", "english": "SFC", "chinese": "證監會", "telephone": "+85223456782"},
)


@pytest.fixture(scope="module", autouse=True)
def screen_of_a_person() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "100")
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.delenv("COMITY_LANG", raising=False)
        patch.delenv("COMITY_HOME", raising=False)
        yield
    use(Language.EN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which everybody works, with the homes that the tests make."""
    found, before = tmp_path_factory.mktemp("agencies"), Path.cwd()
    os.chdir(found)
    (found / "case.yaml").write_text(CASE, "utf-8")
    (found / "incomplete.yaml").write_text(CASE.replace("summary: |", "modus_operandi: |"), "utf-8")
    (found / "half.yaml").write_text("subjects: [{name: 吳家明}]\nquestions: [Who is it]\n", "utf-8")
    (found / "written.yaml").write_text(WRITTEN, "utf-8")
    (found / "wider.yaml").write_text(WRITTEN.replace("[INFORMATION_HELD]", "[RECORDS]"), "utf-8")
    (found / "red.yaml").write_text(RED, "utf-8")
    (found / "statement.txt").write_text("account statement\n", "utf-8")
    (found / "saved").mkdir()
    yield found
    for name in ("police", "sfc"):
        if (found / name).exists():
            home = Home.load(found / name)
            for member in home.members():
                keyprocess.lock(home, member)
    os.chdir(before)


@pytest.fixture(scope="module")
def words(hub_process: HubProcess, folder: Path) -> dict[str, str]:
    """Two agencies that have joined, compared and agreed: what later transcripts need to know of them."""
    last = int(hub_process.fingerprint[-1])
    found = {"wrong": f"{hub_process.fingerprint[:-1]}{(last + 1) % 10}", "hub": hub_process.address}
    for agency in AGENCIES:
        own = {**agency, **found, "genesis": hub_process.fingerprint}
        play(TRANSCRIPTS / "apply.txt", own)
        hub_process.admit(folder / f"{agency['name']}.join")
        play(TRANSCRIPTS / "join.txt", own)
        found[f"{agency['name']}admin"] = own["admin"]
        found[f"{agency['name']}print"] = "".join(own[f"f{number}"] for number in range(1, 13))
    play(TRANSCRIPTS / "agree.txt", found)
    return found


def test_K_14_one_wrong_digit_joins_and_pins_nothing(words: dict[str, str]) -> None:
    play(TRANSCRIPTS / "wrong-digit.txt", dict(words))


@pytest.fixture(scope="module")
def story(folder: Path, words: dict[str, str]) -> dict[str, str]:
    """A referral from draft to close, as two agencies type it."""
    found = dict(words)
    play(TRANSCRIPTS / "referral.txt", found)
    return found


def test_a_referral_goes_from_draft_to_close(folder: Path, story: dict[str, str]) -> None:
    assert set(story) >= {"draft", "case", "message"}
    assert (folder / "saved" / "statement.txt").read_text("utf-8") == "account statement\n"


def test_what_else_a_draft_goes_through_and_how_a_message_is_taken_back(folder: Path, story: dict[str, str]) -> None:
    play(TRANSCRIPTS / "second.txt", dict(story))


def test_copies_of_keys_open_with_the_right_passphrases_only(folder: Path, story: dict[str, str]) -> None:
    play(TRANSCRIPTS / "keys.txt", dict(story))


def test_assistance_goes_from_a_telephone_call_to_feedback(folder: Path, words: dict[str, str]) -> None:
    play(TRANSCRIPTS / "assist.txt", dict(words))


def test_the_same_commands_speak_json(folder: Path, words: dict[str, str]) -> None:
    play(TRANSCRIPTS / "json.txt", dict(words))


def test_the_same_commands_speak_chinese(folder: Path, words: dict[str, str]) -> None:
    play(TRANSCRIPTS / "chinese.txt", dict(words))


@pytest.mark.parametrize("command", [("inbox",), ("sent",), ("drafts", "--all")], ids=lambda words: words[0])
@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
def test_lists_fit_eighty_columns(
    command: tuple[str, ...],
    lang: str,
    story: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code = run(["--lang", lang, "--home", "police", "--as", story["policeadmin"], "referral", *command])
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("  comity ")]
    wide = [line for line in lines if sum(2 if ord(char) > 0x2E80 else 1 for char in line) > 80]

    assert code == 0
    assert len(lines) > 1
    assert wide == []


def test_watch_says_that_it_is_connected_and_ends_when_told(
    folder: Path, words: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["--home", "sfc", "--json", "watch", "--for", "3"])
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert code == 0
    assert "connected" in {event["kind"] for event in events}
    assert {frozenset(event) for event in events} == {frozenset({"kind", "time", "item", "alarm", "reminder", "text"})}


def test_without_the_hub_what_is_here_is_shown_and_the_code_says_so(
    folder: Path, story: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home.load(folder / "sfc")
    home.changed(endpoints=("127.0.0.1:1",))
    try:
        code = run(["--home", "sfc", "referral", "inbox"])
    finally:
        home.changed(endpoints=home.endpoints)
    out, err = capsys.readouterr()

    assert code == 5
    assert "police/duty" in out
    assert "The hub does not answer. What follows is what was here before." in err
    assert err.splitlines()[-1].startswith("Not accepted (UNAVAILABLE).")


def test_every_failure_is_one_line_and_a_code(folder: Path, words: dict[str, str]) -> None:
    play(TRANSCRIPTS / "failures.txt", dict(words))
