"""An open home: the parts a client is made of, and who acts and whom it knows.

Never does: mail (`agents/mailing.py`), drafts (`agents/drafting.py`).
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from comity.directory import Head, View
from comity.names import HUB

from agents.acks import Acks
from agents.archive import Archive
from agents.board import Board
from agents.clocks import Clocks
from agents.drafts import Drafts
from agents.home import Home
from agents.intake import Intake
from agents.joining import genesis_ca
from agents.keys import Keys
from agents.onward.facts import Facts
from agents.opening import reader_of
from agents.outgoing import Outgoing
from agents.profiling import know_folder
from agents.proofs import Proofs
from agents.reading import Reading
from agents.session import Session
from agents.store import Store
from agents.story import Story
from agents.transport import load_identity
from agents.trust import Clock, Trust
from agents.truststore import Pin


def now_ms() -> int:
    """Returns this computer's time, Unix milliseconds UTC."""
    return time.time_ns() // 1_000_000


class Connected:
    """One member's access to one home. Made by `open`; to be closed, best by `async with`."""

    def __init__(self, home: Home, keys: Keys, store: Store, session: Session, clock: Clock) -> None:
        """Takes the parts that `open` made."""
        self.home, self.keys, self.session, self.clock = home, keys, session, clock
        self.store = store
        self.trust = Trust(home, store, clock)
        self.archive = Archive(home, store, keys, self.trust)
        self._acks = Acks(home, store, self.trust, keys, clock)
        self._read = reader_of(self.archive, home.desk)
        self._facts = Facts(store, self.archive)
        self._drafts = Drafts(home, store, self.trust, keys=keys, clock=clock, read=self._read, facts=self._facts)
        self._outgoing = Outgoing(home, store, self.trust, drafts=self._drafts, archive=self.archive, clock=clock)
        self._intake = Intake(home, store, self.trust, keys=keys, acks=self._acks, archive=self.archive, clock=clock)
        self._reading = Reading(
            home,
            store,
            self.trust,
            acks=self._acks,
            archive=self.archive,
            facts=self._facts,
            member=keys.member,
            clock=clock,
        )
        self._board = Board(home, store, self.trust, clock)
        self._clocks = Clocks(home, store, self.trust, keys.member, clock)
        self._story = Story(store, clock)
        self._proofs = Proofs(home, store, self.trust, clock)
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, home: Home, keys: Keys, *, clock: Clock = now_ms, patience_seconds: float = 20.0) -> Self:
        """Opens a home for a member. Connects at the first call.

        Args:
            home: a home that has joined.
            keys: of the member who acts.
            clock: Unix milliseconds UTC.
            patience_seconds: for how long a call to the hub is tried again.

        Raises:
            MalformedError: the home has not joined a hub yet, or a deadline profile in it is none.
            NoIdentityError: the member has no valid TLS certificate.
            VerificationError: the store was tampered with.
        """
        know_folder(home.profiles_path)
        store = Store.open(home.store_path)
        try:
            identity = load_identity(home, keys, clock())
            session = Session(home.endpoints, genesis_ca(store), identity, patience_seconds)
            return cls(home, keys, store, session, clock)
        except BaseException:
            store.close()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes connection and store; the keys stay the caller's."""
        await self.session.close()
        self.store.close()

    async def reconnect(self) -> None:
        """Connects anew with the newest TLS key and certificate of this member."""
        old = self.session
        identity = load_identity(self.home, self.keys, self.clock())
        self.session = Session(self.home.endpoints, genesis_ca(self.store), identity, old.patience_seconds)
        await old.close()

    async def follow_settings(self) -> None:
        """Goes over to another list of endpoints where somebody has changed it (`comity agency endpoints`)."""
        home = Home.load(self.home.path)
        if home.endpoints and home.endpoints != self.home.endpoints:
            self.home = home
            await self.reconnect()

    # --- who and whom

    @property
    def member(self) -> str:
        """Who acts, `agency/m-xxxxxxxx`."""
        return self.keys.member

    @property
    def desk(self) -> str:
        """This home's desk, `agency/desk`."""
        return self.home.desk

    @property
    def agency(self) -> str:
        """This home's agency."""
        return self.home.agency

    async def refresh(self) -> Head:
        """Brings directory and head up to date, see `Trust.refresh`."""
        return await self.trust.refresh(self.session)

    def directory(self) -> View:
        """Returns the replayed directory: agencies, desks, members, agreements."""
        return self.trust.view()

    def fingerprint(self, agency: str) -> str:
        """Returns the fingerprint of an agency's root in the directory: 60 digits to compare by telephone."""
        return self.trust.fingerprint(agency)

    def hub_fingerprint(self) -> str:
        """Returns the fingerprint of the hub's genesis."""
        return self.trust.fingerprint(HUB)

    def pin(self, agency: str, typed_fingerprint: str) -> None:
        """Pins an agency after its officer has read out the fingerprint, see `Trust.pin`."""
        self.trust.pin(agency, typed_fingerprint, self.member)

    def unpin(self, agency: str) -> None:
        """Takes a pin back: that agency's mail is inert, and nothing is sent to it."""
        self.trust.unpin(agency)

    def pins(self) -> list[Pin]:
        """Returns whose fingerprint was compared here, and by whom."""
        return self.trust.pins()
