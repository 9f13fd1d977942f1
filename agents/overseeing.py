"""What is open, what is due, and what happened: the board, clocks, stories and statistics, as `Client` offers them.

Never does: move a case; network.
"""

from __future__ import annotations

from comity.workflow.terms import Family

from agents import boardstore, mailstore
from agents.board import EVERYTHING, BoardRow, Filter, Page, Sort
from agents.boardstore import OpenLeg
from agents.connected import Connected
from agents.records import InboxItem, Reminder, Standing, TimelineEvent
from agents.statistics import CaseStatistics, statistics


class Overseeing(Connected):
    """Looks over all the cases of a home."""

    # --- cases

    def board(self, wanted: Filter = EVERYTHING, sort: Sort = Sort.TIME) -> list[BoardRow]:
        """Returns the open cases, those first that come first; nothing is decrypted."""
        return self._board.page(wanted, sort).rows

    def board_page(self, wanted: Filter, sort: Sort, most: int | None) -> Page:
        """Returns the top of the board, and how many cases there are; None for all of it."""
        return self._board.page(wanted, sort, most)

    def cases_from(self, beginning: str) -> list[str]:
        """Returns the cases whose id begins so, two at most; none where that is no beginning of an id."""
        return self._reading.cases_from(beginning.lower())

    def timeline(self, case: str, *, linked: bool = False) -> list[TimelineEvent]:
        """Returns what happened in a case, in the order of the log.

        Args:
            case: its id, or the beginning of it.
            linked: with the cases that it is linked with, and theirs.

        Raises:
            NotUniqueError: no case, or several.
        """
        return self._story.timeline(self._reading.legs(case)[0].case_id, alone=not linked)

    def story_cases(self, case: str) -> list[str]:
        """Returns a case and those that it is linked with, directly or through others.

        Raises:
            NotUniqueError: no case, or several.
        """
        return [found.hex() for found in self._story.linked(self._reading.legs(case)[0].case_id)]

    def statistics(self) -> list[CaseStatistics]:
        """Returns how cases went, by counterpart, family and side; refusals are opened for their codes."""
        return statistics(self.store, self.desk, self.peek_code)

    # --- clocks

    def reminders(self) -> list[Reminder]:
        """Returns every limit of which half or more has gone, ours and theirs."""
        return self._clocks.reminders()

    def new_reminders(self) -> list[Reminder]:
        """Returns the reminders that this member was not told yet; see `reminded`."""
        return self._clocks.untold()

    def reminded(self, reminder: Reminder) -> None:
        """Remembers that this member was told, across restarts."""
        self._clocks.tell(reminder)

    def forget_ended(self) -> None:
        """Forgets what this member was told of cases that are over."""
        self._clocks.forget_ended()

    # --- who has to look

    def unopened_flash(self) -> list[InboxItem]:
        """Returns the FLASH messages that no person here has opened, the longest waiting first."""
        with self.store.begin(lasting=False) as c:
            found = [mailstore.message(c, message_hash) for message_hash in boardstore.unopened_flash(c)]
        items = [self._reading.item(message) for message in found if message is not None]
        return [item for item in items if item.standing in {Standing.GOOD, Standing.SUSPECT, Standing.UNPINNED}]

    def unconfirmed(self) -> list[OpenLeg]:
        """Returns what one person of this desk opened and a second one must confirm, the next to lapse first."""
        return self._clocks.unconfirmed()

    def author_of(self, message_hash: bytes) -> str:
        """Returns the member who wrote a message that is kept here, empty where that is not known."""
        with self.store.begin(lasting=False) as c:
            message = mailstore.message(c, message_hash)
        return "" if message is None else message.author

    def family_of(self, case_id: str) -> Family | None:
        """Returns the family of a case, or None where the case is not known here.

        Args:
            case_id: whole, hexadecimal.
        """
        with self.store.begin(lasting=False) as c:
            legs = mailstore.legs(c, bytes.fromhex(case_id))
        return legs[0].family if legs else None

    def peek_code(self, message_hash: bytes) -> str:
        """Returns the coded reason of a refusal that is kept here, empty where it cannot be opened or gives none."""
        return self._reading.code_of(message_hash)
