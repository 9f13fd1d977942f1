"""`comity-hub init`, `migrate`, `fingerprint`: how a hub begins.

1. Each operator makes keys (`operator keygen`) and hands over NAME.pub.
2. `init` makes the hub's own keys and the genesis, unsigned: `genesis.statement` in the home.
3. Each operator reads it aloud, compares the fingerprint and signs it (`operator sign`).
4. `init --finish` checks the three signatures, makes the genesis entry 0 and writes the operators' certificates.

Never does: sign for an operator.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from comity.directory import Directory
from comity.directory.statements import make_entry
from comity.errors import MalformedError, RefusedError
from comity.keys import SigningKey, fingerprint
from comity.names import check_origin
from comity.tls import TlsKey, certificate_to_pem, create_authority, request_spki

from hub.certificates import DAY_MS, Authority
from hub.cli import store
from hub.cli.failures import CommandError, in_words
from hub.cli.files import make_folder, read_file, write_file
from hub.cli.identities import PublicFile
from hub.cli.operators import show
from hub.cli.passphrases import passphrase
from hub.cli.rpc import Join, StatementFile
from hub.cli.rpc import genesis as make_genesis
from hub.clock import SystemClock
from hub.config import Settings, load_settings
from hub.founding import found
from hub.log.domain import LogKeys
from hub.vault import HubKeys

KEY_FILE = "hub.key"
GENESIS_DRAFT = "genesis.statement"
GENESIS_FILE = "genesis"
OPERATORS_FOLDER = "operators"
_AUTHORITY_DAYS = 3650

Home = Annotated[Path | None, typer.Option("--home", help="The hub's folder.")]
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings.")]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", help="SQLAlchemy address of the database.")]
PassphraseFd = Annotated[int | None, typer.Option(help="File descriptor to read the passphrase from.")]


def init(
    home: Home = None,
    *,
    origin: Annotated[str | None, typer.Option(help="Host name of the hub, for example hub.example.")] = None,
    operator: Annotated[list[Path] | None, typer.Option(help="An operator's NAME.pub; three times.")] = None,
    finish: Annotated[Path | None, typer.Option(help="The genesis with three signatures.")] = None,
    database_url: DatabaseUrl = None,
    config: Config = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Begins a hub: makes keys and the genesis to sign, and with --finish takes the signed one."""
    with in_words():
        settings = load_settings(config, home=home, database_url=database_url)
        if finish is not None:
            _finish(settings, finish, passphrase_fd)
        elif origin is not None and operator is not None:
            _begin(settings, origin, operator, passphrase_fd)
        else:
            raise CommandError("init takes --origin and three --operator, or --finish FILE")


def _begin(settings: Settings, origin: str, operators: list[Path], passphrase_fd: int | None) -> None:
    publics = [PublicFile.parse(read_file(path)) for path in operators]
    directory_origin, exchange_origin = check_origin(f"{origin}/directory"), check_origin(f"{origin}/exchange")
    home, now = settings.home, SystemClock().now_ms()
    make_folder(home)
    make_folder(home / OPERATORS_FOLDER)
    if (home / KEY_FILE).exists():
        raise CommandError(f"{home / KEY_FILE} exists: this home belongs to a hub already")
    authority_key = TlsKey.generate()
    # As long as no hub is meant to live: a successor is a new genesis, which every agency would have to pin.
    authority = create_authority(
        authority_key, f"comity {origin}", not_before=now - DAY_MS, not_after=now + _AUTHORITY_DAYS * DAY_MS
    )
    keys = HubKeys(directory_origin, LogKeys(SigningKey.generate(), SigningKey.generate()), authority_key, authority)
    genesis = make_genesis(
        origin=directory_origin,
        exchange_origin=exchange_origin,
        log_key=keys.logs.log_key.public,
        head_key=keys.logs.head_key.public,
        operators=[public.public() for public in publics],
        tls_ca=authority,
        created=now,
    )
    sealed = keys.seal(passphrase(passphrase_fd, "the hub's keys", new=True))
    revision = store.migrate(settings.database).revision
    for public in publics:
        write_file(home / OPERATORS_FOLDER / f"{public.operator}.pub", public.serialise())
    write_file(home / GENESIS_DRAFT, genesis.serialise())
    write_file(home / KEY_FILE, sealed, private=True, replace=False)
    show(genesis)
    typer.echo(f"database at schema {revision}")
    typer.echo(f"each operator signs {home / GENESIS_DRAFT} with `comity-hub operator sign`; then `init --finish`")


def _finish(settings: Settings, file: Path, passphrase_fd: int | None) -> None:
    genesis, home = StatementFile.parse(read_file(file)), settings.home
    now = SystemClock().now_ms()
    trial = Directory()
    try:
        trial.apply(make_entry(now // 1000, genesis.serialise()))
    except (MalformedError, RefusedError) as error:
        raise CommandError(f"not a genesis with its three signatures: {error}") from None
    keys = HubKeys.open(passphrase(passphrase_fd, "the hub's keys"), read_file(home / KEY_FILE))
    view, logs = trial.view(), keys.logs
    if (view.log_key(), view.head_key()) != (logs.log_key.public, logs.head_key.public):
        raise CommandError("the genesis is not of this hub's keys")
    if trial.state.tls_ca != keys.authority or trial.state.origin != keys.origin:
        raise CommandError("the genesis is not of this hub's certificate authority")
    asyncio.run(found(settings, keys, genesis.serialise()))
    write_file(home / GENESIS_FILE, genesis.serialise())
    authority = Authority(keys.authority, keys.authority_key, client_days=settings.client_certificate_days)
    for o in view.operators():
        public = PublicFile.parse(read_file(home / OPERATORS_FOLDER / f"{o.operator}.pub"))
        certificate = authority.issue_client(request_spki(public.csr), now, None)
        write_file(home / OPERATORS_FOLDER / f"{o.operator}.crt", certificate_to_pem(certificate))
    typer.echo(f"the hub begins; genesis fingerprint: {fingerprint(genesis.body)}")
    typer.echo(f"operators' certificates: {home / OPERATORS_FOLDER}/NAME.crt, to lie beside NAME.key")


def migrate(
    home: Home = None,
    *,
    contract: Annotated[
        bool, typer.Option("--contract", help="Also take away what only the release before needs.")
    ] = False,
    grant_to: Annotated[
        str | None, typer.Option(metavar="ROLE", help="PostgreSQL role to give what serving needs, and no more.")
    ] = None,
    database_url: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Brings the database to this release's schema while hubs serve it; with --contract once no older release does."""
    with in_words():
        settings = load_settings(config, home=home, database_url=database_url)
        done = store.migrate(settings.database, contract=contract)
        typer.echo(f"database at schema {done.revision}")
        if done.contracts:
            typer.echo("once every process is of this release: `comity-hub migrate --contract`")
        if grant_to is not None:
            store.grant(settings.database, grant_to)
            typer.echo(f"granted to {grant_to}: what serving needs, and no more")


def show_fingerprint(
    file: Annotated[Path | None, typer.Argument(help="A statement or join file; the hub's genesis by default.")] = None,
    *,
    home: Home = None,
    config: Config = None,
) -> None:
    """Prints the 60 digits that two officers compare over another channel."""
    with in_words():
        path = file if file is not None else load_settings(config, home=home).home / GENESIS_FILE
        typer.echo(fingerprint(_body(read_file(path))))


def _body(data: bytes) -> bytes:
    """Returns the statement body in a statement or join file."""
    try:
        return StatementFile.parse(data).body
    except MalformedError:
        return Join.parse(data).admission.body
