"""Names of the protocol: agencies, desks, members, operators, origins. People's names never are such names.

Never does: look anything up.
"""

from __future__ import annotations

import re

from comity.errors import MalformedError

_AGENCY = re.compile(r"[a-z][a-z0-9-]{1,30}")
_DESK = re.compile(r"[a-z][a-z0-9-]{1,30}/[a-z][a-z0-9-]{1,30}")
_MEMBER = re.compile(r"[a-z][a-z0-9-]{1,30}/m-[a-z0-9]{8}")
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,100}/[a-z0-9][a-z0-9/-]{0,100}")
_JURISDICTION = re.compile(r"[A-Z]{2}")
_TELEPHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")

HUB = "hub"
"""Signer name of the operators' chain; no agency may bear it."""


def _check(pattern: re.Pattern[str], text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise MalformedError(f"not {what}")
    return text


def check_agency(text: str) -> str:
    """Returns an agency id, `[a-z][a-z0-9-]{1,30}` and not `hub`.

    Raises:
        MalformedError: it is none.
    """
    if text == HUB:
        raise MalformedError("the agency id hub is reserved")
    return _check(_AGENCY, text, "an agency id")


def check_operator(text: str) -> str:
    """Returns an operator id, `[a-z][a-z0-9-]{1,30}`.

    Raises:
        MalformedError: it is none.
    """
    return _check(_AGENCY, text, "an operator id")


def check_desk(text: str) -> str:
    """Returns a desk name, `agency/desk`.

    Raises:
        MalformedError: it is none.
    """
    return _check(_DESK, text, "a desk")


def check_member(text: str) -> str:
    """Returns a member id, `agency/m-xxxxxxxx`.

    Raises:
        MalformedError: it is none.
    """
    return _check(_MEMBER, text, "a member id")


def check_origin(text: str) -> str:
    """Returns a log origin, `host/path` in lower case.

    Raises:
        MalformedError: it is none.
    """
    return _check(_ORIGIN, text, "a log origin")


def check_jurisdiction(text: str) -> str:
    """Returns an ISO 3166-1 alpha-2 code.

    Raises:
        MalformedError: it is none.
    """
    return _check(_JURISDICTION, text, "a jurisdiction code")


def check_telephone(text: str) -> str:
    """Returns an E.164 telephone number with its plus sign.

    Raises:
        MalformedError: it is none.
    """
    return _check(_TELEPHONE, text, "a telephone number")


def check_language(text: str) -> str:
    """Returns a BCP 47 tag in its simplest shape.

    Raises:
        MalformedError: it is none.
    """
    return _check(_LANGUAGE, text, "a language tag")


def agency_of(name: str) -> str:
    """Returns the agency of a desk or member name that was checked before."""
    return name.partition("/")[0]
