"""Errors: one reason a refusal, one code a reason, and no input in any message."""

from __future__ import annotations

import grpc
import pytest
from comity.errors import (
    DOMAIN,
    GRPC_CODE,
    CannotOpenError,
    ComityError,
    MalformedError,
    Reason,
    RefusedError,
    VerificationError,
)

from hub.errors import CODES


def test_every_reason_is_its_own_name() -> None:
    assert DOMAIN == "comity.v1"
    assert all(reason.name == reason.value for reason in Reason)


def test_every_reason_has_one_grpc_code() -> None:
    assert set(GRPC_CODE) == set(Reason)
    assert set(GRPC_CODE.values()) <= {code.name for code in grpc.StatusCode} - {"OK", "UNKNOWN", "CANCELLED"}


def test_the_hub_sends_these_codes() -> None:
    assert {reason: code.name for reason, code in CODES.items()} == dict(GRPC_CODE)


def test_what_may_be_tried_again_unchanged_is_told_by_its_code() -> None:
    again = {reason for reason, code in GRPC_CODE.items() if code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED")}
    assert again == {Reason.UNAVAILABLE, Reason.BUSY, Reason.QUOTA, Reason.STALLED}


@pytest.mark.parametrize(
    "error",
    [
        MalformedError("not a message"),
        VerificationError("not signed"),
        CannotOpenError(),
        RefusedError(Reason.BUSY, "the queue is full"),
    ],
)
def test_every_error_has_one_line_for_a_person(error: ComityError) -> None:
    assert error.diagnostics() == str(error)
    assert "\n" not in error.diagnostics()


def test_a_malformed_message_has_one_of_its_reasons() -> None:
    assert MalformedError("x").reason is Reason.MALFORMED
    assert MalformedError("x", Reason.TOO_LARGE).reason is Reason.TOO_LARGE


def test_opening_says_nothing() -> None:
    assert str(CannotOpenError()) == "cannot open"
    assert CannotOpenError().args == ("cannot open",)


def test_a_refusal_carries_what_a_machine_needs() -> None:
    refused = RefusedError(Reason.STALE_POSITION, "somebody was first", signer="sfc", number="3")
    assert refused.reason is Reason.STALE_POSITION
    assert refused.metadata == {"signer": "sfc", "number": "3"}
