"""The bench runs: a short run of every part gives every figure. How large they are is not judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from hub.db import Database
from hub.log import store
from hub.log.domain import LogName
from hub.log.fsck import Fsck
from tests.bench.grown import Ground, grow
from tests.bench.world import make_world, seed

ROOT = Path(__file__).resolve().parents[2]
ON_EACH_ENGINE = (
    "submit_c1_{}_per_s",
    "submit_c16_{}_per_s",
    "submit_c128_{}_per_s",
    "submit_c128_vs_echo_{}",
    "submit_batch64_{}_per_s",
    "submit_batch64_vs_echo_{}",
    *(f"feed_{where}_{n}_readers_items_per_s_{{}}" for where in ("recent", "stored") for n in (1, 10, 100)),
    *(f"feed_{where}_{n}_readers_cpu_ms_per_item_{{}}" for where in ("recent", "stored") for n in (1, 10, 100)),
    "submit_to_reader_p50_ms_{}",
    "submit_to_reader_p99_ms_{}",
    "hub_start_10000_statements_s_{}",
    "sequencer_alone_per_s_{}",
    "hub_idle_mb_{}",
    "hub_after_load_mb_{}",
    "hub_100_readers_mb_{}",
    "cost_per_message_1e6_vs_1e3_leaves_{}",
    "wall_per_message_1e6_vs_1e3_leaves_{}",
)
ONCE = (
    "echo_c128_per_s",
    "client_seal_ms",
    "client_open_ms",
    "client_verify_receipt_ms",
    "directory_10000_replay_s",
    "two_processes_vs_one_postgres",
    "submit_to_reader_p99_ms",
    "cost_per_message_1e6_vs_1e3_leaves",
    "sync_1m_vs_floor",
    "sync_1m_agent_peak_mb",
    "sync_1m_owner_peak_mb",
    "sync_1m_hub_peak_mb",
    "sync_1m_sent_mb",
    "sync_1m_received_mb",
    "sync_1m_store_mb",
    "sync_vs_taxii",
    "delta_p50_ms_3_subscribers",
    "delta_p99_ms_3_subscribers",
    "delta_1_entries_p99_ms_3_subscribers",
    "backlog_per_s",
    "board_10k_ms",
    "timeline_10k_ms",
    "clock_event_p99_ms",
    "flash_p99_ms",
    *(
        f"lookups_per_s_{name}"
        for name in ("batched", "single", "raw_text", "api_stream", "api_single", "dict", "sqlite")
    ),
)
WIDTH = 100
PLACES = {name: os.environ[name] for name in ("TMPDIR", "TEST_POSTGRES_PLACE") if name in os.environ}
"""Where this run keeps its files: no figure is judged here, so they need not be a disk's."""


def test_a_short_bench_gives_every_figure_in_one_flat_object(tmp_path: Path) -> None:
    # PostgreSQL is measured by the same code; here it is started for the one part that needs it.
    figures: dict[str, float] = {}
    for arguments in (("--engine", "sqlite"), ("--only", "pair")):
        out = tmp_path / "bench.json"
        run = subprocess.run(
            [sys.executable, "tests/bench", "--quick", "--out", out, *arguments],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"} | PLACES,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert run.returncode == 0, run.stderr
        figures |= json.loads(out.read_text(encoding="utf-8"))
        assert max(map(len, run.stdout.splitlines())) <= WIDTH
        assert ("What bounds it:" in run.stdout) == ("sqlite" in arguments)
    wanted = {name.format("sqlite") for name in ON_EACH_ENGINE} | set(ONCE)
    assert wanted <= set(figures)
    assert all(isinstance(number, float) for number in figures.values())
    # A short round may use less processor time than the kernel counts; all else is more than nothing.
    assert all(figures[name] > 0 for name in wanted if "cpu" not in name and "cost" not in name)


def test_a_broker_that_is_not_installed_is_named_and_skipped(tmp_path: Path) -> None:
    # Nothing is on this PATH, and this environment has neither broker.
    run = subprocess.run(
        [sys.executable, "-c", SKIPPING],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.stdout.splitlines() == [
        "NATS JetStream: skipped, nats-server is not installed",
        "RabbitMQ: skipped, rabbitmq-server is not installed",
    ], run.stderr


SKIPPING = """
from types import SimpleNamespace
from tests.bench import brokers
from tests.bench.setting import QUICK
brokers.PLACES_BEFORE = brokers.PLACES_AFTER = ()
setting = SimpleNamespace(envelopes=(), size=QUICK, say=print)
assert brokers.run(setting) == []
"""


def test_a_log_that_was_grown_is_consistent_in_every_row(database_url: str, tmp_path: Path) -> None:
    world = make_world(tmp_path)
    seed(world, database_url, tmp_path / "home")
    ground = Ground(world.plan, world.began_ms, world.keys.logs.log_key.public)
    for size in (300, 1500):
        grow(database_url, ground, size)
        database = Database.open(database_url)
        try:
            held = database.read_now(lambda connection: store.read_state(connection, LogName.EXCHANGE)).size
            found = Fsck(database).run()
        finally:
            database.close()
        assert (held, found) == (size, [])
