"""Whatever is refused ends as one line: the reason, what a machine needs, what a person does next; then the gaps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from comity.errors import ComityError, MalformedError, Reason, RefusedError
from comity.payload_rules import Gap
from comity.workflow.families import TABLES
from comity.workflow.terms import Family, Verb

from agents.cli.catalogue import Language, use
from agents.cli.failures import report
from agents.cli.screen import Screen
from agents.cli.words import COMMANDS_OF
from agents.errors import NEXT, ContentRefusedError, IncompleteError


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    use(Language.EN)


def line_of(error: ComityError, language: Language, capsys: pytest.CaptureFixture[str]) -> str:
    use(language)
    report(Screen(), error)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    return err[:-1]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_one_line_that_says_what_to_do_next(
    reason: Reason, language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    line = line_of(RefusedError(reason, "what the hub says of it", detail="a\nb\x1b[2J"), language, capsys)

    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert reason.value in line
    assert line.endswith(NEXT[reason][list(Language).index(language)])
    assert (language is Language.EN) == line.isascii()


@pytest.mark.parametrize("reason", [Reason.TOO_LARGE, Reason.UNSUPPORTED_VERSION])
def test_what_is_found_malformed_here_has_the_advice_of_its_reason(
    reason: Reason, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line_of(MalformedError("x", reason), Language.EN, capsys).endswith(NEXT[reason][0])


@pytest.mark.parametrize("language", Language)
def test_where_the_state_was_wrong_the_verbs_it_admits_are_shown_and_their_commands(
    language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = RefusedError(Reason.WRONG_STATE, "x", state="ACKNOWLEDGED", allowed="REQUEST_INFO,ACCEPT,ACCEPT_IN_PART")
    line = line_of(refused, language, capsys)

    assert "allowed: REQUEST_INFO,ACCEPT,ACCEPT_IN_PART" in line
    assert "comity referral ask | accept" in line
    assert line.count("| accept") == 1
    nothing = line_of(RefusedError(Reason.WRONG_STATE, "x", state="CLOSED", allowed=""), language, capsys)
    assert ("allowed: nothing" in nothing) == (language is Language.EN)
    assert "allowed: " in nothing
    assert "comity referral" not in nothing


def test_a_hub_cannot_put_a_command_into_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = line_of(RefusedError(Reason.WRONG_STATE, "x", allowed="rm -rf,ACCEPT"), Language.EN, capsys)

    assert line.endswith("Now possible: comity referral accept.")


@pytest.mark.parametrize("family", COMMANDS_OF, ids=lambda family: family.name)
def test_every_verb_that_a_state_may_admit_has_its_command(family: Family) -> None:
    table = TABLES[family]
    answers = {rule.verb for rule in table.rules if rule.from_states and not rule.needs_grant}
    openings = {verb for verb in answers if table.opening(verb) is not None}
    below_onward = {Verb.ASK_ONWARD, Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD, Verb.REVOKE_GRANT}
    assert answers - openings - set(COMMANDS_OF[family]) == below_onward


def test_where_the_state_was_wrong_the_commands_are_those_of_the_noun(capsys: pytest.CaptureFixture[str]) -> None:
    use(Language.EN)
    report(Screen(), RefusedError(Reason.WRONG_STATE, "x", state="REPLIED", allowed="FOLLOW_UP,FEEDBACK"), "assist")

    assert capsys.readouterr().err.endswith("Now possible: comity assist follow-up | feedback.\n")


def test_a_rule_of_content_is_named_with_its_field_and_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    error = ContentRefusedError("PART_OUT_OF_ORDER", "reply_part.number", "is not the number of the next part")

    line = line_of(error, Language.EN, capsys)
    assert "PART_OUT_OF_ORDER; reply_part.number is not the number of the next part" in line
    assert "並非下一部分的編號" in line_of(error, Language.ZH_HANT, capsys)


def test_what_was_refused_before_a_draft_was_made_is_not_said_to_be_kept(capsys: pytest.CaptureFixture[str]) -> None:
    error = ContentRefusedError("PART_OUT_OF_ORDER", "reply_part.number", "is not the number of the next part")

    assert line_of(error, Language.EN, capsys).endswith("; nothing was drafted or sent.")
    assert "保留" not in line_of(error, Language.ZH_HANT, capsys)


def test_several_gaps_stand_on_a_line_each_and_one_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    gaps = (Gap("refer.summary", "is missing"), Gap("refer.ground", "is missing"))

    assert line_of(IncompleteError(gaps), Language.EN, capsys).splitlines()[1:] == [
        "  refer.summary is missing",
        "  refer.ground is missing",
    ]
    assert "refer.summary is missing. " in line_of(IncompleteError(gaps[:1]), Language.EN, capsys)
    report(Screen(as_json=True), IncompleteError(gaps))
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("reason", [Reason.DESK_KEY_STALE, Reason.DIRECTORY_STALE])
def test_where_a_key_was_stale_the_directorys_index_is_shown(
    reason: Reason, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "directory_size: 1017" in line_of(RefusedError(reason, "x", directory_size="1017"), Language.EN, capsys)
