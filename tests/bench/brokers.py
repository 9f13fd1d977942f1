"""Part `brokers`: the same sealed bytes through NATS JetStream and RabbitMQ, for orientation, where they are installed.

JetStream writes to a file and syncs each message; RabbitMQ has a durable queue, persistent messages and publisher
confirms. TLS with client certificates and 128 publications in flight, as for the hub. They store and confirm: no
signature, no rule, no log, no receipt.

Never does: install anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from tests.bench.amqp import RabbitPublisher
from tests.bench.figures import Number, percentile
from tests.bench.jetstream import JetStreamPublisher
from tests.bench.load import CONNECTIONS, SERVER_NAME
from tests.bench.setting import IN_FLIGHT, Setting, Size

START_SECONDS: Final = 60.0
PLACES_BEFORE: Final = (str(Path(sys.executable).parent), "/usr/lib/rabbitmq/bin")
"""Looked at before PATH: this environment's own programs, and RabbitMQ's, not the wrapper that runs the one service."""
PLACES_AFTER: Final = ("/usr/sbin", "/usr/local/sbin")


class Publisher(Protocol):
    """A connection on which a message is published and confirmed."""

    async def publish(self, body: bytes) -> None:
        """Returns once the broker has said that it holds the message."""

    async def close(self) -> None:
        """Closes the connection."""


Connect = Callable[[int, ssl.SSLContext], Awaitable[Publisher]]


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return min(size.published, size.singles)


def run(setting: Setting) -> list[Number]:
    """Measures each broker that is installed, and says which is not."""
    bodies = setting.envelopes[: needs(setting.size)]
    numbers: list[Number] = []
    for name, key, program, serve, connect in (
        ("NATS JetStream", "nats_jetstream", "nats-server", _nats, JetStreamPublisher.connect),
        ("RabbitMQ", "rabbitmq", "rabbitmq-server", _rabbit, RabbitPublisher.connect),
    ):
        found = shutil.which(program, path=os.pathsep.join([*PLACES_BEFORE, os.environ.get("PATH", ""), *PLACES_AFTER]))
        if found is None:
            setting.say(f"{name}: skipped, {program} is not installed")
            continue
        try:
            with serve(found, setting.folder / key, setting.folder) as port:
                numbers += asyncio.run(_measure(name, key, port, connect, bodies, setting))
        except (OSError, RuntimeError) as error:
            setting.say(f"{name}: skipped, {program} does not do it here: {error}")
    return numbers


def _tls(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "client.pem", folder / "client.key")
    return context


async def _measure(
    name: str, key: str, port: int, connect: Connect, bodies: Sequence[bytes], setting: Setting
) -> list[Number]:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            publishers = [await connect(port, _tls(setting.folder)) for _ in range(CONNECTIONS)]
            break
        except (OSError, EOFError):
            if time.monotonic() > until:
                raise RuntimeError("it takes no connection") from None
            await asyncio.sleep(0.2)
    latencies: list[float] = []

    async def worker(publisher: Publisher, waiting: Iterator[bytes]) -> None:
        for body in waiting:
            began = time.perf_counter()
            await publisher.publish(body)
            latencies.append(time.perf_counter() - began)

    async def drive(some: Iterator[bytes]) -> float:
        began = time.perf_counter()
        await asyncio.gather(*(worker(publishers[at % CONNECTIONS], some) for at in range(IN_FLIGHT)))
        return time.perf_counter() - began

    await drive(iter(bodies[:IN_FLIGHT]))
    latencies.clear()
    times = max(1, setting.size.published // len(bodies))
    seconds = await drive(iter([body for _ in range(times) for body in bodies]))
    for publisher in publishers:
        await publisher.close()
    latencies.sort()
    rate = len(latencies) / seconds
    setting.say(f"{name}: {rate:,.0f}/s")
    return [
        Number(f"{key}_c128_per_s", rate, f"{name}, 128 in flight, messages/s"),
        Number(f"{key}_c128_p50_ms", 1000 * percentile(latencies, 50), f"{name}, 128 in flight, p50 ms"),
        Number(f"{key}_c128_p99_ms", 1000 * percentile(latencies, 99), f"{name}, 128 in flight, p99 ms"),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def _running(command: list[str], home: Path, variables: dict[str, str]) -> Iterator[None]:
    """Runs a server in a session of its own until the block ends."""
    with (home / "out").open("wb") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=home,
            env=os.environ | variables,
            start_new_session=True,
        )
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            try:
                child.wait(20)
                break
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def _nats(program: str, home: Path, tls: Path) -> Iterator[int]:
    home.mkdir()
    port = _free_port()
    (home / "conf").write_text(
        f"""listen: "127.0.0.1:{port}"
max_payload: 2MB
tls {{ cert_file: "{tls}/server.pem", key_file: "{tls}/server.key", ca_file: "{tls}/ca.pem", verify: true }}
jetstream {{ store_dir: "{home}/store", sync_interval: always }}
"""
    )
    with (home / "checked").open("wb") as out:
        checked = subprocess.run([program, "-c", home / "conf", "-t"], stdout=out, stderr=out, check=False)
    if checked.returncode:
        raise RuntimeError("this version has no sync_interval: always (2.10 and newer do)")
    with _running([program, "-c", str(home / "conf")], home, {}):
        yield port


@contextmanager
def _rabbit(program: str, home: Path, tls: Path) -> Iterator[int]:
    home.mkdir()
    port, names = _free_port(), {"ERL_EPMD_PORT": str(_free_port()), "ERL_EPMD_ADDRESS": "127.0.0.1"}
    (home / "rabbitmq.conf").write_text(
        f"""listeners.tcp = none
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {tls}/ca.pem
ssl_options.certfile = {tls}/server.pem
ssl_options.keyfile = {tls}/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
disk_free_limit.absolute = 50MB
"""
    )
    for name in ("env", "plugins"):
        (home / name).write_text("[].\n" if name == "plugins" else "")
    variables = names | {
        "HOME": str(home),
        "RABBITMQ_CONF_ENV_FILE": str(home / "env"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_NODENAME": f"bench{port}@{SERVER_NAME}",
        "RABBITMQ_DIST_PORT": str(_free_port()),
    }
    try:
        with _running([program], home, variables):
            yield port
    finally:
        # Erlang's port mapper outlives the server; this one has a port of its own, so it is nobody else's.
        mapper = shutil.which("epmd")
        if mapper is not None:
            subprocess.run([mapper, "-kill"], env=os.environ | names, capture_output=True, check=False)
