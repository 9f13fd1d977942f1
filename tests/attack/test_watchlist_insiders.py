"""A hub that lets somebody in on a list, and a subscriber that speaks in the owner's name."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.checks import check_parties, check_rules, verify_signatures
from comity.encoding import serialise
from comity.envelope import parse_envelope, parse_parts, signing_bytes
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError, VerificationError
from comity.hpke import hpke_seal
from comity.sealing import open_content, open_wrap, wrap_info
from comity.v1 import envelope_pb2, watchlist_pb2
from comity.watchlists import encode_change_set, signed_bytes, verify_change_set
from comity.workflow.terms import Role, SignatureRole, Verb

from agents.alarms import AlarmKind
from agents.keys import KeyUse, find
from agents.records import Standing
from hub.exchange import examining
from hub.exchange.work import ExchangeWork
from hub.feed.domain import Content
from hub.log.commands import SubmitEnvelope
from hub.log.domain import New, Party
from tests.agents.owner.market import entry, market
from tests.support.core import Core, running_core, texts
from tests.support.people import Member
from tests.support.watchlists import WatchList, subscribe
from tests.support.world import World, make_world

OWNER, SUBSCRIBER, STRANGER = "sfc/intake", "hkma/intake", "hkpf/cctb"


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies."""
    return make_world(agencies=("sfc", "hkma", "hkpf"))


# The hub adds a subscriber.


def letting_in(monkeypatch: pytest.MonkeyPatch, wrap: Any, desk: str = STRANGER) -> None:
    """Makes the hub deliver every batch to a stranger too, with the wrap that it is given."""
    honest = ExchangeWork._one

    def one(self: ExchangeWork, book: Any, command: Any, moment: Any, view: Any) -> Any:
        outcome = honest(self, book, command, moment, view)
        if isinstance(command, SubmitEnvelope) and isinstance(outcome, New):
            draft = book.drafts[outcome.position]
            further = Party(desk, wrap(command.envelope))
            book.drafts[outcome.position] = replace(draft, parties=(*draft.parties, further))
        return outcome

    monkeypatch.setattr(ExchangeWork, "_one", one)


async def delivered(core: Core, desk: str) -> Content:
    """Returns the newest envelope in a desk's feed."""
    content = (await core.read(desk))[-1].content
    assert content is not None
    return content


async def test_G_02_a_desk_that_the_hub_adds_to_a_list_is_no_recipient_and_opens_nothing(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = world.desk(STRANGER)
    wraps: dict[str, Any] = {
        "the subscriber's": lambda e: e.wraps[[r.desk for r in e.header.recipients].index(SUBSCRIBER)],
        "the owner's": lambda e: e.wraps[[r.desk for r in e.header.recipients].index(OWNER)],
        "noise": lambda e: os.urandom(len(e.wraps[0])),
        "one of the hub's making": lambda e: hpke_seal(
            stranger.key.public, wrap_info(e.header_bytes, stranger.kid), os.urandom(32)
        ),
    }
    core = Core(migrated_sqlite_url, world)
    await core.start()
    try:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        for number, wrap in enumerate(wraps.values(), start=1):
            letting_in(monkeypatch, wrap)
            await core.take(one.envelope(view, case, one.place(number), payload=b"a wallet"))
            monkeypatch.undo()
            for desk in (SUBSCRIBER, STRANGER):
                got = await delivered(core, desk)
                signatures = [(s.kid, int(s.role), s.sig) for s in got.signatures]
                parts = (got.header, got.seal, got.ciphertext, [(desk, got.wrap)], signatures)
                if desk == SUBSCRIBER:
                    envelope = parse_parts(*parts, reader=desk)
                    key = open_wrap(got.header, world.desk(desk).kid, got.wrap, world.desk(desk).key)
                    assert open_content(got.header, got.seal, got.ciphertext, key) == b"a wallet"
                    verify_signatures(envelope, check_parties(envelope, view, world.now, opening=False))
                    continue
                # What a desk's agent does first; and what somebody does who looks past it.
                with pytest.raises(MalformedError):
                    parse_parts(*parts, reader=desk)
                with pytest.raises(CannotOpenError):
                    open_content(
                        got.header,
                        got.seal,
                        got.ciphertext,
                        open_wrap(got.header, stranger.kid, got.wrap, stranger.key),
                    )
        # The hub's own check of what it stores names each.
        assert [finding.subject for finding in core.fsck()] == [STRANGER] * len(wraps)
    finally:
        await core.stop()


async def test_G_02_a_header_that_the_hub_rewrites_for_one_more_recipient_is_not_what_the_owner_signed(
    world: World,
) -> None:
    one, view, stranger = WatchList(world), world.directory().view(), world.desk(STRANGER)
    wire = one.envelope(view, os.urandom(16), one.place(1))
    header, seal = envelope_pb2.Header.FromString(wire.header), envelope_pb2.Seal.FromString(wire.seal)
    header.recipients.add(desk=STRANGER, desk_key_id=stranger.kid)
    header.recipients.sort(key=lambda recipient: recipient.desk)
    wire.header = serialise(header)
    wrap = hpke_seal(stranger.key.public, wrap_info(wire.header, stranger.kid), os.urandom(32))
    wire.wraps.add(desk=STRANGER, data=wrap)
    wire.wraps.sort(key=lambda given: given.desk)
    seal.wrap_sha256[:] = [hashlib.sha256(given.data).digest() for given in wire.wraps]
    wire.seal = serialise(seal)
    envelope = parse_envelope(wire)
    with pytest.raises(RefusedError) as caught:
        verify_signatures(envelope, check_parties(envelope, view, world.now, opening=False))
    assert caught.value.reason is Reason.BAD_SIGNATURE


async def test_G_02_the_agent_of_a_desk_that_was_let_in_says_so_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path, followers=2) as (owner, (subscriber, stranger)):
        await subscriber.subscribe(owner.row.list_id)
        await owner.hear()
        await stranger.analyst.sync()
        before = len(stranger.analyst.inbox())
        letting_in(monkeypatch, lambda e: e.wraps[0], stranger.office.home.desk)
        # The owner sees it in the receipt, which is the hub's own word.
        with pytest.raises(VerificationError):
            await owner.publish(entry(1))
        monkeypatch.undo()

        desk = owner.office.home.desk
        assert [len(effects.puts) for effects in await subscriber.follow(desk)] == [1]
        assert await stranger.follow(desk) == []
        assert stranger.verbs == []
        assert AlarmKind.INVALID_DELIVERY in [alarm.kind for alarm in stranger.analyst.alarms()]
        opened = [item for item in stranger.analyst.inbox() if item.standing is Standing.GOOD]
        assert len(opened) == before


# A subscriber forges a batch in the owner's name.


def resigned(wire: envelope_pb2.Envelope, forger: Member) -> envelope_pb2.Envelope:
    """Returns an envelope that still names its author, with somebody else's signature."""
    forged = envelope_pb2.Envelope.FromString(wire.SerializeToString())
    forged.signatures[0].sig = forger.sign_key.sign(wire.header)
    return forged


async def test_G_03_the_hub_refuses_a_batch_that_a_subscriber_signs_in_the_owners_name(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        await core.take(one.envelope(view, case, one.place(1)))
        forger = world.member(SUBSCRIBER, Role.AGENT)
        of_forger = one.envelope(view, case, one.place(2), author=forger)
        of_owner = one.envelope(view, case, one.place(2))
        as_itself = WatchList(world, SUBSCRIBER, one.list_id, one.heads)
        own_name = as_itself.envelope(view, case, one.place(2), recipients=[OWNER])
        tries = {
            "from its own desk": (of_forger, SUBSCRIBER, "WRONG_SENDER"),
            "over the owner's connection": (of_forger, OWNER, "BAD_SIGNATURE"),
            "naming the owner's machine": (resigned(of_owner, forger), OWNER, "BAD_SIGNATURE"),
            "in its own name": (own_name, SUBSCRIBER, "WRONG_STATE"),
        }
        for name, (wire, desk, reason) in tries.items():
            assert texts(await core.submit(wire, desk=desk)) == [reason], name
        assert [item.number for item in await core.read(SUBSCRIBER)] == [1, 2, 3]  # offer, own copy, first batch
        # What was refused took no place in the list.
        await core.take(of_owner)


async def test_G_03_a_subscriber_refuses_a_forged_batch_that_the_hub_lets_through(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        genuine = one.envelope(view, case, one.place(1))
        monkeypatch.setattr(examining, "verify_signatures_by", lambda *_: None)
        await core.take(resigned(genuine, world.member(STRANGER, Role.AGENT)))
        got = await delivered(core, SUBSCRIBER)
        signatures = [(s.kid, int(s.role), s.sig) for s in got.signatures]
        envelope = parse_parts(
            got.header, got.seal, got.ciphertext, [(SUBSCRIBER, got.wrap)], signatures, reader=SUBSCRIBER
        )
        check_rules(envelope, view, world.now, opening=False, opened=world.now)
        with pytest.raises(RefusedError) as caught:
            verify_signatures(envelope, check_parties(envelope, view, world.now, opening=False))
        assert caught.value.reason is Reason.BAD_SIGNATURE


async def test_G_03_the_agent_of_a_subscriber_applies_no_batch_that_another_subscriber_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, (subscriber,)):
        await subscriber.subscribe(owner.row.list_id)
        await owner.hear()
        desk = owner.office.home.desk
        await subscriber.follow(desk)
        keys = subscriber.analyst.keys
        forger, honest = find(keys, KeyUse.SIGN).kid, ExchangeWork._one

        def one(self: ExchangeWork, book: Any, command: Any, moment: Any, view: Any) -> Any:
            if isinstance(command, SubmitEnvelope) and command.envelope.header.verb is Verb.PUBLISH:
                e, (first,) = command.envelope, command.envelope.signatures
                data = signing_bytes(e.header_bytes, e.seal_bytes, first.role)
                forged = replace(first, sig=keys.sign(forger, data))
                command.envelope = replace(e, signatures=(forged,))
            return honest(self, book, command, moment, view)

        monkeypatch.setattr(ExchangeWork, "_one", one)
        with pytest.raises(VerificationError):
            await owner.publish(entry(1))
        monkeypatch.undo()
        before = subscriber.standing

        assert await subscriber.follow(desk) == []
        assert subscriber.standing == before
        assert AlarmKind.INVALID_DELIVERY in [alarm.kind for alarm in subscriber.analyst.alarms()]


def test_G_03_changes_that_others_than_the_owners_people_signed_are_refused_whoever_carries_them(
    world: World,
) -> None:
    view, list_id = world.directory().view(), os.urandom(16)
    at = world.now + 1000  # the directory's own second does not count
    content = watchlist_pb2.ChangeSet(list_id=list_id, id=os.urandom(16), created=world.now, removals=[])
    content.lifts.append(os.urandom(16))
    body = encode_change_set(content)

    def signed(*people: tuple[str, Role, SignatureRole]) -> watchlist_pb2.SignedChangeSet:
        signatures = []
        for desk, role, capacity in people:
            member = world.member(desk, role)
            sig = member.sign_key.sign(signed_bytes(OWNER, body, capacity))
            signatures.append(envelope_pb2.Signature(kid=member.kid, role=int(capacity), sig=sig))  # type: ignore[arg-type]
        return watchlist_pb2.SignedChangeSet(body=body, signatures=signatures)

    author, approver = SignatureRole.AUTHOR, SignatureRole.APPROVER
    of_owner = signed((OWNER, Role.ANALYST, author), (OWNER, Role.APPROVER, approver))
    assert len(verify_change_set(of_owner, view, OWNER, at)) == 2
    wrong = signed((OWNER, Role.ANALYST, author), (OWNER, Role.APPROVER, approver))
    wrong.signatures[1].sig = world.member(SUBSCRIBER, Role.APPROVER).sign_key.sign(signed_bytes(OWNER, body, approver))
    for forged in (
        signed((SUBSCRIBER, Role.ANALYST, author), (SUBSCRIBER, Role.APPROVER, approver)),
        signed((OWNER, Role.ANALYST, author), (SUBSCRIBER, Role.APPROVER, approver)),
        signed((OWNER, Role.AGENT, author)),
        wrong,
    ):
        with pytest.raises((VerificationError, RefusedError)):
            verify_change_set(forged, view, OWNER, at)
