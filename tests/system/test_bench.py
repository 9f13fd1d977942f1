"""The bench runs: a short round of it on both databases gives every figure. How large they are is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RATIOS = (
    "submit_c128_vs_echo_sqlite",
    "submit_c128_vs_echo_postgres",
    "submit_batch64_vs_echo_sqlite",
    "submit_batch64_vs_echo_postgres",
)


def test_a_short_bench_gives_every_figure_in_one_flat_object(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    run = subprocess.run(
        [sys.executable, "tests/bench", "--quick", "--out", out],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert all(isinstance(number, float) and number > 0 for number in figures.values())
    assert set(RATIOS) | {"echo_c128_per_s"} <= set(figures)
