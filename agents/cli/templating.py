"""Forms on the command line: empty ones with comments in both languages, and what is missing in a filled-in one.

A form travels between people of different languages, so its comments stand in both whatever the screen speaks; what is
wrong with it is said in the language in use.

Never does: read a form (`agents/forms.py`).
"""

from __future__ import annotations

import re
from typing import Any, Final

import typer
from comity.workflow.terms import Family, Precedence, Verb
from google.protobuf.message import Message

from agents.cli.catalogue import t
from agents.cli.session import Session
from agents.cli.views import gap_views
from agents.cli.words import field_english, value_code, value_english
from agents.cli.zh_hant import MESSAGES
from agents.forms import FormError, check_form
from agents.templates import Wording, template

_NUMBER: Final = re.compile(r"\d+")


def _chinese(english: str) -> str:
    """Returns the Chinese of a text, with its numbers; empty where there is none, or where it says the same."""
    found = MESSAGES.get(english)
    if found is None:
        found = MESSAGES.get(_NUMBER.sub("{n}", english), "")
        for number in _NUMBER.findall(english):
            found = found.replace("{n}", number, 1)
    return "" if found == english else found


def _both(english: str) -> str:
    return " / ".join(filter(None, (english, _chinese(english))))


def _kind(parts: tuple[str, ...]) -> str:
    """Returns what a field holds: `text on one line, up to 100 bytes`."""
    english, chinese = ", ".join(parts), [_chinese(part) for part in parts]
    return f"{english} / {'，'.join(chinese)}" if all(chinese) else english


def _value(enum: Any, number: int) -> str:
    english = value_english(enum, number)
    chinese = _chinese(english)
    return "" if not chinese or chinese == value_code(enum, number) else chinese


BILINGUAL: Final = Wording(field=lambda field: _both(field_english(field)), kind=_kind, value=_value, head=_both)
"""English and Traditional Chinese beside one another."""


def print_template(
    session: Session,
    family: Family,
    verb: Verb,
    *,
    filled: Message | None = None,
    needed: frozenset[str] = frozenset(),
) -> None:
    """Prints a form with comments.

    Args:
        session: of the command.
        family: whose verb it is.
        verb: which body it is.
        filled: what stands in it beforehand.
        needed: paths of fields that must stand beyond those that always must.
    """
    text = template(family, verb, BILINGUAL, filled=filled, needed=needed)
    if not session.screen.as_json:
        typer.echo(text, nl=not text.endswith("\n"))
    session.screen.result({"verb": verb.name, "form": text})


def check_text(
    session: Session, text: str, family: Family, verb: Verb, precedence: Precedence = Precedence.ROUTINE
) -> None:
    """Says everything that is missing or wrong in a form.

    Raises:
        FormError: something is; the failure names all of it.
    """
    gaps = tuple(check_form(text, family, verb, precedence))
    session.screen.result({"gaps": gap_views(gaps)})
    if gaps:
        raise FormError(gaps)
    session.screen.say(t("The form is complete."), "bold green")
