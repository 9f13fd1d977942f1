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

from hub.config import ConfigError
from hub.db import AlreadyServedError, UnsafeSettingError
from hub.founding import FoundingError

EXIT_FAILED: Final = 1
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
        _say(str(error))
        raise typer.Exit(EXIT_CONFIG) from None
    except CannotOpenError:
        _say("the key file cannot be opened: wrong passphrase, or another file")
        raise typer.Exit(EXIT_FAILED) from None
    except RefusedError as error:
        detail = "".join(f" [{key}: {value}]" for key, value in sorted(error.metadata.items()))
        _say(f"refused, {error.reason}: {error}{detail}")
        raise typer.Exit(EXIT_FAILED) from None
    except (CommandError, FoundingError, ComityError) as error:
        _say(str(error))
        raise typer.Exit(EXIT_FAILED) from None
    except OSError as error:
        _say(f"{error.filename or 'file'}: {error.strerror or type(error).__name__}")
        raise typer.Exit(EXIT_FAILED) from None


def _say(text: str) -> None:
    typer.echo(f"comity-hub: {text}", file=sys.stderr)
