"""What is done to a hub's database before a hub serves it: its first entry.

Never does: serve.
"""

from __future__ import annotations

from hub.clock import SystemClock
from hub.config import Settings
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.exchange.work import ExchangeWork
from hub.faults import Faults
from hub.log.commands import AppendStatements
from hub.log.seen import Seen
from hub.log.sequencer import Sequencer
from hub.telemetry import Telemetry, make_log
from hub.vault import HubKeys


class FoundingError(Exception):
    """The database belongs to another hub."""


async def found(settings: Settings, keys: HubKeys, genesis: bytes) -> None:
    """Makes the genesis the directory's first entry. The same genesis again changes nothing.

    Raises:
        FoundingError: the database holds another hub's directory.
        ComityError: the directory refuses it.
    """
    database = Database.open(settings.database)
    try:
        directory = HubDirectory()
        await database.read(directory.refresh)
        if directory.current.size:
            if directory.current.state.genesis_body not in genesis:
                raise FoundingError("the database holds another hub's directory")
            return
        telemetry = Telemetry(make_log(settings.log_level))
        sequencer = Sequencer(
            db=database,
            directory=directory,
            keys=keys.logs,
            clock=SystemClock(),
            faults=Faults(),
            work=ExchangeWork(),
            telemetry=telemetry,
            seen=Seen(),
        )
        await sequencer.start()
        try:
            await sequencer.submit(AppendStatements((genesis,)))
        finally:
            await sequencer.stop()
    finally:
        database.close()
