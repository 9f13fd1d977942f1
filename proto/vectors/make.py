"""Writes the vectors, or proves that they are what the contract says.

Run by `make gen` (`python proto/vectors/make.py`) and, with `--check`, by `make check` and a test. All keys are SHA-256
of labels. What randomness gave once (sealed envelopes, attachments) is read back from the files and kept: from it
everything else follows byte for byte. `--anew` draws it again.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]

from vectors.makers import (
    attachments,
    cases,
    consents,
    deadlines,
    directory,
    families,
    headers,
    lists,
    logs,
    plain,
    sealed,
    work,
)
from vectors.makers.book import Book

HERE = Path(__file__).resolve().parent


def books(*, anew: bool) -> list[Book]:
    """Returns every file.

    Args:
        anew: draw anew what is random.
    """

    def kept(name: str) -> dict[str, Any]:
        path = HERE / f"{name}.json"
        if anew or not path.exists():
            return {}
        book = json.loads(path.read_text(encoding="utf-8"))
        cases: dict[str, Any] = {case["name"]: case["input"] for case in book["cases"]}
        return {**cases, **book.get("materials", {})}

    made = [
        make()
        for module in (plain, headers, directory, logs, work, families, consents, lists, cases, deadlines)
        for make in module.BOOKS
    ]
    return [*made, sealed.envelope(kept("envelope")), attachments.attachment(kept("blob"))]


def main() -> int:
    """Entry point.

    Returns:
        0, or 1 when `--check` found a file that is not what it should be.
    """
    parser = argparse.ArgumentParser(description="Writes the test vectors of the protocol.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    parser.add_argument("--anew", action="store_true", help="draw anew what is random")
    arguments = parser.parse_args()
    texts = {f"{book.name}.json": book.text() for book in books(anew=arguments.anew)}
    there = {path.name: path.read_text(encoding="utf-8") for path in HERE.glob("*.json")}
    stale = sorted(name for name in texts.keys() | there.keys() if texts.get(name) != there.get(name))
    for name in stale:
        if arguments.check:
            sys.stderr.write(f"stale: proto/vectors/{name} - run make gen\n")
        elif name in texts:
            (HERE / name).write_text(texts[name], encoding="utf-8")
            sys.stdout.write(f"gen: proto/vectors/{name}\n")
        else:
            (HERE / name).unlink()
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
