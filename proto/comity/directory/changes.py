"""What an authorised statement changes. One function a kind; each returns the change, which cannot fail.

Never does: check anything (`rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from comity.checkpoint import parse_verifier_key
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
    RootKey,
    Span,
    TransportKeyRecord,
)
from comity.directory.state import State
from comity.directory.statements import SignedStatement
from comity.keys import Use, kid
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import AgencyKind, Family, Role

Change: TypeAlias = Callable[[State, int], None]
S = TypeVar("S", bound=Span)


def _ended(records: Sequence[S], size: int) -> tuple[S, ...]:
    """Returns the records with those that still hold ended at `size`."""
    return tuple(replace(r, until=size) if r.until is None else r for r in records)


def _register(state: State, owner: str, *keys: tuple[bytes, bytes]) -> None:
    for key_id, public in keys:
        state.kid_owner[key_id] = owner
        state.public_keys[public] = key_id


def _operator(o: pb.OperatorKey, size: int) -> Operator:
    return Operator(
        since=size,
        operator=o.operator,
        kid=kid(o.operator, Use.OPERATOR, o.sign_key),
        key=o.sign_key,
        tls_spki_sha256=o.tls_spki_sha256,
    )


def _register_operator(state: State, o: Operator) -> None:
    _register(state, "hub/" + o.operator, (o.kid, o.key))
    state.public_keys[o.tls_spki_sha256] = kid(o.operator, Use.TLS, o.tls_spki_sha256)


def genesis(s: SignedStatement, c: pb.HubGenesis) -> Change:
    """The hub begins."""

    def change(state: State, size: int) -> None:
        state.origin, state.exchange_origin = s.origin, c.exchange_origin
        state.genesis_body, state.tls_ca = s.body, c.tls_ca
        state.operators = tuple(_operator(o, size) for o in c.operators)
        for o in state.operators:
            _register_operator(state, o)
        log_key(pb.LogKeyReplaced(new_key=c.log_key))(state, size)
        head_key(pb.HeadKeyReplaced(new_key=c.head_key))(state, size)

    return change


def admitted(s: SignedStatement, c: pb.AgencyAdmitted) -> Change:
    """An agency joins."""

    def change(state: State, size: int) -> None:
        state.agencies[c.agency] = Agency(
            agency=c.agency,
            kind=AgencyKind(c.kind),
            name_en=c.name_en,
            name_zh=c.name_zh,
            jurisdiction=c.jurisdiction,
            since=size,
            roots=(RootKey(size, key=c.root_key, body=s.body),),
            suspensions=(),
        )
        _register(state, c.agency, (kid(c.agency, Use.ROOT, c.root_key), c.root_key))

    return change


def member(c: pb.MemberCertified, agency: str, sign_kid: bytes, wrap_kid: bytes) -> Change:
    """A member has these keys, desks and roles, and no earlier ones."""

    def change(state: State, size: int) -> None:
        record = MemberKey(
            since=size,
            member=c.member,
            agency=agency,
            desks=frozenset(c.desks),
            roles=frozenset(Role(r) for r in c.roles),
            sign_kid=sign_kid,
            sign_key=c.sign_key,
            wrap_kid=wrap_kid,
            wrap_key=c.wrap_key,
            valid_from=c.valid_from,
            valid_until=c.valid_until,
        )
        state.members[c.member] = (*_ended(state.members.get(c.member, ()), size), record)
        state.signers[sign_kid] = c.member
        _register(state, c.member, (sign_kid, c.sign_key), (wrap_kid, c.wrap_key))

    return change


def desk_key(c: pb.DeskKeyPublished, key_id: bytes) -> Change:
    """A desk has a further epoch."""

    def change(state: State, size: int) -> None:
        record = DeskKey(
            since=size,
            desk=c.desk,
            epoch=c.epoch,
            kid=key_id,
            key=c.wrap_key,
            valid_from=c.valid_from,
            valid_until=c.valid_until,
        )
        state.desk_keys[c.desk] = (*state.desk_keys.get(c.desk, ()), record)
        _register(state, c.desk, (key_id, c.wrap_key))

    return change


def transport(c: pb.TransportKey, key_id: bytes) -> Change:
    """A desk has a further TLS key."""

    def change(state: State, size: int) -> None:
        record = TransportKeyRecord(
            since=size,
            desk=c.desk,
            kid=key_id,
            spki_sha256=c.spki_sha256,
            valid_from=c.valid_from,
            valid_until=c.valid_until,
        )
        state.transport[c.spki_sha256] = (*state.transport.get(c.spki_sha256, ()), record)
        _register(state, c.desk, (key_id, c.spki_sha256))

    return change


def delegated(c: pb.RotationDelegated) -> Change:
    """A member key may renew a desk's keys."""

    def change(state: State, size: int) -> None:
        record = Delegation(since=size, desk=c.desk, kid=c.kid, valid_from=c.valid_from, valid_until=c.valid_until)
        at = (c.desk, c.kid)
        state.delegations[at] = (*state.delegations.get(at, ()), record)

    return change


def contact(c: pb.DutyContact) -> Change:
    """A desk is reached here."""

    def change(state: State, size: int) -> None:
        record = Contact(since=size, desk=c.desk, telephone=c.telephone, hours=c.hours, languages=tuple(c.languages))
        state.contacts[c.desk] = (*state.contacts.get(c.desk, ()), record)

    return change


def revoked(c: pb.Revoked) -> Change:
    """A key is no longer good."""

    def change(state: State, size: int) -> None:
        state.revocations[c.kid] = Revocation(size, c.kid, c.reason, c.effective, c.suspect_from)

    return change


def agreement(c: pb.AgreementSigned) -> Change:
    """Two agencies may exchange."""

    def change(state: State, size: int) -> None:
        state.agreements[c.id] = Agreement(
            since=size,
            id=c.id,
            first=c.first,
            second=c.second,
            families=frozenset(Family(f) for f in c.families),
            direction=c.direction,
            legal_basis=c.legal_basis,
            valid_until=c.valid_until,
            profile_sha256=c.profile_sha256,
        )
        pair = (c.first, c.second)
        state.pairs[pair] = (*state.pairs.get(pair, ()), c.id)

    return change


def ended(c: pb.AgreementEnded) -> Change:
    """An agreement is over."""

    def change(state: State, size: int) -> None:
        state.agreements[c.id] = replace(state.agreements[c.id], until=size)

    return change


def root_replaced(s: SignedStatement, c: pb.RootReplaced, key_id: bytes) -> Change:
    """An agency has a new root."""

    def change(state: State, size: int) -> None:
        found = state.agencies[c.agency]
        roots = (*_ended(found.roots, size), RootKey(size, key=c.new_root_key, body=s.body))
        state.agencies[c.agency] = replace(found, roots=roots)
        _register(state, c.agency, (key_id, c.new_root_key))

    return change


def operator_replaced(c: pb.OperatorReplaced) -> Change:
    """A new operator stands in an old one's place."""

    def change(state: State, size: int) -> None:
        kept = tuple(
            replace(o, until=size) if o.operator == c.old_operator and o.until is None else o for o in state.operators
        )
        new = _operator(c.new_operator, size)
        state.operators = (*kept, new)
        _register_operator(state, new)

    return change


def log_key(c: pb.LogKeyReplaced) -> Change:
    """Another key signs checkpoints."""

    def change(state: State, size: int) -> None:
        state.log_keys = (*_ended(state.log_keys, size), HubKey(size, key=c.new_key))
        _register(state, "hub/log", (kid(state.origin, Use.LOG, c.new_key), c.new_key))

    return change


def head_key(c: pb.HeadKeyReplaced) -> Change:
    """Another key signs heads."""

    def change(state: State, size: int) -> None:
        state.head_keys = (*_ended(state.head_keys, size), HubKey(size, key=c.new_key))
        _register(state, "hub/head", (kid(state.origin, Use.HEAD, c.new_key), c.new_key))

    return change


def suspended(c: pb.AgencySuspended) -> Change:
    """An agency's traffic stops."""

    def change(state: State, size: int) -> None:
        found = state.agencies[c.agency]
        state.agencies[c.agency] = replace(found, suspensions=(*found.suspensions, Span(size)))

    return change


def resumed(c: pb.AgencyResumed) -> Change:
    """An agency's traffic goes on."""

    def change(state: State, size: int) -> None:
        found = state.agencies[c.agency]
        state.agencies[c.agency] = replace(found, suspensions=_ended(found.suspensions, size))

    return change


def witness_key(c: pb.WitnessListed) -> tuple[str, bytes]:
    """Returns (name, Ed25519 key) of a witness's verifier key line, whose form was checked."""
    parsed = parse_verifier_key(c.verifier_key)
    return parsed.name, parsed.public


def witness(c: pb.WitnessListed, name: str, key: bytes) -> Change:
    """A witness is known."""

    def change(state: State, size: int) -> None:
        state.witnesses = (*state.witnesses, HubKey(size, key=key, line=c.verifier_key))
        _register(state, "hub/witness", (kid(name, Use.LOG, key), key))

    return change


def disputed(c: pb.KeyDisputed) -> Change:
    """A key is blocked by the agency whose name it bears."""

    def change(state: State, size: int) -> None:
        state.disputes[c.kid] = size

    return change
