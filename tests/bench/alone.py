"""Part `sequencer`: the sequencer without network, verifier and readers, given batches of 256 that were verified.

Never does: verify signatures; that is another thread's work in a hub.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from comity.envelope import parse_envelope
from comity.receipts import Receipt, encode_receipt
from comity.v1 import envelope_pb2

from hub.clock import SystemClock
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.exchange.work import ExchangeWork
from hub.faults import NO_FAULTS
from hub.log.commands import SubmitEnvelope
from hub.log.seen import Seen
from hub.log.sequencer import Sequencer
from hub.telemetry import Telemetry, make_log
from tests.bench.figures import Number, engine_numbers
from tests.bench.setting import Setting, Size

COMMANDS: Final = 256
"""In one batch."""
AHEAD: Final = 2
"""Batches that wait, so that the writer thread always finds the next one."""


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return (1 + size.alone) * COMMANDS


def run(setting: Setting) -> list[Number]:
    """Measures on each engine in turn."""
    rates: dict[str, float] = {}
    cpu: dict[str, float] = {}
    count = needs(setting.size)
    for engine in setting.engines:
        with setting.database(engine, f"alone-{engine}") as url:
            setting.prepare(url, f"alone-{engine}")
            seconds, used = asyncio.run(_measure(setting, url, setting.envelopes[:count]))
        rates[engine], cpu[engine] = (count - COMMANDS) / seconds, 1000 * used / (count - COMMANDS)
        setting.say(f"{engine}: the sequencer alone {rates[engine]:,.0f}/s")
    return [
        *engine_numbers("sequencer_alone_per_s", "the sequencer alone, batches of 256, messages/s", rates),
        *engine_numbers("sequencer_alone_cpu_ms_per_message", "the sequencer alone, CPU ms a message", cpu),
    ]


def sequence_all(setting: Setting, envelopes: Sequence[bytes]) -> list[bytes]:
    """Returns an encoded receipt of each envelope, from a log of their own."""
    with setting.database("sqlite", "receipts") as url:
        setting.prepare(url, "receipts")
        return asyncio.run(_receipts(setting, url, envelopes))


async def _receipts(setting: Setting, url: str, envelopes: Sequence[bytes]) -> list[bytes]:
    sequencer, database = _sequencer(setting, url)
    try:
        await sequencer.start()
        receipts: list[Receipt] = await asyncio.gather(*(sequencer.submit(command) for command in _parsed(envelopes)))
        await sequencer.stop()
    finally:
        database.close()
    return [encode_receipt(receipt) for receipt in receipts]


def _parsed(envelopes: Sequence[bytes]) -> list[SubmitEnvelope]:
    return [SubmitEnvelope(parse_envelope(envelope_pb2.Envelope.FromString(data))) for data in envelopes]


def _sequencer(setting: Setting, url: str) -> tuple[Sequencer, Database]:
    database = Database.open(url)
    sequencer = Sequencer(
        db=database,
        directory=HubDirectory(),
        keys=setting.world.keys.logs,
        clock=SystemClock(),
        faults=NO_FAULTS,
        work=ExchangeWork(),
        seen=Seen(),
        telemetry=Telemetry(make_log("error")),
        batch_size=COMMANDS,
    )
    return sequencer, database


async def _measure(setting: Setting, url: str, envelopes: Sequence[bytes]) -> tuple[float, float]:
    """Returns (seconds, processor seconds) of all but the first batch."""
    commands = _parsed(envelopes)
    sequencer, database = _sequencer(setting, url)
    try:
        await sequencer.start()
        await _batch(sequencer, commands[:COMMANDS])
        places = asyncio.Semaphore(AHEAD)

        async def one(start: int) -> None:
            async with places:
                await _batch(sequencer, commands[start : start + COMMANDS])

        cpu, began = time.process_time(), time.perf_counter()
        await asyncio.gather(*(one(start) for start in range(COMMANDS, len(commands), COMMANDS)))
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        await sequencer.stop()
    finally:
        database.close()
    return seconds, used


async def _batch(sequencer: Sequencer, commands: Sequence[SubmitEnvelope]) -> None:
    """Gives the sequencer some commands in one piece and waits for their receipts."""
    ticket = sequencer.admit(len(commands), sum(command.weight for command in commands))
    sequencer.offer([(command, ticket, slot) for slot, command in enumerate(commands)])
    results: list[Any] = await ticket.future
    if not all(isinstance(result, Receipt) for result in results):
        raise RuntimeError("the sequencer gave no receipt")
