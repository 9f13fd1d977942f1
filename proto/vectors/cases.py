"""What the vectors of bodies and freezes ask for: a body under what its header would say, and a freeze step by step.

Hexadecimal in, hexadecimal out: nothing here knows what is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.encoding import parse
from comity.errors import CannotOpenError, MalformedError
from comity.freezes import Freeze, judge, write_amount
from comity.payload import PAYLOAD_LIMIT, body_name, gaps, set_body
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb
from google.protobuf.message import Message

Inputs = Mapping[str, Any]
_TOTALS = ("requested", "held", "released", "gone", "outstanding", "returned", "forfeited")


def body(i: Inputs) -> str:
    """A body alone; gives its name."""
    family, verb = Family[i["family"]], Verb[i["verb"]]
    name = body_name(family, verb)
    try:
        made = pb.Payload(version=1)
        made.attachments.extend(pb.Attachment(id=bytes.fromhex(each)) for each in i["attachments"])
        set_body(made, family, verb, _body(name or "", i["data"]))
    except (KeyError, MalformedError):
        raise CannotOpenError from None
    found = gaps(made, family, verb, Precedence[i["precedence"]], i["created"])
    if name is None or any(gap.path.startswith(name) for gap in found):
        raise CannotOpenError
    return name


def freeze(i: Inputs) -> Any:
    """A freeze after some messages; what the last one does to it."""
    messages = [*i["story"][: i["after"]], *i["then"]]
    bodies = [_body(each["body"], each["data"]) for each in messages]
    found: Freeze | None = None
    for each, said in zip(messages, bodies, strict=True):
        asked = each.get("asked")
        answered = None if asked is None else bodies[asked]
        ended, passed_on = each.get("ended", False), each.get("passed_on", False)
        found = judge(found, said, each["lapses_at"], answered, ended=ended, passed_on=passed_on)
    if found is None:
        return None
    kind = found.instrument and pb.InstrumentKind.Name(found.instrument.kind).removeprefix("INSTRUMENT_KIND_")
    rows = [
        {"number": row.number} | {name: _written(getattr(row, name)) for name in _TOTALS} for row in found.ledger.rows
    ]
    return {"ends": found.ends, "instrument": kind, "rows": rows}


def _written(amount: Any) -> str | None:
    return None if amount is None else write_amount(amount)


def _body(name: str, data: str) -> Any:
    kind = pb.Payload.DESCRIPTOR.fields_by_name[name].message_type
    message: type[Message] = getattr(pb, kind.name)
    return parse(message, bytes.fromhex(data), PAYLOAD_LIMIT)
