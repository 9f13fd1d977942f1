"""A stranger's ledger of a freeze: whole numbers of 10^-36, out of bytes decoded by hand. Shares no code."""

from __future__ import annotations

from typing import Any

from tests.contract.stranger import HEX, Inputs, many, one

KINDS = (
    "VOLUNTARY_HOLD", "LETTER_OF_NO_CONSENT", "RESTRICTION_NOTICE", "RESTRAINT_ORDER", "INJUNCTION",
    "ISSUER_BLACKLIST", "FIU_SUSPENSION", "FOREIGN_ORDER", "STOP_PAYMENT",
)  # fmt: skip
NAMES = ("requested", "held", "released", "gone", "outstanding", "returned", "forfeited")
FAILED = 4


def units(text: bytes) -> int:
    whole, _, part = text.decode().partition(".")
    return int(whole + part.ljust(36, "0")) if text else 0


def written(amount: int) -> str:
    digits = str(amount).rjust(37, "0")
    part = digits[-36:].rstrip("0")
    return digits[:-36] + ("." + part if part else "")


def opened(line: bytes) -> dict[str, Any]:
    asked = None if one(line, 10, 0) else units(one(line, 9, b""))
    row: dict[str, Any] = dict.fromkeys(NAMES, 0)
    return row | {"requested": asked, "outstanding": asked or 0}


def reported(row: dict[str, Any], line: bytes) -> None:
    said = dict(zip(NAMES[:5], (units(one(line, field)) for field in range(3, 8)), strict=True))
    assert said["requested"] == said["held"] + said["released"] + said["gone"] + said["outstanding"]
    unknown = row["requested"] is None and one(line, 2) == FAILED and not said["requested"]
    row.update(said | ({"requested": None} if unknown else {}))


def varied(row: dict[str, Any], line: bytes) -> None:
    less, more = units(one(line, 2, b"")), units(one(line, 3, b""))
    row.update(held=row["held"] - less, released=row["released"] + less)
    if more:
        row.update(requested=row["requested"] + more, outstanding=row["outstanding"] + more)


def released(row: dict[str, Any], line: bytes) -> None:
    amount = row["held"] if one(line, 3, 0) else units(one(line, 2))
    row.update(held=row["held"] - amount, released=row["released"] + amount)


def ended(row: dict[str, Any], line: bytes) -> None:
    held, back, returned, forfeited = (units(one(line, field)) for field in range(2, 6))
    row.update(held=held, released=back + returned + forfeited, returned=returned, forfeited=forfeited)


STEPS = {"report_execution": reported, "vary": varied, "release": released, "freeze_outcome": ended}
SETS_END = ("request_hold", "request_freeze", "confirm", "convert", "extend")


def freeze(i: Inputs) -> Any:
    rows: dict[int, dict[str, Any]] = {}
    instrument, ends = None, 0
    for message in [*i["story"][: i["after"]], *i["then"]]:
        name, data = message["body"], HEX(message["data"])
        for line in many(data, {"request_hold": 7, "request_freeze": 10}.get(name, 1)):
            if name in ("request_hold", "request_freeze"):
                rows.setdefault(one(line, 1), opened(line))
            elif name in STEPS:
                STEPS[name](rows[one(line, 1)], line)
        if name in ("request_freeze", "convert"):
            instrument = KINDS[one(one(data, 3 if name == "request_freeze" else 1), 1) - 1]
        ends = message["lapses_at"] if name in SETS_END else ends
    shown = [
        {"number": number} | {name: None if row[name] is None else written(row[name]) for name in NAMES}
        for number, row in sorted(rows.items())
    ]
    return {"ends": ends, "instrument": instrument, "rows": shown} if rows else None
