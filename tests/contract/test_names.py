"""Names of agencies, desks, members, operators and logs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from comity.errors import MalformedError
from comity.names import (
    agency_of,
    check_agency,
    check_desk,
    check_jurisdiction,
    check_language,
    check_member,
    check_operator,
    check_origin,
    check_telephone,
)

Check = Callable[[str], str]

GOOD: list[tuple[Check, list[str]]] = [
    (check_agency, ["sfc", "a1", "a-b-", "a" * 31]),
    (check_operator, ["op-one", "hub"]),
    (check_desk, ["sfc/intake", "sfc/m-author00", "a1/b2"]),
    (check_member, ["sfc/m-abcd0123", "a1/m-00000000"]),
    (check_origin, ["hub.example/exchange", "h/x", "10.0.0.1/a/b-c", "a" * 101 + "/" + "b" * 101]),
    (check_jurisdiction, ["HK", "CN"]),
    (check_telephone, ["+85212345678", "+1234567", "+123456789012345"]),
    (check_language, ["en", "zh-Hant", "zh-Hant-HK", "yue", "de-1996"]),
]
BAD: list[tuple[Check, list[str]]] = [
    (check_agency, ["", "hub", "a", "A1", "1a", "-a", "a" * 32, "a_b", "sfc/intake", "sfc\n", "ѕfc", "a b"]),
    (check_operator, ["", "a", "Op", "op/one", "a" * 32]),
    (check_desk, ["sfc", "sfc/", "/intake", "sfc/intake/x", "SFC/intake", "sfc/i", "sfc/intake\n", "sfc/іntake"]),
    (
        check_member,
        ["sfc/m-abcd012", "sfc/m-abcd01234", "sfc/abcd0123", "sfc/m-ABCD0123", "m-abcd0123", "sfc/m-a.cd0123"],
    ),
    (
        check_origin,
        ["hub.example", "/exchange", "hub.example/", "Hub.example/x", "hub.example/X", "h x/y", "https://h/x"],
    ),
    (check_jurisdiction, ["", "H", "hk", "HKG", "H1", "HK\n"]),
    (
        check_telephone,
        ["", "85212345678", "+0123456", "+123456", "+1234567890123456", "+852 1234 5678", "+852１２３４"],
    ),
    (check_language, ["", "e", "engl", "en_GB", "en-", "zh-Hant\n", "en-a"]),
]


@pytest.mark.parametrize(("check", "text"), [(check, text) for check, texts in GOOD for text in texts])
def test_a_proper_name_is_returned(check: Check, text: str) -> None:
    assert check(text) is text


@pytest.mark.parametrize(("check", "text"), [(check, text) for check, texts in BAD for text in texts])
def test_an_improper_name_is_refused_without_being_repeated(check: Check, text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        check(text)
    assert len(text) < 3 or text == "hub" or text not in str(caught.value)


def test_the_agency_of_a_desk_and_of_a_member_stands_before_the_stroke() -> None:
    assert agency_of("sfc/intake") == agency_of("sfc/m-abcd0123") == "sfc"
