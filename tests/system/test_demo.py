"""The demonstration, played once as a person would play it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.system.processes import ROOT, environment


@pytest.mark.timeout(300)
@pytest.mark.skipif(bool(os.environ.get("CI")), reason="there it is played by itself (.ci/run)")
def test_the_demonstration_plays_to_its_end() -> None:
    played = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "demo")],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        timeout=240,
        check=False,
    )

    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]
    assert played.stdout.splitlines()[-1] == "demo: ok"
    assert played.stderr == ""
