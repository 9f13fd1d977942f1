"""Nothing that anybody wrote reaches a terminal raw, and a machine's output is JSON and nothing else."""

from __future__ import annotations

import io
import json

import pytest

from agents.cli.screen import Screen, encoded, safe

HOSTILE = {
    "a line feed": "a\nb",
    "a carriage return": "a\rb",
    "an escape sequence": "\x1b[2J\x1b]0;title\x07",
    "a C1 control": "a\x9b31mb",
    "a NUL": "a\x00b",
    "a line separator": "a\u2028b",
    "a bidirectional override": "a\u202eb",
    "an isolate": "a\u2066b\u2069",
    "a lone surrogate": "a\udc80b",
    "a private character": "a\ue000b",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_I_01_a_hostile_character_is_shown_as_its_number(what: str) -> None:
    shown = safe(HOSTILE[what])

    assert shown.isprintable()
    assert "\\u" in shown


@pytest.mark.parametrize("text", ["plain", "個案轉介 第二人核准", "क्\u200dष", "é ü ñ", "1 234"])
def test_ordinary_text_of_any_script_is_left_alone(text: str) -> None:
    assert safe(text) == text


def test_line_feeds_stand_only_where_lines_may() -> None:
    assert safe("a\nb", lines=True) == "a\nb"
    assert safe("a\nb") == "a\\u000ab"


@pytest.mark.parametrize("what", HOSTILE)
def test_I_01_json_holds_a_hostile_character_as_an_escape_and_gives_it_back(what: str) -> None:
    line = encoded({"text": HOSTILE[what]})

    assert line.isprintable()
    assert json.loads(line) == {"text": HOSTILE[what]}


def test_I_01_received_text_cannot_use_markup_or_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.fields([("Name\x1b[1m", "[bold red]x[/] \x1b[2J\rroot\u202e")])
    screen.table(("A",), [("[link=file:///x]y[/link]\x07",)])
    screen.say("[blink]z\x1b[31m")
    screen.warn("\x1b]0;t\x07")
    both = "".join(capsys.readouterr())

    assert "[bold red]x[/]" in both
    assert "[link=file:///x]y[/link]" in both
    assert not {"\x1b", "\r", "\x07", "\u202e"} & set(both)


def test_a_table_fits_eighty_columns_and_has_no_trailing_blanks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    Screen().table(("Id", "Message", "From"), [("12345678", "補充資料" * 12, "x" * 70)])
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) > 2
    assert max(sum(2 if ord(char) > 0x2E80 else 1 for char in line) for line in lines) <= 80
    assert [line for line in lines if line != line.rstrip()] == []


def test_with_json_stdout_holds_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(as_json=True)
    screen.say("for people")
    screen.table(("A",), [("b",)])
    screen.fields([("a", "b")])
    screen.next("comity next")
    screen.result({"a": 1})

    assert json.loads(capsys.readouterr().out) == {"a": 1}


def test_nobody_is_shown_progress_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen().progress("Sending") as report:
        assert report is None

    assert "".join(capsys.readouterr()) == ""


class Typed(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colour(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    Screen().say("x", "bold red")

    assert "\x1b[" in capsys.readouterr().out


@pytest.mark.parametrize("why", ["NO_COLOR", "json"])
def test_nothing_is_coloured_where_nobody_wants_it(
    why: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    if why == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen(as_json=why == "json")
    screen.say("x", "bold red")
    screen.table(("A",), [("b",)], ["bold"])
    screen.fields([("a", "b")])
    screen.next("comity next")
    screen.warn("w")
    screen.result({"a": "b"})
    screen.failure({"a": "b"}, "line")

    assert "\x1b" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("typed", "default", "expected"),
    [
        ("y\n", False, True),
        ("是\n", False, True),
        ("\n", False, False),
        ("\n", True, True),
        ("n\n", True, False),
        ("", True, False),
    ],
)
def test_a_person_is_asked_and_silence_is_no(
    typed: str, default: bool, expected: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))
    monkeypatch.setenv("FORCE_COLOR", "1")
    screen = Screen()

    assert screen.interactive
    assert screen.confirm("Send it now?", default=default) is expected
    assert "Send it now?" in capsys.readouterr().err


def test_progress_is_shown_on_a_terminal_and_only_to_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    with Screen().progress("Sending") as report:
        assert report is not None
        report("evil\x1b[2J[bold].zip", 50, 100)
    out, err = capsys.readouterr()

    assert out == ""
    assert "Sending" in err
    assert "\x1b[2J" not in err
    with Screen(as_json=True).progress("Sending") as report:
        assert report is None
