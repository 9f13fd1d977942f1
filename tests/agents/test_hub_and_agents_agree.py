"""Whatever the hub takes, its recipients take, and the other way round: nothing comes between their views of a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from comity.checks import jurisdiction_of
from comity.directory import Directory, parse_statement
from comity.directory.statements import make_entry
from comity.envelope import parse_envelope
from comity.errors import MalformedError, Reason, RefusedError
from comity.keys import fingerprint
from comity.names import agency_of
from comity.v1 import directory_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.actions import AboutFacts
from comity.workflow.engine import apply
from comity.workflow.legs import Leg
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import Family, Precedence, Role, Side, State, Verb
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import composing, truststore
from agents.admin import Admin
from agents.cases import action_of
from agents.client import now_ms
from agents.home import Home
from agents.store import Store
from agents.trust import Trust
from agents.verifying import Item, Verifier
from hub.exchange.domain import Book, EnvelopeState, Known, LegEntry
from hub.exchange.submitting import submit
from hub.log.commands import SubmitEnvelope
from hub.log.domain import Moment, New
from tests.agents.offices import send_referral, two_offices
from tests.support.people import Member, make_member
from tests.support.world import DAY, HOUR, World, admit_agency, agree, begin_world, certificate_of

NOW = 1_800_000_000_000
DESK = "sfc/intake"
CASE, OPENING = b"c" * 16, b"o" * 32


@dataclass
class Stage:
    """One directory, and how the hub and each recipient see it."""

    world: World
    directory: Directory
    authors: tuple[Member, ...]
    verifiers: dict[str, Verifier]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Three agencies: with one an agreement that holds, with one that runs out soon, with one that was ended."""
    world = begin_world(NOW)
    for agency in ("sfc", "hkma", "hkpf", "osr"):
        admit_agency(world, agency)
    agree(world, "sfc", "hkma")
    short = directory_pb2.AgreementSigned(
        id=b"s" * 16,
        first="osr",
        second="sfc",
        families=[int(Family.REFERRAL)],  # type: ignore[list-item]
        direction=directory_pb2.AGREEMENT_DIRECTION_BOTH,
        legal_basis="until soon",
        valid_until=NOW + 20_500,
        profile_sha256=standard_profile().sha256,
    )
    ended = directory_pb2.AgreementSigned()
    ended.CopyFrom(short)
    ended.id, ended.first, ended.second, ended.valid_until = b"e" * 16, "hkpf", "sfc", NOW + DAY
    for content in (short, ended):
        admins = [world.agencies[a].admin for a in (content.first, content.second)]
        world.state(content, [content.first, content.second], [(a.kid, a.sign_key) for a in admins])
    world.as_admin("hkpf", directory_pb2.AgreementEnded(id=ended.id))
    late, early = make_member("sfc", Role.ANALYST), make_member("sfc", Role.ANALYST)
    for who, span in ((late, {"valid_from": NOW + 5_900}), (early, {"valid_until": NOW + 12_001})):
        certificate = certificate_of(world, who, [DESK])
        for name, value in span.items():
            setattr(certificate, name, value)
        world.as_admin("sfc", certificate)
    old = len(world.statements)
    for _ in range(2):  # what supersedes the directory: nearly an hour ago, and a moment ago
        world.register_tls(DESK, world.desk(DESK).tls_key)
    times = [NOW // 1000 - 3599] * old + [NOW // 1000 - 3590, NOW // 1000 - 5]
    entries = [make_entry(time, s) for time, s in zip(times, world.statements, strict=True)]
    directory, verifiers, stores = Directory(), {}, []
    for entry in entries:
        directory.apply(entry)
    for desk in ("hkma/intake", "hkpf/cctb", "osr/intake"):
        home = Home.create(
            tmp_path_factory.mktemp("home") / "home", agency=agency_of(desk), desk=desk, endpoints=["127.0.0.1:1"]
        )
        stores.append(store := Store.open(home.path / "store.sqlite"))
        genesis = parse_statement(world.statements[0])
        Trust(home, store, lambda: NOW).set_genesis(genesis, fingerprint(genesis.body), "officer")
        with store.begin() as c:
            truststore.add_entries(c, 0, entries)
        verifiers[desk] = Verifier(home, Trust(home, store, lambda: NOW), lambda: NOW)
    authors = (world.member(DESK, Role.ANALYST), late, early)
    yield Stage(world, directory, authors, verifiers)
    for store in stores:
        store.close()


def leg_for(verb: Verb, desk: str) -> Leg | None:
    """A leg from which a verb may go on."""
    if verb is Verb.REFER:
        return None
    state = State.MORE_INFO if verb is Verb.SUPPLY else State.ACKNOWLEDGED
    return Leg(DESK, CASE, desk, Family.REFERRAL, state, 5, OPENING, OPENING, NOW - DAY, NOW + 13 * DAY)


def hub_says(stage: Stage, envelope: Any, leg: Leg | None, desk: str, now: int) -> Any:
    """What the hub does with an envelope at a moment, and why."""
    directory = stage.directory
    book = Book()
    if leg is not None:
        book.legs[leg.key] = LegEntry(leg, 5, None)
        book.add(
            Known(
                OPENING, "sfc", b"i" * 16, DESK, (desk, DESK), CASE, Family.REFERRAL, Verb.REFER, True,
                "sfc/m-opening0", leg.deliver_by, EnvelopeState.LIVE, 0, None, 7,
            )
        )  # fmt: skip
    outcome = submit(
        book, SubmitEnvelope(envelope), Moment(now // 1000, directory.size, directory.root), directory.view()
    )
    return "taken" if isinstance(outcome, New) else outcome


def recipient_says(stage: Stage, envelope: Any, leg: Leg | None, desk: str, now: int) -> Any:
    """What a recipient does with it, told that moment and that directory by the leaf, and why."""
    verifier = stage.verifiers[desk]
    view = verifier._trust.view(stage.directory.size)
    item = Item(1, bytes(32), cast("Any", None), view, now, *[cast("Any", None)] * 3)
    try:
        signers = verifier.signers(envelope, item)
        verifier.check_rules(envelope, item, leg)
        action = action_of(envelope, signers, view, desk)
        if action.about == OPENING:
            action = replace(action, about_facts=AboutFacts(DESK, Verb.REFER, "sfc/m-opening0"))
        apply(leg, action, now)
    except (RefusedError, MalformedError) as error:
        return error
    return "taken"


SECONDS = range(NOW - 2000, NOW + 30_000, 1000)
SLIGHTLY = st.integers(-2, 2)
AGES = [0, 0, 0, -24 * HOUR, -96 * HOUR, -HOUR, -HOUR // 4, 125_000]


@settings(max_examples=250, deadline=None)
@given(
    verb=st.sampled_from([Verb.REFER, Verb.SUPPLY, Verb.RECALL]),
    desk=st.sampled_from(["hkma/intake", "hkpf/cctb", "osr/intake"]),
    precedence=st.sampled_from(list(Precedence)),
    author=st.sampled_from([0, 0, 1, 2]),
    older=st.sampled_from([0, 1, 2, 2]),
    created=st.tuples(st.sampled_from(AGES), st.integers(-9999, 9999)),
    respond=st.tuples(st.sampled_from([0, 0, 0, -60_000, 60_000]), SLIGHTLY),
    deliver=st.tuples(st.sampled_from([0, 0, -13 * DAY, DAY]), SLIGHTLY),
)
def test_hub_and_recipient_take_the_same(
    stage: Stage,
    verb: Verb,
    desk: str,
    precedence: Precedence,
    author: int,
    older: int,
    created: tuple[int, int],
    respond: tuple[int, int],
    deliver: tuple[int, int],
) -> None:
    at = NOW + sum(created)
    there = jurisdiction_of(stage.directory.view(), agency_of(desk))
    agreed = standard_profile().deadlines_for(Family.REFERRAL, verb, precedence, at, answering=there)
    wire = stage.world.envelope(
        stage.directory.view(stage.directory.size - older),
        DESK,
        [desk],
        verb=verb,
        case_id=CASE,
        previous=OPENING if verb is Verb.SUPPLY else b"",
        about=OPENING if verb is Verb.RECALL else b"",
        precedence=precedence,
        created=at,
        author=stage.authors[author],
        respond_by=(agreed.respond_by or 0) + sum(respond),
        deliver_by=agreed.deliver_by + sum(deliver),
    )
    envelope, leg = parse_envelope(wire), leg_for(verb, desk)
    for now in SECONDS:
        ours, theirs = (says(stage, envelope, leg, desk, now) for says in (hub_says, recipient_says))
        assert (ours == "taken") == (theirs == "taken"), (now - NOW, ours, theirs)


def test_both_take_what_is_right_and_refuse_what_is_not(stage: Stage) -> None:
    """So that the property above is of something."""
    view, exact = stage.directory.view(), standard_profile()
    for verb in (Verb.REFER, Verb.SUPPLY, Verb.RECALL):
        about = OPENING if verb is Verb.RECALL else b""
        previous = OPENING if verb is Verb.SUPPLY else b""
        for desk, sooner, expected in (
            ("hkma/intake", 0, "taken"),
            ("hkma/intake", 1, Reason.BAD_TIMES),
            ("osr/intake", 0, "taken"),
            ("hkpf/cctb", 0, "taken" if verb is Verb.RECALL else Reason.NO_AGREEMENT),
        ):
            there = jurisdiction_of(view, agency_of(desk))
            limits = exact.deadlines_for(Family.REFERRAL, verb, Precedence.ROUTINE, NOW, answering=there)
            due = (limits.respond_by or 0) - sooner
            wire = stage.world.envelope(
                view, DESK, [desk], verb=verb, case_id=CASE, previous=previous, about=about, respond_by=due
            )
            envelope, leg = parse_envelope(wire), leg_for(verb, desk)
            said = [says(stage, envelope, leg, desk, NOW) for says in (hub_says, recipient_says)]
            assert [getattr(one, "reason", one) for one in said] == [expected] * 2


def test_both_change_their_minds_at_the_same_second(stage: Stage) -> None:
    """A key that begins within a second and one that ends, an agreement that ends, a directory too old for FLASH."""
    changes: dict[tuple[str, int, int], list[int]] = {}
    for desk, author, older in (
        ("hkma/intake", 1, 0),
        ("hkma/intake", 2, 0),
        ("osr/intake", 0, 0),
        ("hkma/intake", 0, 2),
    ):
        view = stage.directory.view(stage.directory.size - older)
        flash = Precedence.FLASH
        wire = stage.world.envelope(view, DESK, [desk], author=stage.authors[author], precedence=flash)
        said = [
            [says(stage, parse_envelope(wire), None, desk, now) == "taken" for now in SECONDS]
            for says in (hub_says, recipient_says)
        ]
        assert said[0] == said[1]
        changes[desk, author, older] = [
            now - NOW for now, before, after in zip(SECONDS[1:], said[0], said[0][1:], strict=False) if before != after
        ]
    assert list(changes.values()) == [[6000], [13_000], [21_000], [11_000]]


# --- the shipped client


async def test_a_client_asks_nobody_sooner_than_agreed_and_the_hub_takes_no_such_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        await (await hkma.as_(Role.AGENT)).sync()
        officer, analyst = await hkma.as_(Role.ANALYST), await sfc.as_(Role.ANALYST)
        await officer.refresh()
        await analyst.sync()
        case = analyst.sent()[0].case_id
        contact = pb.Contact(name="Lee", telephone="+85211112222")
        body = pb.AcknowledgeCase(reference="H-9", contact=contact, expected_date="2027-12-01")
        await officer.send((await officer.acknowledge(case, body)).id)
        await analyst.sync()

        question = pb.RequestInfo(questions=[pb.Question(gap=pb.INFO_GAP_IDENTITY, text="who?")])
        with pytest.raises(RefusedError) as refused:
            await officer.request_info(case, question, respond_by=now_ms() + 60_000)
        assert refused.value.reason is Reason.BAD_TIMES
        assert not [draft for draft in officer.drafts() if draft.verb is Verb.REQUEST_INFO]

        monkeypatch.setattr(composing, "check_profile", lambda *_, **__: None)  # a client that was tampered with
        spoilt = await officer.request_info(case, question, respond_by=now_ms() + 60_000)
        with pytest.raises(RefusedError) as refused:
            await officer.send(spoilt.id)
        assert refused.value.reason is Reason.BAD_TIMES
        monkeypatch.undo()
        await analyst.sync()
        await officer.sync()
        assert officer.case(case)[0].state is analyst.case(case)[0].state is State.ACKNOWLEDGED
        assert analyst.alarms() == []

        asked = await officer.request_info(case, question, respond_by=now_ms() + 20 * DAY)
        await officer.send(asked.id)
        await analyst.sync()
        assert officer.case(case)[0].state is analyst.case(case)[0].state is State.MORE_INFO


async def test_whoever_ends_the_agreement_is_still_recalled_from(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        agent = await hkma.as_(Role.AGENT)
        await agent.sync()
        officer, analyst, admin = await hkma.as_(Role.ANALYST), await sfc.as_(Role.ANALYST), await hkma.client()
        await admin.refresh()
        (agreed,) = admin.directory().agreements("hkma")
        await Admin(admin).end_agreement(agreed.id)
        await analyst.sync()
        await officer.sync()
        case = analyst.sent()[0].case_id
        assert officer.reminders() == []

        recall = await analyst.recall(case, pb.Recall(reason=pb.RECALL_REASON_WRONG_RECIPIENT))
        await analyst.send(recall.id)
        await agent.sync()
        await officer.sync()
        assert officer.case(case)[0].state is State.RECALLED
        answer = await officer.answer_recall(case, pb.AnswerRecall(kind=pb.RECALL_ANSWER_KIND_DESTROYED))
        await officer.send(answer.id)
        await analyst.sync()
        assert [client.alarms() for client in (analyst, officer, agent)] == [[], [], []]
        found = analyst.case(case)[0]
        assert found.side is Side.ORIGINATOR
        with pytest.raises(RefusedError) as refused:
            await send_referral(sfc, "hkma/intake")
        assert refused.value.reason is Reason.NO_AGREEMENT
