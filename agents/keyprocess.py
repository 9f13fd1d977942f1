"""The key process: holds one member's keys of one home, so that a person types a passphrase once.

`unlock` starts it. It gets the passphrase through a pipe, hardens itself before it reads it (no core dumps, not
traceable, memory locked where allowed), and listens on a local socket (a named pipe on Windows) whose address and
secret stand in a file that only the home's owner reads. Commands and daemons then ask it to sign and to open; no
private key leaves it. It ends after an idle time, or when told to lock.

Messages are JSON objects of fixed fields with hexadecimal values, of bounded length; nothing is ever unpickled.

Never does: network; asking for passphrases; reading the store.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from multiprocessing import connection as channel
from multiprocessing.connection import Connection, Listener
from multiprocessing.context import AuthenticationError
from pathlib import Path
from typing import Any, Final

from comity.errors import CannotOpenError, ComityError, MalformedError
from comity.hardening import harden_process
from comity.keyfile import MODERATE, Cost

from agents.home import Home, write_private
from agents.keys import DATA_LIMIT, KeyEntry, Keys, KeyUse, LocalKeys, UnknownKeyError

MESSAGE_LIMIT: Final = 4 * DATA_LIMIT
"""Greatest length of a request to the key process, in bytes."""
ANSWER_LIMIT: Final = 64 * DATA_LIMIT
"""Greatest length of its answer, in bytes: a list of keys grows by one archive key a revocation."""
START_SECONDS: Final = 60
"""How long `unlock` waits: a guess at a passphrase costs under a second, a loaded machine more."""

_ERRORS: dict[str, type[ComityError]] = {
    "cannot_open": CannotOpenError,
    "malformed": MalformedError,
    "unknown_key": UnknownKeyError,
}


class LockedError(ComityError):
    """No key process holds these keys: `comity unlock` starts one."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a key process says of itself."""

    member: str
    """Whose keys it holds."""
    pid: int
    """Its process id."""
    idle_seconds_left: float
    """After how long without use it ends."""
    no_core_dump: bool
    """The system has forbidden core dumps."""
    not_dumpable: bool
    """Other processes of the same user cannot read its memory (Linux)."""
    memory_locked: bool
    """Its memory is never swapped out."""


class Server:
    """Answers requests with keys that it holds."""

    def __init__(self, keys: Keys, status: dict[str, Any], idle_seconds: float) -> None:
        self._keys = keys
        self._status = status
        self._idle = idle_seconds
        self._lock = threading.Lock()
        self._used, self._locked = time.monotonic(), False
        self.ended = threading.Event()

    def idle_left(self) -> float:
        """Returns the seconds that are left without use."""
        return self._idle - (time.monotonic() - self._used)

    def answer(self, request: bytes) -> bytes:
        """Returns the answer to one request, whatever its bytes. Raises EOFError once the keys were locked."""
        try:
            fields = json.loads(request)
            if not isinstance(fields, dict):
                raise MalformedError("not a request")
            with self._lock:
                if self._locked:  # whoever asked was told so: nothing is signed or opened any more
                    raise EOFError
                return json.dumps(self._do(fields)).encode()
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return _refusal("malformed")
        except ComityError as error:
            return _refusal(next((name for name, kind in _ERRORS.items() if isinstance(error, kind)), "malformed"))

    def _do(self, fields: dict[str, Any]) -> dict[str, Any]:
        match fields["op"]:
            case "sign":
                self._used = time.monotonic()
                sig = self._keys.sign(bytes.fromhex(fields["kid"]), bytes.fromhex(fields["data"]))
                return {"data": sig.hex()}
            case "unwrap":
                self._used = time.monotonic()
                kid, info, data = (bytes.fromhex(fields[name]) for name in ("kid", "info", "data"))
                return {"data": self._keys.unwrap(kid, info, data).hex()}
            case "create":
                public, sealed = self._keys.create_desk_key(fields["desk"], int(fields["epoch"]))
                return {"public": public.hex(), "data": sealed.hex()}
            case "regrant":
                kid, member, public = (bytes.fromhex(fields[name]) for name in ("kid", "member", "public"))
                return {"data": self._keys.regrant(kid, member, public).hex()}
            case "granted":
                return {"public": self._keys.granted(bytes.fromhex(fields["grant"])).hex()}
            case "list":
                return {"entries": [_entry_fields(entry) for entry in self._keys.entries()]}
            case "reload":
                self._keys.reload()
                return {}
            case "status":
                return {**self._status, "member": self._keys.member, "idle_seconds_left": self.idle_left()}
            case "lock":
                self._locked = True
                return {}
        raise MalformedError("not a request")

    def serve(self, connection: Connection) -> None:
        """Answers one client until it goes away."""
        with contextlib.suppress(EOFError, OSError):
            while not self._locked:
                connection.send_bytes(self.answer(connection.recv_bytes(MESSAGE_LIMIT)))
        connection.close()
        if self._locked:  # not before: the process ends at once, and whoever asked must hear of it
            self.ended.set()

    def listen(self, listener: Listener) -> None:
        """Takes clients, each in a thread of its own. Never returns; the process ends around it."""
        while True:
            try:
                connection = listener.accept()
            except (AuthenticationError, EOFError, OSError):
                continue
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def wait(self) -> None:
        """Returns when it was told to lock, or idle for too long."""
        while not self.ended.wait(timeout=min(1.0, max(0.01, self.idle_left()))):
            if self.idle_left() <= 0:
                return


class RemoteKeys:
    """Keys in a key process."""

    def __init__(self, home: Home, member: str) -> None:
        self._home, self._member = home, member
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._entries: tuple[KeyEntry, ...] | None = None

    @property
    def member(self) -> str:
        """Whose they are."""
        return self._member

    def entries(self) -> tuple[KeyEntry, ...]:
        """Returns what is held."""
        if self._entries is None:
            self._entries = tuple(_entry(fields) for fields in self._ask(op="list")["entries"])
        return self._entries

    def sign(self, key_id: bytes, data: bytes) -> bytes:
        """Returns a signature, see `Keys.sign`."""
        return bytes.fromhex(self._ask(op="sign", kid=key_id.hex(), data=data.hex())["data"])

    def unwrap(self, key_id: bytes, info: bytes, data: bytes) -> bytes:
        """Returns what was sealed, see `Keys.unwrap`."""
        return bytes.fromhex(self._ask(op="unwrap", kid=key_id.hex(), info=info.hex(), data=data.hex())["data"])

    def create_desk_key(self, desk: str, epoch: int) -> tuple[bytes, bytes]:
        """Makes a new desk key, see `Keys.create_desk_key`."""
        answer = self._ask(op="create", desk=desk, epoch=str(epoch))
        return bytes.fromhex(answer["public"]), bytes.fromhex(answer["data"])

    def regrant(self, key_id: bytes, member_kid: bytes, member_public: bytes) -> bytes:
        """Returns a desk key sealed to another member, see `Keys.regrant`."""
        answer = self._ask(op="regrant", kid=key_id.hex(), member=member_kid.hex(), public=member_public.hex())
        return bytes.fromhex(answer["data"])

    def granted(self, grant: bytes) -> bytes:
        """Returns the public key in a grant, see `Keys.granted`."""
        return bytes.fromhex(self._ask(op="granted", grant=grant.hex())["public"])

    def reload(self) -> None:
        """Has the key process read the grants again."""
        self._ask(op="reload")
        self._entries = None

    def status(self) -> Status:
        """Returns what the key process says of itself."""
        return Status(**self._ask(op="status"))

    def lock(self) -> None:
        """Ends the key process."""
        self._ask(op="lock")
        self.close()

    def close(self) -> None:
        """Closes the connection; the key process goes on."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, **request: str) -> dict[str, Any]:
        with self._lock:
            for attempt in (1, 2):  # the second one after a key process was started anew
                try:
                    if self._connection is None:
                        self._connection = self._connect()
                    self._connection.send_bytes(json.dumps(request).encode())
                    answer: dict[str, Any] = json.loads(self._connection.recv_bytes(ANSWER_LIMIT))
                    break
                except (EOFError, OSError):
                    self.close()
                    if attempt == 2:
                        raise LockedError("the key process has ended") from None
        if "error" in answer:
            kind = _ERRORS.get(answer["error"], MalformedError)
            raise CannotOpenError if kind is CannotOpenError else kind("the key process refuses")
        return answer

    def _connect(self) -> Connection:
        try:
            place = json.loads(self._home.run_path(self._member).read_text(encoding="utf-8"))
            return channel.Client(place["address"], authkey=bytes.fromhex(place["secret"]))
        except (OSError, EOFError, ValueError, KeyError, AuthenticationError):
            raise LockedError("the keys are locked") from None


def connect(home: Home, member: str) -> RemoteKeys:
    """Returns the keys that a key process holds.

    Raises:
        LockedError: none does.
    """
    keys = RemoteKeys(home, member)
    if keys.status().member != member:
        raise LockedError("the key process holds another member's keys")
    return keys


def status(home: Home, member: str) -> Status | None:
    """Returns what a member's key process says of itself, or None where there is none."""
    try:
        return RemoteKeys(home, member).status()
    except LockedError:
        return None


def lock(home: Home, member: str) -> bool:
    """Ends a member's key process. Returns whether there was one."""
    try:
        RemoteKeys(home, member).lock()
    except LockedError:
        return False
    return True


def unlock(
    home: Home, member: str, passphrase: bytes, *, idle_seconds: float | None = None, floor: Cost = MODERATE
) -> None:
    """Starts a key process and returns as soon as it answers. One that runs already is ended first.

    Args:
        home: the home.
        member: whose keys.
        passphrase: of the member's key file.
        idle_seconds: after how long without use it ends; None for the home's setting.
        floor: the cheapest key file that is taken; below MODERATE for tests only.

    Raises:
        MalformedError: no keyring of that member.
        CannotOpenError: wrong passphrase, or damaged.
        LockedError: it did not start.
    """
    if not home.keyring_path(member).exists():
        raise MalformedError("there is no such key file")
    lock(home, member)
    idle = home.idle_seconds if idle_seconds is None else idle_seconds
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    child = subprocess.Popen(  # this very interpreter, no shell, nothing from outside
        # Without -P a module in whatever directory this runs in would be taken for ours, and be given the passphrase.
        [sys.executable, "-P", "-m", "agents.keyprocess"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        **detached,
    )
    order = {
        "home": str(home.path.resolve()),
        "member": member,
        "passphrase": passphrase.hex(),
        "idle_seconds": idle,
        "floor": [floor.passes, floor.memory_bytes],
    }
    answer = _hand_over(child, json.dumps(order).encode())
    if answer == b"cannot_open":
        raise CannotOpenError
    if answer != b"ready":
        raise LockedError("the key process did not start")


def _hand_over(child: subprocess.Popen[bytes], order: bytes) -> bytes:
    """Gives the child its order and returns the line it answers with, empty where it does not."""
    if child.stdin is None or child.stdout is None:
        raise LockedError("the key process did not start")
    impatient = threading.Timer(START_SECONDS, child.kill)
    impatient.start()
    try:
        with child.stdin, child.stdout:
            child.stdin.write(order)
            child.stdin.close()
            answer = child.stdout.readline().strip()
    except OSError:
        answer = b""
    finally:
        impatient.cancel()
    # Whoever outlives the child reaps it; nobody else may wait for it to end.
    threading.Thread(target=child.wait, daemon=True).start()
    return answer


def _entry_fields(entry: KeyEntry) -> dict[str, Any]:
    return {
        "kid": entry.kid.hex(),
        "use": entry.use.value,
        "owner": entry.owner,
        "epoch": entry.epoch,
        "public": entry.public.hex(),
        "grant": entry.grant.hex(),
    }


def _entry(fields: dict[str, Any]) -> KeyEntry:
    return KeyEntry(
        bytes.fromhex(fields["kid"]),
        KeyUse(fields["use"]),
        fields["owner"],
        fields["epoch"],
        bytes.fromhex(fields["public"]),
        bytes.fromhex(fields["grant"]),
    )


def _refusal(name: str) -> bytes:
    return json.dumps({"error": name}).encode()


def main() -> None:
    """Runs the key process: reads its order from the standard input, says `ready`, and stays."""
    hardening = harden_process(lock_memory=True)  # before anything secret is read
    order = json.loads(sys.stdin.buffer.read())
    home = Home.load(Path(order["home"]))
    try:
        keys = LocalKeys.open(home, order["member"], bytes.fromhex(order["passphrase"]), Cost(*order["floor"]))
    except CannotOpenError:
        sys.stdout.write("cannot_open\n")
        return
    secret = os.urandom(32)
    place = home.run_path(keys.member)
    with Listener(None, authkey=secret) as listener:
        server = Server(keys, {"pid": os.getpid(), **asdict(hardening)}, order["idle_seconds"])
        threading.Thread(target=server.listen, args=(listener,), daemon=True).start()
        write_private(place, json.dumps({"address": listener.address, "secret": secret.hex()}).encode())
        _detach()
        server.wait()
        place.unlink(missing_ok=True)
    os._exit(0)  # at once: threads that still serve must not keep the keys alive


def _detach() -> None:
    """Says `ready` and lets go of the starter's pipes."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


if __name__ == "__main__":
    main()
