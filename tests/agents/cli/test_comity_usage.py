"""Global options anywhere, times and codes as people type them, one exit code a kind of failure."""

from __future__ import annotations

import datetime

import pytest
from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError, VerificationError
from comity.v1 import payload_pb2
from comity.workflow.terms import Precedence, Role

from agents.cli import lists, times
from agents.cli.catalogue import Language, use
from agents.cli.exits import ExitCode, FindingsError, NothingFoundError, UsageError, exit_code_of
from agents.cli.main import run
from agents.cli.usage import hoisted, language_of
from agents.cli.words import grouped
from agents.errors import NotUniqueError, SplitViewError, UnpinnedError
from agents.keyprocess import LockedError
from agents.passphrases import PassphraseError

NOW = 1_772_400_000_000


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["referral", "inbox", "--json"], ["--json", "referral", "inbox"]),
        (["next", "--as", "m-x", "--lang=en"], ["--as", "m-x", "--lang=en", "next"]),
        (["draft", "--to", "a/b", "--home", "h"], ["--home", "h", "draft", "--to", "a/b"]),
        (["ack", "--", "--json"], ["ack", "--", "--json"]),
        (["ack", "--as"], ["--as", "ack"]),
    ],
)
def test_a_global_option_may_stand_anywhere(typed: list[str], expected: list[str]) -> None:
    assert hoisted(typed) == expected


def test_the_language_is_known_before_the_command_line_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")

    assert language_of(["--lang", "zh-Hant", "--help"]) is Language.ZH_HANT
    assert language_of(["--lang=zh-Hant"]) is Language.ZH_HANT
    assert language_of(["--lang", "fr"]) is Language.EN
    assert language_of(["--lang"]) is Language.EN


def test_the_words_of_the_parser_are_in_the_readers_language_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert run(["--lang", "zh-Hant", "freeze", "--help"]) == 0
        shown = capsys.readouterr().out
        assert run(["--lang", "zh-Hant"]) == 2
        missing = capsys.readouterr().err
        assert run(["--lang", "en", "freeze", "--help"]) == 0
        again = capsys.readouterr().out
    finally:
        use(Language.EN)
    assert all(word in shown for word in ("用法：comity freeze [選項] 指令 [參數]...", "選項", "指令"))
    assert not [word for word in ("Usage", "Options", "Commands", "OPTIONS", "ARGS") if word in shown]
    assert "欠缺指令" in missing
    assert all(word in again for word in ("Usage: comity freeze [OPTIONS] COMMAND [ARGS]...", "Options", "Commands"))


@pytest.mark.parametrize(
    ("text", "expected"), [("90m", NOW + 5_400_000), ("8h", NOW + 28_800_000), ("3d", NOW + 259_200_000)]
)
def test_a_span_counts_from_now(text: str, expected: int) -> None:
    assert times.when(text, NOW) == expected


def test_a_date_counts_until_its_end_and_no_time_is_none() -> None:
    end = datetime.datetime(2026, 3, 1, 23, 59, 59).astimezone()  # local on purpose

    assert times.when("2026-03-01") == int(end.timestamp() * 1000)
    assert times.when("2026-03-01T14:05+08:00") == 1_772_345_100_000
    assert times.when(None) is None


@pytest.mark.parametrize("text", ["", "0m", "soon", "2026-13-01", "10", "-3h", "99999999d"])
def test_any_other_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        times.when(text, NOW)


@pytest.mark.parametrize(
    ("left_ms", "expected"),
    [(60_000 * 14, "in 14 min"), (3_600_000 * 5, "in 5 h"), (-3_600_000 * 72, "3 days overdue")],
)
def test_a_limit_is_shown_as_what_is_left(left_ms: int, expected: str) -> None:
    assert times.due(NOW + left_ms, NOW) == expected
    assert times.due(0, NOW) == ""


def test_a_code_may_be_typed_in_any_case_and_shortened() -> None:
    assert lists.by_code(Role, "duty-desk", "--role") is Role.DUTY_DESK
    assert lists.by_code(Precedence, "FLASH", "--precedence") is Precedence.FLASH
    assert lists.number_of(payload_pb2.DeclineReason.DESCRIPTOR, "time", "--reason") == 7
    assert lists.number_of(payload_pb2.InfoGap.DESCRIPTOR, "on chain", "KIND") == payload_pb2.INFO_GAP_ON_CHAIN


@pytest.mark.parametrize("text", ["", "a", "boss", "*"])
def test_a_code_that_is_none_or_several_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(UsageError, match="analyst, approver"):
        lists.by_code(Role, text, "--role")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError(Reason.WRONG_STATE, "x"), 1),
        (UnpinnedError("x"), 1),
        (ComityError("x"), 1),
        (UsageError("x"), 2),
        (MalformedError("x"), 2),
        (PermissionError(), 2),
        (LockedError("x"), 3),
        (PassphraseError("x"), 3),
        (NothingFoundError("x"), 4),
        (RefusedError(Reason.UNKNOWN_CASE, "x"), 4),
        (FileNotFoundError(), 4),
        (NotUniqueError("x"), 4),
        (RefusedError(Reason.UNAVAILABLE, "x"), 5),
        (RefusedError(Reason.BUSY, "x"), 5),
        (VerificationError("x"), 6),
        (SplitViewError("x"), 6),
        (CannotOpenError(), 6),
        (FindingsError("x"), 6),
    ],
)
def test_each_kind_of_failure_has_its_exit_code(error: ComityError | OSError, code: int) -> None:
    assert exit_code_of(error) == code


def test_the_exit_codes_are_those_that_are_documented() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "REFUSED": 1,
        "USAGE": 2,
        "LOCKED": 3,
        "NOT_FOUND": 4,
        "UNREACHABLE": 5,
        "ALARM": 6,
        "HIT": 10,
        "INVALID": 11,
        "STALE": 12,
        "FAULT": 70,
        "INTERRUPTED": 130,
    }


def test_a_fingerprint_is_shown_in_groups_of_five() -> None:
    assert grouped("1234567890" * 6).splitlines() == ["12345  67890  12345  67890"] * 3
