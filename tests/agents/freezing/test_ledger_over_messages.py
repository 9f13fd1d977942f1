"""Both sides add a freeze up out of the same messages: whatever is said, the sums reconcile and are the same on both.

The model is the rule itself: requested = held + released + gone + outstanding. What would break it is refused by the
sender's own agent, so that it never becomes a message; what became one has the same effect on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest
from comity.encoding import serialise
from comity.envelope import Header, Recipient, encode_header
from comity.freezes import LedgerError, Row
from comity.freezes.amounts import total
from comity.payload import set_body
from comity.v1 import envelope_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, State, Verb
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents import mailstore
from agents.cases import header_of
from agents.contents import Reader, Said
from agents.errors import ContentRefusedError
from agents.freezing.calling import call_back
from agents.freezing.judging import judge_freeze
from agents.freezing.reporting import line_report
from agents.freezing.standing import tell
from agents.mailstore import Message
from agents.records import Standing
from agents.store import Store
from tests.agents.freezing.freezes import DAY, letter, line, request
from tests.support.world import make_world

HERE, THERE = "sfc/intake", "hkma/intake"
CASE, KEY = b"c" * 16, b"k" * 32
NOW = 1_795_000_000_000
SMALL = st.decimals(min_value=0, max_value=300, places=2).map(lambda found: f"{found:f}")
LINE = st.sampled_from([1, 2])
WORLD_VIEW = make_world(NOW, agencies=("sfc", "hkma")).directory().view()
"""A real directory: its duty contacts and what was agreed of instruments."""


class Side:
    """One side: a store, and what it can open."""

    def __init__(self, path: Path, desk: str) -> None:
        self.desk, self.store, self.said = desk, Store.open(path), dict[bytes, pb.Payload]()

    @property
    def read(self) -> Reader:
        return lambda _c, message_hash: self.said.get(message_hash)

    def take(self, header: Header, payload: pb.Payload, message_hash: bytes, index: int) -> None:
        """Keeps a message as the feed brings it."""
        wire = envelope_pb2.Envelope(header=encode_header(header))
        message = Message(
            message_hash=message_hash,
            agency=header.sender_agency,
            envelope_id=header.envelope_id,
            sender=header.sender,
            outgoing=header.sender == self.desk,
            verb=header.verb,
            case_id=CASE,
            precedence=header.precedence,
            created=header.created,
            deliver_by=header.deliver_by,
            respond_by=0,
            author="",
            signers=b"",
            envelope=serialise(wire),
            archive=b"x",
            standing=Standing.GOOD,
            received=NOW,
            log_index=index,
            leaf_time=NOW,
        )
        self.said[message_hash] = payload
        with self.store.begin() as c:
            mailstore.put_message(c, message)

    def rows(self) -> tuple[Row, ...]:
        with self.store.begin() as c:
            freeze = tell(c, self.read, LEG).freeze
        return () if freeze is None else freeze.ledger.rows

    def judged(self, header: Header, payload: pb.Payload, leg: Leg | None) -> bool:
        """Whether this side's agent lets it leave, or counts it."""
        with self.store.begin() as c:
            try:
                judge_freeze(c, Said(header, payload, leg, (), NOW, view=WORLD_VIEW, read=self.read))
            except ContentRefusedError:
                return False
        return True


LEG = Leg(HERE, CASE, THERE, Family.FREEZE, State.IN_FORCE, 9, b"o" * 32, b"o" * 32, NOW, NOW + DAY)


class Freeze(RuleBasedStateMachine):
    """Random holds, releases, top-ups and variations, true and false."""

    folder: Callable[[], Path]
    taken: ClassVar[set[Verb]]
    """What was taken in any run: so that the property is about something."""

    @initialize(first=SMALL.filter(Decimal), everything=st.booleans())
    def opened(self, first: str, everything: bool) -> None:
        self.number = 0
        self.sides = [Side(type(self).folder(), desk) for desk in (HERE, THERE)]
        other = line(2, token="USDC", amount="" if everything else "70", all=everything, later_inflows=True)
        self.last_varied = b""
        ends = NOW + 20 * DAY
        asked = request(line(1, amount=first), other, instrument=letter(start=NOW, end=ends))
        assert self.say(HERE, Verb.REQUEST, asked, lapses_at=ends)

    def teardown(self) -> None:
        for side in getattr(self, "sides", ()):
            side.store.close()

    def say(self, sender: str, verb: Verb, body: object, *, about: bytes = b"", lapses_at: int = 0) -> bytes:
        """Says it where the sender's own agent lets it leave; the other side then counts it. Empty where refused."""
        self.number += 1
        desks = tuple(Recipient(desk, KEY) for desk in sorted((HERE, THERE)))
        header = Header(
            origin="hub.example/exchange",
            envelope_id=bytes(6) + b"\x70\x00\x80" + self.number.to_bytes(7, "big"),
            family=Family.FREEZE,
            verb=verb,
            case_id=CASE,
            previous=b"",
            about=about,
            sender=sender,
            recipients=desks,
            author=KEY,
            precedence=Precedence.ROUTINE,
            created=NOW,
            deliver_by=NOW + DAY,
            respond_by=0,
            lapses_at=lapses_at,
            directory_size=1,
            directory_root=KEY,
        )
        payload = pb.Payload(version=1)
        set_body(payload, Family.FREEZE, verb, body)  # type: ignore[arg-type]
        own, other = self.sides if sender == HERE else self.sides[::-1]
        leg = None if verb is Verb.REQUEST else replace(LEG, opening=b"")
        left = own.judged(header, payload, leg)
        assert left == other.judged(header, payload, leg)  # the same rules on both sides
        if not left:
            return b""
        message_hash = self.number.to_bytes(32, "big")
        type(self).taken.add(verb)
        for side in self.sides:
            side.take(header, payload, message_hash, self.number)
        return message_hash

    @rule(number=LINE, held=SMALL, gone=SMALL, inflow=st.just("0") | SMALL)
    def held_in_part(self, number: int, held: str, gone: str, inflow: str) -> None:
        row = next(row for row in self.sides[1].rows() if row.number == number)
        known = total(row.requested or Decimal(0), Decimal(inflow))
        words = {"held": held, "gone": gone} | ({"inflow": inflow} if Decimal(inflow) else {})
        try:
            said = line_report(row, words, "2026-11-23")
        except LedgerError:
            assert row.requested is not None
            assert Decimal(held) + Decimal(gone) + row.released > known
            return
        self.say(THERE, Verb.REPORT_EXECUTION, pb.ReportExecution(lines=[said]))

    @rule(number=LINE, amounts=st.tuples(SMALL, SMALL, SMALL, SMALL, SMALL), status=st.integers(1, 4))
    def reported_at_random(self, number: int, amounts: tuple[str, ...], status: int) -> None:
        names = ("requested", "held", "released", "gone", "outstanding")
        fields = dict(zip(names, amounts, strict=True))
        said = pb.LineReport(line=number, status=status, when="2026-11-23", **fields)  # type: ignore[arg-type]
        self.say(THERE, Verb.REPORT_EXECUTION, pb.ReportExecution(lines=[said]))

    @rule(number=LINE, quarters=st.integers(0, 5), increase=st.just("") | SMALL)
    def asked_to_vary(self, number: int, quarters: int, increase: str) -> None:
        row = next(row for row in self.sides[0].rows() if row.number == number)
        release = f"{row.held * quarters / 4:f}" if row.held and quarters else ""  # five quarters are too many
        body = pb.AskVariation(lines=[pb.LineVariation(line=number, release=release, increase=increase)], text="x")
        self.last_varied = self.say(HERE, Verb.ASK_VARIATION, body) or self.last_varied

    @precondition(lambda self: self.last_varied)
    @rule(number=LINE, release=SMALL, increase=st.just("") | SMALL, as_asked=st.booleans())
    def varied(self, number: int, release: str, increase: str, as_asked: bool) -> None:
        lines = [pb.LineVariation(line=number, release=release, increase=increase)]
        asked = self.sides[0].said[self.last_varied].ask_variation
        self.say(THERE, Verb.VARY, pb.Vary(lines=asked.lines if as_asked else lines), about=self.last_varied)

    @rule(part=st.booleans(), amount=SMALL, called=st.booleans())
    def released(self, part: bool, amount: str, called: bool) -> None:
        before = self.sides[0].rows()
        lines = [pb.LineRelease(line=number, all=not part, amount=amount if part else "") for number in (1, 2)]
        call = call_back(WORLD_VIEW, HERE, spoken_to="Chan", called_at=NOW)
        if not called:
            call.telephone = "+85290001111"
        body = pb.Release(lines=lines, ground=pb.RELEASE_GROUND_COURT_ORDER, call_back=call)
        left = self.say(THERE, Verb.RELEASE, body)
        after = self.sides[0].rows()
        assert not any(row.held for row in after) if left else after == before
        assert called or not left

    @invariant()
    def both_add_up_to_the_same(self) -> None:
        if not hasattr(self, "sides"):
            return
        ours, theirs = (side.rows() for side in self.sides)
        assert ours == theirs
        for row in ours:
            assert row.reconciles
            assert row.held == 0 or row.reported  # nothing is held before the holder's report


def test_the_ledger_reconciles_under_random_holds_releases_top_ups_and_variations(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    count = iter(range(1_000_000))
    folder = tmp_path_factory.mktemp("ledgers")

    class Case(Freeze):
        taken: ClassVar = set[Verb]()
        folder = staticmethod(lambda: folder / f"{next(count)}.sqlite")

    machine = Case.TestCase
    machine.settings = settings(max_examples=10, stateful_step_count=14, deadline=None, derandomize=True)
    machine().runTest()
    assert {Verb.REQUEST, Verb.REPORT_EXECUTION, Verb.ASK_VARIATION, Verb.VARY} <= Case.taken


def test_nobody_goes_on_with_a_request_that_cannot_be_read_here_and_what_came_is_kept(tmp_path: Path) -> None:
    class Reading(Freeze):
        folder = staticmethod(lambda: next(paths))
        taken: ClassVar = set[Verb]()

    paths = iter(tmp_path / f"{number}.sqlite" for number in range(2))
    machine = Reading()
    machine.opened("1000", everything=False)
    side = machine.sides[1]
    side.said.clear()  # the archive key of that time was not granted to this member
    with side.store.begin() as c:
        (opening,) = mailstore.messages_of_case(c, CASE)
        payload = pb.Payload(version=1, report_execution=pb.ReportExecution())
        header = replace(header_of(mailstore.message(c, opening.message_hash)), verb=Verb.REPORT_EXECUTION)
        leg = replace(LEG, opening=opening.message_hash)
        with pytest.raises(ContentRefusedError) as refused:
            judge_freeze(c, Said(header, payload, leg, (), NOW, view=WORLD_VIEW, read=side.read))
        assert refused.value.code == "NOT_READABLE"
        judge_freeze(c, Said(header, payload, leg, (), NOW, view=WORLD_VIEW, index=9, read=side.read))
        for standing in (Standing.DESTROYED, Standing.CONTRADICTS, Standing.QUARANTINED):  # nor does anybody else
            mailstore.update_message(c, opening.message_hash, standing=standing.value)
            for index in (None, 9):
                with pytest.raises(ContentRefusedError) as refused:
                    judge_freeze(c, Said(header, payload, leg, (), NOW, view=WORLD_VIEW, index=index, read=side.read))
                assert refused.value.code == "NOT_READABLE"
    machine.teardown()
