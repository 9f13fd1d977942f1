"""The exchange's part of a batch: commands in, drafts of events and outcomes out (step 6 of the submit path).

Never does: transactions, leaves, receipts: those are the sequencer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from comity.directory import View

from hub.exchange import store
from hub.exchange.acknowledging import acknowledge
from hub.exchange.domain import Book
from hub.exchange.expiring import envelope_due, erase, leg_due
from hub.exchange.submitting import submit
from hub.log.commands import Acknowledge, Command, EnvelopeDue, Erase, LegDue, Record, SubmitEnvelope
from hub.log.domain import Batch, Draft, Moment, Outcome


@dataclass(slots=True)
class Done:
    """What a batch of commands comes to."""

    outcomes: list[Outcome]
    """One a command."""
    book: Book

    @property
    def drafts(self) -> list[Draft]:
        """The events, in the order of the log."""
        return self.book.drafts

    @property
    def changed(self) -> bool:
        """Whether there is anything to save: a clock may move without an event."""
        return bool(self.book.drafts or self.book.changed_envelopes or self.book.changed_legs)


class ExchangeWork:
    """Applies commands to what the database holds."""

    def apply(self, connection: Any, commands: Sequence[Command], moment: Moment, view: View) -> Done:
        """Returns what the commands come to; nothing is written.

        Args:
            connection: of the batch's transaction, the heads locked.
            commands: in their order; no AppendStatements among them.
            moment: of the batch.
            view: the directory as it stands under the lock.
        """
        book = store.load(connection, commands)
        return Done([self._one(book, command, moment, view) for command in commands], book)

    def _one(self, book: Book, command: Command, moment: Moment, view: View) -> Outcome:
        match command:
            case SubmitEnvelope():
                return submit(book, command, moment, view)
            case Acknowledge():
                return acknowledge(book, command, moment, view)
            case LegDue():
                return leg_due(book, (command.originator, command.case_id, command.recipient), moment)
            case EnvelopeDue():
                return envelope_due(book, command.message_hash, moment)
            case Erase():
                return erase(book, command.message_hash, moment)
            case Record():
                return book.draft(Draft(command.kind, kids=command.kids, other_hash=command.other_hash))
            case _:
                raise TypeError("not a command of the exchange")

    def save(self, connection: Any, done: Done, batch: Batch) -> None:
        """Stores what the batch came to, in the batch's transaction."""
        store.save(connection, done.book, batch)
