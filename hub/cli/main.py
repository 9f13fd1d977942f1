"""`comity-hub`: the list of its commands.

Never does: anything itself.
"""

from __future__ import annotations

import typer

from hub.cli import ceremony, keeping, operators, renewing, serving

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The hub: routes, orders and proves sealed messages between agencies, and cannot read them.",
)
app.command("init")(ceremony.init)
app.command("migrate")(ceremony.migrate)
app.command("serve")(serving.serve)
app.command("next-key")(renewing.next_key)
app.command("fsck")(keeping.fsck)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore_backup)
app.command("stats")(keeping.stats)
app.command("fingerprint")(ceremony.show_fingerprint)
app.add_typer(operators.app, name="operator")
