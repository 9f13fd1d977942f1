"""Boxes: drafts and archives sealed to a few recipients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from comity import boxes
from comity.encoding import Purpose, serialise
from comity.errors import CannotOpenError, MalformedError
from comity.keys import WrapKey
from comity.sealing import box_recipients, open_box, seal_box, unwrapper
from comity.v1.box_pb2 import Box
from hypothesis import given
from hypothesis import strategies as st

KEYS = {bytes([i]) * 32: WrapKey.from_seed(bytes([i]) * 32) for i in (3, 1, 2)}
RECIPIENTS = [(kid, key.public) for kid, key in KEYS.items()]
CONTEXT = b"agency/fraud"
CONTENT = b"a draft that waits"


@pytest.fixture(scope="module")
def box() -> bytes:
    return seal_box(Purpose.DRAFT, CONTEXT, CONTENT, RECIPIENTS)


def refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except CannotOpenError:
        return True
    return False


def test_every_recipient_opens_a_box(box: bytes) -> None:
    for kid, key in KEYS.items():
        assert open_box(Purpose.DRAFT, CONTEXT, box, kid, key) == CONTENT
        assert open_box(Purpose.DRAFT, CONTEXT, box, kid, unwrapper(key)) == CONTENT


def test_a_box_names_its_recipients_in_order(box: bytes) -> None:
    assert box_recipients(box) == tuple(sorted(KEYS))
    with pytest.raises(MalformedError):
        box_recipients(b"\xff")


def test_a_box_shows_only_a_size_class() -> None:
    sizes = {
        len(Box.FromString(seal_box(Purpose.ARCHIVE, b"", bytes(n), RECIPIENTS)).ciphertext)
        for n in range(0, 4096, 500)
    }
    assert sizes == {4096 + 16}


def test_purpose_context_key_and_key_id_must_be_those_of_the_sealing(box: bytes) -> None:
    first, second = sorted(KEYS)[:2]
    assert refused(lambda: open_box(Purpose.ARCHIVE, CONTEXT, box, first, KEYS[first]))
    assert refused(lambda: open_box(Purpose.DRAFT, b"agency/other", box, first, KEYS[first]))
    assert refused(lambda: open_box(Purpose.DRAFT, CONTEXT, box, first, KEYS[second]))
    assert refused(lambda: open_box(Purpose.DRAFT, CONTEXT, box, b"?" * 32, KEYS[first]))


def test_C_01_every_flipped_byte_of_a_box_is_refused(box: bytes) -> None:
    # Another recipient's wrap is that recipient's to check: left out here.
    kid = sorted(KEYS)[0]
    others = [wrap.data for wrap in Box.FromString(box).wraps[1:]]
    skipped = {i for data in others for i in range(box.index(data), box.index(data) + len(data))}
    for i in set(range(len(box))) - skipped:
        changed = box[:i] + bytes([box[i] ^ 0x10]) + box[i + 1 :]
        assert refused(lambda c=changed: open_box(Purpose.DRAFT, CONTEXT, c, kid, KEYS[kid])), i  # type: ignore[misc]


@pytest.mark.parametrize("order", [(0, 1), (1, 0, 2), (0, 0, 1, 2), (0,), ()])
def test_C_06_recipients_of_a_box_cannot_be_dropped_reordered_or_repeated(box: bytes, order: tuple[int, ...]) -> None:
    parsed = Box.FromString(box)
    changed = Box(commitment=parsed.commitment, ciphertext=parsed.ciphertext, wraps=[parsed.wraps[i] for i in order])
    for kid, key in KEYS.items():
        assert refused(lambda k=kid, w=key: open_box(Purpose.DRAFT, CONTEXT, serialise(changed), k, w))  # type: ignore[misc]


def test_C_16_a_box_is_not_wrapped_to_a_degenerate_key() -> None:
    with pytest.raises(MalformedError, match="X-Wing"):
        seal_box(Purpose.DRAFT, CONTEXT, CONTENT, [(b"k" * 32, bytes(1216))])


def test_a_box_has_one_to_256_recipients_each_once() -> None:
    public = RECIPIENTS[0][1]
    many = [(i.to_bytes(32, "big"), public) for i in range(257)]
    for recipients in ([], [RECIPIENTS[0], RECIPIENTS[0]], many):
        with pytest.raises(MalformedError, match="recipients"):
            seal_box(Purpose.DRAFT, CONTEXT, CONTENT, recipients)
    assert len(box_recipients(seal_box(Purpose.DRAFT, CONTEXT, CONTENT, many[:256]))) == 256


def test_a_box_has_a_greatest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "BOX_LIMIT", 8000)
    with pytest.raises(MalformedError, match="too large"):
        seal_box(Purpose.DRAFT, CONTEXT, bytes(8000), RECIPIENTS)


@given(st.binary(max_size=200))
def test_opening_random_bytes_as_a_box_has_one_error(data: bytes) -> None:
    kid = sorted(KEYS)[0]
    assert refused(lambda: open_box(Purpose.DRAFT, CONTEXT, data, kid, KEYS[kid]))
