"""The Traditional Chinese table (Hong Kong official register), put together from one file a topic."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agents.cli.zh_hant.assistance import ASSISTANCE
from agents.cli.zh_hant.board import BOARD
from agents.cli.zh_hant.exports import EXPORTS
from agents.cli.zh_hant.forms import FORMS
from agents.cli.zh_hant.freeze_words import FREEZE_WORDS
from agents.cli.zh_hant.freezes import FREEZES
from agents.cli.zh_hant.help import HELP
from agents.cli.zh_hant.onward import ONWARD
from agents.cli.zh_hant.profiles import PROFILES
from agents.cli.zh_hant.screening import SCREENING
from agents.cli.zh_hant.screens import SCREENS
from agents.cli.zh_hant.sdk import SDK
from agents.cli.zh_hant.watchlists import WATCHLISTS
from agents.cli.zh_hant.words import WORDS

MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **HELP,
        **WORDS,
        **SDK,
        **SCREENS,
        **EXPORTS,
        **WATCHLISTS,
        **SCREENING,
        **BOARD,
        **PROFILES,
        **FORMS,
        **ASSISTANCE,
        **FREEZES,
        **FREEZE_WORDS,
        **ONWARD,
    }
)
"""English text to Traditional Chinese text."""
