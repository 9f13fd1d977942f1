"""Part `handling`: what sealing, verifying and opening cost an agency, milliseconds each, in process, without network.

The functions are the contract's, the same that agents call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final, TypeVar

from comity.checks import check_parties, check_rules, verify_signatures
from comity.envelope import Envelope, parse_envelope
from comity.keys import WrapKey
from comity.payload import parse_payload
from comity.receipts import Receipt, parse_receipt, verify_receipt
from comity.sealing import open_content, open_wrap
from comity.v1 import envelope_pb2

from tests.bench.alone import sequence_all
from tests.bench.figures import Number
from tests.bench.sealing import seal_some
from tests.bench.setting import Setting, Size
from tests.bench.world import DESKS

T = TypeVar("T")
ROUNDS: Final = 5


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return size.handled


def run(setting: Setting) -> list[Number]:
    """Measures; no database has part in it."""
    world, count = setting.world, setting.size.handled
    view, now = world.directory.view(), int(time.time()) * 1000
    envelopes = setting.envelopes[:count]
    desk = DESKS[0]
    key = WrapKey.from_seed(world.desk_seeds[desk])
    receipts = sequence_all(setting, envelopes)
    log_key = world.keys.logs.log_key.public

    def verify_envelope(data: bytes) -> Envelope:
        parsed = parse_envelope(envelope_pb2.Envelope.FromString(data))
        signers = check_parties(parsed, view, now, opening=True)
        verify_signatures(parsed, signers)
        check_rules(parsed, view, now, opening=True, opened=None)
        return parsed

    def open_one(e: Envelope) -> None:
        place = next(at for at, recipient in enumerate(e.header.recipients) if recipient.desk == desk)
        wrap = e.wraps[place]
        if wrap is None:
            raise RuntimeError("the envelope has no wrap for the desk")
        content_key = open_wrap(e.header_bytes, e.header.recipients[place].desk_key_id, wrap, key)
        parse_payload(open_content(e.header_bytes, e.seal_bytes, e.ciphertext, content_key), e.header)

    def verify_one(data: bytes) -> Receipt:
        return verify_receipt(parse_receipt(data), world.plan.origin, [log_key]).receipt

    parsed = [verify_envelope(data) for data in envelopes]
    found = (
        ("seal", "seal: 3 recipients, 2 signatures, ms", _ms(lambda _: seal_some(world.plan, 1), envelopes)),
        ("verify", "verify an envelope: form, parties, signatures, rules, ms", _ms(verify_envelope, envelopes)),
        ("open", "open: own wrap, content, payload, ms", _ms(open_one, parsed)),
        ("verify_receipt", "verify a receipt: commitment, checkpoint, inclusion, ms", _ms(verify_one, receipts)),
    )
    return [Number(f"client_{name}_ms", value, what) for name, what, value in found]


def _ms(function: Callable[[T], object], items: Sequence[T]) -> float:
    """Returns milliseconds a call: the median of some rounds over all items."""
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for item in items:
            function(item)
        times.append(1000 * (time.perf_counter() - began) / len(items))
    return median(times)
