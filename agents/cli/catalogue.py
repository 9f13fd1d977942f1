"""What people read, in their language: the English text is the key, a table holds the Traditional Chinese.

A test reads every text out of the sources of this package and asks for its entry, so that none is forgotten.

Never does: translate what machines read (JSON, codes, ids), guess at a text that has no entry (English is shown).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar
from enum import StrEnum

from agents.cli.zh_hant import MESSAGES


class Language(StrEnum):
    """A language of the interface; the value is its BCP 47 tag."""

    EN = "en"
    ZH_HANT = "zh-Hant"


_current: ContextVar[Language] = ContextVar("language", default=Language.EN)


def use(language: Language) -> None:
    """Sets the language of everything shown from now on."""
    _current.set(language)


def language() -> Language:
    """Returns the language in use."""
    return _current.get()


def t(message: str, /, **values: object) -> str:
    """Returns a text in the language in use.

    Args:
        message: the English text, with `{name}` where a value stands.
        **values: what stands there; any text is safe, only the message itself is a template.
    """
    text = MESSAGES.get(message, message) if _current.get() is Language.ZH_HANT else message
    return text.format(**values) if values else text


def labelled(label: str, text: str) -> str:
    """Returns a label and what it says, with the colon of the language in use."""
    return t("{label}: {text}", label=label, text=text)


def from_locale(environment: Mapping[str, str] | None = None) -> Language:
    """Returns the language that the environment asks for: Traditional Chinese for its locales, else English.

    Args:
        environment: variables; None for those of the process.
    """
    variables = os.environ if environment is None else environment
    for name in ("COMITY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = variables.get(name, "").replace("-", "_").lower()
        if value:
            traditional = value.startswith(("zh_hant", "zh_hk", "zh_tw", "zh_mo"))
            return Language.ZH_HANT if traditional else Language.EN
    return Language.EN
