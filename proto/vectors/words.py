"""What the contract's values are called in the vectors, and the functions that take more than bytes.

A case may be short: `complete` adds what its file gives to all, and what the case it is `like` gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import Any, cast

from comity import grants, receipts
from comity.directory import Head, View
from comity.directory.state import State
from comity.handling import (
    EvidentialUse,
    Handling,
    HandlingCode,
    InformationGrade,
    Onward,
    PermittedAction,
    SourceGrade,
    Tlp,
    check_reply,
    may_forward,
)
from comity.handling import merge as merge_handling
from comity.header import GrantedBy, Header, parse_header
from comity.workflow import engine
from comity.workflow.actions import AboutFacts, Action, Signer
from comity.workflow.legs import Leg
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Side, SignatureRole, Standing, Verb
from comity.workflow.terms import State as LegState

Inputs = Mapping[str, Any]


def complete(case: Inputs, shared: Inputs) -> dict[str, Any]:
    """Returns a case's inputs with what they leave out, and the edits made."""
    inputs = dict(shared.get("shared", {}))
    if "like" in case:
        base = next(c for c in shared["cases"] if c["name"] == case["like"])
        inputs |= base["input"]
    inputs |= case["input"]
    for field, edit in case.get("edit", {}).items():
        inputs[field] = _edited(inputs[field], edit)
    return inputs


def _edited(value: str, edit: Inputs) -> str:
    data = bytes.fromhex(value)
    if "keep" in edit:
        data = data[: edit["keep"]]
    if "swap" in edit:
        a, b, length = edit["swap"]
        first, second = data[a : a + length], data[b : b + length]
        data = data[:a] + second + data[a + length : b] + first + data[b + length :]
    if "at" in edit:
        new = bytes.fromhex(edit["set"])
        data = data[: edit["at"]] + new + data[edit["at"] + len(new) :]
    return (data + bytes.fromhex(edit.get("add", ""))).hex()


def _word(value: Any) -> Any:
    match value:
        case bytes():
            return value.hex()
        case Enum():
            return value.name
        case tuple() | list():
            return [_word(v) for v in value]
        case frozenset():
            return sorted(_word(v) for v in value)
        case None | bool() | int() | str():
            return value
        case _:
            return {f.name: _word(getattr(value, f.name)) for f in fields(value) if f.init}


def header(value: Header) -> Any:
    """A header's fields."""
    return _word(value)


def event(value: receipts.Event) -> Any:
    """An event's fields."""
    return _word(value)


def leaf(value: receipts.Leaf) -> Any:
    """A leaf's fields."""
    return _word(value)


def ack(value: receipts.Ack) -> Any:
    """An acknowledgement's fields."""
    return _word(value)


def head(value: Head) -> Any:
    """A head's fields."""
    return _word(value)


def view(seen: View, state: State, time: int) -> Any:
    """What holds as of a size, at a moment."""
    agencies = [a for a in sorted(state.agencies) if seen.agency(a) is not None]
    members = [m for agency in agencies for m in seen.members_of(agency, time)]
    desks = {desk: seen.desk_key(desk, time) for desk in seen.desks()}
    tls = {spki.hex(): seen.transport_desk(spki, time) for spki in sorted(state.transport)}
    return {
        "root": seen.root.hex(),
        "log_keys": _word(seen.log_keys()),
        "head_key": seen.head_key().hex(),
        "operators": [o.operator for o in seen.operators()],
        "roots": {a: _word(seen.root_key(a)) for a in agencies},
        "suspended": [a for a in agencies if seen.suspended(a)],
        "members": {m.member: [m.sign_kid.hex(), _word(m.roles), _word(m.desks)] for m in members},
        "desk_keys": {desk: None if key is None else [key.epoch, key.kid.hex()] for desk, key in desks.items()},
        "tls": {spki: desk for spki, desk in tls.items() if desk is not None},
        "agreements": sorted(a.id.hex() for agency in agencies for a in seen.agreements(agency) if a.first == agency),
    }


def _leg(given: Inputs) -> Leg:
    side = given["awaiting"]
    resume = given["resume_state"]
    return Leg(
        originator=given["originator"],
        case_id=bytes.fromhex(given["case_id"]),
        recipient=given["recipient"],
        family=Family[given["family"]],
        state=LegState(given["state"]),
        revision=given["revision"],
        opening=bytes.fromhex(given["opening"]),
        previous=bytes.fromhex(given["previous"]),
        opened=given["opened"],
        deliver_by=given["deliver_by"],
        question=bytes.fromhex(given["question"]),
        respond_by=given["respond_by"],
        awaiting=None if side is None else Side(side),
        overdue_logged=given["overdue_logged"],
        recall=bytes.fromhex(given["recall"]),
        recall_respond_by=given["recall_respond_by"],
        recall_overdue_logged=given["recall_overdue_logged"],
        lapses_at=given["lapses_at"],
        ended_at=given["ended_at"],
        resume_state=None if resume is None else LegState(resume),
        standing=Standing[given["standing"]],
        forwarded=given["forwarded"],
        onward=bytes.fromhex(given["onward"]),
    )


def _action(given: Inputs) -> Action:
    facts = given["about_facts"]
    return Action(
        family=Family[given["family"]],
        verb=Verb[given["verb"]],
        case_id=bytes.fromhex(given["case_id"]),
        sender=given["sender"],
        sender_kind=AgencyKind[given["sender_kind"]],
        counterpart=given["counterpart"],
        counterpart_kind=AgencyKind[given["counterpart_kind"]],
        message_hash=bytes.fromhex(given["message_hash"]),
        precedence=Precedence[given["precedence"]],
        created=given["created"],
        deliver_by=given["deliver_by"],
        signers=tuple(
            Signer(s["member"], frozenset(Role[r] for r in s["roles"]), SignatureRole[s["role"]])
            for s in given["signers"]
        ),
        respond_by=given["respond_by"],
        lapses_at=given["lapses_at"],
        previous=bytes.fromhex(given["previous"]),
        about=bytes.fromhex(given["about"]),
        about_facts=None if facts is None else AboutFacts(facts["sender"], Verb[facts["verb"]], facts["author"]),
        granted=given["granted"],
    )


def words_of(value: Any) -> Any:
    """Returns a leg or an action as the vectors write it."""
    return _word(value)


def step(i: Inputs) -> Any:
    """A leg after one envelope: the fields that changed."""
    before = None if i["leg"] is None else _leg(i["default_leg"] | i["leg"])
    after = engine.apply(before, _action(i["default_action"] | i["action"]), i["now"]).leg
    was = {} if before is None else _word(before)
    return {name: value for name, value in _word(after).items() if was.get(name, "") != value}


def stored(i: Inputs) -> Any:
    """A leg after the STORED acknowledgement of an envelope: the fields that changed."""
    before = _leg(i["default_leg"] | i["leg"])
    after = engine.apply_stored(before, bytes.fromhex(i["message_hash"]), i["now"]).leg
    return {name: value for name, value in _word(after).items() if _word(before)[name] != value}


def onward(i: Inputs) -> Any:
    """What a FORWARD's header is granted, of what, and the leg that its use makes."""
    forward, original = parse_header(bytes.fromhex(i["data"])), i["original"]
    grant = grants.check_granted(forward, i["now"])
    grants.check_original(
        cast("GrantedBy", forward.granted),
        message_hash=bytes.fromhex(original["message_hash"]),
        sender=original["sender"],
        counterparts=original["counterparts"],
        family=Family[original["family"]],
        case_id=bytes.fromhex(original["case_id"]),
        verb=Verb[original["verb"]],
    )
    made = _word(grants.leg_made_by(forward, bytes.fromhex(i["message_hash"])))
    return {"grant": _word(grant), "leg": {name: value for name, value in made.items() if value}}


_MARKS: Mapping[str, type[Enum]] = {
    "tlp": Tlp,
    "code": HandlingCode,
    "source_grade": SourceGrade,
    "information_grade": InformationGrade,
    "permitted_action": PermittedAction,
    "evidential_use": EvidentialUse,
    "onward": Onward,
}


def handling(given: Inputs) -> Handling:
    """Returns a handling; fields left out have their defaults."""
    changes: dict[str, Any] = {}
    for name, value in given.items():
        if name in _MARKS:
            changes[name] = _MARKS[name][value]
        else:
            changes[name] = frozenset(value) if isinstance(value, list) else value
    return replace(Handling(), **changes)


def merge(i: Inputs) -> Any:
    """Two handlings made one."""
    return _word(merge_handling(handling(i["a"]), handling(i["b"])))


def reply(i: Inputs) -> bool:
    """A reply that does not permit more."""
    check_reply(handling(i["original"]), handling(i["reply"]))
    return True


def forward(i: Inputs) -> bool:
    """Whether it may be passed on."""
    return may_forward(handling(i["handling"]), i["agency"], granted=i["granted"])
