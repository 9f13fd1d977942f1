"""A hub that lies about the directory, its head or its history, against the unchanged client.

What the hub would answer is replaced where it enters the client: in its session.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.directory import parse_entry, parse_statement, sign_body, sign_head
from comity.directory.heads import Head
from comity.directory.statements import DAY_MS, Position, make_body, make_entry
from comity.encoding import Purpose, tagged
from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.keys import SigningKey, WrapKey
from comity.v1 import directory_pb2 as pb
from comity.v1 import feed_pb2
from comity.workflow.terms import Role

from agents import joining
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import SplitViewError, UnpinnedError
from agents.home import Home
from hub.log.commands import AppendStatements
from tests.agents.offices import (
    CHEAP,
    PASSPHRASE,
    Office,
    referral,
    send_referral,
    town,
    two_offices,
)


def kinds(client: Client) -> list[AlarmKind]:
    return [alarm.kind for alarm in client.alarms()]


def evidence(home: Home) -> list[dict[str, Any]]:
    return [json.loads(file.read_bytes()) for file in sorted(home.evidence_path.glob("*.json"))]


def forged_key(client: Client, desk: str, signer: tuple[bytes, SigningKey]) -> bytes:
    """An entry that publishes a further key of a desk, signed by somebody."""
    view, agency = client.directory(), desk.partition("/")[0]
    epoch = view.desk_keys(desk)[-1].epoch + 1
    begin = client.clock() - 1000
    content = pb.DeskKeyPublished(
        desk=desk,
        epoch=epoch,
        wrap_key=WrapKey.generate().public,
        valid_from=begin,
        valid_until=begin + 30 * DAY_MS,
    )
    body = make_body(client.home.hub_origin, [Position(agency, *view.position(agency))], content)
    statement = sign_body(body, [(signer[0], signer[1].sign(tagged(Purpose.STATEMENT, body)))])
    return make_entry(client.clock() // 1000 + 1, statement)


async def test_K_01_a_key_that_no_root_signed_is_refused_and_raises_an_alarm(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, hkma):
        for office in (sfc, hkma):  # its owner, and everybody else
            client = await office.client()
            await client.refresh()
            size, honest = client.trust.directory_size, client.session.read_entries
            invented = forged_key(client, "sfc/intake", (os.urandom(32), SigningKey.generate()))

            async def lying(start: int, *, entry: bytes = invented) -> list[bytes]:
                return [entry]

            client.session.read_entries = lying  # type: ignore[method-assign]
            with pytest.raises(VerificationError):
                await client.refresh()
            assert client.trust.directory_size == size
            assert AlarmKind.DIRECTORY_REFUSED in kinds(client)
            assert evidence(office.home)[0]["kind"] == "DIRECTORY_REFUSED"
            client.session.read_entries = honest  # type: ignore[method-assign]
            await client.refresh()


async def test_K_02_a_rogue_key_signed_by_the_stolen_root_alarms_its_owner_and_a_dispute_blocks_it(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, hkma):
        owner, other = await sfc.client(), await hkma.client()
        await owner.refresh()
        rogue = parse_entry(forged_key(owner, "sfc/intake", (sfc.root.kid, sfc.root.key)))[1]
        await sfc.town.append([rogue])

        await owner.refresh()
        assert kinds(owner) == [AlarmKind.OWN_KEY_UNKNOWN]
        await other.refresh()
        assert kinds(other) == []

        bad = owner.directory().desk_key("sfc/intake", owner.clock())
        assert bad is not None
        await Admin(owner).dispute(bad.kid)
        await other.refresh()
        assert other.directory().desk_key("sfc/intake", other.clock()) is None
        with pytest.raises(RefusedError) as refused:
            await other.refer("sfc/intake", referral())
        assert refused.value.reason is Reason.NO_AGREEMENT

        owner.dismiss_alarm(owner.alarms()[0].id)
        assert owner.alarms() == []


async def test_C_07_a_recipients_key_that_the_hub_swapped_is_not_sealed_to(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst = await sfc.as_(Role.ANALYST)
        await analyst.refresh()
        await Admin(await hkma.client()).publish_desk_key(at_once=True)
        honest = analyst.session.read_entries

        async def swapping(start: int) -> list[bytes]:
            found = []
            for entry in await honest(start):
                moment, data = parse_entry(entry)
                statement = parse_statement(data)
                if statement.kind == "desk_key_published":
                    old = statement.content.wrap_key  # type: ignore[attr-defined]
                    body = statement.body.replace(old, WrapKey.generate().public)
                    found.append(make_entry(moment, sign_body(body, list(statement.signatures))))
                else:
                    found.append(entry)
            return found

        analyst.session.read_entries = swapping  # type: ignore[method-assign]
        with pytest.raises(VerificationError):
            await analyst.refer("hkma/intake", referral())
        assert AlarmKind.DIRECTORY_REFUSED in kinds(analyst)
        assert analyst.drafts() == []


async def test_C_08_nothing_is_sealed_on_a_head_that_is_eleven_minutes_old(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        stale = await analyst.session.get_head(None)

        async def lagging(seen: object) -> tuple[bytes, bytes]:
            return stale

        analyst.session.get_head = lagging  # type: ignore[method-assign]
        sfc.clock.shift = 11 * 60_000
        with pytest.raises(RefusedError) as refused:
            await analyst.refer("hkma/intake", referral())
        assert refused.value.reason is Reason.DIRECTORY_STALE
        assert AlarmKind.HEAD_STALE in kinds(analyst)
        sfc.clock.shift = 0
        assert (await analyst.refer("hkma/intake", referral())).to == ("hkma/intake",)


async def test_K_12_a_key_that_somebody_has_already_is_not_registered_again(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        admin = await sfc.client()
        request = json.loads(joining.member_request(sfc.home, sfc.people[Role.ANALYST], PASSPHRASE, CHEAP))
        stolen = json.dumps(request | {"member": "sfc/m-zzzz2345"}).encode()

        with pytest.raises(RefusedError) as refused:
            await Admin(admin, sfc.root).certify(stolen, roles=[Role.APPROVER])
        assert (refused.value.reason, refused.value.metadata) == (
            Reason.STATEMENT_REFUSED,
            {"rule": "public_key_in_use"},
        )


async def test_K_14_a_fingerprint_with_one_wrong_digit_is_no_pin_and_nothing_is_trusted_on_first_use(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        sender = await sfc.as_(Role.ANALYST)
        sender.unpin("hkma")
        right = (await hkma.client()).fingerprint("hkma")
        wrong = ("1" if right[0] != "1" else "2") + right[1:]

        with pytest.raises(VerificationError):
            sender.pin("hkma", wrong)
        assert "hkma" not in [pin.name for pin in sender.pins()]
        with pytest.raises(UnpinnedError):
            await sender.refer("hkma/intake", referral())
        sender.pin("hkma", right)
        assert (await sender.refer("hkma/intake", referral())).to == ("hkma/intake",)


async def test_K_14_the_hubs_genesis_is_not_taken_with_a_wrong_digit(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        home = Home.create(tmp_path / "x", agency="sfc", desk="sfc/intake")
        answer = await _answer(here.world.statements[0])
        right = here.genesis_fingerprint()
        wrong = right[:-1] + ("1" if right[-1] != "1" else "2")

        with pytest.raises(VerificationError):
            joining.accept_answer(home, answer, wrong)
        assert Home.load(home.path).hub_origin == ""
        assert joining.accept_answer(home, answer, right).hub_origin == here.world.origin
        with pytest.raises(MalformedError):
            joining.accept_answer(home, b"garbage", right)


async def _answer(genesis: bytes) -> bytes:
    from comity.encoding import serialise
    from comity.v1.draft_pb2 import JoinAnswer

    return serialise(JoinAnswer(version=1, genesis=genesis))


async def sealed_head(office: Office, client: Client, **changes: Any) -> tuple[bytes, bytes]:
    """A head that the hub's own key signs over something else than its logs."""
    honest = await client.refresh()
    fields = {name: getattr(honest, name) for name in Head.__slots__} | {"time": honest.time + 1} | changes
    return sign_head(Head(**fields), office.town.world.head_key)


@pytest.mark.parametrize("lie", [{"exchange_root": b"\x01" * 32}, {"directory_root": b"\x01" * 32}])
async def test_two_histories_under_the_hubs_own_signature_stop_the_client_and_are_evidence(
    tmp_path: Path, lie: dict[str, bytes]
) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        forked = await sealed_head(sfc, analyst, **lie)
        honest = analyst.session.get_head

        async def lying(seen: object) -> tuple[bytes, bytes]:
            return forked

        analyst.session.get_head = lying  # type: ignore[method-assign]
        with pytest.raises(SplitViewError):
            await analyst.refresh()
        assert AlarmKind.SPLIT_VIEW in kinds(analyst)
        assert [found["kind"] for found in evidence(sfc.home)] == ["SPLIT_VIEW"]

        analyst.session.get_head = honest  # type: ignore[method-assign]
        with pytest.raises(SplitViewError):  # also once the hub is honest again: a person must look
            await analyst.refer("hkma/intake", referral())
        analyst.dismiss_alarm(analyst.alarms()[0].id)
        assert (await analyst.refer("hkma/intake", referral())).to == ("hkma/intake",)


async def test_a_head_over_shorter_logs_than_the_one_presented_is_a_split_view_with_both_as_evidence(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        client = await sfc.client()
        before = client.directory()
        shorter = await sealed_head(
            sfc, client, directory_size=before.size - 1, directory_root=before.root_at(before.size - 1)
        )
        newest = client.trust.head

        async def lying(seen: object) -> tuple[bytes, bytes]:
            return shorter

        client.session.get_head = lying  # type: ignore[method-assign]
        with pytest.raises(SplitViewError):
            await client.refresh()
        assert (client.trust.head, kinds(client)) == (newest, [AlarmKind.SPLIT_VIEW])
        parts = evidence(sfc.home)[0]["parts"]
        assert parts["shown_head"] != parts["head"]
        assert parts["shown_head_signature"]["base64"]


async def test_a_head_in_the_feed_that_neither_covers_ours_nor_is_covered_is_a_split_view(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        client = await sfc.client()
        head, before = await client.refresh(), client.directory()
        root = before.root_at(before.size - 1)
        body, sig = await sealed_head(
            sfc, client, directory_size=before.size - 1, directory_root=root, exchange_size=head.exchange_size + 1
        )

        async def lying(start: int, *, follow: bool) -> Any:
            yield feed_pb2.ReadFeedResponse(head=pb.SignedHead(body=body, sig=sig))

        client.session.read_feed = lying  # type: ignore[method-assign,assignment]
        with pytest.raises(SplitViewError):
            async for _ in client.live():
                pass
        assert kinds(client) == [AlarmKind.SPLIT_VIEW]


async def test_a_head_that_is_anothers_from_the_future_or_unsigned_is_not_kept(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        client = await sfc.client()
        newest = await client.refresh()
        future = await sealed_head(sfc, client, time=client.clock() + 600_000)
        other = await sealed_head(sfc, client, exchange_origin="other.example/exchange")
        longer = await sealed_head(sfc, client, directory_size=10_000)
        unsigned = (future[0], bytes(64))
        for head in (future, other, longer, unsigned, (b"garbage", bytes(64))):

            async def lying(seen: object, *, found: tuple[bytes, bytes] = head) -> tuple[bytes, bytes]:
                return found

            client.session.get_head = lying  # type: ignore[method-assign]
            with pytest.raises(VerificationError):
                await client.refresh()
        assert client.trust.head is not None
        assert client.trust.head.time >= newest.time
        assert client.trust.head.exchange_origin == newest.exchange_origin


async def test_A_06_a_checkpoint_in_a_payload_shows_that_its_sender_was_shown_another_history(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        victim = await hkma.as_(Role.AGENT)
        await victim.sync()
        sender = await sfc.as_(Role.ANALYST)
        log_key = sfc.town.world.log_key
        forked = Checkpoint(sfc.town.world.exchange_origin, 2, b"\x07" * 32)
        note = sign_checkpoint(forked, forked.origin, log_key.sign, log_key.public)
        sender.trust.newest_note = lambda: note  # type: ignore[method-assign]
        draft = await sender.refer("hkma/intake", referral())
        approver = await sfc.as_(Role.APPROVER)
        await approver.refresh()
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        await sender.send(draft.id)

        with pytest.raises(SplitViewError):
            await victim.sync()
        assert AlarmKind.SPLIT_VIEW in kinds(victim)
        assert evidence(hkma.home)[0]["parts"]["shown_checkpoint"]["base64"]


async def test_a_store_whose_directory_was_tampered_with_does_not_open(tmp_path: Path) -> None:
    from sqlalchemy import create_engine, text

    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        client = await sfc.client()
        await client.refresh()
        engine = create_engine(f"sqlite:///{sfc.home.store_path}")
        with engine.begin() as connection:
            connection.execute(text("UPDATE entries SET entry = x'00' WHERE number = 3"))
        engine.dispose()

        with pytest.raises(VerificationError):
            await sfc.client()


async def test_statements_of_two_admins_at_once_both_get_in(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        admin = await sfc.client()
        honest, raced = admin.session.append_statements, []

        async def overtaken(statements: list[bytes]) -> int:
            if not raced:
                raced.append(True)
                number, previous = admin.directory().position("sfc")
                content = pb.DutyContact(desk="sfc/intake", telephone="+85211111111", hours="9-5", languages=["en"])
                body = make_body(admin.home.hub_origin, [Position("sfc", number, previous)], content)
                admin.trust.expect([body])
                signed = sign_body(body, [(sfc.root.kid, sfc.root.key.sign(tagged(Purpose.STATEMENT, body)))])
                await sfc.town.hub.sequencer.submit(AppendStatements((signed,)))
            return await honest(statements)

        admin.session.append_statements = overtaken  # type: ignore[method-assign,assignment]
        await Admin(admin).contact(telephone="+85222222222", hours="24/7", languages=["en", "zh-Hant"])

        contact = admin.directory().contact("sfc/intake")
        assert contact is not None
        assert contact.telephone == "+85222222222"
        assert admin.alarms() == []
