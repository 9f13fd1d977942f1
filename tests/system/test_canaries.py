"""Words and keys that an agency uses never reach the hub: every place the hub leaves anything is searched for them.

Two agencies work with the SDK against a real `comity-hub serve` process, with all its telemetry switched on. Each word
of 64 random ones goes through a field that only recipients read. What was searched is searched again for something
that must be there, and the agency's side for the words: a search that finds nothing anywhere would prove nothing.
"""

from __future__ import annotations

import secrets
import socket
import string
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from comity.errors import RefusedError
from comity.sealing import open_desk_key
from comity.v1 import payload_pb2 as pb
from comity.wallets import parse_account
from comity.workflow.terms import Precedence, Role, Verb
from sqlalchemy import create_engine, make_url, text

from agents.client import Client
from agents.grants import load_grants, parse_grant
from agents.keyring import MemberKeyring
from tests.agents.offices import CHEAP, PASSPHRASE, Office, Town, agree, pin
from tests.support.world import World, begin_world
from tests.system import search
from tests.system.processes import PASSPHRASE as HUB_PASSPHRASE
from tests.system.processes import HubProcess, environment, hub_home

WALLET = "0x008fe40574e881e7247b50b991c0cc057d66647f"
STEM = 9


@dataclass
class Words:
    """64 random words with one random stem, by which memory is searched once instead of 64 times."""

    stem: str = field(default_factory=lambda: "".join(secrets.choice(string.ascii_lowercase) for _ in range(STEM)))
    all: list[str] = field(default_factory=list)
    used: int = 0

    def __post_init__(self) -> None:
        self.all = [self.stem + "".join(secrets.choice(string.ascii_lowercase) for _ in range(9)) for _ in range(64)]

    def __call__(self) -> str:
        """Returns the next word."""
        self.used += 1
        return self.all[(self.used - 1) % len(self.all)]

    def needles(self) -> dict[bytes, str]:
        """Returns the spellings of the stem and of every word's own part."""
        found = dict.fromkeys(search.spellings_of_text(self.stem), "the stem")
        return found | {word[STEM:].encode(): f"word {n}" for n, word in enumerate(self.all)}


class FarTown(Town):
    """A town whose hub is another process."""

    async def append(self, statements: Any) -> None:
        """Appends statements as operators do: over the wire."""
        await cast("HubProcess", self.hub).append(list(statements))


def refer(word: Words) -> pb.Refer:
    """Returns a referral with a word in every field that takes any text."""
    return pb.Refer(
        reference=word(),
        contact=pb.Contact(name=word(), unit=word(), telephone="+85298765432", email=f"{word()}@example.org"),
        ground=pb.REFERRAL_GROUND_BETTER_PLACED,
        provisions=[word()],
        summary=f"{word()}\n{word()} {WALLET}",
        chronology=[pb.ChronologyItem(when="2026-01-02", what=word(), kind=pb.FACT_KIND_FACT)],
        modus_operandi=word(),
        typology=word(),
        loss_amount="12",
        loss_currency="USDT",
        subjects=[
            pb.Subject(
                name=word(), name_other_script=word(), role=word(), identity_number=word(), licence_status=word()
            )
        ],
        on_chain=[
            pb.OnChainFact(
                account=parse_account(f"eip155:1:{WALLET}").caip10,
                account_as_received=WALLET,
                trace_method=word(),
                confidence=pb.CONFIDENCE_KIND_RECORD,
                statement=word(),
                kind=pb.FACT_KIND_FACT,
            )
        ],
        evidence=[pb.EvidenceItem(item=word(), holder=word(), custody=word())],
        steps_taken=word(),
        freezes_in_force=[word()],
        do_not_contact=[word()],
        requested_actions=[word()],
        urgency_reason=word(),
        other_channels=[word()],
    )


def handling(word: Words) -> pb.Handling:
    """Returns handling conditions with words in them."""
    return pb.Handling(
        tlp=pb.TLP_RED,
        code=pb.HANDLING_CODE_H3,
        code_text=word(),
        source_grade=pb.SOURCE_GRADE_A,
        information_grade=pb.INFORMATION_GRADE_1,
        permitted_action=pb.PERMITTED_ACTION_INTERNAL,
        purposes=[word()],
        legal_gateway=word(),
        evidential_use=pb.EVIDENTIAL_USE_WITH_CONSENT,
        onward=pb.ONWARD_FORBIDDEN,
        original_language="en",
        translator=word(),
    )


async def referred(office: Office, word: Words, **arguments: Any) -> Any:
    """Drafts, approves and sends a referral; an unfinished draft more is kept and exported."""
    analyst, approver = await office.as_(Role.ANALYST), await office.as_(Role.APPROVER)
    draft = await analyst.refer(
        "hkma/intake", refer(word), handling=handling(word), precedence=Precedence.URGENT, **arguments
    )
    await approver.refresh()
    approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    return await analyst.send(draft.id)


async def two_people(office: Office, verb: Verb, body: Any, case: str) -> None:
    """An answer that a second person approves."""
    analyst, approver = await office.as_(Role.ANALYST), await office.as_(Role.APPROVER)
    draft = await analyst.draft(verb, body, case=case)
    await approver.refresh()
    if not draft.approver and draft.state.name == "AWAITING_APPROVAL":
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    await analyst.send(draft.id)


async def play(sfc: Office, hkma: Office, word: Words, folder: Path) -> tuple[list[Path], Any]:
    """Sends every kind of message of a referral; returns files on the agencies' side and the opened referral."""
    attached = folder / f"{word()} {word()}.csv"
    attached.write_text("".join(f"{word()},{WALLET}\n" for _ in range(200)), encoding="utf-8")
    sent = await referred(sfc, word, attachments=[attached])
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    unsent = await analyst.refer("hkma/intake", refer(word), attachments=[attached], precedence=Precedence.URGENT)
    exported = folder / "draft.box"
    await analyst.export_draft(unsent.id, exported)

    await officer.sync()
    opened = await officer.open_item(sent.message_hash)
    saved = await officer.save_attachment(sent.message_hash, opened.attachments[0].id, folder / "saved")

    async def say(client: Client, other: Client, verb: Verb, body: Any) -> None:
        await client.send((await client.draft(verb, body, case=sent.case_id)).id)
        await other.sync()

    contact = pb.Contact(name=word(), unit=word(), telephone="+85211112222")
    await say(
        officer,
        analyst,
        Verb.ACKNOWLEDGE,
        pb.AcknowledgeCase(reference=word(), contact=contact, expected_date="2026-12-31", note=word()),
    )
    question = pb.Question(gap=pb.INFO_GAP_FACTS, text=word())
    await say(officer, analyst, Verb.REQUEST_INFO, pb.RequestInfo(questions=[question]))
    await say(analyst, officer, Verb.SUPPLY, pb.Supply(text=word(), subjects=[pb.Subject(name=word())]))
    await say(officer, analyst, Verb.ACCEPT_IN_PART, pb.Accept(owner=word(), parts=[word()], note=word()))
    await say(officer, analyst, Verb.REPORT_PROGRESS, pb.ReportProgress(text=word()))
    outcome = pb.Outcome(kind=pb.OUTCOME_KIND_ARREST, text=word())
    await say(officer, analyst, Verb.REPORT_OUTCOME, pb.ReportOutcome(outcomes=[outcome], usefulness=5))
    await say(analyst, officer, Verb.CLOSE, pb.Close(text=word()))

    declined = await referred(sfc, word)
    await officer.sync()
    taken = pb.AcknowledgeCase(reference=word(), contact=contact, expected_date="2026-12-31")
    await officer.send((await officer.acknowledge(declined.case_id, taken)).id)
    await two_people(hkma, Verb.DECLINE, pb.Decline(reason=pb.DECLINE_REASON_CAPACITY, text=word()), declined.case_id)
    withdrawn = await referred(sfc, word)
    await analyst.send((await analyst.withdraw(withdrawn.case_id, pb.Withdraw(text=word()))).id)
    # What is refused carries words too.
    with pytest.raises(RefusedError):
        await analyst.supply(sent.case_id, pb.Supply(text=word()))
    await analyst.sync()
    return [attached, saved], opened


def agency_keys(offices: list[Office], opened: Any) -> dict[bytes, str]:
    """Returns every secret key of the agencies that must stay with them, by name."""
    keys = {PASSPHRASE: "the agencies' passphrase"}
    for attachment in opened.payload.attachments:
        keys[attachment.key] = "an attachment's key"
    for office in offices:
        keys[office.root.key.seed] = f"root of {office.home.agency}"
        for member in [office.admin, *office.people.values()]:
            ring = MemberKeyring.load(office.home, member, PASSPHRASE, CHEAP)
            keys[ring.sign.seed], keys[ring.wrap.seed] = f"signing key of {member}", f"wrapping key of {member}"
            for data in load_grants(office.home, member):
                grant = parse_grant(data)
                key = open_desk_key(grant.desk, grant.epoch, grant.member_kid, grant.sealed_seed, ring.wrap)
                keys[key.seed] = f"sealing key of {grant.desk}, epoch {grant.epoch}"
    return keys


def free_port() -> int:
    """Returns a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hub_secrets(world: World) -> dict[bytes, str]:
    """Returns what the hub itself must keep in its memory and its sealed key file alone."""
    return {
        HUB_PASSPHRASE: "the hub's passphrase",
        world.log_key.seed: "the log key",
        world.head_key.seed: "the head key",
        world.authority_key.to_pem().splitlines()[1]: "the authority's key",
    }


def on_disk(hub: HubProcess) -> Iterator[tuple[str, bytes]]:
    """Yields everything that the hub has written so far, and a backup of its database."""
    yield from search.rows(hub.url)
    yield from search.files(hub.home, hub.log, hub.temporary, *hub.home.parent.glob("hub.sqlite*"))
    if make_url(hub.url).get_backend_name() == "sqlite":
        copy = hub.home.parent / "backup.sqlite"
        copy.unlink(missing_ok=True)
        engine = create_engine(hub.url)
        with engine.connect() as connection:
            connection.execute(text("VACUUM INTO :copy"), {"copy": str(copy)})
        engine.dispose()
        yield from search.files(copy)


def of_server(hub: HubProcess) -> Iterator[tuple[str, bytes]]:
    """Yields the files of PostgreSQL's own: the database's, the write-ahead log, the server's log lines."""
    url = make_url(hub.url)
    if url.get_backend_name() == "sqlite":
        return
    engine = create_engine(hub.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        oid = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar()
    engine.dispose()
    data = Path(str(url.query["host"])) / "data"
    yield from search.files(data / "base" / str(oid), data / "pg_wal", data.parent / "log")


def every(keys: dict[bytes, str]) -> dict[bytes, str]:
    """Returns the common spellings of some keys."""
    return {spelling: name for key, name in keys.items() for spelling in search.spellings(key)}


def is_found_in_memory(payload: bytes, needles: dict[bytes, str]) -> bool:
    """Whether the search of memory finds a payload in a process that holds it."""
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; held = sys.stdin.buffer.readline(); print(len(held), flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    try:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(payload.hex().encode() + b"\n")
        holder.stdin.flush()
        holder.stdout.readline()
        return bool(search.hits(search.memory(holder.pid), needles))
    finally:
        holder.kill()
        holder.communicate()


async def test_I_04_I_05_no_word_and_no_key_of_an_agency_is_anywhere_at_the_hub(
    migrated_database_url: str, tmp_path: Path
) -> None:
    word, world, port = Words(), begin_world(), free_port()
    agencies = tmp_path / "agencies"
    (agencies / "saved").mkdir(parents=True)
    async with search.Collector() as collector, hub_home(migrated_database_url, tmp_path, world, whole=False) as hub:
        await hub.start(
            COMITY_HUB_LOG_LEVEL="debug",
            COMITY_HUB_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}",
            COMITY_HUB_OTLP_INSECURE="true",
            COMITY_HUB_TRACE_RATIO="1",
            COMITY_HUB_PROMETHEUS_PORT=str(port),
            OTEL_METRIC_EXPORT_INTERVAL="1000",
        )
        assert hub.process is not None
        pid = hub.process.pid
        town = FarTown(cast("Any", hub), world, agencies)
        try:
            sfc, hkma = await town.office("sfc"), await town.office("hkma")
            for office in (sfc, hkma):
                for role in (Role.ANALYST, Role.APPROVER):
                    await office.hire(role)
            await agree(sfc, hkma)
            await pin(sfc, hkma)
            await pin(hkma, sfc)
            plain_files, opened = await play(sfc, hkma, word, agencies)
            keys = agency_keys([sfc, hkma], opened)
        finally:
            for office in town.offices.values():
                await office.close()
        assert word.used >= 64
        assert len(keys) >= 16

        words = word.needles() | dict.fromkeys(search.spellings_of_text(WALLET[2:]), "the wallet")
        secret = words | every(keys)
        # What each place holds by right shows that it was looked at.
        known = {b"hkma/intake": "a desk"}

        # Where there is very much to read, the stem stands for every word, and a key for its spellings.
        few = {n: name for n, name in secret.items() if name == "the stem" or n in keys} | known
        try:
            in_memory = search.hits(search.memory(pid), few)
        except PermissionError:
            in_memory = []
        else:
            assert in_memory
            assert is_found_in_memory(opened.payload.SerializeToString(), few)
        assert [hit for hit in in_memory if not hit.startswith("a desk")] == []

        told = search.exposition(port)
        assert b"comity_calls" in told
        assert search.core_dump_limits(pid) == ["0", "0"]
        places = [("the metrics page", told), *search.process(pid), *on_disk(hub)]
        assert await hub.stop() == 0
        in_files = search.hits(of_server(hub), few)
        assert [hit for hit in in_files if not hit.startswith("a desk")] == []
        if "postgres" in migrated_database_url:
            assert any("pg_wal" in hit for hit in in_files)
            assert any("/base/" in hit for hit in in_files)
        places += [*on_disk(hub), *((f"export {n}", data) for n, data in enumerate(collector.received))]

    assert any(b"batch" in data or b"comity" in data for data in collector.received)
    assert search.hits(places, secret | every(hub_secrets(world))) == []

    rows_and_files = [hit.split(" in ")[1].partition(",")[0] for hit in search.hits(places, known)]
    assert {"deliveries", "envelopes", "log_leaves"} <= set(rows_and_files)
    assert "postgres" in migrated_database_url or any(name.startswith("/") for name in rows_and_files)
    assert b"serving" in hub.log.read_bytes()

    # The same search finds the words where they belong, and the keys nowhere in the clear, not even there.
    for path in plain_files:
        assert search.hits(search.files(path), words)
    assert search.hits([("the opened message", opened.payload.SerializeToString())], words)
    kept = [place for place in search.files(agencies) if not place[0].endswith(".csv")]
    assert len(kept) > 20
    assert search.hits(kept, every(keys)) == []
    assert search.hits([("a key", next(iter(keys)))], every(keys))
