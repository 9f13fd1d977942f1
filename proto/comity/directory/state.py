"""What the directory says, as of a size. Hub, clients and later verifiers ask the same questions of the same code.

Never does: change anything (`comity.directory.replay`), read a clock: every moment is an argument.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

from comity.directory.records import (
    Agency,
    Agreement,
    Contact,
    Delegation,
    DeskKey,
    HubKey,
    MemberKey,
    Operator,
    Revocation,
    Span,
    TransportKeyRecord,
)
from comity.keys import Use, kid
from comity.merkle import Frontier
from comity.names import agency_of
from comity.workflow.terms import AgencyKind, Family, Role


@dataclass(slots=True)
class State:
    """Everything a replay has gathered. Only `replay` writes it."""

    origin: str = ""
    exchange_origin: str = ""
    genesis_body: bytes = b""
    tls_ca: bytes = b""
    frontier: Frontier = field(default_factory=Frontier.empty)
    roots: list[bytes] = field(default_factory=list)
    """Root at size i + 1."""
    times: list[int] = field(default_factory=list)
    """Unix seconds of entry i."""
    positions: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Signer to (next number, digest of its last statement)."""
    agencies: dict[str, Agency] = field(default_factory=dict)
    members: dict[str, tuple[MemberKey, ...]] = field(default_factory=dict)
    """Every certificate of a member, oldest first."""
    signers: dict[bytes, str] = field(default_factory=dict)
    """Signing key id to member."""
    desk_keys: dict[str, tuple[DeskKey, ...]] = field(default_factory=dict)
    """Every epoch of a desk's key, ascending."""
    transport: dict[bytes, tuple[TransportKeyRecord, ...]] = field(default_factory=dict)
    """By SHA-256 of the SubjectPublicKeyInfo."""
    delegations: dict[tuple[str, bytes], tuple[Delegation, ...]] = field(default_factory=dict)
    """By desk and member signing key id."""
    contacts: dict[str, tuple[Contact, ...]] = field(default_factory=dict)
    agreements: dict[bytes, Agreement] = field(default_factory=dict)
    pairs: dict[tuple[str, str], tuple[bytes, ...]] = field(default_factory=dict)
    """Agreement ids of two agencies, in ascending order of the agencies."""
    revocations: dict[bytes, Revocation] = field(default_factory=dict)
    disputes: dict[bytes, int] = field(default_factory=dict)
    """Key id to the size from which it is blocked."""
    operators: tuple[Operator, ...] = ()
    log_keys: tuple[HubKey, ...] = ()
    head_keys: tuple[HubKey, ...] = ()
    witnesses: tuple[HubKey, ...] = ()
    kid_owner: dict[bytes, str] = field(default_factory=dict)
    """Every key id ever registered to the name (agency, desk, member, …) it bears."""
    public_keys: dict[bytes, bytes] = field(default_factory=dict)
    """Every public key ever registered to its key id: one key, one purpose, one owner."""

    @property
    def size(self) -> int:
        """Number of entries."""
        return len(self.roots)

    def copy(self) -> State:
        """Returns a state that can grow without this one's knowing. Records are shared: they never change."""
        tables: Mapping[str, Any] = {
            f.name: type(v)(v) for f in fields(self) if isinstance(v := getattr(self, f.name), dict | list)
        }
        return replace(self, **tables)


class View:
    """The directory as it stood at a size. Cheap: it filters, it does not copy."""

    __slots__ = ("_s", "size")

    def __init__(self, state: State, size: int | None = None) -> None:
        """Takes a state and a size.

        Args:
            state: a replay's state.
            size: the size to look from; None for the present one.

        Raises:
            ValueError: the state is not that large, or the size is 0.
        """
        self._s = state
        self.size = state.size if size is None else size
        if not 0 < self.size <= state.size:
            raise ValueError("the directory does not have that size")

    def as_of(self, moment: int) -> View | None:
        """Returns the directory as it stood before the second of a moment; None where there was none yet.

        An entry bears a second. One of the moment's own second may have come after the moment, so none of them counts:
        what is logged at the moment or later is never part of the answer.

        Args:
            moment: Unix milliseconds UTC. Whoever asks later, with a longer directory, gets the same answer.
        """
        size = bisect_left(self._s.times, moment // 1000, hi=self.size)
        return View(self._s, size) if size else None

    @property
    def root(self) -> bytes:
        """Root of the directory log at this size, 32 bytes."""
        return self._s.roots[self.size - 1]

    def agency(self, agency: str) -> Agency | None:
        """Returns an admitted agency, suspended or not, or None."""
        found = self._s.agencies.get(agency)
        return found if found is not None and found.since <= self.size else None

    def suspended(self, agency: str) -> bool:
        """Returns whether an agency is suspended."""
        found = self.agency(agency)
        return found is not None and any(s.at(self.size) for s in found.suspensions)

    def root_key(self, agency: str) -> bytes | None:
        """Returns an agency's root key, or None."""
        found = self.agency(agency)
        if found is None:
            return None
        return next((r.key for r in found.roots if r.at(self.size)), None)

    def root_body(self, agency: str) -> bytes | None:
        """Returns the statement body whose fingerprint is compared for an agency's present root, or None."""
        found = self.agency(agency)
        if found is None:
            return None
        return next((r.body for r in found.roots if r.at(self.size)), None)

    def blocked(self, kid: bytes) -> bool:
        """Returns whether a key is revoked or disputed at this size."""
        revocation = self._s.revocations.get(kid)
        return self.disputed(kid) or (revocation is not None and revocation.since <= self.size)

    def disputed(self, kid: bytes) -> bool:
        """Returns whether the agency whose name a key bears has said at this size that the key is not its own."""
        dispute = self._s.disputes.get(kid)
        return dispute is not None and dispute <= self.size

    def blocked_at_desk(self, desk: str) -> int:
        """Returns the size that includes the newest revocation or dispute of a desk's keys, 0 where there is none.

        Its keys are those that bear its own name, and those of every member that ever worked there.
        """
        people = {name for name, records in self._s.members.items() if any(desk in r.desks for r in records)}
        found = [(r.kid, r.since) for r in self._s.revocations.values()] + list(self._s.disputes.items())
        sizes = (size for kid, size in found if self._s.kid_owner[kid] in people | {desk})
        return max((size for size in sizes if size <= self.size), default=0)

    def parted_from_desk(self, desk: str) -> int:
        """Returns the size that includes the newest parting from a desk, 0 where there was none.

        A parting is a revocation or dispute (`blocked_at_desk`), or a certificate in whose place came one without that
        desk, or without its agency's admin's role. What is sealed for the desk afterwards needs new keys.
        """
        found = [self.blocked_at_desk(desk)]
        for name in self._s.members:
            for old, new in pairwise(self.certificates(name)):
                left = desk in old.desks - new.desks
                demoted = old.agency == agency_of(desk) and Role.ADMIN in old.roles - new.roles
                if left or demoted:
                    found.append(new.since)
        return max(found)

    def entered(self, fact: Span) -> int:
        """Returns the time of the entry that brought a fact, Unix milliseconds UTC."""
        return self._s.times[fact.since - 1] * 1000

    def suspect(self, kid: bytes, created: int) -> bool:
        """Returns whether mail that a key signed at `created` is suspect, by all that is known at this size."""
        revocation = self._s.revocations.get(kid)
        if revocation is None or revocation.since > self.size:
            return False
        return bool(revocation.suspect_from) and created >= revocation.suspect_from

    def member_key(self, kid: bytes, now: int) -> MemberKey | None:
        """Returns the live certificate of a signing key, or None: superseded, revoked, disputed, not valid at `now`."""
        record = self.member(self._s.signers.get(kid, ""), now)
        return record if record is not None and record.sign_kid == kid else None

    def member(self, member: str, now: int) -> MemberKey | None:
        """Returns a member's live certificate, or None."""
        for record in reversed(self._s.members.get(member, ())):
            if record.at(self.size):
                alive = record.valid_from <= now < record.valid_until and not self.blocked(record.sign_kid)
                return record if alive else None
        return None

    def certificates(self, member: str) -> list[MemberKey]:
        """Returns every certificate that a member ever had, live or not, oldest first."""
        return [r for r in self._s.members.get(member, ()) if r.since <= self.size]

    def sign_key(self, kid: bytes) -> bytes | None:
        """Returns the public key of a signing key id, live or not, 32 bytes; None where no member ever had it.

        It says who could have signed. Whether they may is `member_key`'s to say, for the moment that counts.
        """
        records = self._s.members.get(self._s.signers.get(kid, ""), ())
        return next((r.sign_key for r in records if r.sign_kid == kid and r.since <= self.size), None)

    def sign_keys(self, known: Container[bytes] = ()) -> dict[bytes, bytes]:
        """Returns what `sign_key` returns, for every key id that is not among those known."""
        found = {kid: self.sign_key(kid) for kid in self._s.signers if kid not in known}
        return {kid: key for kid, key in found.items() if key is not None}

    def members_of(self, agency: str, now: int) -> list[MemberKey]:
        """Returns the live certificates of an agency's members, in order of their names."""
        names = sorted(m for m in self._s.members if agency_of(m) == agency)
        return [record for name in names if (record := self.member(name, now)) is not None]

    def desk_key(self, desk: str, now: int) -> DeskKey | None:
        """Returns a desk's current key: the highest epoch whose validity has begun. None where that one is no good."""
        for record in reversed(self._s.desk_keys.get(desk, ())):
            if record.at(self.size) and record.valid_from <= now:
                return record if now < record.valid_until and not self.blocked(record.kid) else None
        return None

    def desk_keys(self, desk: str) -> list[DeskKey]:
        """Returns all epochs of a desk's key, ascending."""
        return [r for r in self._s.desk_keys.get(desk, ()) if r.at(self.size)]

    def desks(self) -> list[str]:
        """Returns every desk that ever published a key, in order."""
        return sorted(d for d in self._s.desk_keys if self.desk_keys(d))

    def transport_desk(self, spki_sha256: bytes, now: int) -> str | None:
        """Returns the desk that a TLS key speaks for, or None."""
        for record in reversed(self._s.transport.get(spki_sha256, ())):
            if record.at(self.size) and record.valid_from <= now < record.valid_until and not self.blocked(record.kid):
                return record.desk
        return None

    def transport_keys(self, desk: str) -> list[TransportKeyRecord]:
        """Returns every TLS key registered for a desk, in the order of registration."""
        found = [r for records in self._s.transport.values() for r in records if r.desk == desk and r.at(self.size)]
        return sorted(found, key=lambda r: r.since)

    def operator_of_tls(self, spki_sha256: bytes) -> str | None:
        """Returns the operator that a TLS key belongs to, or None."""
        return next(
            (o.operator for o in self._s.operators if o.at(self.size) and o.tls_spki_sha256 == spki_sha256), None
        )

    def operators(self) -> list[Operator]:
        """Returns the present operators."""
        return [o for o in self._s.operators if o.at(self.size)]

    def delegated(self, desk: str, kid: bytes, now: int) -> bool:
        """Returns whether a member key may renew the keys of a desk."""
        return any(
            d.at(self.size) and d.valid_from <= now < d.valid_until for d in self._s.delegations.get((desk, kid), ())
        )

    def granting_keys(self, desk: str) -> dict[bytes, bytes]:
        """Returns the keys that may grant a desk's keys inside its agency, by key id.

        They are the agency's root, the signing keys of its admins, and those that ever were a delegate's of the desk
        and whose member works there; none of somebody whose newest certificate says otherwise, and none that is revoked
        or disputed by now, whenever it signed: nobody but its holder or thief knows when that was.
        """
        agency, keys = agency_of(desk), dict[bytes, bytes]()
        delegates = {
            key_id
            for (where, key_id), found in self._s.delegations.items()
            if where == desk and any(d.since <= self.size for d in found)
        }
        for name in self._s.members:
            records = self.certificates(name)
            for r in records:
                admin = Role.ADMIN in r.roles & records[-1].roles
                if r.agency == agency and (admin or (r.sign_kid in delegates and desk in records[-1].desks)):
                    keys[r.sign_kid] = r.sign_key
        root = self.root_key(agency)
        if root is not None:
            keys[kid(agency, Use.ROOT, root)] = root
        return {key_id: key for key_id, key in keys.items() if not self.blocked(key_id)}

    def contact(self, desk: str) -> Contact | None:
        """Returns a desk's newest duty contact, or None."""
        return next((c for c in reversed(self._s.contacts.get(desk, ())) if c.at(self.size)), None)

    def agreement(self, opener: str, other: str, family: Family, now: int) -> Agreement | None:
        """Returns an agreement under which `opener` may open a case of a family with `other`, or None."""
        pair = (min(opener, other), max(opener, other))
        for agreement_id in self._s.pairs.get(pair, ()):
            a = self._s.agreements[agreement_id]
            wanted = (1, 2) if opener == a.first else (1, 3)
            if a.at(self.size) and family in a.families and now < a.valid_until and a.direction in wanted:
                return a
        return None

    def past_agreement(self, one: str, other: str, family: Family) -> Agreement | None:
        """Returns the newest agreement of two agencies on a family, over or not, or None."""
        for agreement_id in reversed(self._s.pairs.get((min(one, other), max(one, other)), ())):
            a = self._s.agreements[agreement_id]
            if a.since <= self.size and family in a.families:
                return a
        return None

    def agreements(self, agency: str) -> list[Agreement]:
        """Returns every agreement of an agency that was not ended."""
        return [a for a in self._s.agreements.values() if a.at(self.size) and agency in (a.first, a.second)]

    def agreement_by_id(self, agreement_id: bytes) -> Agreement | None:
        """Returns an agreement, ended or not, or None."""
        found = self._s.agreements.get(agreement_id)
        return found if found is not None and found.since <= self.size else None

    def may_take(self, agency: str, family: Family, *, opening: bool) -> bool:
        """Returns whether an agency of its kind may send in a family; holders and issuers only answer freezes."""
        found = self.agency(agency)
        if found is None or self.suspended(agency):
            return False
        return found.kind is AgencyKind.AUTHORITY or (family is Family.FREEZE and not opening)

    def log_key(self) -> bytes:
        """Returns the key that signs checkpoints, 32 bytes."""
        return next(k.key for k in self._s.log_keys if k.at(self.size))

    def log_keys(self) -> list[bytes]:
        """Returns every key that ever signed checkpoints, newest first: old receipts stay verifiable."""
        return [k.key for k in reversed(self._s.log_keys) if k.since <= self.size]

    def head_key(self) -> bytes:
        """Returns the key that signs heads, 32 bytes."""
        return next(k.key for k in self._s.head_keys if k.at(self.size))

    def replaced_from(self, hub_key: bytes) -> int | None:
        """Returns the size from which another key signs in the place of a log or head key, or None while it does."""
        keys = (*self._s.log_keys, *self._s.head_keys)
        return next((k.until for k in keys if k.key == hub_key and k.until and k.until <= self.size), None)

    def position(self, signer: str) -> tuple[int, bytes]:
        """Returns (next number, digest of the last statement) of a signer's chain at the present size."""
        return self._s.positions.get(signer, (0, b""))

    def root_at(self, size: int) -> bytes | None:
        """Returns the root at an earlier size, or None where there is no such size."""
        return self._s.roots[size - 1] if 0 < size <= self.size else None

    def stale_since(self, size: int) -> int | None:
        """Returns the Unix second at which a size was no longer the newest, or None while it is."""
        return self._s.times[size] if size < self.size else None
