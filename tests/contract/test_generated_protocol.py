"""The generated blocks of PROTOCOL.md say what the code does."""

from __future__ import annotations

import gen_docs
import pytest
from comity.errors import Reason


def test_the_blocks_are_fresh() -> None:
    text = gen_docs.DOCUMENT.read_text(encoding="utf-8")
    assert gen_docs.refreshed(text) == text


def test_every_reason_stands_in_its_block_with_a_sentence() -> None:
    rows = gen_docs.reasons().splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == [f"| {reason}" for reason in Reason]
    assert all(row.endswith(". |") for row in rows)


@pytest.mark.parametrize(
    "change",
    [("generated: reasons", "generated: reason"), ("<!-- end generated -->", ""), ("<!-- generated: chains -->", "")],
)
def test_a_mark_that_is_wrong_is_refused(change: tuple[str, str]) -> None:
    text = gen_docs.DOCUMENT.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="generated block"):
        gen_docs.refreshed(text.replace(*change))
