"""The JSON shapes are those of JSON.md, key by key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from comity.envelope import Header, Recipient
from comity.v1 import payload_pb2
from comity.workflow.terms import Family, Precedence, Side, State, Verb
from comity.workflow.terms import Standing as WorkflowStanding

import agents.cli
from agents.assisting.story import AssistanceStory
from agents.board import BoardRow
from agents.cli import views
from agents.cli.assist_show import story_view
from agents.cli.boarding import row_view
from agents.cli.main import app
from agents.cli.onward import grant_view
from agents.cli.recalls import line_view
from agents.onward.lists import GrantInfo, RecallLine
from agents.records import (
    AttachmentInfo,
    CaseInfo,
    DraftInfo,
    DraftState,
    Duplicate,
    InboxItem,
    LimitKind,
    MessageStatus,
    OpenedMessage,
    Reader,
    Reminder,
    Review,
    Sent,
    SentItem,
    Standing,
    TimelineEvent,
)
from agents.statistics import CaseStatistics, Took

PAGE = (Path(agents.cli.__file__).parent / "JSON.md").read_text("utf-8")
SHAPES: dict[str, dict[str, Any]] = {
    name: json.loads(text) for name, text in re.findall(r"^```json (\w+)\n(.*?)\n```$", PAGE, re.M | re.S)
}

HEADER = Header(
    origin="hub.example/exchange",
    envelope_id=bytes(16),
    family=Family.REFERRAL,
    verb=Verb.REFER,
    case_id=b"\xca" * 16,
    previous=b"",
    about=b"",
    sender="police/duty",
    recipients=(Recipient("police/duty", bytes(32)), Recipient("sfc/intake", bytes(32))),
    author=bytes(32),
    precedence=Precedence.FLASH,
    created=1,
    deliver_by=2,
    respond_by=0,
    lapses_at=0,
    directory_size=1,
    directory_root=bytes(32),
    blobs=(),
    joint=False,
)
PAYLOAD = payload_pb2.Payload(
    version=1,
    handling=payload_pb2.Handling(tlp=payload_pb2.TLP_AMBER_STRICT),
    decline=payload_pb2.Decline(reason=payload_pb2.DECLINE_REASON_NO_POWER),
    attachments=[payload_pb2.Attachment(id=b"\x01", key=b"\xaa" * 32, commitment=b"\xbb" * 32, name="a.pdf")],
)
DRAFT = DraftInfo(
    "d1", Verb.REFER, "ca", ("sfc/intake",), "police/m-a", "", DraftState.READY, 1, Precedence.ROUTINE, "00"
)
READER = Reader("sfc/intake", "SFC", ("sfc/m-a",), own_copy=False, pinned=True)
SAMPLES: dict[str, dict[str, Any]] = {
    "draft": views.draft_view(DRAFT),
    "reader": views.reader_views([READER])[0],
    "header": views.header_view(HEADER),
    "content": views.content_view(PAYLOAD),
    "inbox": views.inbox_view(
        InboxItem(
            "m1", "ca", "police/duty", Verb.REFER, Precedence.FLASH, 1, 2, 0, 3, MessageStatus.OPENED, Standing.GOOD, 4
        )
    ),
    "outbox": views.outbox_view(
        SentItem(
            "m1", "ca", ("sfc/intake",), Verb.REFER, Precedence.FLASH, 1, {"sfc/intake": MessageStatus.PENDING}, -1
        )
    ),
    "sent": views.sent_view(Sent(MessageStatus.SUBMITTED, "m1", "ca", 4, 5)),
    "opened": views.opened_view(OpenedMessage("m1", Standing.GOOD, HEADER, PAYLOAD, (), "")),
    "case": views.case_view(
        CaseInfo("ca", "police/duty", "sfc/intake", Side.ORIGINATOR, State.SENT, "", None, None, (Verb.WITHDRAW,), "m1")
    ),
    "row": row_view(
        BoardRow(
            "ca",
            Family.FREEZE,
            Side.ORIGINATOR,
            "sfc/intake",
            State.SENT,
            WorkflowStanding.PROVISIONAL,
            flash=True,
            ours=True,
            theirs=False,
            due=1,
            limit=LimitKind.LAPSE,
            respond_by=None,
            recall_respond_by=None,
            lapses_at=1,
            deliver_by=2,
            opened=0,
            own_clock=False,
            unseen="DELIVERED",
            telephone="+85212345678",
        ),
        None,
        0,
    ),
    "reminder": views.reminder_view(Reminder("ca", "police/duty", "sfc/intake", True, 1, 50)),
    "statistics": views.statistics_view(
        CaseStatistics("sfc/intake", Family.FREEZE, Side.ORIGINATOR, 1, Took(), Took(), 0, 0, 0, 0, {})
    ),
    "assistance": story_view(
        AssistanceStory("ca", "sfc/intake", "osr/intake", State.SENT, WorkflowStanding.FULL, None, None)
    ),
    "duplicate": views.duplicate_views([Duplicate("WALLET", "ca", "m1")])[0],
    "grant": grant_view(GrantInfo("g1", "ca", "m1", "sfc/intake", "a/b", "c/d", 1, "OPEN", 0, "", ours=True)),
    "recall": line_view(
        RecallLine("a/b", "", "m1", "", None, 0, 0, overdue=False, answer="", text="", answered=0, answer_message="")
    ),
    "event": views.event_view(TimelineEvent(1, "SUBMITTED", "m1", None, "", "", 4, proof=True)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_has_the_keys_of_the_page(name: str) -> None:
    assert set(SAMPLES[name]) == set(SHAPES[name])


def test_a_review_has_the_keys_of_the_page() -> None:
    review = views.review_view(Review(DRAFT, HEADER, PAYLOAD, (READER,), (), ("w",)))
    row = next(line for line in PAGE.splitlines() if line.startswith("| `referral review` |"))

    assert set(review) == set(re.findall(r"`(\w+)`", row.split("|")[2]))


def test_an_attachment_is_listed_without_its_key_and_commitment() -> None:
    text = json.dumps(views.content_view(PAYLOAD))

    assert "aaaa" not in text
    assert "bbbb" not in text
    assert set(SAMPLES["content"]["attachments"][0]) == set(SHAPES["content"]["attachments"][0])


def test_opened_attachments_are_listed_as_they_were_opened() -> None:
    view = views.content_view(PAYLOAD, (AttachmentInfo("01", "a.pdf", "application/pdf", 7),))

    assert view["attachments"] == [{"id": "01", "name": "a.pdf", "media_type": "application/pdf", "length": 7}]


def test_listed_values_are_codes_and_absent_ones_are_null() -> None:
    content = SAMPLES["content"]

    assert content["body"] == {"reason": "NO_POWER", "text": ""}
    assert content["handling"]["tlp"] == "AMBER_STRICT"
    assert content["handling"]["onward"] is None
    assert SAMPLES["inbox"]["respond_by"] is None
    assert SAMPLES["outbox"]["log_index"] is None
    assert SAMPLES["draft"]["approver"] is None


def test_the_sender_is_not_among_those_it_is_sent_to() -> None:
    assert SAMPLES["header"]["to"] == ["sfc/intake"]


def test_every_command_is_on_the_page() -> None:
    def names(command: Any, before: str = "") -> list[str]:
        below = getattr(command, "commands", None)
        if below is None:
            return [before]
        return [name for word, found in below.items() for name in names(found, f"{before} {word}".strip())]

    assert [name for name in names(typer.main.get_command(app)) if f"`{name}`" not in PAGE] == []
