"""Vectors of the directory: one small one, what holds in it, and what cannot be added to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from comity.checkpoint import verifier_key
from comity.directory.statements import DAY_MS, Content, Position, make_body, make_entry, sign_body
from comity.encoding import Purpose, tagged
from comity.names import HUB
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Family, Role
from vectors.makers.book import Book

from tests.contract.builders import (
    ADMIN,
    AUTHOR,
    NOW,
    OPS,
    ORIGIN,
    RECIPIENT,
    SENDER,
    T0,
    TWO_OPS,
    Builder,
    Signer,
    admission,
    agreement,
    certificate,
    delegation,
    desk_key,
    fresh,
    genesis,
    operator_key,
    revocation,
    root,
    signed,
    signing_key,
    tls_hash,
    transport,
)
from tests.contract.directory_cases import CASES, NEW_ROOT, WITNESS

ROOT = root("sfc")
MEMBER = "sfc/m-new00000"


def _whole() -> Builder:
    """Every kind of statement at least once."""
    world = fresh()
    world.time = NOW // 1000
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid))
    world.add(desk_key(SENDER, 2), ["sfc"], [AUTHOR])
    world.add(transport(SENDER, "second"), ["sfc"], [ADMIN])
    world.by_root(
        "sfc", pb.DutyContact(desk=SENDER, telephone="+85212345678", hours="24/7", languages=["en", "zh-Hant"])
    )
    world.add(pb.AgencySuspended(agency="icac"), [HUB], TWO_OPS)
    world.add(pb.AgencyResumed(agency="icac"), [HUB], OPS)
    world.add(pb.AgencySuspended(agency="exch"), [HUB], OPS[1:])
    world.add(pb.LogKeyReplaced(new_key=signing_key("second log key").public), [HUB], TWO_OPS)
    world.add(pb.HeadKeyReplaced(new_key=signing_key("second head key").public), [HUB], TWO_OPS)
    replaced = pb.OperatorReplaced(old_operator="op-three", new_operator=operator_key("op-four"))
    world.add(replaced, [HUB], TWO_OPS)
    line = verifier_key(WITNESS.owner, WITNESS.public)
    world.add(pb.WitnessListed(verifier_key=line), [HUB], [*TWO_OPS, WITNESS])
    world.add(pb.RootReplaced(agency="sfc", new_root_key=NEW_ROOT.public), ["sfc"], [ROOT, NEW_ROOT])
    world.add(pb.AgreementEnded(id=agreement("exch", "sfc").id), ["sfc"], [NEW_ROOT])
    # The member has a new key; the old one is superseded. Then its wrap key is disputed and its sign key revoked.
    new = Signer(AUTHOR.owner, label="second key of the author")
    world.add(certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], sign_key=new.public), ["sfc"], [ADMIN])
    world.add(revocation(new.kid, suspect_from=NOW), ["sfc"], [ADMIN])
    world.add(pb.KeyDisputed(kid=Signer("sfc/m-agent000").kid), ["sfc"], [ADMIN])
    return world


def directory() -> Book:
    """The whole directory."""
    world = _whole()
    book = Book(
        "directory",
        "A small directory, its root after each entry and what holds as of a size; entries that it refuses, with the "
        "rule (section 3).",
        {"entries": [entry.hex() for entry in world.entries]},
    )
    book.good("the whole directory", "replay", input={})
    size = len(world.entries)
    for at in (1, 5, 11, 17, 18, 19, 20, 24, 30, 33, size):
        book.good(f"at size {at}", "live", input={"size": at, "time": NOW})
    for name, time in (
        ("before all", T0 * 1000 - 1),
        ("the second epoch", T0 * 1000 + DAY_MS),
        ("in two years", NOW * 2),
    ):
        book.good(f"at size {size}, {name}", "live", input={"size": size, "time": time})
    for number in range(size):
        book.good(f"entry {number}", "statement", input={"number": number})
    for name, entries in (
        ("without the genesis", world.entries[1:3]),
        ("an entry left out", [*world.entries[:6], *world.entries[7:8]]),
        ("two entries in another order", [*world.entries[:6], world.entries[7], world.entries[6]]),
    ):
        expect = "STATEMENT_REFUSED:genesis_first" if name.startswith("without") else "STALE_POSITION"
        book.bad(name, "replay", expect, input={"entries": [e.hex() for e in entries]})
    return book


def refusals() -> Book:
    """Entries that the standard directory refuses."""
    world = fresh()
    world.time = NOW // 1000
    book = Book(
        "statements",
        "Entries that a directory takes or refuses: one fault each, with the rule (section 3).",
        {"entries": [entry.hex() for entry in world.entries], "after": world.directory.size},
    )
    _accepted(book, world)
    _by_signature(book, world)
    _by_place(book, world)
    _by_rule(book, world)
    _by_form(book, world)
    return book


def _entry(world: Builder, statement: bytes, seconds: int = NOW // 1000) -> dict[str, Any]:
    return {"entry": make_entry(seconds, statement).hex()}


def _accepted(book: Book, world: Builder) -> None:
    for case in CASES:
        if case.name in ("hub_genesis", "agency_resumed"):
            continue
        signers = case.others[0] if case.others and case.others[0] != (ADMIN,) else case.signers
        if case.name in ("desk_key_published", "transport_key"):
            signers = (ADMIN,)
        statement = world.statement(case.content, case.chains, signers)
        book.good(f"{case.name}: accepted", "append", input=_entry(world, statement))


def _by_signature(book: Book, world: Builder) -> None:
    stranger = root("police")
    rules = {
        "agency_admitted": "signed_by_its_root",
        "agreement_signed": "root_or_admin",
        "root_replaced": "old_and_new_root",
        "desk_key_published": "root_admin_or_delegate",
        "transport_key": "root_admin_or_delegate",
    }
    for case in CASES:
        if case.name in ("hub_genesis", "agency_resumed"):
            continue
        rule = rules.get(case.name, "two_operators" if HUB in case.chains else "root_or_admin")
        first, *rest = case.signers
        for what, signers, expect in (
            ("signed by somebody else", [stranger, *rest], rule),
            ("a signature too many", [*case.signers, stranger], "signature_not_asked_for"),
        ):
            statement = world.statement(case.content, case.chains, signers)
            book.bad(f"{case.name}: {what}", "append", f"STATEMENT_REFUSED:{expect}", input=_entry(world, statement))
        if rest:
            statement = world.statement(case.content, case.chains, case.signers[:-1])
            missing = {"agency_admitted": "two_operators", "witness_listed": "signed_by_the_witness"}.get(
                case.name, rule
            )
            book.bad(
                f"{case.name}: the last signature missing",
                "append",
                f"STATEMENT_REFUSED:{missing}",
                input=_entry(world, statement),
            )
        body = world.body(case.content, case.chains)
        data = tagged(Purpose.STATEMENT, body)
        wrong = [(s.kid, s.key.sign(data + (b"\x00" if s is first else b""))) for s in case.signers]
        book.bad(
            f"{case.name}: a signature over something else",
            "append",
            f"STATEMENT_REFUSED:{rule}",
            input=_entry(world, sign_body(body, wrong)),
        )


def _by_place(book: Book, world: Builder) -> None:
    content = transport(SENDER, "another")
    number, previous = world.position("sfc").number, world.position("sfc").previous

    def place(*positions: Position, origin: str = ORIGIN) -> dict[str, Any]:
        return _entry(world, signed(make_body(origin, positions, content), [ROOT]))

    right = Position("sfc", number, previous)
    book.bad("an older position", "append", "STALE_POSITION", input=place(Position("sfc", number - 1, previous)))
    book.bad("a later position", "append", "STALE_POSITION", input=place(Position("sfc", number + 1, previous)))
    book.bad("another predecessor", "append", "STALE_POSITION", input=place(Position("sfc", number, bytes(32))))
    book.bad("a chain begun again", "append", "STALE_POSITION", input=place(Position("sfc", 0, b"")))
    signers = "STATEMENT_REFUSED:positions_of_the_signers"
    book.bad("no position", "append", signers, input=place())
    book.bad("another's position", "append", signers, input=place(world.position("police")))
    book.bad("a position too many", "append", signers, input=place(right, world.position("police")))
    book.bad("another directory", "append", "WRONG_ORIGIN", input=place(right, origin="other.example/directory"))
    statement = world.statement(content, ["sfc"], [ROOT])
    early = _entry(world, statement, world.directory.state.times[-1] - 1)
    book.bad("an earlier time", "append", "STATEMENT_REFUSED:time_never_decreases", input=early)
    again = world.statement(genesis(), [HUB], OPS)
    book.bad("a second genesis", "append", "STATEMENT_REFUSED:genesis_once", input=_entry(world, again))


def _by_rule(book: Book, world: Builder) -> None:
    def case(
        name: str, rule: str, content: Content, chains: Sequence[str] = ("sfc",), by: Sequence[Signer] = (ROOT,)
    ) -> None:
        statement = _entry(world, world.statement(content, chains, by))
        book.bad(name, "append", f"STATEMENT_REFUSED:{rule}", input=statement)

    admin = certificate("sfc/m-admin111", [Role.ADMIN], [SENDER])
    case("an admin made by an admin", "admins_by_the_root", admin, by=[ADMIN])
    demoted = certificate(ADMIN.owner, [Role.ANALYST], [SENDER])
    case("an admin certified anew by an admin", "admins_by_the_root", demoted, by=[ADMIN])
    case("an admin's key revoked by an admin", "admins_by_the_root", revocation(ADMIN.kid), by=[ADMIN])
    case("an epoch left out", "epochs_ascend_by_one", desk_key(SENDER, 3))
    case("an epoch that begins before the last", "epochs_begin_in_order", desk_key(SENDER, 2, valid_from=T0 * 1000 - 1))
    over = desk_key(SENDER, 2, valid_from=T0 * 1000, valid_until=NOW)
    case("a desk key that is over", "validity_over", over)
    case("a desk key used before", "public_key_in_use", desk_key(SENDER, 2, wrap_key=desk_key(RECIPIENT).wrap_key))
    case("a TLS key of another desk", "public_key_in_use", transport(SENDER, RECIPIENT))
    case("a TLS key of an operator", "public_key_in_use", transport(SENDER, "operator op-one"))
    case(
        "a member with its root's key",
        "public_key_in_use",
        certificate(MEMBER, [Role.ANALYST], [SENDER], sign_key=ROOT.public),
    )
    case(
        "a member with another's key",
        "public_key_in_use",
        certificate(MEMBER, [Role.ANALYST], [SENDER], sign_key=AUTHOR.public),
    )
    case("a delegate of another desk", "delegate_works_at_the_desk", delegation("sfc/audit", AUTHOR.kid))
    case("a delegate with no live key", "delegate_works_at_the_desk", delegation(SENDER, bytes(32)))
    case("another agency's key revoked", "key_of_the_agency", revocation(Signer("police/m-author00").kid))
    case("a root revoked", "key_of_the_agency", revocation(ROOT.kid))
    case("an unknown key revoked", "key_of_the_agency", revocation(bytes(32)))
    case("a revocation ahead of its time", "revocations_act_at_once", revocation(AUTHOR.kid, effective=NOW + 1))
    case("another agency's key disputed", "key_of_the_agency", pb.KeyDisputed(kid=Signer("police/m-author00").kid))
    both, roots = ("police", "sfc"), (root("police"), ROOT)
    case("an agreement signed twice", "agreement_signed_once", agreement("police", "sfc"), both, roots)
    late = agreement("police", "sfc", id=bytes(16), valid_until=NOW)
    case("an agreement that is over", "validity_over", late, both, roots)
    unknown = pb.AgreementEnded(id=bytes(16))
    case("an unknown agreement ended", "agreement_of_theirs", unknown)
    ended = pb.AgreementEnded(id=agreement("police", "sfc").id)
    case("another's agreement ended", "agreement_of_theirs", ended, ("icac",), (root("icac"),))
    holder = (("exch", "police"), (root("exch"), root("police")))
    referral = agreement("exch", "police", (Family.REFERRAL,), direction=3)
    case("a holder that takes referrals", "holders_take_freezes_only", referral, *holder)
    open_to_both = agreement("exch", "police", (Family.FREEZE,), direction=1)
    case("a holder that may open", "holders_take_freezes_only", open_to_both, *holder)
    case("an unknown agency suspended", "agency_unknown", pb.AgencySuspended(agency="customs"), (HUB,), TWO_OPS)
    case("an agency resumed that was not suspended", "already_so", pb.AgencyResumed(agency="sfc"), (HUB,), TWO_OPS)
    nobody = pb.OperatorReplaced(old_operator="op-nine", new_operator=operator_key("op-four"))
    case("an operator replaced who is none", "operator_unknown", nobody, (HUB,), TWO_OPS)
    twice = pb.OperatorReplaced(old_operator="op-one", new_operator=operator_key("op-two", "new"))
    case("an operator who is there already", "operator_known", twice, (HUB,), TWO_OPS)
    same = pb.LogKeyReplaced(new_key=OPS[0].public)
    case("a log key that is an operator's", "public_key_in_use", same, (HUB,), TWO_OPS)


def _by_form(book: Book, world: Builder) -> None:
    statement = world.statement(transport(SENDER, "another"), ["sfc"], [ROOT])
    body = pb.Statement.FromString(statement).body
    entry = make_entry(NOW // 1000, statement)

    def case(name: str, data: bytes, expect: str = "MALFORMED") -> None:
        book.bad(name, "append", expect, input={"entry": data.hex()})

    def changed(change: Callable[[pb.StatementBody], object]) -> bytes:
        m = pb.StatementBody.FromString(body)
        change(m)
        return make_entry(NOW // 1000, signed_unchecked(m.SerializeToString()))

    def signed_unchecked(data: bytes) -> bytes:
        return sign_body(data, [(ROOT.kid, ROOT.key.sign(tagged(Purpose.STATEMENT, data)))])

    case("an entry cut short", entry[:-1])
    case("an entry with a byte more", entry + b"\x00")
    case("an entry without time", make_entry(0, statement))
    case(
        "an entry of another version",
        pb.Entry(version=2, time_seconds=1, statement=statement).SerializeToString(),
        "UNSUPPORTED_VERSION",
    )
    case("an entry without a statement", make_entry(NOW // 1000, b""))
    case("a body of another version", changed(lambda m: setattr(m, "version", 2)), "UNSUPPORTED_VERSION")
    case("a body that says nothing", changed(lambda m: m.ClearField("transport_key")))
    case("a body without origin", changed(lambda m: m.ClearField("origin")))
    case("a validity too long", changed(lambda m: setattr(m.transport_key, "valid_until", T0 * 1000 + 401 * DAY_MS)))
    case("a validity without end", changed(lambda m: m.transport_key.ClearField("valid_until")))
    case("a TLS digest too short", changed(lambda m: setattr(m.transport_key, "spki_sha256", tls_hash("x")[:31])))
    case("a desk that is none", changed(lambda m: setattr(m.transport_key, "desk", "sfc")))
    case("a predecessor at number 0", changed(lambda m: setattr(m.positions[0], "number", 0)))
    case("a signer that is none", changed(lambda m: setattr(m.positions[0], "signer", "SFC")))
    m = pb.Statement.FromString(statement)
    m.signatures[0].role = 1  # type: ignore[assignment]
    case("a signature with a role", make_entry(NOW // 1000, m.SerializeToString()))
    two = pb.Statement.FromString(world.statement(transport(SENDER, "another"), ["sfc"], [ROOT, ADMIN]))
    two.signatures.reverse()
    case("signatures in another order", make_entry(NOW // 1000, two.SerializeToString()))
    low = admission("customs", root_key=b"\x01" + bytes(31))
    mine = pb.StatementBody(version=1, origin=ORIGIN, agency_admitted=low)
    mine.positions.add(signer="customs")
    case("a root key of low order", make_entry(NOW // 1000, signed_unchecked(mine.SerializeToString())))


BOOKS = (directory, refusals)
