"""How a failed command ends: one line that says what happened and what to do next, the fields if several, and a code.

Never does: show content, a traceback (only `--verbose` does), or another error's inner text.
"""

from __future__ import annotations

from typing import Any

from comity.errors import ComityError, Reason, RefusedError
from comity.handling import HandlingLoweredError
from comity.payload_rules import Gap
from comity.workflow.terms import Verb

from agents.cli.catalogue import Language, language, t
from agents.cli.exits import CommandError, ExitCode, exit_code_of
from agents.cli.said import said
from agents.cli.screen import Screen
from agents.cli.views import gap_views
from agents.cli.words import COMMANDS_OF, NOUNS
from agents.errors import ContentRefusedError, IncompleteError, UnpinnedError, explain
from agents.handlings import NotOnwardError


def _happened(error: ComityError | OSError) -> str:
    """Returns what happened, empty where the language in use has no words for it but what comes next."""
    if isinstance(error, RefusedError):
        known = {name: value or t("nothing") for name, value in error.metadata.items() if value or name == "allowed"}
        details = "; ".join(f"{name}: {value}" for name, value in known.items())
        return t("Not accepted ({details}).", details="; ".join(filter(None, (error.reason.value, details))))
    if isinstance(error, HandlingLoweredError):
        return t("Not accepted ({details}).", details="; ".join(("HANDLING_LOWERED", *error.fields)))
    if isinstance(error, NotOnwardError):
        return t("Not accepted ({details}).", details="NOT_ONWARD")
    if isinstance(error, ContentRefusedError):
        named = f"{error.path} {said(error.problem)}".strip()
        return t("Not accepted ({details}).", details=f"{error.code}; {named}")
    if isinstance(error, IncompleteError):
        return t("Not complete: {named}.", named="; ".join(_named(error)))
    if isinstance(error, OSError):
        name = str(error.filename or "")
        if isinstance(error, FileNotFoundError):
            return t("The file is not there: {name}", name=name)
        return t("The file cannot be used: {name}", name=name)
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}." if language() is Language.EN and text else ""


def _named(error: IncompleteError) -> list[str]:
    """Returns every field that is missing or wrong, with what is wrong with it."""
    return [f"{gap.path} {said(gap.problem)}" for gap in error.gaps]


def _joined(*sentences: str) -> str:
    return (" " if language() is Language.EN else "").join(sentence for sentence in sentences if sentence)


def _following(error: ComityError, noun: str) -> str:
    """Returns what to do next; where the state of a case was wrong, also which commands it admits."""
    advice = explain(error, language().value)
    if isinstance(error, UnpinnedError):
        return t("Call that agency's officer, then: comity agency pin AGENCY")
    if not isinstance(error, RefusedError) or error.reason is not Reason.WRONG_STATE:
        return advice
    verbs = [Verb[name] for name in error.metadata.get("allowed", "").split(",") if name in Verb.__members__]
    known = next((COMMANDS_OF[family] for family, name in NOUNS.items() if name == noun and family in COMMANDS_OF), {})
    commands = dict.fromkeys(known[verb] for verb in verbs if verb in known)
    if not commands:
        return advice
    return _joined(advice, t("Now possible: comity {noun} {commands}.", noun=noun, commands=" | ".join(commands)))


def report(screen: Screen, error: ComityError | OSError, noun: str = "referral") -> ExitCode:
    """Prints a failure and returns the exit code.

    Args:
        screen: both streams.
        error: what was raised.
        noun: below which the command stood: where a state was wrong, its commands are named.
    """
    code = exit_code_of(error)
    if isinstance(error, CommandError):
        happened, following = str(error), ""
    else:
        happened = _happened(error)
        following = "" if isinstance(error, OSError) else _following(error, noun)
    data: dict[str, Any] = {
        "code": int(code),
        "kind": code.name,
        "reason": error.reason.value if isinstance(error, RefusedError) else None,
        "metadata": dict(error.metadata) if isinstance(error, RefusedError) else {},
        "gaps": gap_views(gaps_of(error)),
        "message": happened,
        "next": following,
    }
    named = _named(error) if isinstance(error, IncompleteError) and len(error.gaps) > 1 else ()
    screen.failure({"error": data}, _joined(t("Not complete.") if named else happened, following), named)
    return code


def gaps_of(error: ComityError | OSError) -> tuple[Gap, ...]:
    """Returns the fields that an error names."""
    if isinstance(error, ContentRefusedError):
        return (Gap(error.path, f"{error.code}: {error.problem}".removesuffix(": ")),)
    return error.gaps if isinstance(error, IncompleteError) else ()


def usage(screen: Screen, text: str, command: str) -> ExitCode:
    """Prints what is wrong with the command line and returns the exit code."""
    following = t("See: {command} --help", command=command)
    data = {
        "code": int(ExitCode.USAGE),
        "kind": ExitCode.USAGE.name,
        "reason": None,
        "metadata": {},
        "gaps": [],
        "message": text,
        "next": following,
    }
    screen.failure({"error": data}, _joined(text, following))
    return ExitCode.USAGE
