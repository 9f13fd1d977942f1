"""One agency's or operator's own process: it runs the commands it is told, as a person at its keyboard would.

The demonstration starts one for each agency, so that each works in a process of its own with its own files, without
paying the start of an interpreter for each command. Requests and answers are one JSON object a line.

Never does: share anything with another agency's process but the files that are handed over.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys


def run(program: str, arguments: list[str]) -> int:
    """Runs one command of one of the three programs and returns its exit code."""
    if program == "comity":
        from agents.cli.main import run as comity

        return comity(arguments)
    if program == "comity-sync":
        from agents.sync.__main__ import app as sync

        return sync(arguments, prog_name=program, standalone_mode=True) or 0
    from hub.cli.main import app

    return app(arguments, prog_name=program, standalone_mode=True) or 0


def answer(request: dict[str, list[str]]) -> dict[str, object]:
    """Runs one request and returns its exit code, output and messages."""
    arguments = list(request["arguments"])
    reading = None
    if request["passphrases"]:
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{p}\n" for p in request["passphrases"]).encode())
        os.close(writing)
        arguments += ["--passphrase-fd", str(reading)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(str(request["program"]), arguments)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    if reading is not None:
        with contextlib.suppress(OSError):  # the command may have closed it
            os.close(reading)
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def main() -> None:
    """Runs commands until the standard input ends."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        for line in sys.stdin:
            answers.write(json.dumps(answer(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
