"""Tells the contract's tests from all others, so that those that walk through every case run with the others.

They pay most for the measure of coverage and add nothing to it: `make test-contract` leaves them to `make test-rest`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.contract)
