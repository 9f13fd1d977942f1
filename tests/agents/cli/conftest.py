"""The one hub of all transcripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agents.cli.ceremony import HubProcess, running_hub


@pytest.fixture(scope="session")
def hub_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub after its ceremony, listening on a free port of this machine."""
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
