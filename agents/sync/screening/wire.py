"""Screening's questions and answers as `comity.v1.screening` carries them.

Never does: screen, check who asks.
"""

from __future__ import annotations

from typing import Final

from comity.errors import MalformedError, Reason
from comity.v1 import screening_pb2 as pb

from agents.handlings import to_wire
from agents.sync.screening.lists import subject_of
from agents.sync.screening.screening import Age, Assertion, Query, Result

MAX_QUERIES: Final = 10_000
"""Greatest number of questions in one request."""
MAX_ADDRESS: Final = 256
"""Greatest length of an address, in bytes."""
MAX_CHAIN: Final = 100
"""Greatest length of a chain, in bytes."""
MAX_REFERENCE: Final = 200
"""Greatest length of a reference, in bytes."""


def queries_of(request: pb.ScreenRequest | pb.ScreenStreamRequest) -> list[Query]:
    """Returns the questions of a request.

    Raises:
        MalformedError: none, too many (TOO_LARGE), or one that is empty or too long.
    """
    if len(request.queries) > MAX_QUERIES:
        raise MalformedError("a request has more than 10,000 questions", Reason.TOO_LARGE)
    if not request.queries:
        raise MalformedError("a request has no question")
    queries = [Query(asked.address, asked.chain, asked.reference) for asked in request.queries]
    if any(
        not asked.address.strip()
        or len(asked.address.encode()) > MAX_ADDRESS
        or len(asked.chain.encode()) > MAX_CHAIN
        or len(asked.reference.encode()) > MAX_REFERENCE
        for asked in queries
    ):
        raise MalformedError("a question is empty, or longer than it may be")
    return queries


def result_to_wire(result: Result) -> pb.ScreenResult:
    """Returns an answer as it travels."""
    return pb.ScreenResult(
        address=result.query.address,
        reference=result.query.reference,
        account=result.account,
        verdict=f"SCREEN_VERDICT_{result.verdict.name}",
        problem=result.problem,
        assertions=[_assertion(found) for found in result.assertions],
        assertions_left_out=result.left_out,
    )


def age_to_wire(age: Age) -> pb.ListAge:
    """Returns a list's age as it travels."""
    held = age.held
    return pb.ListAge(
        owner=held.key.owner,
        list_id=held.key.list_id,
        title=held.terms.title,
        sequence=held.sequence,
        batch_time=held.batch_time,
        age=age.age_ms,
        stale=age.stale,
    )


def _assertion(found: Assertion) -> pb.Assertion:
    held, entry = found.held, found.entry
    return pb.Assertion(
        owner=held.key.owner,
        list_id=held.key.list_id,
        list_title=held.terms.title,
        sequence=held.sequence,
        entry_id=found.entry_id,
        version=entry.version,
        account=subject_of(entry),
        giver=entry.giver,
        category=entry.category,
        label=entry.label,
        actor=entry.actor,
        confidence=entry.confidence,
        confidence_level=entry.confidence_level,
        action=entry.action,
        discreet=entry.discreet,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        state=f"ASSERTION_STATE_{found.state.name}",
        handling=to_wire(found.handling),
    )
