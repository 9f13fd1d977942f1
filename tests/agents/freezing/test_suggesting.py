"""Who may hold a wallet, and whom to ask: out of this agency's own lists and the directory, and never chosen."""

from __future__ import annotations

from pathlib import Path

from comity.v1 import directory_pb2
from comity.workflow.terms import AgencyKind, Family

from agents.cli.freeze_now import holding_of
from agents.freezing.suggesting import Suggestion, freeze_desks, suggest
from tests.agents.freezing.freezes import WALLET
from tests.agents.screening import holding
from tests.support.world import admit_agency, agree, begin_world

OTHER = "eip155:1:0x0000000000000000000000000000000000000001"


def test_a_desk_that_is_the_holders_own_says_who_holds_the_wallet() -> None:
    world = begin_world(holding.NOW)
    for agency, kind in (("hkma", AgencyKind.HOLDER), ("osr", AgencyKind.AUTHORITY)):
        admit_agency(world, agency, kind)
    view = world.directory().view()
    record = view.agency("hkma")
    assert record is not None
    assert holding_of(view, "hkma/intake") == record.name_en
    assert holding_of(view, "osr/intake") == ""
    assert holding_of(view, "unknown/intake") == ""


def test_the_holders_own_desk_comes_first_then_whoever_lists_it_then_everybody_who_may_be_asked(tmp_path: Path) -> None:
    world = begin_world(holding.NOW)
    for agency, kind in (("sfc", AgencyKind.AUTHORITY), ("hkma", AgencyKind.HOLDER), ("osr", AgencyKind.AUTHORITY)):
        admit_agency(world, agency, kind)
    agree(world, "sfc", "hkma", (Family.FREEZE,), directory_pb2.AGREEMENT_DIRECTION_SECOND_TO_FIRST)
    agree(world, "sfc", "osr", (Family.REFERRAL,))
    view = world.directory().view()
    assert freeze_desks(view, "sfc", holding.NOW) == ["hkma/intake"]

    def found(account: str) -> list[Suggestion]:
        return suggest(tmp_path, account, view, "sfc", holding.NOW)

    everybody = Suggestion("", "hkma/intake", "")
    assert found(WALLET) == [everybody]  # no list is followed here
    actor = holding.record(WALLET, actor="Hong Kong Monetary Authority")
    holding.opened(tmp_path, [actor, holding.record(OTHER, label="Somebody's exchange")]).close()
    assert found(WALLET) == [Suggestion("Hong Kong Monetary Authority", "hkma/intake", "OFAC")]
    assert found(OTHER) == [Suggestion("Somebody's exchange", "", "OFAC"), everybody]
    (tmp_path / "screening.db").write_bytes(b"no store")
    assert found(WALLET) == [everybody]
