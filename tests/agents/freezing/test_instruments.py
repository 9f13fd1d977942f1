"""What binds nobody never reads like an order, in either language; and "frozen" stands nowhere before a report."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from comity.freezes import NON_BINDING
from comity.payload import body_name
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb

import agents.cli
from agents.cli.templating import BILINGUAL
from agents.cli.zh_hant import MESSAGES
from agents.cli.zh_hant.freezes import FREEZES
from agents.errors import CHINESE, ENGLISH
from agents.forms import FormError, load_form
from agents.freezing import prefilled
from agents.freezing.instruments import KINDS, NEVER_BINDING, PROVISIONAL, wording
from agents.freezing.templates import begun, headline, kind_of, needed, number_of_kind, remarks
from agents.templates import template
from tests.agents.freezing.freezes import NEXT, letter, line, notice, provisional, report, request

ORDERS_EN = re.compile(
    r"\b(order\w*|must|shall|forbid\w*|prohibit\w*|restrain\w*|restrict\w*|command\w*|compl(y|iance)|obey|enforce\w*|"
    r"require\w*|freez\w*|frozen|froze|injunct\w*|notice)\b",
    re.IGNORECASE,
)
ORDERS_ZH = re.compile("命令|限制|必須|不得|禁止|強制|凍結|遵從|遵守|責令|執行|通知書|須")
FROZEN_EN, FROZEN_ZH = re.compile(r"\bfrozen\b", re.IGNORECASE), re.compile("已凍結|已被凍結")
MAY_SAY_SO = "FROZEN, by the holder's report; first held {time}."


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_bind_never_reads_like_an_order_in_either_language(kind: str) -> None:
    words = wording(kind, binding=False)
    assert not ORDERS_EN.search(words.line(ENGLISH))
    assert not ORDERS_ZH.search(words.line(CHINESE))
    assert "no binding force" in words.line(ENGLISH)
    assert "並無約束力" in words.line(CHINESE)


@pytest.mark.parametrize("kind", KINDS)
def test_what_binds_says_so_and_what_never_binds_does_not_whatever_the_message_claims(kind: str) -> None:
    line_en, line_zh = (wording(kind, binding=True).line(language) for language in (ENGLISH, CHINESE))
    binds = kind not in NEVER_BINDING
    assert ("binds the holder" in line_en.lower()) is binds
    assert ("對持有人具約束力" in line_zh) is binds


def test_the_table_has_every_kind_that_the_contract_has_and_the_same_that_never_bind() -> None:
    listed = [
        value.name.removeprefix("INSTRUMENT_KIND_") for value in pb.InstrumentKind.DESCRIPTOR.values if value.number
    ]
    assert sorted(KINDS) == sorted(listed)
    assert {number_of_kind(kind) for kind in NEVER_BINDING} == set(NON_BINDING)
    assert [kind_of(number_of_kind(kind)) for kind in KINDS] == list(KINDS)
    assert kind_of(0) == kind_of(99) == ""
    for language in (ENGLISH, CHINESE):
        lines = [wording(kind, binding=True).line(language) for kind in KINDS]
        assert len(set(lines)) == len(KINDS)


def test_frozen_is_said_in_one_place_alone_and_that_is_the_holders_report() -> None:
    texts = {
        node.value
        for path in Path(str(agents.cli.__file__)).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and FROZEN_EN.search(node.value)
    }
    docstrings = {text for text in texts if "\n" in text}
    assert texts - docstrings == {MAY_SAY_SO}
    assert {english for english, chinese in MESSAGES.items() if FROZEN_ZH.search(chinese)} == {MAY_SAY_SO}
    assert MAY_SAY_SO in FREEZES
    everything = [*(line for kind in KINDS for line in remarks(kind)), PROVISIONAL.line(), PROVISIONAL.line(CHINESE)]
    assert not [text for text in everything if FROZEN_EN.search(text) or FROZEN_ZH.search(text)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_instruments_template_is_a_form_that_names_what_is_still_missing(kind: str) -> None:
    form = template(Family.FREEZE, Verb.REQUEST, BILINGUAL, filled=begun(kind), needed=needed(kind))
    with pytest.raises(FormError) as error:
        load_form(form, Family.FREEZE, Verb.REQUEST)
    missing = {gap.path for gap in error.value.gaps}
    assert "request_freeze.offence" in missing
    assert ("request_freeze.instrument.legal_text" in missing) is (kind not in NEVER_BINDING)
    assert f"kind: {kind}" in form
    assert re.search(r"legal_text: \"\"  # \* ", form) is not None if kind not in NEVER_BINDING else True


def test_a_body_says_above_itself_what_its_instrument_is() -> None:
    assert headline(request(instrument=notice())).startswith("Restriction notice: it binds the holder")
    assert headline(request(instrument=letter()), CHINESE).startswith("不同意處理函：並無約束力")
    assert headline(pb.Convert(instrument=notice(binding=False))).startswith("Request ahead of a formal instrument")
    assert headline(provisional()) == PROVISIONAL.line()
    assert (
        headline(pb.ReportExecution()) == headline(pb.Confirm()) == headline(request(instrument=pb.Instrument())) == ""
    )


def test_what_has_gone_on_begins_the_next_request_linked_to_the_case_it_came_from() -> None:
    gone = report(
        requested="1000", held="0", gone="1000", next_hop=NEXT, next_holder="Platform abroad", next_transaction="t1"
    )
    assert prefilled.has_next_hop(gone)
    assert not prefilled.has_next_hop(report(requested="1", held="1"))
    case = b"c" * 16
    for asked in (request(line(1), instrument=notice()), provisional()):
        wanted = prefilled.follow_on(asked, gone, case, "sfc/intake")
        (asset,) = wanted.lines
        assert (asset.account, asset.holder, asset.amount, asset.incoming_transaction) == (
            NEXT,
            "Platform abroad",
            "1000",
            "t1",
        )
        assert asset.account_as_received == NEXT.rpartition(":")[2]
        (link,) = wanted.links
        assert (link.case_id, link.desk, link.relation) == (case, "sfc/intake", pb.CASE_RELATION_FOLLOW_ON)
        assert wanted.offence == asked.offence
        assert not wanted.instrument.number  # an order here is none there
        helped = prefilled.follow_on_assistance(asked, gone, case, "sfc/intake")
        assert helped.on_chain[0].account == NEXT
        assert helped.links[0].relation == pb.CASE_RELATION_FOLLOW_ON
    assert body_name(Family.FREEZE, Verb.COMPLETE) == "request_freeze"


def test_a_hold_asks_for_all_there_is_unless_an_amount_is_named_in_the_tokens_usual_digits() -> None:
    (asset,) = provisional().lines
    assert (asset.all, asset.amount, asset.decimals, asset.later_inflows) == (True, "", 6, True)
    assert [prefilled.decimals_of(token) for token in ("btc", "ETH", "USDT", "HKD", "?")] == [8, 18, 6, 2, 18]
