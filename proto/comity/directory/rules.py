"""Who may state what: the authority and the own rules of every kind of directory statement.

`authorise` looks at the signatures and the directory as it stands and either refuses, by a named rule, or returns the
change that the statement makes. Signers are counted exactly: a signature that nobody asked for refuses the statement.

Never does: parse (`statements`), check chains (`replay`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from comity.directory import changes
from comity.directory.records import MemberKey
from comity.directory.state import State, View
from comity.directory.statements import SignedStatement
from comity.errors import Reason, RefusedError
from comity.keys import Use, kid
from comity.names import HUB, agency_of
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import AgencyKind, Family, Role

Change: TypeAlias = Callable[[State, int], None]
"""Writes a statement's facts into a state that has grown to a size."""
Key: TypeAlias = tuple[bytes, bytes]
"""(key id, public key)."""


def refused(rule: str) -> RefusedError:
    """Returns the refusal of a statement by a named rule."""
    return RefusedError(Reason.STATEMENT_REFUSED, f"the directory refuses the statement: {rule}", rule=rule)


def require(condition: object, rule: str) -> None:
    """Refuses by a rule unless the condition holds.

    Raises:
        RefusedError: STATEMENT_REFUSED with the rule's name.
    """
    if not condition:
        raise refused(rule)


class Signers:
    """The signatures of one statement, each to be claimed by a rule exactly once."""

    def __init__(self, statement: SignedStatement) -> None:
        self._statement = statement
        self._left = {k for k, _ in statement.signatures}

    def take(self, key: Key) -> bool:
        """Claims one key's signature; returns whether it is there and good."""
        if key[0] in self._left and self._statement.signed_by(*key):
            self._left.discard(key[0])
            return True
        return False

    def take_some(self, keys: Iterable[Key], count: int, rule: str) -> None:
        """Claims at least `count` signatures among several keys.

        Raises:
            RefusedError: there are fewer.
        """
        require(sum(self.take(k) for k in keys) >= count, rule)

    def members(self, view: View, agency: str, now: int) -> list[MemberKey]:
        """Returns the live certificates of an agency's members among those whose signatures are there.

        Nobody else can have signed, and looking through all members at each statement would make a replay take time
        with the square of its length.
        """
        found = [view.member_key(key_id, now) for key_id, _ in self._statement.signatures]
        return [record for record in found if record is not None and record.agency == agency]

    def finish(self) -> None:
        """Refuses the statement where a signature is left that no rule asked for.

        Raises:
            RefusedError: one is left.
        """
        require(not self._left, "signature_not_asked_for")


def authorise(state: State, statement: SignedStatement, now: int) -> Change:
    """Returns the change that a statement makes.

    Args:
        state: the directory before it.
        statement: in proper form, its positions checked.
        now: the entry's time, Unix milliseconds UTC.

    Raises:
        RefusedError: STATEMENT_REFUSED with the rule's name in its metadata.
    """
    signers = Signers(statement)
    change = _RULES[statement.kind](state, statement, signers, now)
    signers.finish()
    return change


def _root(state: State, agency: str) -> Key:
    key = View(state).root_key(agency)
    if key is None:
        raise refused("agency_unknown")
    return kid(agency, Use.ROOT, key), key


def _admins(state: State, agency: str, signers: Signers, now: int) -> list[Key]:
    return [(m.sign_kid, m.sign_key) for m in signers.members(View(state), agency, now) if Role.ADMIN in m.roles]


def _operators(state: State, signers: Signers, statement: SignedStatement) -> None:
    _positions(statement, HUB)
    signers.take_some([(o.kid, o.key) for o in View(state).operators()], 2, "two_operators")


def _positions(statement: SignedStatement, *expected: str) -> None:
    require([p.signer for p in statement.positions] == sorted(expected), "positions_of_the_signers")


def _root_or_admin(state: State, agency: str, signers: Signers, now: int) -> None:
    keys = [_root(state, agency), *_admins(state, agency, signers, now)]
    require(any(signers.take(k) for k in keys), "root_or_admin")


def _is_admin(state: State, member: str) -> bool:
    """Returns whether a member's newest certificate has the role admin, whether or not it is still good."""
    return any(Role.ADMIN in record.roles for record in state.members.get(member, ())[-1:])


def _fresh(state: State, *keys: Key) -> None:
    """K-12: one public key has one owner and one purpose; a renewal is the same key id."""
    for key_id, public in keys:
        require(state.public_keys.get(public, key_id) == key_id, "public_key_in_use")


def _genesis(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.HubGenesis = s.content  # type: ignore[assignment] # the kind says which message it is
    _positions(s, HUB)
    require(s.origin != c.exchange_origin, "two_logs_two_origins")
    operators = [(kid(o.operator, Use.OPERATOR, o.sign_key), o.sign_key) for o in c.operators]
    keys = [(kid(s.origin, Use.LOG, c.log_key), c.log_key), (kid(s.origin, Use.HEAD, c.head_key), c.head_key)]
    require(len({k for _, k in (*operators, *keys)}) == 5, "public_key_in_use")
    require(len({o.tls_spki_sha256 for o in c.operators}) == 3, "public_key_in_use")
    require(sum(signers.take(k) for k in operators) == 3, "three_operators")
    return changes.genesis(s, c)


def _admitted(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.AgencyAdmitted = s.content  # type: ignore[assignment] # the kind says which message it is
    # The applicant signs before the operators do, so its file cannot know their place: the agency's own chain begins
    # here, and that an agency is admitted once keeps the statement from being replayed.
    _positions(s, c.agency)
    require(c.agency not in state.agencies, "agency_admitted_once")
    root = (kid(c.agency, Use.ROOT, c.root_key), c.root_key)
    _fresh(state, root)
    require(signers.take(root), "signed_by_its_root")
    signers.take_some([(o.kid, o.key) for o in View(state).operators()], 2, "two_operators")
    return changes.admitted(s, c)


def _member(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.MemberCertified = s.content  # type: ignore[assignment] # the kind says which message it is
    agency = agency_of(c.member)
    _positions(s, agency)
    if int(Role.ADMIN) in map(int, c.roles) or _is_admin(state, c.member):
        require(signers.take(_root(state, agency)), "admins_by_the_root")
    else:
        _root_or_admin(state, agency, signers, now)
    sign = (kid(c.member, Use.SIGN, c.sign_key), c.sign_key)
    wrap = (kid(c.member, Use.WRAP, c.wrap_key), c.wrap_key)
    _fresh(state, sign, wrap)
    require(not View(state).blocked(sign[0]) and not View(state).blocked(wrap[0]), "key_revoked")
    return changes.member(c, agency, sign[0], wrap[0])


def _desk_signer(state: State, desk: str, signers: Signers, now: int) -> None:
    view, agency = View(state), agency_of(desk)
    delegates = [
        (m.sign_kid, m.sign_key)
        for m in signers.members(view, agency, now)
        if view.delegated(desk, m.sign_kid, now) and desk in m.desks
    ]
    keys = [_root(state, agency), *_admins(state, agency, signers, now), *delegates]
    require(any(signers.take(k) for k in keys), "root_admin_or_delegate")


def _desk_key(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.DeskKeyPublished = s.content  # type: ignore[assignment] # the kind says which message it is
    _positions(s, agency_of(c.desk))
    _desk_signer(state, c.desk, signers, now)
    earlier = View(state).desk_keys(c.desk)
    require(c.epoch == (earlier[-1].epoch + 1 if earlier else 1), "epochs_ascend_by_one")
    # A blocked epoch orders nothing: one that was made to begin in a hundred years must not end the desk for good.
    good = [e for e in earlier if not View(state).blocked(e.kid)]
    require(not good or c.valid_from >= good[-1].valid_from, "epochs_begin_in_order")
    require(c.valid_until > now, "validity_over")
    require(c.wrap_key not in state.public_keys, "public_key_in_use")
    return changes.desk_key(c, kid(c.desk, Use.DESK, c.wrap_key))


def _transport(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.TransportKey = s.content  # type: ignore[assignment] # the kind says which message it is
    _positions(s, agency_of(c.desk))
    _desk_signer(state, c.desk, signers, now)
    key = (kid(c.desk, Use.TLS, c.spki_sha256), c.spki_sha256)
    _fresh(state, key)
    require(not View(state).blocked(key[0]), "key_revoked")
    return changes.transport(c, key[0])


def _delegated(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.RotationDelegated = s.content  # type: ignore[assignment] # the kind says which message it is
    _positions(s, agency_of(c.desk))
    _root_or_admin(state, agency_of(c.desk), signers, now)
    member = View(state).member_key(c.kid, now)
    require(member is not None and c.desk in member.desks, "delegate_works_at_the_desk")
    return changes.delegated(c)


def _contact(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.DutyContact = s.content  # type: ignore[assignment] # the kind says which message it is
    _positions(s, agency_of(c.desk))
    _root_or_admin(state, agency_of(c.desk), signers, now)
    return changes.contact(c)


def _revoked(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.Revoked = s.content  # type: ignore[assignment] # the kind says which message it is
    require(len(s.positions) == 1, "positions_of_the_signers")
    agency = s.positions[0].signer
    owner = state.kid_owner.get(c.kid, "")
    require(agency_of(owner) == agency and owner != agency, "key_of_the_agency")
    require(c.kid not in state.revocations, "revoked_once")
    require(c.effective <= now, "revocations_act_at_once")
    if _is_admin(state, owner):
        require(signers.take(_root(state, agency)), "admins_by_the_root")
    else:
        _root_or_admin(state, agency, signers, now)
    return changes.revoked(c)


def _agreement(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.AgreementSigned = s.content  # type: ignore[assignment] # the kind says which message it is
    _positions(s, c.first, c.second)
    require(c.id not in state.agreements, "agreement_signed_once")
    require(c.valid_until > now, "validity_over")
    for agency in (c.first, c.second):
        _root_or_admin(state, agency, signers, now)
    kinds = (state.agencies[c.first].kind, state.agencies[c.second].kind)
    if kinds != (AgencyKind.AUTHORITY, AgencyKind.AUTHORITY):
        require([int(f) for f in c.families] == [int(Family.FREEZE)], "holders_take_freezes_only")
        require(AgencyKind.AUTHORITY in kinds, "holders_take_freezes_only")
        require(c.direction == (2 if kinds[0] is AgencyKind.AUTHORITY else 3), "holders_take_freezes_only")
    return changes.agreement(c)


def _ended(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.AgreementEnded = s.content  # type: ignore[assignment] # the kind says which message it is
    require(len(s.positions) == 1, "positions_of_the_signers")
    agency = s.positions[0].signer
    found = View(state).agreement_by_id(c.id)
    require(found is not None and found.until is None and agency in (found.first, found.second), "agreement_of_theirs")
    _root_or_admin(state, agency, signers, now)
    return changes.ended(c)


def _root_replaced(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.RootReplaced = s.content  # type: ignore[assignment] # the kind says which message it is
    _positions(s, c.agency)
    new = (kid(c.agency, Use.ROOT, c.new_root_key), c.new_root_key)
    require(c.new_root_key not in state.public_keys, "public_key_in_use")
    require(signers.take(_root(state, c.agency)) and signers.take(new), "old_and_new_root")
    return changes.root_replaced(s, c, new[0])


def _operator_replaced(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.OperatorReplaced = s.content  # type: ignore[assignment] # the kind says which message it is
    _operators(state, signers, s)
    present = View(state).operators()
    require(c.old_operator in [o.operator for o in present], "operator_unknown")
    others = [o for o in present if o.operator != c.old_operator]
    require(c.new_operator.operator not in [o.operator for o in others], "operator_known")
    require(c.new_operator.sign_key not in state.public_keys, "public_key_in_use")
    require(c.new_operator.tls_spki_sha256 not in state.public_keys, "public_key_in_use")
    return changes.operator_replaced(c)


def _new_key(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.LogKeyReplaced | pb.HeadKeyReplaced = s.content  # type: ignore[assignment] # the kind says which it is
    _operators(state, signers, s)
    require(c.new_key not in state.public_keys, "public_key_in_use")
    return changes.log_key(c) if isinstance(c, pb.LogKeyReplaced) else changes.head_key(c)


def _suspended(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.AgencySuspended = s.content  # type: ignore[assignment] # the kind says which message it is
    _operators(state, signers, s)
    require(c.agency in state.agencies, "agency_unknown")
    require(not View(state).suspended(c.agency), "already_so")
    return changes.suspended(c)


def _resumed(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.AgencyResumed = s.content  # type: ignore[assignment] # the kind says which message it is
    _operators(state, signers, s)
    require(View(state).suspended(c.agency), "already_so")
    return changes.resumed(c)


def _witness(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.WitnessListed = s.content  # type: ignore[assignment] # the kind says which message it is
    name, key = changes.witness_key(c)
    _operators(state, signers, s)
    require(key not in state.public_keys, "public_key_in_use")
    require(signers.take((kid(name, Use.LOG, key), key)), "signed_by_the_witness")
    return changes.witness(c, name, key)


def _disputed(state: State, s: SignedStatement, signers: Signers, now: int) -> Change:
    c: pb.KeyDisputed = s.content  # type: ignore[assignment] # the kind says which message it is
    require(len(s.positions) == 1, "positions_of_the_signers")
    agency = s.positions[0].signer
    owner = state.kid_owner.get(c.kid, "")
    require(agency_of(owner) == agency and owner != agency, "key_of_the_agency")
    require(c.kid not in state.disputes, "already_so")
    _root_or_admin(state, agency, signers, now)
    return changes.disputed(c)


_RULES: dict[str, Callable[[State, SignedStatement, Signers, int], Change]] = {
    "hub_genesis": _genesis,
    "agency_admitted": _admitted,
    "member_certified": _member,
    "desk_key_published": _desk_key,
    "transport_key": _transport,
    "rotation_delegated": _delegated,
    "duty_contact": _contact,
    "revoked": _revoked,
    "agreement_signed": _agreement,
    "agreement_ended": _ended,
    "root_replaced": _root_replaced,
    "operator_replaced": _operator_replaced,
    "log_key_replaced": _new_key,
    "head_key_replaced": _new_key,
    "agency_suspended": _suspended,
    "agency_resumed": _resumed,
    "witness_listed": _witness,
    "key_disputed": _disputed,
}
"""One rule a kind of statement; a kind without a rule cannot be appended."""
