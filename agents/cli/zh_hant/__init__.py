"""The Traditional Chinese table (Hong Kong official register), put together from one file a topic."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agents.cli.zh_hant.help import HELP
from agents.cli.zh_hant.screens import SCREENS
from agents.cli.zh_hant.sdk import SDK
from agents.cli.zh_hant.words import WORDS

MESSAGES: Final[Mapping[str, str]] = MappingProxyType({**HELP, **WORDS, **SDK, **SCREENS})
"""English text to Traditional Chinese text."""
