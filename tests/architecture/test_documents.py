"""The documents say what the code does: their tables are generated, their links lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.support.doc_tables import refreshed, stale_documents, workflow
from tests.support.sources import ROOT, relative, repository_files

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def test_every_generated_table_is_fresh() -> None:
    assert [relative(path) for path in stale_documents()] == []


def test_every_link_to_a_file_leads_to_one() -> None:
    broken = [
        f"{relative(path)}: {target}"
        for path in repository_files(".md")
        if not relative(path).startswith("tests/data/")
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists() and not (ROOT / target).exists()
    ]

    assert broken == []


def test_a_table_is_written_between_its_marks_and_nowhere_else() -> None:
    before = "a\n<!-- table: workflow referral -->\nold\n<!-- end of table -->\nb\n"

    after = refreshed(before)

    assert after == f"a\n<!-- table: workflow referral -->\n\n{workflow('referral')}\n<!-- end of table -->\nb\n"
    assert refreshed(after) == after


@pytest.mark.parametrize(
    "text", ["<!-- table: workflow referral -->\n", "<!-- table: unheard -->\n<!-- end of table -->\n"]
)
def test_a_mark_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="table"):
        refreshed(text)
