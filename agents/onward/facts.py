"""The same request twice: the same wallet, transaction, reference or person in another case of this home.

The field's known waste is one request that comes through several channels. So what a request names is kept as keyed
digests; at drafting and reading whoever looks is told of the other case. It is a warning: nothing is ever blocked.

The store holds no content in the clear, and chain addresses can be enumerated: the key of the digests is sealed to the
archive key, and there is a new one for each archive key, so that whoever left the desk learns nothing of later cases.

Never does: compare across agencies; decide whether it is the same.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from typing import Final

from comity.boxes import box_recipients
from comity.encoding import Purpose, digest
from comity.errors import CannotOpenError, MalformedError
from comity.payload import body_of
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb
from google.protobuf.message import Message
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from agents.archive import Archive
from agents.keys import UnknownKeyError
from agents.onward import schema as s
from agents.onward.links import linked
from agents.records import Duplicate
from agents.store import Store

DIGEST_BYTES: Final = 16
"""Length of a fact's digest: two that are equal by chance cost a needless warning."""
MOST_FACTS: Final = 5000
"""How many facts of one message are kept at most."""
_CONTEXT: Final = b"facts"
_KINDS: Final = {
    "account": "WALLET",
    "next_hop": "WALLET",
    "platform_account": "ACCOUNT",
    "platform_accounts": "ACCOUNT",
    "transaction": "TRANSACTION",
    "incoming_transaction": "TRANSACTION",
    "reference": "REFERENCE",
    "victim_reference": "REFERENCE",
    "identity_number": "IDENTITY",
}
"""Fields of payloads that name the same thing wherever they stand, and what it is."""
_FAMILIES: Final = frozenset({Family.REFERRAL, Family.FREEZE, Family.ASSISTANCE})
_TELLING: Final = frozenset(
    {Verb.REFER, Verb.REQUEST, Verb.REQUEST_PROVISIONAL, Verb.ORAL_NOTICE, Verb.COMPLETE, Verb.SUPPLY}
)
"""Verbs that say what a case is about. What an answer reports is the answering side's."""


def tells(family: Family, verb: Verb) -> bool:
    """Returns whether the facts of a message are kept."""
    return family in _FAMILIES and verb in _TELLING


def named_in(payload: pb.Payload) -> set[tuple[str, str]]:
    """Returns what a payload names: kind and text, in one spelling."""
    found: set[tuple[str, str]] = set()
    for kind, text in _walk(body_of(payload)):
        if len(found) == MOST_FACTS:
            break
        folded = unicodedata.normalize("NFKC", text).strip()
        found.add((kind, folded if kind in ("WALLET", "TRANSACTION") else " ".join(folded.casefold().split())))
    return found


def _walk(message: Message) -> Iterator[tuple[str, str]]:
    if isinstance(message, pb.Subject) and message.name:
        yield "PERSON", f"{message.name} {message.birth_date}"
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if field.is_repeated else (value,):
                yield from _walk(part)
        elif field.name in _KINDS:
            for text in value if field.is_repeated else (value,):
                yield _KINDS[field.name], text


class Facts:
    """Keeps what requests name, and finds it again."""

    def __init__(self, store: Store, archive: Archive) -> None:
        self._store, self._archive = store, archive
        self._keys: dict[int, bytes] = {}

    def digests(self, payload: pb.Payload) -> list[bytes]:
        """Returns the digests to keep of a payload, by the newest key; none where that key does not open.

        To be called outside a transaction.

        Raises:
            UnknownKeyError: this node's archive key was not granted to this member.
        """
        named = named_in(payload)
        key = self._newest() if named else None
        if key is None:
            return []
        return sorted(_digest(key, kind, text) for kind, text in named)

    def like(self, payload: pb.Payload, case_id: bytes) -> list[Duplicate]:
        """Returns the cases, other than a payload's own and those linked with it, that name what it names.

        Args:
            payload: of a draft or a kept message.
            case_id: its case.
        """
        if not payload.WhichOneof("body"):
            return []
        named = named_in(payload)
        kinds = {_digest(key, kind, text): kind for key in self._held().values() for kind, text in named}
        if not kinds:
            return []
        found: set[Duplicate] = set()
        with self._store.begin() as c:
            own = {case_id, *linked(c, case_id)}
            wanted = sorted(kinds)
            for at in range(0, len(wanted), 500):
                t = s.facts.c
                query = select(t.digest, t.message_hash, t.case_id).where(t.digest.in_(wanted[at : at + 500]))
                for row in c.execute(query):
                    if row.case_id not in own:
                        found.add(Duplicate(kinds[row.digest], row.case_id.hex(), row.message_hash.hex()))
        return sorted(found, key=lambda one: (one.case_id, one.kind, one.message))

    def _newest(self) -> bytes | None:
        """Returns the key that belongs to the archive key that is sealed to, made where there is none yet."""
        entry = self._archive.entry()
        with self._store.begin() as c:
            known = c.execute(select(s.fact_keys.c.number).where(s.fact_keys.c.kid == entry.kid)).scalar()
        if known is None:
            box = self._archive.seal(_CONTEXT, os.urandom(32))
            values = {"kid": box_recipients(box)[0], "box": box}
            with self._store.begin() as c:  # another process of this home may have been first: its key stays
                c.execute(insert(s.fact_keys).values(values).on_conflict_do_nothing(index_elements=["kid"]))
                known = c.execute(select(s.fact_keys.c.number).where(s.fact_keys.c.kid == values["kid"])).scalar_one()
        return self._held().get(known)

    def _held(self) -> dict[int, bytes]:
        """Returns every key that this member can open, by its number."""
        with self._store.begin() as c:
            rows = c.execute(select(s.fact_keys.c.number, s.fact_keys.c.box)).all()
        for number, box in rows:
            if number not in self._keys:
                try:
                    self._keys[number] = self._archive.open(_CONTEXT, box)
                except (CannotOpenError, MalformedError, UnknownKeyError):
                    continue  # of before this member's time
        return self._keys


def keep_facts(c: Connection, message_hash: bytes, case_id: bytes, digests: list[bytes]) -> None:
    """Keeps what a message names."""
    rows = [{"digest": digest, "message_hash": message_hash, "case_id": case_id} for digest in digests]
    if rows:
        c.execute(insert(s.facts).on_conflict_do_nothing(), rows)


def forget_facts(c: Connection, message_hash: bytes) -> None:
    """Forgets what a message named."""
    c.execute(delete(s.facts).where(s.facts.c.message_hash == message_hash))


def _digest(key: bytes, kind: str, text: str) -> bytes:
    return digest(Purpose.ARCHIVE, b"fact", key, kind.encode(), text.encode())[:DIGEST_BYTES]
