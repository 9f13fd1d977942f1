"""One accepted statement of every kind, with everything that its rule asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comity.checkpoint import verifier_key
from comity.directory.statements import Content
from comity.keys import Use
from comity.names import HUB
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from tests.contract.builders import (
    ADMIN,
    APPROVER,
    AUTHOR,
    NOW,
    OPS,
    SENDER,
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
    signing_key,
    transport,
)

ROOT = root("sfc")
WITNESS = Signer("witness.example/w1", Use.LOG)
NEW_ROOT = root("sfc", "second root of sfc")
Signers = tuple[Signer, ...]


@dataclass(frozen=True)
class Case:
    """An accepted statement."""

    name: str
    """Of the oneof's member."""
    content: Content
    """What it says."""
    chains: tuple[str, ...]
    """Whose positions it names."""
    signers: Signers
    """Who signs it."""
    others: tuple[Signers, ...] = ()
    """Who else may sign it instead."""
    before: Callable[[Builder], None] = lambda _: None
    """What must have happened."""

    def world(self) -> Builder:
        """The directory just before it, at NOW."""
        world = Builder() if self.name == "hub_genesis" else fresh()
        self.before(world)
        world.time = NOW // 1000
        return world


def _suspend(world: Builder) -> None:
    world.add(pb.AgencySuspended(agency="icac"), [HUB], TWO_OPS)


def _delegate(world: Builder) -> None:
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid))


_CONTACT = pb.DutyContact(desk=SENDER, telephone="+85212345678", hours="24/7", languages=["en", "zh-Hant"])
_AGREED = agreement("police", "sfc").id
_PAIRS: tuple[Signers, ...] = ((OPS[0], OPS[2]), (OPS[1], OPS[2]), OPS)

CASES = (
    Case("hub_genesis", genesis(), (HUB,), OPS),
    Case(
        "agency_admitted",
        admission("customs"),
        ("customs",),
        (root("customs"), *TWO_OPS),
        tuple((root("customs"), *pair) for pair in _PAIRS),
    ),
    Case("member_certified", certificate("sfc/m-new00000", [Role.ANALYST], [SENDER]), ("sfc",), (ROOT,), ((ADMIN,),)),
    Case("desk_key_published", desk_key(SENDER, 2), ("sfc",), (ROOT,), ((ADMIN,), (AUTHOR,)), _delegate),
    Case("transport_key", transport(SENDER, "second"), ("sfc",), (ROOT,), ((ADMIN,), (AUTHOR,)), _delegate),
    Case("rotation_delegated", delegation(SENDER, AUTHOR.kid), ("sfc",), (ROOT,), ((ADMIN,),)),
    Case("duty_contact", _CONTACT, ("sfc",), (ROOT,), ((ADMIN,),)),
    Case("revoked", revocation(AUTHOR.kid), ("sfc",), (ROOT,), ((ADMIN,),)),
    Case(
        "agreement_signed",
        agreement("icac", "sfc"),
        ("icac", "sfc"),
        (root("icac"), ROOT),
        ((root("icac"), ADMIN),),
    ),
    Case("agreement_ended", pb.AgreementEnded(id=_AGREED), ("sfc",), (ROOT,), ((ADMIN,),)),
    Case("root_replaced", pb.RootReplaced(agency="sfc", new_root_key=NEW_ROOT.public), ("sfc",), (ROOT, NEW_ROOT)),
    Case(
        "operator_replaced",
        pb.OperatorReplaced(old_operator="op-three", new_operator=operator_key("op-four")),
        (HUB,),
        TWO_OPS,
        _PAIRS,
    ),
    Case("log_key_replaced", pb.LogKeyReplaced(new_key=signing_key("second log key").public), (HUB,), TWO_OPS, _PAIRS),
    Case(
        "head_key_replaced", pb.HeadKeyReplaced(new_key=signing_key("second head key").public), (HUB,), TWO_OPS, _PAIRS
    ),
    Case("agency_suspended", pb.AgencySuspended(agency="icac"), (HUB,), TWO_OPS, _PAIRS),
    Case("agency_resumed", pb.AgencyResumed(agency="icac"), (HUB,), TWO_OPS, _PAIRS, _suspend),
    Case(
        "witness_listed",
        pb.WitnessListed(verifier_key=verifier_key(WITNESS.owner, WITNESS.public)),
        (HUB,),
        (*TWO_OPS, WITNESS),
        tuple((*pair, WITNESS) for pair in _PAIRS),
    ),
    Case("key_disputed", pb.KeyDisputed(kid=APPROVER.kid), ("sfc",), (ROOT,), ((ADMIN,),)),
)
CASE = {case.name: case for case in CASES}
