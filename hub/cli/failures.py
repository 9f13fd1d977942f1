"""What ends a command, in words for the person who typed it.

Never does: show content or secrets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from comity.errors import CannotOpenError, ComityError, RefusedError

from hub.claim import AlreadyServedError, SchemaError
from hub.config import ConfigError
from hub.db import UnsafeSettingError
from hub.founding import FoundingError

EXIT_FAILED: Final = 1
EXIT_UNAVAILABLE: Final = 69
"""sysexits: what is needed does not answer; nothing was found out."""
EXIT_BEHIND: Final = 76
"""The database is behind what was signed: a hub of it must not serve."""
EXIT_CONFIG: Final = 78
"""sysexits: the configuration is not usable; starting again cannot help."""


class CommandError(Exception):
    """Something a command cannot go on with. The message is all that is shown."""


@contextmanager
def in_words() -> Iterator[None]:
    """Turns what a command may fail with into one line on standard error and an exit code."""
    try:
        yield
    except (ConfigError, UnsafeSettingError, AlreadyServedError) as error:
        say(str(error))
        raise typer.Exit(EXIT_CONFIG) from None
    except CannotOpenError:
        say("the key file cannot be opened: wrong passphrase, or another file")
        raise typer.Exit(EXIT_FAILED) from None
    except RefusedError as error:
        detail = "".join(f" [{key}: {value}]" for key, value in sorted(error.metadata.items()))
        say(f"refused, {error.reason}: {error}{detail}")
        raise typer.Exit(EXIT_FAILED) from None
    except (CommandError, SchemaError, FoundingError, ComityError) as error:
        say(str(error))
        raise typer.Exit(EXIT_FAILED) from None
    except OSError as error:
        say(f"{error.filename or 'file'}: {error.strerror or type(error).__name__}")
        raise typer.Exit(EXIT_FAILED) from None


def say(text: str) -> None:
    """Says something on standard error."""
    typer.echo(f"comity-hub: {text}", file=sys.stderr)
