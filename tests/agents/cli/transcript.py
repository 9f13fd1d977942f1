"""Plays a transcript: `$ comity …` and what it prints, as a person would see it.

`> line` below a command is a line of its passphrase descriptor. In what is expected `*` stands for anything, `...`
alone for any lines, two blanks for any number, `<name>` for a word, the same wherever it stands. `!` begins a line of
the standard error, `[4]` is the exit code, 0 where it is not said. `#` begins a remark.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from agents.cli.main import run


def play(path: Path, words: dict[str, str]) -> None:
    """Runs every command of a transcript and compares what it prints."""
    for block in re.split(r"^\$ comity ", path.read_text("utf-8"), flags=re.M)[1:]:
        command, *rest = [line.rstrip() for line in block.splitlines() if not line.startswith("#")]
        secrets = [line[2:] for line in rest if line.startswith("> ")]
        expected = "\n".join(line for line in rest if not line.startswith("> ")).strip("\n")
        wanted = re.search(r"\n?\[(\d+)\]$", expected)
        code, out, err = run_with(shlex.split(re.sub(r"<(\w+)>", lambda found: words[found[1]], command)), secrets)
        printed = "\n".join([*out.splitlines(), *(f"! {line}" for line in err.splitlines())]).strip("\n")
        found = re.fullmatch(pattern_of(expected[: wanted.start()] if wanted else expected, words), printed)
        where = f"{path.name}: $ comity {command}\n--- expected\n{expected}\n--- printed\n{printed}\n[{code}]"
        assert found, where
        assert code == (int(wanted[1]) if wanted else 0), where
        words.update(found.groupdict())


def run_with(arguments: list[str], secrets: list[str]) -> tuple[int, str, str]:
    """Runs one command with its passphrases in a pipe; returns its exit code and what it prints to both streams."""
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{secret}\n" for secret in secrets).encode())
    os.close(writing)
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err, os.fdopen(reading, "rb"):
        code = run([*arguments, "--passphrase-fd", str(reading)] if secrets else arguments)
    return code, out.getvalue(), err.getvalue()


def pattern_of(expected: str, words: dict[str, str]) -> str:
    """Returns the regular expression of an expected output."""
    text = re.escape(expected).replace("\\\n", "\n").replace("\\*", "[^\n]*")
    text = re.sub(r"(?m)^\\\.\\\.\\\.\n", r"(?:[^\\n]*\\n)*?", text)
    text = re.sub(r"\n\\\.\\\.\\\.$", r"(?:\\n[^\\n]*)*", text)
    text = re.sub(r"(?:\\ ){2,}", r"[ ]{2,}", text)
    seen = dict(words)
    for name in re.findall(r"<(\w+)>", text):
        known = re.escape(words[name]) if name in words else f"(?P={name})"
        text = text.replace(f"<{name}>", known if name in seen else rf'(?P<{name}!>[^\s"]+?)', 1)
        seen[name] = name
    return text.replace("!>", ">")
