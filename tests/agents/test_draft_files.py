"""Draft files: what an approver in another home gets, looks into, approves and sends; and what is not taken."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError
from comity.workflow.terms import Role

from agents import joining
from agents.admin import Admin
from agents.client import Client
from agents.draftfiles import LINE_LIMIT
from agents.errors import DraftFileError, FolderError, NotUniqueError, explain
from agents.home import Home
from agents.keyring import MemberKeyring, new_member_id
from agents.records import MessageStatus
from tests.agents.offices import CHEAP, PASSPHRASE, Office, pin, referral, send_referral, two_offices


async def second_home(folder: Path, office: Office, other: Office) -> Client:
    """An approver of the same desk, at a computer of its own, with the desk's keys."""
    home = Home.create(folder / "second", agency=office.home.agency, desk=office.home.desk)
    home = home.changed(endpoints=office.home.endpoints)
    member = new_member_id(home.agency)
    MemberKeyring.generate(member).save(home, PASSPHRASE, CHEAP)
    request = joining.member_request(home, member, PASSPHRASE, CHEAP)
    admin = Admin(await office.client(), office.root)
    await admin.certify(request, roles=[Role.APPROVER])
    home = joining.accept_answer(home, await admin.answer(request), office.town.genesis_fingerprint())
    second = Office(office.town, home, office.root, member, clock=office.clock)
    office.town.offices["second"] = second
    (home.path / "grants" / member.partition("/")[2]).mkdir()
    for path in office.home.grants_path(member).iterdir():
        (home.grants_path(member) / path.name).write_bytes(path.read_bytes())
    await pin(second, other)
    return await second.client()


def outbox(client: Client) -> list[str]:
    return sorted(path.name for path in client.home.outbox_path.iterdir())


async def test_an_approver_in_another_home_looks_into_the_attachments_and_sends(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        approver = await second_home(tmp_path, sfc, hkma)
        analyst = await sfc.as_(Role.ANALYST)
        files = [tmp_path / "statement.csv", tmp_path / "ledger.bin"]
        files[0].write_bytes(b"a,b\n" * 50_000)
        files[1].write_bytes(bytes(range(256)) * 3_000)
        draft = await analyst.refer("hkma/intake", referral(), attachments=files)
        told: list[tuple[str, int, int]] = []
        sealed = tmp_path / "sealed.draft"
        await analyst.export_draft(draft.id, sealed, lambda *how_far: told.append(how_far))
        assert sealed.stat().st_mode & 0o777 == 0o600
        assert {done for _, done, total in told if done == total} == {
            blob.length for blob in analyst.review(draft.id).header.blobs
        }
        assert b"a,b\na,b" not in sealed.read_bytes()

        told.clear()
        with sealed.open("rb") as source:
            info = await approver.import_draft(source, lambda *how_far: told.append(how_far))
        assert (info.id, info.message_hash) == (draft.id, draft.message_hash)
        assert told
        review = approver.review(info.id)
        saved = [
            approver.save_draft_attachment(info.id, item.id.hex(), tmp_path).read_bytes()
            for item in review.payload.attachments
        ]
        assert saved == [file.read_bytes() for file in files]
        approver.approve(info.id, review.info.message_hash)
        sent = await approver.send(info.id)
        assert sent.status is MessageStatus.SUBMITTED
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        opened = await officer.open_item(sent.message_hash)
        (tmp_path / "there").mkdir()
        for item, file in zip(opened.attachments, files, strict=True):
            path = await officer.save_attachment(sent.message_hash, item.id, tmp_path / "there")
            assert path.read_bytes() == file.read_bytes()


async def test_nothing_is_taken_of_a_draft_file_that_is_not_whole(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        approver = await second_home(tmp_path, sfc, hkma)
        analyst = await sfc.as_(Role.ANALYST)
        for name in ("one", "two"):
            (tmp_path / name).write_bytes(name.encode() * 3000)
        draft = await analyst.refer("hkma/intake", referral(), attachments=[tmp_path / "one", tmp_path / "two"])
        await analyst.export_draft(draft.id, tmp_path / "sealed.draft")
        data = (tmp_path / "sealed.draft").read_bytes()
        line, feed, blobs = data.partition(b"\n")
        half = len(blobs) // 2
        changed = bytearray(data)
        changed[-1] ^= 1
        old = json.dumps(json.loads(line) | {"version": 1}).encode()
        await approver.refresh()
        for wrong in (
            line,
            line + feed,
            data[:-1],
            data + b"x",
            bytes(changed),
            line + feed + blobs[half:] + blobs[:half],
            line + feed + blobs[: len(blobs) // 3],
            old,
            old + feed + blobs,
        ):
            with pytest.raises(DraftFileError) as refused:
                await approver.import_draft(io.BytesIO(wrong))
            assert "exported again" in explain(refused.value)
            assert (outbox(approver), approver.drafts()) == ([], [])
        await approver.import_draft(io.BytesIO(data))
        assert len(outbox(approver)) == 2
        with pytest.raises(DraftFileError):  # what was there before stays
            await approver.import_draft(io.BytesIO(data[:-1]))
        assert len(outbox(approver)) == 2


async def test_a_file_of_the_first_version_is_read_where_the_draft_has_no_attachment(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await analyst.refer("hkma/intake", referral())
        await analyst.export_draft(draft.id, tmp_path / "sealed.draft")
        await approver.refresh()
        fields = json.loads((tmp_path / "sealed.draft").read_bytes())
        assert fields.keys() == {"version", "desk", "id", "box"}
        old = json.dumps(fields | {"version": 1}).encode()
        assert await approver.import_draft(io.BytesIO(old)) == draft
        box = base64.b64encode(b"no box").decode()
        for wrong in (
            json.dumps(fields | {"version": 3}).encode(),
            json.dumps(fields | {"desk": "sfc/other"}).encode(),
            json.dumps(fields | {"id": fields["id"].upper() + "aa"}).encode(),
            json.dumps(fields | {"id": "zz"}).encode(),
            json.dumps(fields | {"box": box}).encode(),
            b"[]",
            b"[" * 100_000,
            b"x" * (LINE_LIMIT + 1),
        ):
            with pytest.raises(MalformedError):
                await approver.import_draft(io.BytesIO(wrong))


async def test_a_draft_is_exported_whole_or_not_at_all(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        (tmp_path / "note").write_bytes(b"x" * 5000)
        draft = await analyst.refer("hkma/intake", referral(), attachments=[tmp_path / "note"])
        taken, folder = tmp_path / "taken", tmp_path / "out"
        taken.write_bytes(b"mine")
        folder.mkdir()
        told: list[int] = []
        with pytest.raises(MalformedError):
            await analyst.export_draft(draft.id, taken, lambda _name, done, _total: told.append(done))
        assert told == []  # gigabytes are not copied for nothing
        with pytest.raises(FolderError):
            await analyst.export_draft(draft.id, tmp_path / "nowhere" / "sealed.draft")
        sealed = next(analyst.home.outbox_path.iterdir())
        data = sealed.read_bytes()
        for changed in (data[:-1] + bytes([data[-1] ^ 1]), data[:-1], data + b"x"):
            sealed.write_bytes(changed)
            with pytest.raises(CannotOpenError):
                await analyst.export_draft(draft.id, folder / "sealed.draft")
        sealed.unlink()
        with pytest.raises(RefusedError) as refused:
            await analyst.export_draft(draft.id, folder / "sealed.draft")
        assert refused.value.reason is Reason.UNKNOWN_BLOB
        with pytest.raises(RefusedError):
            analyst.save_draft_attachment(draft.id, "", tmp_path)
        assert taken.read_bytes() == b"mine"
        assert list(folder.iterdir()) == []


async def test_a_large_attachment_travels_in_parts(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        approver = await second_home(tmp_path, sfc, hkma)
        analyst, size = await sfc.as_(Role.ANALYST), 48 << 20
        with (tmp_path / "disk.img").open("wb") as file:
            file.truncate(size)
        draft = await analyst.refer("hkma/intake", referral(), attachments=[tmp_path / "disk.img"])
        await approver.refresh()
        tracemalloc.start()
        try:
            await analyst.export_draft(draft.id, tmp_path / "sealed.draft")
            with (tmp_path / "sealed.draft").open("rb") as source:
                await approver.import_draft(source)
            assert tracemalloc.get_traced_memory()[1] < size // 4
        finally:
            tracemalloc.stop()


async def test_an_attachment_is_saved_into_a_folder_that_is_there_and_takes_no_others_place(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        (tmp_path / "note.txt").write_bytes(b"hello")
        message = await send_referral(sfc, "hkma/intake", attachments=[tmp_path / "note.txt"])
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        with pytest.raises(FolderError) as refused:
            await officer.save_attachment(message, "", tmp_path / "nowhere")
        assert "folder" in explain(refused.value)
        with pytest.raises(FolderError):  # a file, not a folder
            await officer.save_attachment(message, "", tmp_path / "note.txt")
        with pytest.raises(NotUniqueError):
            await officer.save_attachment(message, "zz", tmp_path)
        folder = tmp_path / "saved"
        folder.mkdir()
        names = [(await officer.save_attachment(message, "", folder)).name for _ in range(3)]
        assert names == ["note.txt", "note (1).txt", "note (2).txt"]
        assert sorted(path.name for path in folder.iterdir()) == sorted(names)
        assert {path.read_bytes() for path in folder.iterdir()} == {b"hello"}
