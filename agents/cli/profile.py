"""`comity profile …`: deadline profiles as people read them, and calendars made for counsel to check.

Never does: agree on a profile (`comity agreement propose`), send anything, ask a hub.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from comity.v1 import payload_pb2
from comity.workflow.calendars import Calendar, calendar_of, date_of
from comity.workflow.clocks import Profile, Spans, WorkingDays
from comity.workflow.families import TABLES
from comity.workflow.profiles import STANDARD, packaged_files, parse_profile
from comity.workflow.tables import Table
from comity.workflow.terms import Family, Precedence, Verb

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.lists import by_code
from agents.cli.said import said
from agents.cli.session import Session, fresh, read_file, write_file
from agents.cli.times import now_ms, seconds, stamp, when
from agents.cli.words import label, value_label, verb_label
from agents.profiling import Place, ProfileError, files_of, make_profile

app = typer.Typer(
    name="profile", help="What is due by when: deadline profiles and their calendars.", no_args_is_help=True
)

_ZONE: Final = re.compile(r"([A-Z]{2})(?:/([A-Za-z0-9-]{1,12}))?=(.+)", re.DOTALL)
_HOURS: Final = re.compile(r"([A-Z]{2})=([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_DAYS: Final = re.compile(r"([A-Z]{2})=([1-7](?:,[1-7]){0,5})")
_DATE: Final = re.compile(r"([A-Z]{2})=([0-9]{4}-[0-9]{2}-[0-9]{2})")
_YEARS: Final = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")
_DIGITS: Final = 6

Named = Annotated[str, typer.Argument(help="Name of a profile, its digest's first 6 digits, or its file.")]


@app.command("make")
def make(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="Name of the new profile.", metavar="NAME")],
    calendar: Annotated[
        list[str],
        typer.Option(help="Calendar to make: HK=Asia/Hong_Kong, or GB/ENG=Europe/London for a part; may be repeated."),
    ],
    years: Annotated[str, typer.Option(help="Years whose holidays are pinned, 2027-2029.")],
    base: Annotated[
        str, typer.Option("--from", help="Profile whose spans, instruments and other calendars it has.")
    ] = (STANDARD),
    hours: Annotated[list[str] | None, typer.Option(help="Office hours, HK=09:00-17:30; may be repeated.")] = None,
    weekend: Annotated[list[str] | None, typer.Option(help="Days without work, Monday is 1: AE=6,7.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="No holiday, whatever the library says: HK=2028-10-03; may be repeated.")
    ] = None,
    besides: Annotated[
        list[str] | None, typer.Option("--with", help="A holiday that the library lacks: HK=2028-10-03.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; else the folder of profiles in this home.")
    ] = None,
) -> None:
    """Make a deadline profile with new calendars. Counsel reads it before anybody agrees on it."""
    session = Session.of(ctx)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(t("A profile's name has letters, digits, points and dashes."))
    found = _matched(_YEARS, years, "--years", "2027-2029")
    places = list(_places(calendar, hours or [], weekend or [], without or [], besides or []))
    try:
        data = make_profile(file_of(session, base), name, places, (int(found[1]), int(found[2] or found[1])))
    except ProfileError as error:
        raise UsageError(said(str(error))) from None
    if out is None:
        folder = session.home.profiles_path
        folder.mkdir(mode=0o700, exist_ok=True)
        out = folder / f"{name}.json"
    write_file(fresh(out), data)
    profile = parse_profile(data)
    _show_calendars(session, profile)
    session.screen.say(t("Written: {path}", path=out), "bold green")
    session.screen.fields([(t("Digest"), profile.sha256.hex())])
    session.screen.note(
        t(
            "A library of holidays is no gazette, and dates by the moon are reckoned ahead: compare them. Every hub and"
            " every desk that is to use it needs this very file in its folder of profiles."
        )
    )
    session.screen.result({"profile": _shape(profile), "file": str(out)})


@app.command("show")
def show(ctx: typer.Context, *, profile: Named = STANDARD) -> None:
    """Show what a deadline profile says: who must do what by when, calendars, instruments."""
    session = Session.of(ctx)
    found = parse_profile(file_of(session, profile))
    screen = session.screen
    reminders = ", ".join(f"{percent} %" for percent in found.reminders_percent)
    screen.fields([(t("Deadline profile"), found.name), (t("Digest"), found.sha256.hex()), (t("Reminders"), reminders)])
    for family, table in TABLES.items():
        if any(of is family for of, _ in found.spans):
            _show_family(session, found, table)
    if found.calendars:
        _show_calendars(session, found)
    if found.instruments:
        screen.heading(t("Instruments"))
        screen.table(
            (t("Instrument"), t("Binds the holder"), t("At most"), t("May be extended")),
            [
                (_instrument(kind), _yes(agreed.binding), t("{n} days", n=agreed.max_days), _yes(agreed.extendable))
                for kind, agreed in found.instruments.items()
            ],
        )
    screen.result({"profile": _shape(found)})


@app.command("dates")
def dates(
    ctx: typer.Context,
    *,
    verb: Annotated[
        str, typer.Argument(help="What would be sent, for example request or ask-release.", metavar="VERB")
    ],
    own: Annotated[str, typer.Option(help="Jurisdiction of the sender, two letters.")],
    answering: Annotated[str, typer.Option("--to", help="Jurisdiction of the other side, two letters.")],
    family: Annotated[str, typer.Option(help="Family of the case.")] = "freeze",
    precedence: Annotated[str, typer.Option(help="routine, urgent or flash.")] = "routine",
    created: Annotated[str | None, typer.Option(help="When it is sealed, 2026-12-24T16:00; else now.")] = None,
    opened: Annotated[str | None, typer.Option(help="When the case's first message was sealed; else the same.")] = None,
    profile: Annotated[
        str, typer.Option(help="Name of a profile, its digest's first 6 digits, or its file.")
    ] = STANDARD,
) -> None:
    """Show what a profile makes of a message: its limits, in the local times of both sides."""
    session = Session.of(ctx)
    found = parse_profile(file_of(session, profile))
    wanted = (by_code(Family, family, "--family"), by_code(Verb, verb, "VERB"))
    sealed = when(created) or now_ms()
    limits = found.deadlines_for(
        *wanted, by_code(Precedence, precedence, "--precedence"), sealed, when(opened), answering=answering, own=own
    )
    mine = found.spans_of(*wanted).own
    acting = own if mine else answering
    sides = (own, answering)
    rows = [
        (what, *(_local(found, at, side) for side in sides))
        for what, at in (
            (t("Sealed"), sealed),
            (t("Deliver by"), limits.deliver_by),
            (_respond_label(mine=mine), limits.respond_by),
            (t("Lapses at the latest"), limits.lapses_at),
        )
        if at is not None
    ]
    session.screen.table(("", t("Sender, {place}", place=own), t("Other side, {place}", place=answering)), rows)
    if found.calendars and limits.respond_by is not None:
        calendar = calendar_of(found.calendars, acting)
        if calendar.local(limits.respond_by) // 86_400_000 > calendar.until:
            session.screen.warn(
                t("After {date} only weekends count: agree on a newer profile.", date=date_of(calendar.until))
            )
    session.screen.result(
        {
            "created": sealed,
            "deliver_by": limits.deliver_by,
            "respond_by": limits.respond_by,
            "lapses_at": limits.lapses_at,
            "own": mine,
            "profile_sha256": found.sha256.hex(),
        }
    )


def _files(session: Session) -> list[bytes]:
    kept = (session.home_path / "profiles") if (session.home_path / "home.toml").exists() else None
    return [*packaged_files(), *([data for _, data in files_of(kept)] if kept is not None else [])]


def file_of(session: Session, named: str) -> bytes:
    """Returns the file of a profile that is known here by its name or the beginning of its digest, or lies at a path.

    Raises:
        UsageError: more than one is called so.
        NothingFoundError: none is.
    """
    by_digest = {parse_profile(data).sha256: data for data in _files(session)}
    fitting = [
        data
        for sha256, data in by_digest.items()
        if parse_profile(data).name == named or (len(named) >= _DIGITS and sha256.hex().startswith(named.lower()))
    ]
    if len(fitting) > 1:
        raise UsageError(t("More than one profile is called so: name the first digits of its digest."))
    if fitting:
        return fitting[0]
    if not Path(named).is_file():
        raise NothingFoundError(t("There is no deadline profile of that name, digest or file here."))
    return read_file(Path(named))


def _matched(pattern: re.Pattern[str], text: str, option: str, example: str) -> re.Match[str]:
    found = pattern.fullmatch(text.strip())
    if found is None:
        raise UsageError(t("{option} is written like {example}.", option=option, example=example))
    return found


def _places(
    calendars: Sequence[str],
    hours: Sequence[str],
    weekends: Sequence[str],
    without: Sequence[str],
    besides: Sequence[str],
) -> Iterator[Place]:
    times = [_matched(_HOURS, text, "--hours", "HK=09:00-17:30") for text in hours]
    days = [_matched(_DAYS, text, "--weekend", "AE=6,7") for text in weekends]
    no_days = [_matched(_DATE, text, "--without", "HK=2028-10-03") for text in without]
    more_days = [_matched(_DATE, text, "--with", "HK=2028-10-03") for text in besides]
    for found in (_matched(_ZONE, text, "--calendar", "HK=Asia/Hong_Kong") for text in calendars):
        opens, closes = next(((each[2], each[3]) for each in times if each[1] == found[1]), ("09:00", "17:30"))
        rest = next((each[2] for each in days if each[1] == found[1]), "6,7")
        yield Place(
            found[1],
            found[3],
            found[2] or "",
            weekend=tuple(sorted({int(day) - 1 for day in rest.split(",")})),
            opens=opens,
            closes=closes,
            without=_dates_of(no_days, found[1]),
            besides=_dates_of(more_days, found[1]),
        )


def _dates_of(found: Sequence[re.Match[str]], jurisdiction: str) -> tuple[datetime.date, ...]:
    try:
        return tuple(sorted(datetime.date.fromisoformat(each[2]) for each in found if each[1] == jurisdiction))
    except ValueError:
        raise UsageError(t("That date is none.")) from None


def _show_family(session: Session, profile: Profile, table: Table) -> None:
    screen = session.screen
    screen.heading(label(table.family))
    rows = []
    for verb in table.verbs:
        spans = profile.spans.get((table.family, verb))
        if spans is not None and (spans.respond is not None or spans.lapse is not None):
            rows.append((verb_label(verb), _who(spans), *(_respond(spans, each) for each in Precedence), _lapse(spans)))
    columns = (t("Message"), t("Then must act"), *(label(each) for each in Precedence), t("Lapses"))
    screen.table(columns, rows)
    missing = [verb for verb in table.verbs if (table.family, verb) not in profile.spans]
    if missing:
        screen.note(t("Not covered: {listed}.", listed=", ".join(verb_label(verb) for verb in missing)))


def _who(spans: Spans) -> str:
    if spans.respond is None:
        return ""
    return t("own side") if spans.own else t("other side")


def _respond_label(*, mine: bool) -> str:
    return t("Own side acts by") if mine else t("Other side answers by")


def _respond(spans: Spans, precedence: Precedence) -> str:
    if spans.respond is None:
        return ""
    span = spans.respond[precedence]
    if isinstance(span, WorkingDays):
        return t("1 working day") if span.count == 1 else t("{n} working days", n=span.count)
    return seconds(span // 1000)


def _lapse(spans: Spans) -> str:
    if spans.lapse is None:
        return ""
    each = {seconds(span // 1000): None for span in spans.lapse.values()}
    text = " / ".join(each)
    return t("{span} after the opening", span=text) if spans.lapse_from_opening else t("{span} after it", span=text)


def _show_calendars(session: Session, profile: Profile) -> None:
    session.screen.heading(t("Calendars"))
    rows = [
        (
            t("all others") if place == "default" else place,
            calendar.zone,
            f"{_clock(calendar.opens)}-{_clock(calendar.closes)}",
            ", ".join(_weekday(day) for day in sorted(calendar.weekend)),
            str(len(calendar.holidays)),
            str(date_of(calendar.until)),
            calendar.source,
        )
        for place, calendar in profile.calendars.items()
    ]
    columns = (t("Place"), t("Time zone"), t("Hours"), t("Weekend"), t("Holidays"), t("Until"), t("Source"))
    session.screen.table(columns, rows)


def _weekday(number: int) -> str:
    days = (t("Monday"), t("Tuesday"), t("Wednesday"), t("Thursday"), t("Friday"), t("Saturday"), t("Sunday"))
    return days[number]


def _instrument(kind: str) -> str:
    known = payload_pb2.InstrumentKind.DESCRIPTOR
    found = known.values_by_name.get(f"INSTRUMENT_KIND_{kind}")
    return label(kind) if found is None else value_label(known, found.number)


def _clock(after_midnight: int) -> str:
    return f"{after_midnight // 3_600_000:02}:{after_midnight // 60_000 % 60:02}"


def _local(profile: Profile, at_ms: int, place: str) -> str:
    """Returns a moment by a side's pinned calendar: what its people see on the wall."""
    if not profile.calendars:
        return stamp(at_ms)
    calendar = calendar_of(profile.calendars, place)
    local = calendar.local(at_ms)
    day, rest = divmod(local, 86_400_000)
    minutes = (local - at_ms) // 60_000
    sign = "-" if minutes < 0 else "+"
    weekday = _weekday(date_of(day).weekday())
    return f"{date_of(day)} {_clock(rest)} {sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02} {weekday}"


def _yes(value: bool) -> str:  # a plain word for a plain value
    return t("yes") if value else t("no")


def _span_shape(span: int | WorkingDays) -> dict[str, int]:
    return {"working_days": span.count} if isinstance(span, WorkingDays) else {"seconds": span // 1000}


def _by_precedence(spans: Mapping[Precedence, int | WorkingDays] | None) -> dict[str, Any] | None:
    return None if spans is None else {precedence.name: _span_shape(span) for precedence, span in spans.items()}


def _calendar_shape(calendar: Calendar) -> dict[str, Any]:
    return {
        "zone": calendar.zone,
        "source": calendar.source,
        "opens": _clock(calendar.opens),
        "closes": _clock(calendar.closes),
        "holidays": [str(date_of(day)) for day in sorted(calendar.holidays)],
        "until": str(date_of(calendar.until)),
    }


def _shape(profile: Profile) -> dict[str, Any]:
    """Returns the JSON shape of a profile."""
    return {
        "name": profile.name,
        "sha256": profile.sha256.hex(),
        "reminders_percent": list(profile.reminders_percent),
        "calendars": {place: _calendar_shape(calendar) for place, calendar in profile.calendars.items()},
        "instruments": {
            kind: {"binding": found.binding, "max_days": found.max_days, "extendable": found.extendable}
            for kind, found in profile.instruments.items()
        },
        "families": {
            family.name: {
                verb.name: {
                    "own": spans.own,
                    "respond": _by_precedence(spans.respond),
                    "lapse": _by_precedence(spans.lapse),
                    "lapse_from_opening": spans.lapse_from_opening,
                }
                for (of, verb), spans in profile.spans.items()
                if of is family
            }
            for family in TABLES
        },
    }
