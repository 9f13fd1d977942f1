"""What a test has opened is closed when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agents.screening.holding import OPEN


@pytest.fixture(autouse=True)
def closed_afterwards() -> Iterator[None]:
    """Closes every store that `holding` opened."""
    yield
    while OPEN:
        OPEN.pop().close()
