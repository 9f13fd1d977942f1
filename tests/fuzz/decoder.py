"""One decoder as the searches see it: what it takes, what it may refuse with, and what makes its input canonical.

Never does: choose input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from comity.encoding import serialise
from comity.errors import MalformedError
from google.protobuf.message import DecodeError

from tests.fuzz.mutate import Mutator


class Decoder:
    """One parser, what it takes, and how to tell that what it took was the canonical form."""

    def __init__(
        self,
        parse: Callable[[bytes], Any],
        good: Sequence[bytes],
        message: Any = None,
        encode: Callable[[Any], bytes] | None = None,
        refuses: tuple[type[Exception], ...] = (MalformedError,),
    ) -> None:
        """Takes what the searches need.

        Args:
            parse: the parser.
            good: bytes it accepts.
            message: the message's class, where it reads protobuf.
            encode: returns the bytes that mean what the parser returned; None where there is no such function.
            refuses: the documented errors.
        """
        self.parse, self.good, self.message = parse, list(good), message
        self.encode, self.refuses = encode, refuses

    def check(self, data: bytes) -> str:
        """Gives it some bytes; returns what is wrong, empty where nothing is."""
        try:
            value = self.parse(data)
        except self.refuses:
            return ""
        except Exception as error:  # noqa: BLE001 # whatever it is, it is what is looked for
            return f"raised {type(error).__name__}"
        if self.message is not None and serialise(self.message.FromString(data)) != data:
            return "took what is not canonical"
        if self.encode is None:
            return ""
        try:
            again = self.encode(value)
        except Exception as error:  # noqa: BLE001 # what was accepted can be written
            return f"took what cannot be encoded: {type(error).__name__}"
        return "" if again == data else "took what encodes as other bytes"

    def changed(self, data: bytes, mutator: Mutator) -> bytes:
        """Returns some bytes with a change: as a message where they are one, or as bytes."""
        if self.message is not None and mutator.rng.random() < 0.5:
            try:
                return serialise(mutator.message(self.message.FromString(data)))
            except DecodeError:
                pass  # a search goes on from what is no message as well
        return mutator.data(data)
