"""An operator's files: `NAME.key` (secret), `NAME.pub` (for the hub), `NAME.crt` and `NAME.genesis` beside the key.

`NAME.genesis` is the body of the genesis that the operator itself signed: the pin by which it knows the hub again.

Never does: talk to anybody.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from comity.errors import MalformedError
from comity.keys import Use, check_signing_key, kid
from comity.names import check_operator
from comity.tls import certificate_to_der, request_spki

from hub.cli.failures import CommandError
from hub.cli.files import read_file
from hub.cli.passphrases import passphrase
from hub.cli.rpc import OperatorPublic, StatementFile
from hub.vault import OperatorKeys


@dataclass(frozen=True, slots=True)
class PublicFile:
    """What stands in `NAME.pub`."""

    operator: str
    sign_key: bytes
    csr: bytes

    @classmethod
    def of(cls, keys: OperatorKeys) -> PublicFile:
        """Returns the public half of an operator's keys."""
        return cls(keys.operator, keys.sign_key.public, keys.tls_key.request())

    def serialise(self) -> bytes:
        """Returns the file's content, JSON."""
        content = {
            "version": 1,
            "operator": self.operator,
            "sign_key": self.sign_key.hex(),
            "tls_request": self.csr.hex(),
        }
        return (json.dumps(content, indent=2) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes) -> PublicFile:
        """Parses such a file.

        Raises:
            MalformedError: it is none.
        """
        try:
            content = json.loads(data)
            if set(content) != {"version", "operator", "sign_key", "tls_request"} or content["version"] != 1:
                raise MalformedError("not an operator's public file")
            found = cls(
                check_operator(content["operator"]),
                check_signing_key(bytes.fromhex(content["sign_key"])),
                bytes.fromhex(content["tls_request"]),
            )
        except (ValueError, TypeError):
            raise MalformedError("not an operator's public file") from None
        request_spki(found.csr)
        return found

    def public(self) -> OperatorPublic:
        """Returns what the directory says of the operator."""
        return OperatorPublic(self.operator, self.sign_key, hashlib.sha256(request_spki(self.csr)).digest())


class OperatorFiles:
    """One operator's files, found by the key file's name."""

    def __init__(self, key: Path) -> None:
        """Takes the key file's path."""
        self.key = key
        self.certificate_path = key.with_suffix(".crt")
        self.genesis_path = key.with_suffix(".genesis")

    def unlock(self, descriptor: int | None) -> OperatorKeys:
        """Returns the operator's keys.

        Raises:
            CannotOpenError: wrong passphrase.
            CommandError: there is no passphrase.
        """
        data = read_file(self.key)
        return OperatorKeys.open(passphrase(descriptor, self.key.name), data)

    def genesis(self) -> StatementFile:
        """Returns the genesis this operator signed.

        Raises:
            CommandError: it has not signed any.
        """
        if not self.genesis_path.exists():
            raise CommandError(f"{self.genesis_path} is missing: this operator has not signed the genesis yet")
        return StatementFile.of_body(read_file(self.genesis_path))

    def certificate(self) -> bytes:
        """Returns the operator's certificate, PEM.

        Raises:
            CommandError: it is not there.
        """
        if not self.certificate_path.exists():
            raise CommandError(
                f"{self.certificate_path} is missing: `init --finish` wrote it to the hub's home, under operators/"
            )
        certificate_to_der(data := read_file(self.certificate_path))
        return data


def key_id(keys: OperatorKeys) -> bytes:
    """Returns the key id under which an operator signs."""
    return kid(keys.operator, Use.OPERATOR, keys.sign_key.public)
