"""Checkpoints and signed notes: strict form and A-15."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from comity.checkpoint import (
    MAX_NOTE,
    Checkpoint,
    NoteSignature,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    parse_verifier_key,
    sign_checkpoint,
    sign_note,
    verifier_key,
    verify_checkpoint,
    verify_note,
)
from comity.errors import MalformedError, Reason, VerificationError
from comity.keys import SigningKey
from comity.merkle import EMPTY_ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

TLOG = Path(__file__).parents[1] / "data" / "tlog"
ORIGIN = "hub.example/exchange"
KEY = SigningKey.from_seed(b"\x07" * 32)
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(ORIGIN, 1042, ROOT)
NOTE = sign_checkpoint(CHECKPOINT, ORIGIN, KEY.sign, KEY.public)
TEXT, SIGNATURES = NOTE.split(b"\n\n")
TEXT += b"\n"


def signed(text: bytes, name: str = ORIGIN, key: SigningKey = KEY) -> bytes:
    """A note over any text, validly signed, whatever the text is."""
    key_id = VerifierKey(name, key.public).key_id
    return text + f"\n\u2014 {name} ".encode() + b64encode(key_id + key.sign(text)) + b"\n"


def is_refused(note: bytes) -> bool:
    """Whether both the parser and the verifier refuse the note, each with its one error."""
    with pytest.raises(MalformedError):
        parse_checkpoint(note)
    with pytest.raises(VerificationError):
        verify_checkpoint(note, ORIGIN, KEY.public)
    return True


# --- Ours


def test_a_signed_checkpoint_verifies_and_is_the_same_each_time() -> None:
    assert TEXT == CHECKPOINT.body_text() == f"{ORIGIN}\n1042\n{b64encode(ROOT).decode()}\n".encode()
    assert sign_checkpoint(CHECKPOINT, ORIGIN, KEY.sign, KEY.public) == NOTE
    assert verify_checkpoint(NOTE, ORIGIN, KEY.public) == CHECKPOINT
    parsed, signatures = parse_checkpoint(NOTE)
    assert parsed == CHECKPOINT
    assert signatures == (
        NoteSignature(ORIGIN, VerifierKey(ORIGIN, KEY.public).key_id, KEY.sign(CHECKPOINT.body_text())),
    )
    assert parse_note(NOTE) == (TEXT, signatures)


@settings(max_examples=50, deadline=None)
@given(
    origin=st.text(st.characters(min_codepoint=0x21, exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
        lambda text: "+" not in text and not any(char.isspace() for char in text)
    ),
    size=st.integers(1, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
)
def test_every_checkpoint_survives_its_note(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    note = sign_checkpoint(checkpoint, origin, KEY.sign, KEY.public)
    assert verify_checkpoint(note, origin, KEY.public) == checkpoint
    assert parse_checkpoint(note)[0].body_text() == parse_note(note)[0]


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_random_bytes_give_one_error(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_checkpoint(data)


@settings(max_examples=300)
@given(at=st.integers(0, len(NOTE) - 1), bit=st.integers(0, 7))
def test_each_changed_bit_is_refused(at: int, bit: int) -> None:
    changed = bytearray(NOTE)
    changed[at] ^= 1 << bit
    with pytest.raises(VerificationError):
        verify_checkpoint(bytes(changed), ORIGIN, KEY.public)


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 1, ROOT, ()),
        ("a\nb", 1, ROOT, ()),
        ("a\tb", 1, ROOT, ()),
        ("\ud800", 1, ROOT, ()),
        (ORIGIN, -1, ROOT, ()),
        (ORIGIN, 2**63, ROOT, ()),
        (ORIGIN, 1, ROOT[1:], ()),
        (ORIGIN, 0, ROOT, ()),
        (ORIGIN, 1, ROOT, ("",)),
        (ORIGIN, 1, ROOT, ("a\rb",)),
    ],
)
def test_what_no_checkpoint_could_say_is_refused(
    origin: str, size: int, root: bytes, extensions: tuple[str, ...]
) -> None:
    with pytest.raises(MalformedError):
        Checkpoint(origin, size, root, extensions)


def test_the_empty_log_has_a_checkpoint() -> None:
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert verify_checkpoint(sign_checkpoint(empty, ORIGIN, KEY.sign, KEY.public), ORIGIN, KEY.public) == empty


@pytest.mark.parametrize("name", ["", "a b", "a\u00a0b", "a\u3000b", "a+b", "a\nb", "a\x1fb", "a\u2028b"])
def test_a_key_name_that_could_not_stand_in_a_note_is_refused(name: str) -> None:
    with pytest.raises(MalformedError):
        sign_checkpoint(CHECKPOINT, name, KEY.sign, KEY.public)
    with pytest.raises(MalformedError):
        verifier_key(name, KEY.public)


def test_a_key_or_signature_of_another_length_is_refused() -> None:
    with pytest.raises(MalformedError):
        sign_checkpoint(CHECKPOINT, ORIGIN, KEY.sign, KEY.public[1:])
    with pytest.raises(MalformedError):
        sign_checkpoint(CHECKPOINT, ORIGIN, lambda _: b"short", KEY.public)


@pytest.mark.parametrize(
    "text", [b"", b"no line feed", b"bad \xff\n", b"tab\t\n", "a\n\n\u2014 b AAAAAAA=".encode(), b"a\r\n"]
)
def test_a_text_that_is_no_note_s_is_not_signed(text: bytes) -> None:
    with pytest.raises(MalformedError):
        sign_note(text, VerifierKey(ORIGIN, KEY.public), KEY.sign)


@pytest.mark.parametrize("text", [b"\n", b"a\n\n", b"a\n\nb\n", "è subito sera.\n".encode()])
def test_any_other_text_can_be_signed(text: bytes) -> None:
    key = VerifierKey(ORIGIN, KEY.public)
    assert verify_note(sign_note(text, key, KEY.sign), key) == text


# ---


@pytest.mark.parametrize(
    "size", ["01", "00", "-0", "+1", "1 ", " 1", "", "1e3", "0x10", "1_000", "٣", "1.0", "9" * 400]
)
def test_A_15_a_size_with_leading_zeros_or_other_spelling_is_refused(size: str) -> None:
    assert is_refused(signed(f"{ORIGIN}\n{size}\n{b64encode(ROOT).decode()}\n".encode()))


@pytest.mark.parametrize("size", ["9223372036854775808", "18446744073709551615", "99999999999999999999"])
def test_A_15_a_size_beyond_63_bits_is_refused(size: str) -> None:
    assert is_refused(signed(f"{ORIGIN}\n{size}\n{b64encode(ROOT).decode()}\n".encode()))


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n1042\n".encode(),
        f"{ORIGIN}\n".encode(),
        b"\n",
        b"\n" + TEXT,
        TEXT + b"\n",
        TEXT + b"extension\n\n",
        TEXT + b"\nextension\n",
        TEXT.replace(b"\n1042", b"\n\n1042"),
    ],
)
def test_A_15_missing_and_empty_lines_are_refused(text: bytes) -> None:
    assert is_refused(signed(text))


def test_A_15_extension_lines_are_carried_and_signed_as_the_specification_says() -> None:
    extended = signed(TEXT + b"Timestamp: 1\nanother\n")
    checkpoint = verify_checkpoint(extended, ORIGIN, KEY.public)
    assert checkpoint == Checkpoint(ORIGIN, 1042, ROOT, ("Timestamp: 1", "another"))
    assert checkpoint.body_text() == parse_note(extended)[0]
    with pytest.raises(VerificationError):
        verify_checkpoint(extended.replace(b"another", b"changed"), ORIGIN, KEY.public)


@pytest.mark.parametrize(
    "note",
    [
        signed(TEXT.replace(b"\n", b"\r\n")),
        NOTE.replace(b"\n", b"\r\n"),
        NOTE[:-1] + b"\r\n",
        signed(TEXT.replace(b"1042", b"1042\r")),
        signed(TEXT.replace(b"1042", b"10\x0042")),
        signed(TEXT.replace(b"hub", b"hub\x1b[31m")),
        signed(TEXT.replace(b"hub", b"hub\xff")),
        signed(TEXT.replace(b"hub", b"hub\xed\xa0\x80")),
    ],
)
def test_A_15_crlf_control_characters_and_bad_utf8_are_refused(note: bytes) -> None:
    assert is_refused(note)


@pytest.mark.parametrize(
    "root",
    [
        b64encode(ROOT).decode().rstrip("="),
        b64encode(ROOT).decode()[:-2] + "9=",  # spare bits set
        b64encode(ROOT).decode() + "=",
        " " + b64encode(ROOT).decode(),
        b64encode(ROOT[:-1]).decode(),
        b64encode(ROOT + b"\x00").decode(),
        "_" * 43 + "=",
        "Ａ" * 43 + "=",
        "",
    ],
)
def test_A_15_a_root_in_non_canonical_base64_or_of_another_length_is_refused(root: str) -> None:
    assert is_refused(signed(f"{ORIGIN}\n1042\n{root}\n".encode()))


@pytest.mark.parametrize(
    "line",
    [
        "- {name} {sig}",
        "\u2013 {name} {sig}",
        "\u2014{name} {sig}",
        "\u2014  {sig}",
        "\u2014 {name}  {sig}",
        "\u2014 {name} {sig} ",
        "\u2014 {name} {sig} {sig}",
        "\u2014 {name}",
        "\u2014 {name} ",
        "\u2014 {name} AAAA",
        "\u2014 {name} AAAAAA==",
        "\u2014 {name} AAAAAAB=",
        "\u2014 {name} AAAAAA",
        "\u2014 {name} \u0410AAAAAA=",
        "\u2014 a+b {sig}",
        "\u2014 a\u00a0b {sig}",
        "\u2014 a\u2003b {sig}",
        "{name} {sig}",
        "",
    ],
)
def test_A_15_a_malformed_signature_line_beside_a_good_one_refuses_the_note(line: str) -> None:
    sig = SIGNATURES.decode().split()[-1]
    bad = line.format(name=ORIGIN, sig=sig).encode()
    assert is_refused(TEXT + b"\n" + bad + b"\n" + SIGNATURES)
    assert is_refused(TEXT + b"\n" + SIGNATURES + bad + b"\n")


@pytest.mark.parametrize("note", [b"", b"\n", b"\n\n", TEXT, TEXT + b"\n", NOTE[:-1], b"\n\n" + SIGNATURES])
def test_A_15_a_note_without_text_or_signatures_is_refused(note: bytes) -> None:
    assert is_refused(note)


def test_A_15_sixteen_signatures_are_accepted_and_seventeen_refused() -> None:
    other = b"\xe2\x80\x94 witness.example/w1 " + b64encode(b"\x01\x02\x03\x04" + bytes(72)) + b"\n"
    sixteen = NOTE + other * 15
    assert verify_checkpoint(sixteen, ORIGIN, KEY.public) == CHECKPOINT
    assert len(parse_checkpoint(sixteen)[1]) == 16
    with pytest.raises(MalformedError) as caught:
        parse_checkpoint(sixteen + other)
    assert caught.value.reason is Reason.TOO_LARGE
    assert is_refused(sixteen + other)


def test_A_15_sixteen_post_quantum_signatures_fit_and_a_larger_note_is_refused() -> None:
    other = b"\xe2\x80\x94 witness.example/w1 " + b64encode(b"\x01\x02\x03\x04" + bytes(5000)) + b"\n"
    assert verify_checkpoint(NOTE + other * 15, ORIGIN, KEY.public) == CHECKPOINT
    with pytest.raises(MalformedError) as caught:
        parse_checkpoint(NOTE + b"x" * MAX_NOTE)
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "origin",
    [
        "hub.exаmple/exchange",  # Cyrillic а
        "hub.example/exchange\u200b",
        "Hub.example/exchange",
        "hub.example/exchange ",
        "\ufeffhub.example/exchange",
        "hub.example/directory",
    ],
)
def test_A_15_a_homoglyph_or_other_origin_is_another_log(origin: str) -> None:
    body = Checkpoint(origin, 1042, ROOT).body_text()
    # Signed by the very key, under our name: only the origin line differs.
    with pytest.raises(VerificationError):
        verify_checkpoint(signed(body), ORIGIN, KEY.public)
    assert parse_checkpoint(signed(body))[0].origin == origin


def test_A_15_a_homoglyph_key_name_is_an_unknown_key() -> None:
    with pytest.raises(VerificationError):
        verify_checkpoint(NOTE.replace("\u2014 hub.ex".encode(), "\u2014 hub.еx".encode()), ORIGIN, KEY.public)


# --- Which signatures count


def test_signatures_of_unknown_keys_are_ignored_wherever_they_stand() -> None:
    stranger = SigningKey.from_seed(b"\x08" * 32)
    same_name = signed(TEXT, ORIGIN, stranger).split(b"\n\n")[1]
    same_id = b"\xe2\x80\x94 other " + b64encode(VerifierKey(ORIGIN, KEY.public).key_id + bytes(64)) + b"\n"
    for note in (TEXT + b"\n" + same_name + same_id + SIGNATURES, NOTE + same_id + same_name):
        assert verify_checkpoint(note, ORIGIN, KEY.public) == CHECKPOINT
    with pytest.raises(VerificationError):
        verify_checkpoint(TEXT + b"\n" + same_name + same_id, ORIGIN, KEY.public)


def test_a_cosignature_of_the_very_key_is_another_type_and_ignored() -> None:
    cosignature = b"\xe2\x80\x94 " + ORIGIN.encode() + b" " + b64encode(b"\x04\x04\x04\x04" + bytes(72)) + b"\n"
    assert verify_checkpoint(NOTE + cosignature, ORIGIN, KEY.public) == CHECKPOINT


@pytest.mark.parametrize("bad", [bytes(64), b"\x00", bytes(72)])
def test_one_bad_signature_of_the_known_key_refuses_the_note(bad: bytes) -> None:
    key_id = VerifierKey(ORIGIN, KEY.public).key_id
    line = b"\xe2\x80\x94 " + ORIGIN.encode() + b" " + b64encode(key_id + bad) + b"\n"
    for note in (NOTE + line, TEXT + b"\n" + line + SIGNATURES, TEXT + b"\n" + line):
        with pytest.raises(VerificationError):
            verify_checkpoint(note, ORIGIN, KEY.public)


def test_the_good_signature_twice_is_still_good() -> None:
    assert verify_checkpoint(NOTE + SIGNATURES, ORIGIN, KEY.public) == CHECKPOINT


def test_a_note_of_that_key_that_is_no_checkpoint_is_refused() -> None:
    key = VerifierKey(ORIGIN, KEY.public)
    note = sign_note(b"something else\n", key, KEY.sign)
    assert verify_note(note, key) == b"something else\n"
    with pytest.raises(VerificationError):
        verify_checkpoint(note, ORIGIN, KEY.public)


# --- Verifier keys


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+",
        "name+00000000+",
        "name+00000000",
        "+{id}+{key}",
        "{name}+{ID}+{key}",
        "{name}+{id}0+{key}",
        "{name}+00000000+{key}",
        "other+{id}+{key}",
        "{name}+{id}+{key}=",
        "{name}+{id}+{key}+",
        "{name}+{id}+AQ==",
        "{name}+{id}+====",
        "{name}+{id}+\u0410",
        "{name}+{id}+\ud800",
        "{name}+{id}+{key}\n",
        "{name} +{id}+{key}",
    ],
)
def test_a_verifier_key_of_any_other_form_is_refused(text: str) -> None:
    name, key_id, key = verifier_key(ORIGIN, KEY.public).split("+", 2)
    with pytest.raises(MalformedError):
        parse_verifier_key(text.format(name=name, id=key_id, ID=key_id.upper(), key=key))


@given(st.text(max_size=60))
def test_any_text_as_verifier_key_gives_one_error(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_verifier_key(text)


def test_a_verifier_key_survives_its_text() -> None:
    assert parse_verifier_key(verifier_key(ORIGIN, KEY.public)) == VerifierKey(ORIGIN, KEY.public)
