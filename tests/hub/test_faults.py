"""Fault points: named, refused when unknown, free when idle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.faults import NO_FAULTS, POINTS, FaultError, Faults

HUB = Path(__file__).resolve().parents[2] / "hub"


def test_nothing_is_armed_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAULT", raising=False)
    faults = Faults.from_environment()
    assert not faults.armed
    faults.hit("submit.after_commit")
    assert not NO_FAULTS.armed


def test_a_point_acts_from_the_passage_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULT", "submit.after_commit:raise@3,submit.after_lock:raise")
    faults = Faults.from_environment()
    assert faults.armed
    faults.hit("submit.after_commit")
    faults.hit("submit.after_commit")
    with pytest.raises(FaultError):
        faults.hit("submit.after_commit")
    with pytest.raises(FaultError):
        faults.hit("submit.after_lock")
    faults.hit("submit.after_queue")
    faults.disarm()
    faults.hit("submit.after_lock")
    assert not faults.armed


@pytest.mark.parametrize("specification", ["submit.nowhere:kill", "submit.after_commit:explode", "submit.after_commit"])
def test_an_unknown_point_or_action_is_refused(specification: str) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        Faults(specification)


def test_a_passage_that_is_not_registered_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fault point"):
        Faults().hit("submit.nowhere")


def test_every_point_is_passed_somewhere_and_every_passage_is_registered() -> None:
    passed = {
        name
        for path in HUB.rglob("*.py")
        if path.name != "faults.py" and ".hit(" in (text := path.read_text(encoding="utf-8"))
        for name in re.findall(r'"((?:submit|clockwork|feed|log)\.[a-z_]+)"', text)
    }
    assert passed == POINTS
