"""Exit codes: what a script may rely on, and which error ends with which.

Never does: exit. `main` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError, VerificationError

from agents.errors import NotUniqueError
from agents.keyprocess import LockedError
from agents.passphrases import PassphraseError


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    """Done."""
    REFUSED = 1
    """A rule, the hub or the person said no; nothing was changed."""
    USAGE = 2
    """The command line or a file that was handed over is not what it must be."""
    LOCKED = 3
    """Keys are locked, or a passphrase is missing or wrong."""
    NOT_FOUND = 4
    """No such case, message, draft, agency or file."""
    UNREACHABLE = 5
    """The hub does not answer, or cannot make anything durable now. Try again; nothing is doubled."""
    ALARM = 6
    """A proof does not verify, mail cannot be opened, or there is an alarm. Do not act on it; call."""
    HIT = 10
    """`screen`: a wallet is listed."""
    INVALID = 11
    """`screen`: no wallet is listed, and a text is no address."""
    STALE = 12
    """`screen`: no wallet is listed, and a list is too old, or none is held, to call anything clear."""
    FAULT = 70
    """A fault in this program. Run again with --verbose and report it."""
    INTERRUPTED = 130
    """The person stopped it with Ctrl-C. What was durable by then stays so."""


class CommandError(ComityError):
    """Raised by a command itself. Its text is already in the reader's language and holds no content."""

    code = ExitCode.REFUSED


class UsageError(CommandError):
    """The command line says something that cannot be done."""

    code = ExitCode.USAGE


class NothingFoundError(CommandError):
    """What the command line names is not here."""

    code = ExitCode.NOT_FOUND


class NotConfirmedError(CommandError):
    """A person was asked and said no. Nothing was changed."""


class WrongPassphraseError(CommandError):
    """A key file did not open: wrong passphrase, or damaged."""

    code = ExitCode.LOCKED


class LockedKeysError(CommandError):
    """The keys are locked. Names the command that unlocks them."""

    code = ExitCode.LOCKED


class StoppedError(CommandError):
    """The person stopped it with Ctrl-C; the text says what is kept and how to go on."""

    code = ExitCode.INTERRUPTED


class FindingsError(CommandError):
    """What was to be verified does not verify."""

    code = ExitCode.ALARM


_REASONS: Final[Mapping[Reason, ExitCode]] = MappingProxyType(
    {
        Reason.NOT_FOUND: ExitCode.NOT_FOUND,
        Reason.UNKNOWN_CASE: ExitCode.NOT_FOUND,
        Reason.UNKNOWN_MESSAGE: ExitCode.NOT_FOUND,
        Reason.ERASED: ExitCode.NOT_FOUND,
        Reason.UNAVAILABLE: ExitCode.UNREACHABLE,
        Reason.BUSY: ExitCode.UNREACHABLE,
        Reason.STALLED: ExitCode.UNREACHABLE,
        Reason.INTERNAL: ExitCode.UNREACHABLE,
    }
)


def exit_code_of(error: ComityError | OSError) -> ExitCode:
    """Returns how a command ends that raised this error."""
    match error:
        case CommandError():
            return error.code
        case RefusedError():
            return _REASONS.get(error.reason, ExitCode.REFUSED)
        case LockedError() | PassphraseError():
            return ExitCode.LOCKED
        case VerificationError() | CannotOpenError():
            return ExitCode.ALARM
        case FileNotFoundError() | NotUniqueError():
            return ExitCode.NOT_FOUND
        case MalformedError() | OSError():
            return ExitCode.USAGE
    return ExitCode.REFUSED
