"""Forms that people write, names that senders choose, and words for every error."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from comity.blobs import BlobSecrets, open_blob
from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError
from comity.payload import BODY_NAMES
from comity.payload_rules import Gap
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb

from agents import errors
from agents.attachments import fetch, safe_name, seal_files
from agents.errors import CHINESE, NEXT, explain
from agents.forms import FormError, check_form, load_form, to_form
from agents.home import Home
from agents.keyprocess import LockedError
from agents.store import VERSION, Store, StoreError
from agents.templates import template

MAY_BE_EMPTY = (
    Verb.WITHDRAW,
    Verb.CLOSE,
    Verb.CONFIRM,
    Verb.GRANT_ONWARD,
    Verb.REVOKE_GRANT,
    Verb.RESUME,
)
FORM = """
REFER:
  reference: SFC/2026/117
  contact: {name: 陳大文, telephone: "+85298765432"}
  ground: better-placed
  provisions: [AMLO s.53ZRD]
  summary: |
    Deposits were taken.
    The money went to two wallets.
  loss_amount: 0.10
  loss_currency: USDT
  victims: 31
  on_chain:
    - account: "0x52908400098527886e0f7030069857d2e4169ee7"
      amount: 12.50
      when: 2026-03-04
      confidence: OWN_TRACE
      kind: fact
      token: NO
  evidence:
    - item: ledger
      privileged: yes
  requested_actions: [freeze]
  handling:
    tlp: AMBER-STRICT
    code: H0
    source_grade: A
    information_grade: 1
    permitted_action: INTERNAL
    evidential_use: INTELLIGENCE_ONLY
    onward: ASK
"""


def test_a_form_is_taken_as_it_was_written_with_the_canonical_wallet_beside_it() -> None:
    body, handling = load_form(FORM, Family.REFERRAL, Verb.REFER)

    assert isinstance(body, pb.Refer)
    fact = body.on_chain[0]
    assert fact.account == "eip155:*:0x52908400098527886E0F7030069857D2E4169EE7"
    assert fact.account_as_received == "0x52908400098527886e0f7030069857d2e4169ee7"
    assert (body.loss_amount, fact.amount, fact.when, fact.token) == ("0.10", "12.50", "2026-03-04", "NO")
    assert (body.victims, body.evidence[0].privileged) == (31, True)
    assert body.summary == "Deposits were taken.\nThe money went to two wallets.\n"
    assert handling is not None
    assert handling.tlp == pb.TLP_AMBER_STRICT


def test_a_form_goes_there_and_back_and_may_be_json() -> None:
    body, handling = load_form(FORM, Family.REFERRAL, Verb.REFER)
    again = load_form(to_form(Verb.REFER, body, handling), Family.REFERRAL, Verb.REFER)
    plain = {"reference": "x", "contact": {"name": "y", "telephone": "+85298765432"}, "expected_date": "2026-12-01"}

    assert again == (body, handling)
    assert load_form(json.dumps(plain), Family.REFERRAL, Verb.ACKNOWLEDGE)[0].reference == "x"  # type: ignore[union-attr]


@pytest.mark.parametrize(("family", "verb"), BODY_NAMES)
def test_every_verb_has_a_template_that_is_a_form_whose_gaps_are_named(family: Family, verb: Verb) -> None:
    gaps = check_form(template(family, verb), family, verb)

    assert all(gap.path.startswith(BODY_NAMES[family, verb]) for gap in gaps)
    assert not any("handling" in gap.path for gap in gaps)
    assert bool(gaps) == (verb not in MAY_BE_EMPTY)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("REFER: [", "form"),
        ("just text", "form"),
        ("{}", "refer.reference"),
        ("surprise: secret", "refer"),
        ("1: 2", "refer"),
        ("provison: [secret]", "refer.provisions"),
        ("provisions: one", "refer.provisions"),
        ("reference: [a]", "refer.reference"),
        ("contact: nobody", "refer.contact"),
        ("ground: BECAUSE", "refer.ground"),
        ("victims: many", "refer.victims"),
        ("reference: {a: b}", "refer.reference"),
        ("on_chain: [{account: nonsense}]", "refer.on_chain[0].account"),
        ("handling: nothing", "handling"),
        ("a: &x [*x]", "form"),
    ],
)
def test_what_does_not_fit_a_form_is_a_gap_that_repeats_nothing_of_it(text: str, path: str) -> None:
    with pytest.raises(FormError) as refused:
        load_form(text, Family.REFERRAL, Verb.REFER)

    assert path in [gap.path for gap in refused.value.gaps]
    assert "secret" not in refused.value.diagnostics()
    assert "nonsense" not in refused.value.diagnostics()


def test_an_account_is_made_canonical_and_must_be_the_one_received() -> None:
    low = "0x52908400098527886e0f7030069857d2e4169ee7"
    fact = f"on_chain: [{{account: 'eip155:1:{low}', account_as_received: '{low}', confidence: RECORD, kind: FACT}}]"
    other = fact.replace(f"received: '{low}'", "received: '0xde709f2102306220921060314715629080e2fb77'")

    assert not [gap for gap in check_form(fact, Family.REFERRAL, Verb.REFER) if "on_chain" in gap.path]
    assert "refer.on_chain[0].account" in [gap.path for gap in check_form(other, Family.REFERRAL, Verb.REFER)]


def test_the_handling_may_stand_beside_the_fields_or_among_them() -> None:
    beside = "REFER: {reference: x}\nhandling: {tlp: SECRET}"
    among = "REFER: {reference: x, handling: {tlp: SECRET}}"

    assert "handling.tlp" in [gap.path for gap in check_form(beside, Family.REFERRAL, Verb.REFER)]
    assert check_form(beside, Family.REFERRAL, Verb.REFER) == check_form(among, Family.REFERRAL, Verb.REFER)


def test_a_form_too_large_or_of_a_verb_without_one_is_refused() -> None:
    assert check_form("x" * (5 << 20), Family.REFERRAL, Verb.REFER)[0].path == "form"
    assert check_form("{}", Family.REFERRAL, Verb.REQUEST)[0].path == "form"


def test_an_urgent_form_says_why() -> None:
    assert [gap.path for gap in check_form(FORM, Family.REFERRAL, Verb.REFER, Precedence.FLASH)] == [
        "refer.urgency_reason"
    ]
    assert check_form(FORM, Family.REFERRAL, Verb.REFER) == []


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\Windows\\x.exe", "C__Windows_x.exe"),
        ("\\\\server\\share", "__server_share"),
        ("a\x00b", "a_b"),
        ("..", "attachment"),
        ("CON.txt", "attachment-CON.txt"),
        ("證據.pdf", "證據.pdf"),
        ("x" * 300, "x" * 120),
    ],
)
def test_I_02_a_senders_file_name_never_leads_anywhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe


class _Blobs:
    """Hands out one blob."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def download(self, sha256: bytes, offset: int):  # type: ignore[no-untyped-def] # an async generator
        yield self._data[:1000]
        yield self._data[1000:]


async def test_C_18_an_attachment_that_is_not_whole_and_genuine_is_never_written(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "h", agency="sfc", desk="sfc/intake")
    file = tmp_path / "e.bin"
    file.write_bytes(bytes(range(256)) * 400)
    record = seal_files(home, [file])[0]
    blob = (home.outbox_path / f"{record.blob_sha256.hex()}.blob").read_bytes()
    target = tmp_path / "out"
    target.mkdir()

    saved = [await fetch(_Blobs(blob), record, target) for _ in range(2)]  # type: ignore[arg-type]
    assert [path.name for path in saved] == ["e.bin", "e (1).bin"]
    assert saved[1].read_bytes() == file.read_bytes()
    flipped = bytearray(blob)
    flipped[30] ^= 1
    for wrong in (blob[:-1], blob + b"x", bytes(flipped), b""):
        with pytest.raises(CannotOpenError):
            await fetch(_Blobs(wrong), record, target)  # type: ignore[arg-type]
    assert len(list(target.iterdir())) == 2
    secrets = BlobSecrets(
        record.id, record.key, record.commitment, record.plain_length, record.blob_length, record.blob_sha256
    )
    sink = io.BytesIO()
    open_blob(io.BytesIO(blob), sink, secrets)
    assert sink.getvalue() == file.read_bytes()


def test_every_reason_has_a_line_in_both_languages() -> None:
    assert set(NEXT) == set(Reason)
    for english, chinese in NEXT.values():
        assert english.isascii()
        assert english.endswith(".")
        assert not chinese.isascii()


@pytest.mark.parametrize(
    "error",
    [
        RefusedError(Reason.DESK_KEY_STALE, "x"),
        LockedError("x"),
        CannotOpenError(),
        MalformedError("x"),
        errors.UnpinnedError("x"),
        errors.SplitViewError("x"),
        errors.IncompleteError((Gap("a", "b"),)),
        StoreError("x"),
    ],
)
def test_every_kind_of_error_says_what_to_do_next_in_both_languages(error: ComityError) -> None:
    assert explain(error) != explain(error, CHINESE)
    assert "\n" not in explain(error)
    assert explain(error, "fr") == explain(error)


def test_an_error_of_another_kind_has_a_line_too() -> None:
    assert explain(ComityError("what happened")) == "what happened"
    assert explain(OSError("secret/path")) == "Try again; report it if it happens again."


def test_a_store_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    Store.open(path).close()
    store = Store.open(path)
    with store.begin() as c:
        c.exec_driver_sql("PRAGMA user_version = 999")
    store.close()

    with pytest.raises(StoreError):
        Store.open(path)
    assert VERSION == 6
    assert path.stat().st_mode & 0o777 == 0o600
