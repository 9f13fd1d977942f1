"""Plays a transcript: `$ comity …` and what it prints, as a person would see it.

`> line` below a command is a line of its passphrase descriptor. In what is expected `*` stands for anything, `...`
alone for any lines, `<name>` for a word, the same wherever it stands. `!` begins a line of the standard error, `[4]` is
the exit code, 0 where it is not said. `#` begins a remark.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from agents.cli.main import run


def play(path: Path, words: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Runs every command of a transcript and compares what it prints."""
    for block in re.split(r"^\$ comity ", path.read_text("utf-8"), flags=re.M)[1:]:
        command, *rest = [line.rstrip() for line in block.splitlines() if not line.startswith("#")]
        secrets = [line[2:] for line in rest if line.startswith("> ")]
        expected = "\n".join(line for line in rest if not line.startswith("> ")).strip("\n")
        arguments = shlex.split(re.sub(r"<(\w+)>", lambda found: words[found[1]], command))
        code = run_with(arguments, secrets)
        out, err = capsys.readouterr()
        printed = [*out.splitlines(), *(f"! {line}" for line in err.splitlines()), *([f"[{code}]"] if code else [])]
        found = re.fullmatch(pattern_of(expected, words), "\n".join(line.rstrip() for line in printed).strip("\n"))
        assert found, f"{path.name}: $ comity {command}\n--- expected\n{expected}\n--- printed\n" + "\n".join(printed)
        words.update(found.groupdict())


def run_with(arguments: list[str], secrets: list[str]) -> int:
    """Runs one command with its passphrases in a pipe."""
    if not secrets:
        return run(arguments)
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{secret}\n" for secret in secrets).encode())
    os.close(writing)
    try:
        return run([*arguments, "--passphrase-fd", str(reading)])
    finally:
        os.close(reading)


def pattern_of(expected: str, words: dict[str, str]) -> str:
    """Returns the regular expression of an expected output."""
    seen: set[str] = set()

    def part(found: re.Match[str]) -> str:
        if found[0] == "*":
            return "[^\n]*"
        if found[1] in words:
            return re.escape(words[found[1]])
        seen_before = found[1] in seen
        seen.add(found[1])
        return f"(?P={found[1]})" if seen_before else rf"(?P<{found[1]}>[^\s\"]+?)"

    pieces = re.split(r"(\*|<\w+>)", expected)
    text = "".join(re.sub(r"\*|<(\w+)>", part, p) if p[:1] in "*<" and p else re.escape(p) for p in pieces)
    text = text.replace("\\\n", "\n")
    text = re.sub(r"(?m)^\\\.\\\.\\\.\n", r"(?:[^\\n]*\\n)*?", text)
    return re.sub(r"\n\\\.\\\.\\\.$", r"(?:\\n[^\\n]*)*", text)
