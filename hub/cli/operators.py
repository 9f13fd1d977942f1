"""`comity-hub operator …`: keys of an operator, signatures under statements, and handing them to a hub.

Whatever needs two operators travels as a file from one to the other: each sees in words what it says, signs, and the
last one hands it to the hub. Nothing here asks the hub whether it agrees before a signature is made; the hub's
directory refuses what is not authorised.

Never does: hold more than one operator's keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from comity.directory import Directory
from comity.errors import MalformedError, Reason, RefusedError
from comity.keys import SigningKey, fingerprint
from comity.names import HUB, check_agency, check_operator
from comity.tls import TlsKey, certificate_to_pem

from hub.cli import words
from hub.cli.failures import CommandError, in_words
from hub.cli.files import make_folder, read_file, write_file
from hub.cli.identities import OperatorFiles, PublicFile, key_id
from hub.cli.passphrases import passphrase
from hub.cli.rpc import (
    HubClient,
    HubKeyUse,
    Join,
    StatementFile,
    connected,
    join_answer,
    new_key,
    replacement,
    suspension,
)
from hub.vault import OperatorKeys

app = typer.Typer(no_args_is_help=True, help="Keys and signatures of the hub's three operators; any two act together.")

Key = Annotated[Path, typer.Option("--key", help="The operator's key file, NAME.key.")]
PassphraseFd = Annotated[int | None, typer.Option(help="File descriptor to read the passphrase from.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without asking, for scripts.")]
HubAddress = Annotated[str, typer.Option("--hub", help="host:port of the hub.")]
OptionalHub = Annotated[str | None, typer.Option("--hub", help="host:port: hand it to the hub after signing.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write; in place of the file where left out.")]


@app.command()
def keygen(
    name: Annotated[str, typer.Option("--name", help="Operator id, for example op-1.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for NAME.key and NAME.pub.")],
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Makes an operator's keys: NAME.key, which stays with the operator, and NAME.pub, which goes to the hub."""
    with in_words():
        keys = OperatorKeys(check_operator(name), SigningKey.generate(), TlsKey.generate())
        make_folder(out)
        secret = keys.seal(passphrase(passphrase_fd, f"{name}.key", new=True))
        write_file(out / f"{name}.key", secret, private=True, replace=False)
        write_file(out / f"{name}.pub", PublicFile.of(keys).serialise())
        typer.echo(f"wrote {out / name}.key (keep it) and {out / name}.pub (give it to the hub)")


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="Statement to sign.")],
    *,
    key: Key,
    out: Out = None,
    hub: OptionalHub = None,
    passphrase_fd: PassphraseFd = None,
    yes: Yes = False,
) -> None:
    """Shows what a statement says, signs it, and with --hub hands it to the hub."""
    with in_words():
        files = OperatorFiles(key)
        found = StatementFile.parse(read_file(file))
        show(found)
        confirm(yes)
        keys = files.unlock(passphrase_fd)
        signed = found.signed(key_id(keys), keys.sign_key)
        write_file(out or file, signed.serialise())
        typer.echo(f"signed by {keys.operator}: {len(signed.signatures)} signature(s), in {out or file}")
        if signed.kind == "hub_genesis":
            write_file(files.genesis_path, signed.body)
        elif hub is not None:
            with calling(hub, files, keys) as client:
                typer.echo(f"appended as entry {client.append([signed.serialise()])}")


@app.command()
def admit(
    joinfile: Annotated[Path, typer.Argument(help="The agency's join file.")],
    *,
    key: Key,
    out: Out = None,
    hub: OptionalHub = None,
    answer: Annotated[Path | None, typer.Option(help="Where to write the answer; JOINFILE.answer by default.")] = None,
    passphrase_fd: PassphraseFd = None,
    yes: Yes = False,
) -> None:
    """Signs the admission of an agency; the second operator, with --hub, admits it and writes the answer file."""
    with in_words():
        files = OperatorFiles(key)
        join = Join.parse(read_file(joinfile))
        for statement in join.statements:
            show(statement, with_fingerprint=statement is join.admission)
        confirm(yes)
        keys = files.unlock(passphrase_fd)
        join = join.with_admission(join.admission.signed(key_id(keys), keys.sign_key))
        write_file(out or joinfile, join.serialise())
        typer.echo(f"admission signed by {keys.operator}, in {out or joinfile}")
        if hub is not None:
            target = answer or joinfile.with_name(joinfile.name + ".answer")
            with calling(hub, files, keys) as client:
                write_file(target, _admit(client, files, join))
            typer.echo(f"admitted; hand {target} back to the agency")


def _admit(client: HubClient, files: OperatorFiles, join: Join) -> bytes:
    """Appends the statements of a join file, gets its certificates, and returns the answer."""
    agency = join.admission.content.agency
    genesis, directory = replayed(client, files)
    present = directory.view().root_body(agency)
    if present is not None and present != join.admission.body:
        raise CommandError("an agency of that id has been admitted before")
    # Admitted by the same file already: an earlier run was cut before it wrote the answer.
    if present is None:
        client.append([statement.serialise() for statement in join.statements])
    return join_answer(genesis, [client.certificate(csr) for csr in join.csrs])


@app.command()
def suspend(
    agency: Annotated[str, typer.Argument(help="Agency whose traffic stops.")],
    *,
    key: Key,
    hub: HubAddress,
    out: Out = None,
    passphrase_fd: PassphraseFd = None,
    yes: Yes = False,
) -> None:
    """Writes and signs the suspension of an agency; a second operator signs it with `sign FILE --hub`."""
    with in_words():
        _suspension(
            agency,
            key,
            hub,
            out=out or Path(f"suspend-{agency}.statement"),
            passphrase_fd=passphrase_fd,
            yes=yes,
            resume=False,
        )


@app.command()
def resume(
    agency: Annotated[str, typer.Argument(help="Agency whose traffic goes on.")],
    *,
    key: Key,
    hub: HubAddress,
    out: Out = None,
    passphrase_fd: PassphraseFd = None,
    yes: Yes = False,
) -> None:
    """Writes and signs the end of a suspension; a second operator signs it with `sign FILE --hub`."""
    with in_words():
        _suspension(
            agency,
            key,
            hub,
            out=out or Path(f"resume-{agency}.statement"),
            passphrase_fd=passphrase_fd,
            yes=yes,
            resume=True,
        )


def _suspension(
    agency: str, key: Path, hub: str, *, out: Path | None, passphrase_fd: int | None, yes: bool, resume: bool
) -> None:
    files = OperatorFiles(key)
    keys = files.unlock(passphrase_fd)
    check_agency(agency)
    with calling(hub, files, keys) as client:
        _, directory = replayed(client, files)
    view = directory.view()
    if view.agency(agency) is None:
        raise CommandError("no agency of that id has been admitted")
    if view.suspended(agency) is not resume:
        raise CommandError("the agency is not suspended" if resume else "the agency is suspended already")
    statement = suspension(directory.state.origin, view.position(HUB), agency, resume=resume)
    default = Path(f"{'resume' if resume else 'suspend'}-{agency}.statement")
    _first_signature(statement, keys, out or default, yes)


@app.command()
def replace(
    old: Annotated[str, typer.Argument(help="Operator id that ends.")],
    new: Annotated[Path, typer.Argument(help="The new operator's NAME.pub.")],
    *,
    key: Key,
    hub: HubAddress,
    out: Out = None,
    passphrase_fd: PassphraseFd = None,
    yes: Yes = False,
) -> None:
    """Writes and signs the replacement of an operator; a second operator signs it with `sign FILE --hub`."""
    with in_words():
        files = OperatorFiles(key)
        keys = files.unlock(passphrase_fd)
        public = PublicFile.parse(read_file(new)).public()
        with calling(hub, files, keys) as client:
            _, directory = replayed(client, files)
        statement = replacement(directory.state.origin, directory.view().position(HUB), old, public)
        _first_signature(statement, keys, out or Path(f"replace-{old}.statement"), yes)


@app.command("replace-key")
def replace_key(
    use: Annotated[HubKeyUse, typer.Argument(help="What the key signs.")],
    public: Annotated[str, typer.Argument(help="Its public half as `comity-hub next-key` printed it, 64 digits.")],
    *,
    key: Key,
    hub: HubAddress,
    out: Out = None,
    passphrase_fd: PassphraseFd = None,
    yes: Yes = False,
) -> None:
    """Writes and signs that another key of the hub signs; a second operator signs it with `sign FILE --hub`."""
    with in_words():
        files = OperatorFiles(key)
        new = _public_key(public)
        keys = files.unlock(passphrase_fd)
        with calling(hub, files, keys) as client:
            _, directory = replayed(client, files)
        statement = new_key(directory.state.origin, directory.view().position(HUB), use, new)
        _first_signature(statement, keys, out or Path(f"replace-{use.value}-key.statement"), yes)


def _public_key(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise CommandError("a public key is 64 hexadecimal digits, as `comity-hub next-key` prints it") from None


def _first_signature(statement: StatementFile, keys: OperatorKeys, out: Path, yes: bool) -> None:
    show(statement)
    confirm(yes)
    write_file(out, statement.signed(key_id(keys), keys.sign_key).serialise())
    typer.echo(f"signed by {keys.operator}; a second operator signs {out} with `operator sign {out} --hub …`")


@app.command()
def certify(
    key: Key,
    hub: HubAddress,
    public: Annotated[
        Path | None, typer.Argument(help="Another operator's NAME.pub; one's own where left out.")
    ] = None,
    out: Out = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Gets a new TLS certificate for an operator; they last a year."""
    with in_words():
        files = OperatorFiles(key)
        keys = files.unlock(passphrase_fd)
        csr = PublicFile.parse(read_file(public)).csr if public is not None else keys.tls_key.request()
        target = out or (public.with_suffix(".crt") if public is not None else files.certificate_path)
        with calling(hub, files, keys) as client:
            write_file(target, certificate_to_pem(client.certificate(csr)))
        typer.echo(f"wrote {target}")


@contextmanager
def calling(address: str, files: OperatorFiles, keys: OperatorKeys) -> Iterator[HubClient]:
    """Connects to the hub whose genesis this operator signed."""
    authority = files.genesis().content.tls_ca
    with connected(address, authority, keys.tls_key.to_pem(), files.certificate()) as client:
        yield client


def replayed(client: HubClient, files: OperatorFiles) -> tuple[bytes, Directory]:
    """Returns (the genesis statement, the replayed directory) of a hub.

    Raises:
        CommandError: it is not the hub whose genesis this operator signed, or its directory does not replay.
    """
    directory, genesis = Directory(), b""
    try:
        for entry in client.entries():
            statement = directory.apply(entry)
            if directory.size == 1:
                genesis = StatementFile.of_body(statement.body).with_signatures(statement.signatures).serialise()
    except (MalformedError, RefusedError) as error:
        if isinstance(error, RefusedError) and error.reason in {Reason.UNKNOWN_TLS_KEY, Reason.UNAVAILABLE}:
            raise
        raise CommandError("the hub's directory does not replay: do not act on it, look at the hub") from None
    if not directory.size or directory.state.genesis_body != files.genesis().body:
        raise CommandError("this is not the hub whose genesis this operator signed")
    return genesis, directory


def show(statement: StatementFile, *, with_fingerprint: bool = True) -> None:
    """Prints what a statement says, and its fingerprint."""
    for line in words.in_words(statement.kind, statement.content):
        typer.echo(line)
    typer.echo(f"  in the directory: {statement.origin}")
    if with_fingerprint:
        typer.echo(f"  fingerprint: {fingerprint(statement.body)}")
    typer.echo("")


def confirm(yes: bool) -> None:
    """Asks whether to sign.

    Raises:
        Abort: no.
    """
    if not yes:
        typer.confirm("Is this what you want to sign?", abort=True)
