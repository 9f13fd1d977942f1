"""Forms as people get them from the command line: both languages in every comment, every gap named in the reader's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from comity.payload import BODY_NAMES
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb

from agents.cli.assist_forms import FORMS, carry, form_of, needed_with
from agents.cli.catalogue import Language, use
from agents.cli.main import run
from agents.cli.templating import BILINGUAL
from agents.cli.words import ASSIST_COMMANDS, value_code
from agents.forms import check_form, read_form
from agents.templates import template

HALF = """
number: 31/2026
contact: {name: 陳大文, telephone: 2860 5012}
kinds: [RECORDS, STATEMENT]
questions: 戶口的實益擁有人是誰
latest_useful_date: tomorrow
handling: {tlp: SECRET}
"""


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    use(Language.EN)


@pytest.mark.parametrize(("family", "verb"), BODY_NAMES, ids=lambda term: term.name)
def test_every_form_has_comments_in_both_languages(family: Family, verb: Verb) -> None:
    text = template(family, verb, BILINGUAL)
    assert list(yaml.safe_load(text)) == [verb.name]
    fields = [line for line in text.splitlines() if re.match(r" +-? ?#? ?[a-z0-9_]+:", line)]
    bare = [line for line in fields if not re.search(r"# .*[\u4e00-\u9fff]", line)]
    assert bare == ["  handling:"]
    assert not [gap for gap in check_form(text, family, verb) if gap.path.startswith("handling")]


@pytest.mark.parametrize("verb", FORMS, ids=lambda verb: verb.name)
def test_every_form_of_assistance_has_the_name_of_its_command(verb: Verb) -> None:
    named = {Verb.REQUEST: "request", Verb.ORAL_NOTICE: "oral", Verb.ACCEPT_IN_PART: "accept-in-part"}
    assert form_of(named.get(verb) or ASSIST_COMMANDS[verb]) is verb
    assert FORMS[verb]().DESCRIPTOR is type(getattr(pb.Payload(), BODY_NAMES[Family.ASSISTANCE, verb])).DESCRIPTOR


@pytest.mark.parametrize("number", pb.AssistanceInstrument.values()[1:])
def test_a_form_of_each_instrument_begins_with_it_and_says_what_it_needs(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code = value_code(pb.AssistanceInstrument.DESCRIPTOR, number)
    assert run(["assist", "template", "request", "--instrument", code, "--kind", "freeze", "--kind", "statement"]) == 0
    text = capsys.readouterr().out
    form = yaml.safe_load(text)["REQUEST"]

    assert (form["instrument"], form["kinds"]) == (code, ["FREEZE", "STATEMENT"])
    starred = set(re.findall(r"^ +-? ?([a-z_]+):.*# \*", text, re.M))
    assert {"links", "statement_conduct"} <= starred
    assert ("instrument_text" in starred) == (code == "BILATERAL")


def test_what_a_request_needs_follows_from_what_stands_in_it() -> None:
    assert needed_with(pb.AssistanceRequest()) == frozenset()
    assert needed_with(pb.AssistanceRequest(made_orally=True)) == {"made_orally"}
    assert needed_with(pb.AnswerFirst()) == frozenset()


def test_a_freeze_is_put_into_a_request_once_and_says_that_one_is_asked_for() -> None:
    link = pb.CaseLink(case_id=b"c" * 16, desk="sfc/intake", relation=pb.CASE_RELATION_CARRIES_FREEZE)
    with_it = check_form("kinds: [FREEZE]", Family.ASSISTANCE, Verb.REQUEST)
    body, _, _ = read_form("kinds: [RECORDS]", Family.ASSISTANCE, Verb.REQUEST)
    for added in (None, link, link):
        carry(body, added)

    assert "request_assistance.links" in [gap.path for gap in with_it]
    assert body == pb.AssistanceRequest(kinds=[pb.ASSISTANCE_KIND_RECORDS, pb.ASSISTANCE_KIND_FREEZE], links=[link])


@pytest.mark.parametrize("lang", list(Language))
def test_every_gap_of_a_form_is_named_at_once_in_the_readers_language(
    lang: Language, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = tmp_path / "half.yaml"
    form.write_text(HALF, "utf-8")
    expected = check_form(HALF, Family.ASSISTANCE, Verb.REQUEST)
    assert len(expected) > 15

    assert run(["assist", "check", str(form), "--lang", lang.value]) == 1
    line = capsys.readouterr().err
    assert all(gap.path in line for gap in expected)
    assert "2860" not in line
    problems = re.sub(r"[a-z_]+(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*", "", line)
    assert (lang is Language.EN) == problems.isascii()
    if lang is Language.ZH_HANT:
        assert not re.search(r"[A-Za-z]{5,}", re.sub(r"STATEMENT|YAML", "", problems)), problems


@pytest.mark.parametrize(
    "arguments",
    [
        ["template", "bogus"],
        ["template", "reply", "--instrument", "egmont"],
        ["template", "request", "--case", "abcdef12"],
        ["template", "request", "--kind", "everything"],
        ["check", "FORM", "--form", "bogus"],
    ],
)
def test_what_no_form_is_made_of_is_said(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = tmp_path / "form.yaml"
    form.write_text("{}", "utf-8")

    assert run(["assist", *(str(form) if word == "FORM" else word for word in arguments)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
