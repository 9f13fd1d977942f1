"""`comity …`: puts the nouns together, reads the global options, and turns every error into one line and a code.

Never does: what a noun does.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from comity.errors import ComityError

from agents.cli import (
    agency,
    agreement,
    alarm,
    answers,
    assist,
    assist_answers,
    assist_show,
    board,
    case,
    desk,
    drafts,
    exporting,
    failures,
    freeze,
    freeze_answers,
    freeze_ledger,
    freeze_now,
    freeze_orders,
    keyring,
    lock,
    log,
    member,
    onward,
    profile,
    recalls,
    receipt,
    referral,
    screening,
    waiting,
    watch,
    watchlist,
    watchlist_changes,
    watchlist_imports,
    watchlist_mail,
    watchlist_repair,
)
from agents.cli.catalogue import Language, language, t, use
from agents.cli.exits import ExitCode
from agents.cli.screen import Screen
from agents.cli.session import Session, default_home
from agents.cli.usage import dress_help, hoisted, language_of, problem, translate
from agents.cli.words import NOUNS

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for noun in (
    agency,
    member,
    desk,
    agreement,
    profile,
    referral,
    freeze,
    assist,
    onward,
    recalls,
    case,
    log,
    receipt,
    alarm,
    keyring,
    watchlist,
):
    app.add_typer(noun.app)
for commands in (drafts, answers):
    referral.app.registered_commands += commands.app.registered_commands
for commands in (watchlist_imports, watchlist_changes, watchlist_mail, watchlist_repair, exporting):
    watchlist.app.registered_commands += commands.app.registered_commands
for commands in (assist_answers, assist_show):
    assist.app.registered_commands += commands.app.registered_commands
assist.app.registered_commands += answers.commands(
    "ack", "ask", "supply", "accept", "progress", "withdraw", "recall", "answer-recall", "close"
)
assist.app.registered_commands += drafts.commands(
    "drafts", "review", "approve", "reseal", "attach", "discard", "send", "export", "import"
)
assist.app.registered_commands += referral.commands("inbox", "sent", "save")
for commands in (freeze_now, freeze_answers, freeze_orders, freeze_ledger):
    freeze.app.registered_commands += commands.app.registered_commands
freeze.app.registered_commands += answers.commands(
    "ack", "ask", "supply", "progress", "withdraw", "recall", "answer-recall"
)
freeze.app.registered_commands += drafts.commands(
    "drafts", "review", "approve", "reseal", "attach", "discard", "send", "export", "import"
)
freeze.app.registered_commands += referral.commands("inbox", "sent", "show", "save")
for single in (waiting, board, watch, lock, screening):
    app.registered_commands += single.app.registered_commands


@app.callback()
def options(
    ctx: typer.Context,
    *,
    home: Annotated[Path | None, typer.Option(help="Directory of this desk's home; else COMITY_HOME.")] = None,
    acting: Annotated[str, typer.Option("--as", metavar="MEMBER", help="Who acts; else the one who is unlocked.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
    lang: Annotated[Language | None, typer.Option(help="Language; else that of the locale.")] = None,
    passphrase_fd: Annotated[
        int | None, typer.Option(help="Read passphrases from this descriptor, one a line.")
    ] = None,
    os_keyring: Annotated[bool, typer.Option("--os-keyring", help="Take the passphrase from the OS keyring.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show where a failure came from.")] = False,
) -> None:
    """Sealed referrals between authorities: written here, read by the addressee, proved by the log."""
    if lang is not None:
        use(lang)
    ctx.obj = Session(
        screen=Screen(as_json=as_json),
        home_path=(home or default_home()).expanduser(),
        acting=acting,
        passphrase_fd=passphrase_fd,
        os_keyring=os_keyring,
        verbose=verbose,
    )


@cache
def _command(_: Language) -> Any:
    """Returns all commands in the language in use, put together once: a process may run several."""
    command: Any = typer.main.get_command(app)
    translate(command)
    return command


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code."""
    ordered = hoisted(arguments)
    use(language_of(ordered))
    screen = Screen(as_json="--json" in ordered)
    try:
        command = _command(language())
        dress_help()
        ended = command.main(args=ordered, prog_name="comity", standalone_mode=False)
        if ended == ExitCode.INTERRUPTED:  # so the parser says it of Ctrl-C
            screen.note(t("Stopped."))
        return int(ended) if isinstance(ended, int) else ExitCode.OK
    except typer.TyperException as error:
        if error.exit_code != ExitCode.USAGE or type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")
            return ExitCode.USAGE
        context = getattr(error, "ctx", None)
        return failures.usage(screen, problem(error.format_message()), context.command_path if context else "comity")
    except (typer.Abort, KeyboardInterrupt):
        screen.note(t("Stopped."))
        return ExitCode.REFUSED
    except BrokenPipeError:
        sys.stdout = sys.stderr  # nobody reads any more; the interpreter must not flush into the closed pipe
        return ExitCode.OK
    except (ComityError, OSError) as error:
        _trace(ordered)
        nouns = [argument for argument in ordered if argument in NOUNS.values()]
        return failures.report(screen, error, *nouns[:1])
    except Exception as error:  # noqa: BLE001 # the last line of defence: one line, never a traceback with content
        _trace(ordered)
        screen.note(
            t("A fault in this program ({kind}). Run again with --verbose and report it.", kind=type(error).__name__)
        )
        return ExitCode.FAULT


def _trace(arguments: Sequence[str]) -> None:
    if "--verbose" in arguments:
        traceback.print_exc()


def main() -> None:
    """Entry point of the `comity` program."""
    gc.freeze()  # what was imported stays: with ten thousand rows in hand the collector need not look at it again
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
