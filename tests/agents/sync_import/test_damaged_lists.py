"""Lists that are damaged at random: they are read, or refused with a code, and nothing else ever comes of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from comity.watchlists.entries import entry_gaps
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sync.importers import FileRefusedError, Format
from tests.agents.sync_import.lists import WALLETS, read

SEEDS = [
    (WALLETS / name).read_bytes()[:3000]
    for name in (
        "defects.csv",
        "ofac_sdn_wallets.jsonl",
        "misp_event_wallets_derived.json",
        "stix21_crypto_extension_examples.json",
        "tagpacks/ronin_bridge.yaml",
        "tagpack_format_tests/with_concepts.yaml",
        "wallets_merged_sample.csv.gz",
    )
]
TOKENS = [
    *(b'{ } [ ] " : , ; \\ & * << - # % @ = null 1e999 \\u0000 \\ud800'.split()),
    *(b"\n", b"\t", b"\0", b"\xff", b"- ", b"'", b"9" * 5000, b'{"Event": {', b'"objects": [', b"tags:\n", b"!!map "),
]
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(TOKENS) | st.binary(max_size=4)), max_size=6
)


@settings(max_examples=150)
@given(st.sampled_from(SEEDS), EDITS, st.none() | st.sampled_from(Format))
def test_a_damaged_list_is_read_or_refused_with_a_code(
    seed: bytes, edits: list[tuple[float, int, bytes]], named: Format | None
) -> None:
    content = bytearray(seed)
    for where, length, token in edits:
        at = int(where * len(content))
        content[at : at + length] = token
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes(content)
        try:
            outcome = read(path, named=named)
        except FileRefusedError:
            return

    assert [gap for entry in outcome.entries for gap in entry_gaps(entry)] == []
    assert b"\0" not in "".join(refusal.shown + refusal.column for refusal in outcome.refused).encode()
