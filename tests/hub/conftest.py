"""Fixtures of the hub's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import make_operators


@pytest.fixture(scope="session")
def operators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys of three operators, made once: each key file costs a second."""
    folder = tmp_path_factory.mktemp("operators")
    make_operators(folder)
    return folder
