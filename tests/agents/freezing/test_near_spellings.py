"""A slip in an address is offered put right, read back, and applied by nobody."""

from __future__ import annotations

import pytest
from comity.wallets import WalletError, parse_account
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.freezing.near import MOST_OFFERED, near_spellings, read_back

EVM = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
SEGWIT = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
BASE58 = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
TRON = "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"
RIPPLE = "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY"
RIGHT = (EVM, SEGWIT, BASE58, TRON, RIPPLE)


@settings(max_examples=25, deadline=None)
@given(right=st.sampled_from(RIGHT), at=st.integers(4, 60), typed=st.sampled_from("123456789abcdefACDEF"))
def test_one_mistyped_character_is_found_and_what_is_offered_verifies(right: str, at: int, typed: str) -> None:
    place = 4 + at % (len(right) - 4)
    wrong = f"{right[:place]}{typed}{right[place + 1 :]}"
    offered = near_spellings(wrong)
    try:
        parse_account(wrong)
    except WalletError:
        assert right in offered
        assert len(offered) <= MOST_OFFERED
        assert all(parse_account(spelling).checksum.value == "VALID" for spelling in offered)
    else:
        assert offered == ()  # what verifies is left alone


@pytest.mark.parametrize("right", RIGHT)
def test_two_neighbours_that_changed_places_are_put_back(right: str) -> None:
    at = next(at for at in range(5, len(right) - 1) if right[at] != right[at + 1])
    wrong = f"{right[:at]}{right[at + 1]}{right[at]}{right[at + 2 :]}"

    assert right in near_spellings(wrong)


def test_the_case_of_an_address_is_offered_last_of_all() -> None:
    swapped = EVM.replace("fB", "Fb")
    assert near_spellings(swapped) == (EVM,)
    slip = EVM[:12] + "1" + EVM[13:]
    assert near_spellings(slip)[0] == EVM
    assert near_spellings(slip)[-1].lower() == slip.lower()
    assert near_spellings(SEGWIT.replace("bc1q", "bc1Q")) == (SEGWIT,)


@pytest.mark.parametrize("text", ["", "0x", "garbage", "ѕ" * 34, "1" * 200, EVM.lower(), f"eip155:1:{EVM}"])
def test_nothing_is_offered_for_what_is_no_slip(text: str) -> None:
    assert near_spellings(text) == ()


@pytest.mark.parametrize(
    ("address", "groups"),
    [
        (EVM, "0x fB69 1609 5ca1 df60 bB79 Ce92 cE3E a74c 37c5 d359"),
        (SEGWIT, "bc1 qar0 srrr 7xfk vy5l 643l ydnw 9re5 9gtz zwf5 mdq"),
        (BASE58, "1BvB MSEY stWe tqTF n5Au 4m4G Fg7x JaNV N2"),
    ],
)
def test_an_address_is_read_back_in_groups_of_four_and_nothing_is_lost(address: str, groups: str) -> None:
    assert read_back(address) == groups
    assert read_back(address).replace(" ", "") == address
