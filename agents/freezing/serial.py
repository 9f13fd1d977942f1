"""One officer holds an account for an hour, not for as long as an officer starts anew every hour.

A provisional hold is one person's, because assets do not wait; it ends by itself, because one person is not enough.
So the next hold on the same account, asked of the same desk within three days, takes two people: unless the one before
came to nothing, withdrawn or refused. It is the same account under the platform's name for it, and as the same address
on another EVM chain.

Never does: judge what another agency asked for; its own agents did.
"""

from __future__ import annotations

from typing import Final

from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, lookup_keys, parse_account
from comity.workflow.terms import Family, Precedence, State, Verb
from sqlalchemy import Connection, literal_column, select

from agents.cases import leg_between
from agents.contents import Said
from agents.schema import messages

WITHIN_MS: Final = 72 * 3_600_000
"""How long a hold on an account asks for two people where the next one is begun, milliseconds."""
_NOTHING: Final = frozenset({State.WITHDRAWN, State.REFUSED})


def serial_hold_needs_two(c: Connection, said: Said) -> bool:
    """Returns whether a draft holds provisionally what this desk has held so before, a short time ago."""
    header = said.header
    drafted = said.index is None and said.leg is None
    if not drafted or (header.family, header.verb) != (Family.FREEZE, Verb.REQUEST_PROVISIONAL):
        return False
    m, accounts = messages.c, _accounts(said.payload)
    query = select(m.message_hash, m.case_id).where(
        m.precedence == literal_column(str(int(Precedence.FLASH))),  # as the index of these has it
        m.verb == int(Verb.REQUEST_PROVISIONAL),
        m.outgoing,
        m.created > header.created - WITHIN_MS,
    )
    return any(
        _counts(c, row.case_id, header.sender, header.counterparts) and accounts & _held(c, said, row.message_hash)
        for row in c.execute(query)
    )


def _counts(c: Connection, case_id: bytes, desk: str, others: tuple[str, ...]) -> bool:
    legs = [leg_between(c, case_id, desk, other) for other in others]
    return any(leg is not None and leg.state not in _NOTHING for leg in legs)


def _held(c: Connection, said: Said, message_hash: bytes) -> set[str]:
    payload = said.read(c, message_hash)
    return _accounts(said.payload if payload is None else payload)  # what cannot be read may be the same


def _accounts(payload: pb.Payload) -> set[str]:
    """Returns every name under which a hold's accounts may be held again: whoever begins anew picks another one."""
    found = set[str]()
    for line in payload.request_hold.lines:
        found |= _names(line.account) if line.account else set()
        # What a platform calls an account may be the address, and nobody minds its case.
        found |= _names(line.platform_account) if line.platform_account.strip() else set()
    return found


def _names(text: str) -> set[str]:
    """Returns the keys of an address, whichever EVM chain or tag it is named with; of another text the text."""
    try:
        account = parse_account(text)
    except WalletError:
        return {" ".join(text.split()).casefold()}
    return set(lookup_keys(account))
