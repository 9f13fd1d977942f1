"""The documents say what the code does: their links lead somewhere."""

from __future__ import annotations

import re

from tests.support.sources import ROOT, relative, repository_files

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def test_every_link_to_a_file_leads_to_one() -> None:
    broken = [
        f"{relative(path)}: {target}"
        for path in repository_files(".md")
        if not relative(path).startswith("tests/data/")
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists() and not (ROOT / target).exists()
    ]

    assert broken == []
