"""Envelopes that cannot be opened, by kind, and what telling them apart would take.

A kind belongs to a stage. Within a stage only a secret (the desk's private key, or the content key) decides where it
fails, so the kinds of one stage must not be told apart: not by the error, not by the work done, not by the time taken.
From one stage to the next the work differs, and tells nobody anything: a wrap opens or not by what its maker did, whom
the key of the desk does not answer otherwise.

    python -m tests.fuzz.oracle 100000

Never does: decide what is a failure; the tests do.
"""

from __future__ import annotations

import gc
import hashlib
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from comity.committed import committed_encrypt
from comity.encoding import Purpose, digest, serialise, tagged
from comity.hpke import HPKE_OVERHEAD
from comity.keys import WrapKey
from comity.padding import pad
from comity.sealing import hpke_seal, open_content, open_wrap, seal_content, wrap_info
from comity.v1.envelope_pb2 import Header, Recipient, Seal

KEM_CIPHERTEXT = 1088
"""Length of the ML-KEM half of an encapsulation."""
THRESHOLD = 4.5
"""Above this t two samples are told apart (dudect)."""
FRESH = 32
"""After so many rounds other envelopes are made."""
APART = 0.05
"""So much may the means differ."""
CROPS = (1.0, 0.99, 0.95, 0.9, 0.8, 0.5)
"""Parts of the sorted samples that are compared: a machine's interruptions lie in the upper end."""


@dataclass(frozen=True)
class Sealed:
    """What a recipient opens."""

    header: bytes
    kid: bytes
    wrap: bytes
    seal: bytes
    ciphertext: bytes
    key: WrapKey

    def open(self) -> bytes:
        """Opens it as a recipient does: the wrap, then the content."""
        content_key = open_wrap(self.header, self.kid, self.wrap, self.key)
        return open_content(self.header, self.seal, self.ciphertext, content_key)


Kind = Callable[[random.Random], Sealed]


@cache
def _keys() -> tuple[WrapKey, WrapKey]:
    return WrapKey.from_seed(b"\x01" * 32), WrapKey.from_seed(b"\x02" * 32)


@cache
def _header(changed: bool = False) -> bytes:
    recipients = [Recipient(desk=f"agency/{name}", desk_key_id=bytes([n]) * 32) for n, name in enumerate("ab")]
    envelope_id = bytes(15) + bytes([changed])
    return serialise(
        Header(version=1, suite=1, origin="hub.example/exchange", envelope_id=envelope_id, recipients=recipients)
    )


@cache
def good() -> tuple[Sealed, bytes]:
    """Returns an envelope that opens, and its content key."""
    key, _ = _keys()
    made = seal_content(_header(), b"what only recipients read", [(b"\0" * 32, key.public)])
    return Sealed(_header(), b"\0" * 32, made.wraps[0], made.seal, made.ciphertext, key), made.content_key


def _flip(data: bytes, first: int, end: int, rng: random.Random) -> bytes:
    at = rng.randrange(first, end)
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _wrap(first: int, end: int) -> Kind:
    def make(rng: random.Random) -> Sealed:
        return replace(good()[0], wrap=_flip(good()[0].wrap, first, end, rng))

    return make


def _for_another_desk(_: random.Random) -> Sealed:
    return replace(good()[0], wrap=hpke_seal(_keys()[1].public, wrap_info(_header(), b"\0" * 32), good()[1]))


def _under_another_header(_: random.Random) -> Sealed:
    key, _ = _keys()
    return replace(good()[0], wrap=hpke_seal(key.public, wrap_info(_header(True), b"\0" * 32), good()[1]))


def _under_another_key_id(rng: random.Random) -> Sealed:
    key, _ = _keys()
    return replace(good()[0], wrap=hpke_seal(key.public, wrap_info(_header(), rng.randbytes(32)), good()[1]))


def _another_content_key(rng: random.Random) -> Sealed:
    key, _ = _keys()
    return replace(good()[0], wrap=hpke_seal(key.public, wrap_info(_header(), b"\0" * 32), rng.randbytes(32)))


def _commitment(at: int) -> Kind:
    def make(rng: random.Random) -> Sealed:
        seal = Seal.FromString(good()[0].seal)
        seal.commitment = _flip(seal.commitment, at, at + 1, rng)
        return replace(good()[0], seal=serialise(seal))

    return make


def _with_ciphertext(ciphertext: bytes, commitment: bytes | None = None) -> Sealed:
    seal = Seal.FromString(good()[0].seal)
    seal.ciphertext_sha256, seal.ciphertext_length = hashlib.sha256(ciphertext).digest(), len(ciphertext)
    if commitment is not None:
        seal.commitment = commitment
    return replace(good()[0], seal=serialise(seal), ciphertext=ciphertext)


def _ciphertext(first: int, end: int) -> Kind:
    def make(rng: random.Random) -> Sealed:
        whole = good()[0].ciphertext
        return _with_ciphertext(_flip(whole, first % len(whole), end % len(whole) or len(whole), rng))

    return make


def _plaintext(content: bytes) -> Kind:
    def make(_: random.Random) -> Sealed:
        hh = digest(Purpose.HEADER, _header())
        commitment, ciphertext = committed_encrypt(good()[1], tagged(Purpose.PAYLOAD, hh), hh, content)
        return _with_ciphertext(ciphertext, commitment)

    return make


STAGES: Mapping[str, Mapping[str, Kind]] = {
    "the wrap": {
        "its ML-KEM half": _wrap(0, KEM_CIPHERTEXT),
        "its X25519 half": _wrap(KEM_CIPHERTEXT, HPKE_OVERHEAD - 16 - 1),
        "the key in it": _wrap(HPKE_OVERHEAD - 16, HPKE_OVERHEAD + 16),
        "its tag": _wrap(HPKE_OVERHEAD + 16, HPKE_OVERHEAD + 32),
        "for another desk": _for_another_desk,
        "under another header": _under_another_header,
        "under another key id": _under_another_key_id,
    },
    "the commitment": {
        "another content key": _another_content_key,
        "its first byte": _commitment(0),
        "its last byte": _commitment(31),
    },
    "the ciphertext": {
        "its beginning": _ciphertext(0, 16),
        "its end": _ciphertext(-32, -16),
        "its tag": _ciphertext(-16, 0),
    },
    "the padding": {
        "no marker": _plaintext(bytes(4096)),
        "of another length": _plaintext(pad(b"x") + bytes(4096)),
        "an odd end": _plaintext(pad(b"x")[:-1] + b"\x01"),
    },
}
"""Every kind of failure by its stage, in the order of opening."""
SECRET_STAGES = ("the wrap", "the commitment", "the ciphertext")
"""Stages whose kinds only a secret tells apart. Padding is its author's, who holds the content key."""


def said(envelope: Sealed) -> tuple[object, ...] | None:
    """Returns everything that an error of opening says, None where it opens."""
    try:
        envelope.open()
    except Exception as error:  # noqa: BLE001 # whatever it is, it is compared
        return type(error), error.args, str(error), repr(error), vars(error), error.__cause__
    return None


def work_of(envelope: Sealed) -> list[tuple[str, str]]:
    """Returns each call of a function, of Python or C, that opening makes, in order."""
    seen: list[tuple[str, str]] = []

    def note(frame: Any, event: str, arg: Any) -> None:
        if event == "call":
            seen.append((event, frame.f_code.co_qualname))
        elif event in ("c_call", "c_exception"):
            seen.append((event, getattr(arg, "__qualname__", repr(arg))))

    before = sys.getprofile()
    collecting = gc.isenabled()
    gc.disable()  # what is collected meanwhile is no work of opening
    sys.setprofile(note)
    try:
        said(envelope)
    finally:
        sys.setprofile(before)
        if collecting:
            gc.enable()
    return seen


def welch_t(one: Sequence[float], other: Sequence[float]) -> float:
    """Returns Welch's t of two samples, 0 where neither varies nor differs."""
    means = [sum(sample) / len(sample) for sample in (one, other)]
    squares = [sum((x - m) ** 2 for x in s) / (len(s) - 1) for s, m in zip((one, other), means, strict=True)]
    error = math.sqrt(squares[0] / len(one) + squares[1] / len(other))
    difference = means[0] - means[1]
    if error == 0.0:
        return 0.0 if difference == 0.0 else math.inf
    return abs(difference) / error


def distance(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Returns (largest t, difference of the means) over the crops of two samples.

    Both are cropped at one value, the percentile of the two together, so that cropping makes no difference itself. The
    difference of the means is that of the lower nine tenths, as a part of the smaller one.
    """
    together = sorted([*one, *other])
    largest = 0.0
    apart = 0.0
    for part in CROPS:
        limit = together[min(int(len(together) * part), len(together) - 1)]
        a, b = [x for x in one if x <= limit], [x for x in other if x <= limit]
        if min(len(a), len(b)) < 20:
            # One has next to nothing where the other has half of its samples.
            return math.inf, math.inf
        largest = max(largest, welch_t(a, b))
        if part == 0.9:
            means = sum(a) / len(a), sum(b) / len(b)
            apart = abs(means[0] - means[1]) / min(means)
    return largest, apart


def time_kinds(kinds: Mapping[str, Kind], rounds: int, rng: random.Random) -> dict[str, list[float]]:
    """Returns nanoseconds of opening by kind: in each round every kind once, in an order of chance.

    Envelopes are made before their round begins, many times over, and copied for it: neither one envelope's content nor
    its place in memory stands for its kind.
    """
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    names = list(kinds)
    for made in _made(kinds, rounds, rng):
        rng.shuffle(names)
        for name in names:
            envelope = _copied(made[name])
            begun = time.perf_counter_ns()
            said(envelope)
            taken[name].append(float(time.perf_counter_ns() - begun))
    return taken


def _copied(envelope: Sealed) -> Sealed:
    wrap, seal, ciphertext = (bytes(bytearray(p)) for p in (envelope.wrap, envelope.seal, envelope.ciphertext))
    return replace(envelope, wrap=wrap, seal=seal, ciphertext=ciphertext)


def _made(kinds: Mapping[str, Kind], rounds: int, rng: random.Random) -> Iterator[dict[str, Sealed]]:
    for number in range(rounds):
        if number % FRESH == 0:
            pool = [{name: make(rng) for name, make in kinds.items()} for _ in range(min(rounds - number, FRESH))]
        yield pool[number % FRESH]


def told_apart(stage: str, rounds: int, rng: random.Random, *, tries: int = 4) -> list[str]:
    """Returns the kinds of a stage that time tells apart from its first, in every one of several fresh samples."""
    suspects: set[str] | None = None
    for _ in range(tries):
        taken = time_kinds(STAGES[stage], rounds, rng)
        first, *others = taken
        found = set()
        for other in others:
            t, apart = distance(taken[first], taken[other])
            if t >= THRESHOLD or apart >= APART:
                found.add(other)
        suspects = found if suspects is None else suspects & found
        if not suspects:
            return []
    return sorted(suspects or ())


def main(rounds: int) -> int:
    """Opens so many envelopes of every kind; prints what tells them apart. Returns the exit code."""
    rng = random.Random(1)
    errors = set()
    for stage, kinds in STAGES.items():
        for name, make in kinds.items():
            pool = [make(rng) for _ in range(1024)]
            errors |= {repr(said(pool[n % 1024])) for n in range(rounds)}
            print(f"{stage}: {name}: {rounds} refused", flush=True)
    failed = len(errors) != 1 or "None" in errors
    print(f"different errors: {len(errors)}")
    for stage in SECRET_STAGES:
        apart = told_apart(stage, rounds, rng, tries=3)
        failed = failed or bool(apart)
        print(f"{stage}: told apart by time: {', '.join(apart) or 'none'}", flush=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
