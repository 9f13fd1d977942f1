"""Key files of the hub and of its operators: what is in them, in JSON under a passphrase.

Never does: I/O, asking for passphrases (`hub/cli`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from comity.errors import CannotOpenError, MalformedError
from comity.keyfile import MODERATE, Cost, open_keyfile, seal_keyfile
from comity.keys import SigningKey
from comity.names import check_operator, check_origin
from comity.tls import TlsKey, certificate_to_der

from hub.log.domain import LogKeys


@dataclass(frozen=True, slots=True)
class HubKeys:
    """The private keys of a hub. They live in its key file and in the memory of its processes."""

    origin: str
    """Origin of its directory."""
    logs: LogKeys
    authority_key: TlsKey
    """Key of the certificate authority."""
    authority: bytes
    """Its certificate, DER, as it stands in the genesis."""
    next_made: Mapping[str, int] = field(default_factory=dict)
    """Unix seconds at which a next key was made, by its use, `log` or `head`; not known of one in an older file."""

    def seal(self, passphrase: bytes, cost: Cost = MODERATE) -> bytes:
        """Returns the key file."""
        made = self._next()
        return _seal(
            {
                "file": "comity-hub",
                "version": 1,
                "origin": self.origin,
                "log": self.logs.log_key.seed.hex(),
                "head": self.logs.head_key.seed.hex(),
                "retired": [key.seed.hex() for key in self.logs.retired],
                "retired_heads": [key.seed.hex() for key in self.logs.retired_heads],
                "dropped": [key.seed.hex() for key in self.logs.dropped],
                "dropped_heads": [key.seed.hex() for key in self.logs.dropped_heads],
                "next": {use: key.seed.hex() for use, key in made.items()},
                "next_made": {use: at for use, at in self.next_made.items() if use in made},
                "authority_key": self.authority_key.to_pem().decode(),
                "authority": self.authority.hex(),
            },
            passphrase,
            cost,
        )

    def _next(self) -> dict[str, SigningKey]:
        made = {"log": self.logs.next_log, "head": self.logs.next_head}
        return {use: key for use, key in made.items() if key is not None}

    @classmethod
    def open(cls, passphrase: bytes, data: bytes, floor: Cost = MODERATE) -> HubKeys:
        """Returns the keys in a key file.

        Raises:
            CannotOpenError: wrong passphrase, damaged, or another kind of file.
        """
        content = _open(passphrase, data, floor, "comity-hub")
        try:
            return cls(
                origin=check_origin(content["origin"]),
                logs=LogKeys(
                    _signing(content["log"]),
                    _signing(content["head"]),
                    tuple(map(_signing, content["retired"])),
                    # A file of a release before has none of these.
                    retired_heads=tuple(map(_signing, content.get("retired_heads", []))),
                    dropped=tuple(map(_signing, content.get("dropped", []))),
                    dropped_heads=tuple(map(_signing, content.get("dropped_heads", []))),
                    **{f"next_{use}": _signing(seed) for use, seed in content.get("next", {}).items()},
                ),
                authority_key=TlsKey.from_pem(content["authority_key"].encode()),
                authority=certificate_to_der(bytes.fromhex(content["authority"])),
                next_made={use: int(at) for use, at in content.get("next_made", {}).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, MalformedError):
            raise CannotOpenError from None


@dataclass(frozen=True, slots=True)
class OperatorKeys:
    """The private keys of one operator: they sign, and they call the hub."""

    operator: str
    """Operator id."""
    sign_key: SigningKey
    tls_key: TlsKey

    def seal(self, passphrase: bytes, cost: Cost = MODERATE) -> bytes:
        """Returns the key file."""
        return _seal(
            {
                "file": "comity-operator",
                "version": 1,
                "operator": self.operator,
                "sign": self.sign_key.seed.hex(),
                "tls": self.tls_key.to_pem().decode(),
            },
            passphrase,
            cost,
        )

    @classmethod
    def open(cls, passphrase: bytes, data: bytes, floor: Cost = MODERATE) -> OperatorKeys:
        """Returns the keys in a key file.

        Raises:
            CannotOpenError: wrong passphrase, damaged, or another kind of file.
        """
        content = _open(passphrase, data, floor, "comity-operator")
        try:
            return cls(
                operator=check_operator(content["operator"]),
                sign_key=_signing(content["sign"]),
                tls_key=TlsKey.from_pem(content["tls"].encode()),
            )
        except (KeyError, TypeError, ValueError, AttributeError, MalformedError):
            raise CannotOpenError from None


def _signing(seed: str) -> SigningKey:
    return SigningKey.from_seed(bytes.fromhex(seed))


def _seal(content: dict[str, Any], passphrase: bytes, cost: Cost) -> bytes:
    return seal_keyfile(passphrase, json.dumps(content).encode(), cost)


def _open(passphrase: bytes, data: bytes, floor: Cost, kind: str) -> dict[str, Any]:
    try:
        content = json.loads(open_keyfile(passphrase, data, floor))
    except ValueError:
        raise CannotOpenError from None
    if not isinstance(content, dict) or content.get("file") != kind or content.get("version") != 1:
        raise CannotOpenError
    return content
