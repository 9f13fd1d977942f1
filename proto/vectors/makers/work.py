"""Vectors of what people's work is made of: the workflow, handlings, wallets."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from comity.wallets import CHAINS, TESTNETS
from comity.workflow.actions import Action, Signer
from comity.workflow.legs import Leg
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Side, SignatureRole, State, Verb
from vectors import words
from vectors.makers.book import Book
from vectors.makers.further import FURTHER, FURTHER_REFUSED

from tests.support.acting import act, opening
from tests.support.legs import DAY, HOUR, LAST, NOW, OPENING, T0, action_by, leg_in, opening_action

VERBS = (
    Verb.REFER, Verb.ACKNOWLEDGE, Verb.REQUEST_INFO, Verb.SUPPLY, Verb.ACCEPT, Verb.ACCEPT_IN_PART, Verb.DECLINE,
    Verb.REDIRECT, Verb.REPORT_PROGRESS, Verb.REPORT_OUTCOME, Verb.WITHDRAW, Verb.RECALL, Verb.ANSWER_RECALL,
    Verb.CLOSE,
)  # fmt: skip
NO_REFERRALS = {
    State.LAPSED, State.OFFERED, State.SYNCING, State.CURRENT, State.LAGGING, State.REVOKED, State.SUSPENDED,
    State.EXECUTING, State.IN_FORCE, State.CHALLENGED, State.REPLIED, State.REFUSED, State.RELEASED,
}  # fmt: skip
"""States that no referral is in."""
CONSENTS = (
    (Verb.ASK_ONWARD, Side.RECIPIENT),
    (Verb.GRANT_ONWARD, Side.ORIGINATOR),
    (Verb.REFUSE_ONWARD, Side.ORIGINATOR),
    (Verb.REVOKE_GRANT, Side.ORIGINATOR),
)
DEFAULT_LEG = words.words_of(leg_in(State.ACKNOWLEDGED))
DEFAULT_ACTION = words.words_of(action_by(Side.RECIPIENT, Verb.ACCEPT))


def _less(value: Any, default: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in words.words_of(value).items() if default[name] != part}


def _action(action: Action) -> dict[str, Any]:
    return _less(action, DEFAULT_ACTION)


def workflow() -> Book:
    """Every verb from every state on either side, and one fault each."""
    book = Book(
        "workflow",
        "Case referrals: a leg before, a verified envelope, the fields of the leg that changed (section 7).",
        {"now": NOW, "default_leg": DEFAULT_LEG, "default_action": DEFAULT_ACTION},
    )
    opened = {"leg": None, "action": _action(opening_action()), "now": T0}
    book.good("a leg is opened", "step", input=opened)
    for state in State:
        if state in NO_REFERRALS:
            continue
        leg = _less(leg_in(state), DEFAULT_LEG)
        for side in Side:
            for verb in VERBS:
                inputs = {"leg": leg, "action": _action(action_by(side, verb))}
                book.any(f"{state}: {verb.name} by the {side.lower()}", "step", input=inputs)
        for name, message_hash in (("opening", OPENING), ("another envelope", LAST)):
            stored = {"leg": leg, "message_hash": message_hash.hex()}
            book.any(f"{state}: {name} is stored", "stored", input=stored)
    _consents(book)
    _clocks(book)
    _people(book)
    _links(book)
    _times(book)
    return book


def _consents(book: Book) -> None:
    for state in (State.SENT, State.IN_PROGRESS, State.CLOSED, State.RECALLED, State.FORWARDED):
        leg = _less(leg_in(state), DEFAULT_LEG)
        for verb, side in CONSENTS:
            inputs = {"leg": leg, "action": _action(act(Family.REFERRAL, verb, side))}
            book.any(f"{state}: {verb.name} by the {side.lower()}, which stands aside", "step", input=inputs)
    passed_on = _less(replace(leg_in(State.ACKNOWLEDGED), forwarded=True), DEFAULT_LEG)
    redirect = _action(action_by(Side.RECIPIENT, Verb.REDIRECT))
    book.good("a case is redirected once it was passed on", "step", input={"leg": passed_on, "action": redirect})
    for name, granted in (("with", True), ("without", False)):
        forward = _action(replace(opening(Family.REFERRAL, Verb.FORWARD), granted=granted))
        book.any(f"a case is passed on {name} a grant", "step", input={"leg": None, "action": forward, "now": T0})


def _clocks(book: Book) -> None:
    sent = leg_in(State.SENT)
    limit = sent.deliver_by
    for name, now in (("at deliver_by", limit), ("after deliver_by", limit + 1)):
        inputs = {"leg": _less(sent, DEFAULT_LEG), "message_hash": OPENING.hex(), "now": now}
        book.any(f"stored {name}", "stored", input=inputs)
    asked = replace(
        leg_in(State.DELIVERED), question=OPENING, respond_by=NOW - 1, awaiting=Side.RECIPIENT, overdue_logged=False
    )
    late = {"leg": _less(asked, DEFAULT_LEG), "action": _action(action_by(Side.RECIPIENT, Verb.ACKNOWLEDGE))}
    book.good("a late answer counts", "step", input=late)
    withdraw = _action(replace(action_by(Side.ORIGINATOR, Verb.WITHDRAW), created=limit, deliver_by=limit + DAY))
    expired = {"leg": _less(sent, DEFAULT_LEG), "action": withdraw, "now": limit + 1}
    book.bad("nothing is withdrawn once it expired", "step", "TOO_LATE", input=expired)


LEG = leg_in(State.ACKNOWLEDGED)
ACCEPT = action_by(Side.RECIPIENT, Verb.ACCEPT)
REFER = opening_action()


def _fault(book: Book, name: str, expect: str, action: Action, before: Leg | None = LEG, *, now: int = NOW) -> None:
    given = None if before is None else _less(before, DEFAULT_LEG)
    book.bad(name, "step", expect, input={"leg": given, "action": _action(action), "now": now})


def _people(book: Book) -> None:
    case = partial(_fault, book)
    decline = action_by(Side.RECIPIENT, Verb.DECLINE)

    def signer(member: str, role: SignatureRole, *roles: Role) -> Signer:
        return Signer(member, frozenset(roles), role)

    author = signer("police/m-aaaaaaaa", SignatureRole.AUTHOR, Role.ANALYST)

    def approver(*roles: Role, member: str = "police/m-bbbbbbbb") -> Signer:
        return signer(member, SignatureRole.APPROVER, *roles)

    two, role = "SECOND_PERSON_MISSING", "WRONG_ROLE"
    case("one person declines", two, replace(decline, signers=(author,)))
    same = approver(Role.APPROVER, member=author.member)
    case("one person signs twice", two, replace(decline, signers=(author, same)))
    case("an approver without the role", role, replace(decline, signers=(author, approver(Role.ANALYST))))
    case("a machine approves", role, replace(decline, signers=(author, approver(Role.APPROVER, Role.AGENT))))
    foreign = approver(Role.APPROVER, member="sfc/m-bbbbbbbb")
    case("an approver of another agency", role, replace(decline, signers=(author, foreign)))
    for other in (Role.AGENT, Role.AUDITOR, Role.ADMIN, Role.APPROVER):
        only = signer("police/m-aaaaaaaa", SignatureRole.AUTHOR, other)
        case(f"an author who is only {other.name.lower()}", role, replace(ACCEPT, signers=(only,)))
    case("nobody is the author", role, replace(ACCEPT, signers=(approver(Role.APPROVER),)))
    case("an opening by one person", two, replace(REFER, signers=REFER.signers[:1]), None, now=T0)


def _links(book: Book) -> None:
    case = partial(_fault, book)
    case("another previous", "WRONG_PREVIOUS", replace(ACCEPT, previous=OPENING))
    case("no previous", "WRONG_PREVIOUS", replace(ACCEPT, previous=b""))
    case("about where none stands", "WRONG_ABOUT", replace(ACCEPT, about=OPENING))
    recall = action_by(Side.ORIGINATOR, Verb.RECALL)
    case("a recall of nothing", "WRONG_ABOUT", replace(recall, about=b""))
    case("a recall of an unknown envelope", "WRONG_ABOUT", replace(recall, about_facts=None))
    answer = action_by(Side.RECIPIENT, Verb.ANSWER_RECALL)
    case(
        "an answer to a recall that was none",
        "WRONG_ABOUT",
        replace(answer, about=OPENING, about_facts=recall.about_facts),
    )
    case("an opening with previous", "WRONG_PREVIOUS", replace(REFER, previous=LAST), None, now=T0)
    case("no leg", "UNKNOWN_CASE", ACCEPT, None)
    case("another case", "UNKNOWN_CASE", replace(ACCEPT, case_id=bytes(16)))
    case("a desk that is not on the leg", "UNKNOWN_CASE", replace(ACCEPT, sender="police/other"))
    case("a desk to itself", "UNKNOWN_CASE", replace(REFER, counterpart=REFER.sender), None, now=T0)
    case("an opening by a holder", "FAMILY_NOT_OFFERED", replace(REFER, sender_kind=AgencyKind.HOLDER), None, now=T0)
    to_issuer = replace(REFER, counterpart_kind=AgencyKind.ISSUER)
    case("an opening to an issuer", "FAMILY_NOT_OFFERED", to_issuer, None, now=T0)
    case("another family", "UNKNOWN_CASE", replace(ACCEPT, family=Family.FREEZE))


def _times(book: Book) -> None:
    case = partial(_fault, book)
    author = ACCEPT.signers[:1]
    case("an answer where none is due by", "BAD_TIMES", replace(ACCEPT, respond_by=NOW + HOUR))
    ask = action_by(Side.RECIPIENT, Verb.REQUEST_INFO)
    case("a question without a time", "BAD_TIMES", replace(ask, respond_by=None))
    case("a referral that lapses", "BAD_TIMES", replace(ACCEPT, lapses_at=NOW + DAY))
    case("a delivery after more than 14 days", "BAD_TIMES", replace(ACCEPT, deliver_by=NOW + 14 * DAY + 1))
    case("a delivery before it was made", "BAD_TIMES", replace(ACCEPT, deliver_by=NOW))
    case("made ahead of the clock", "CREATED_IN_FUTURE", ACCEPT, now=NOW - 120_001)
    alone = replace(ACCEPT, signers=author, deliver_by=NOW + 5 * DAY)
    case("made more than a day ago", "CREATED_TOO_OLD", alone, now=NOW + DAY + 1)
    flash = replace(alone, precedence=Precedence.FLASH)
    case("FLASH, made more than 15 minutes ago", "CREATED_TOO_OLD", flash, now=NOW + HOUR // 4 + 1)
    both = replace(ACCEPT, deliver_by=NOW + 5 * DAY)
    case("seconded, made more than 96 hours ago", "CREATED_TOO_OLD", both, now=NOW + 4 * DAY + 1)
    case("no longer deliverable", "TOO_LATE", replace(ACCEPT, deliver_by=NOW + HOUR), now=NOW + HOUR + 1)


def handling() -> Book:
    """Merges, replies, forwarding."""
    book = Book("handling", "Handling: merges, replies that permit too much, forwarding (section 5).")
    marks: dict[str, dict[str, Any]] = {
        "default": {},
        "open": {
            "tlp": "CLEAR",
            "source_grade": "A",
            "information_grade": "G1",
            "permitted_action": "EXTERNAL_DIRECT",
            "may_tell_affected": True,
            "purposes": ["investigation", "prosecution"],
            "evidential_use": "CERTIFIED",
            "onward": "FREE",
        },
        "green": {
            "tlp": "GREEN",
            "onward": "LISTED",
            "onward_agencies": ["icac", "police"],
            "purposes": ["prosecution"],
        },
        "listed": {"tlp": "AMBER", "onward": "LISTED", "onward_agencies": ["police", "sfc"], "retain_until": NOW},
        "h1": {"code": "H1", "evidential_use": "CERTIFIED", "retain_until": NOW + 1, "review_at": NOW},
        "h2": {"code": "H2", "onward": "FREE", "original_languages": ["zh-Hant"], "translators": ["Unit 3"]},
        "h3": {
            "code": "H3",
            "code_texts": ["only unit 3"],
            "legal_gateways": ["SFO s.378(3)"],
            "original_languages": ["en"],
        },
        "red": {"tlp": "RED", "may_tell_affected": True},
    }
    names = list(marks)
    for i, a in enumerate(names):
        for b in names[i:]:
            book.good(f"{a} with {b}", "merge", input={"a": marks[a], "b": marks[b]})
    book.bad("H3 without a text", "merge", "MALFORMED", input={"a": {"code": "H3"}, "b": {}})
    for a in names:
        book.any(f"a reply as {a} to the open one", "reply", input={"original": marks["open"], "reply": marks[a]})
        book.any(f"an open reply to {a}", "reply", input={"original": marks[a], "reply": marks["open"]})
        for granted in (False, True):
            name = f"{a} to police{' with consent' if granted else ''}"
            book.good(name, "forward", input={"handling": marks[a], "agency": "police", "granted": granted})
    return book


BTC, EVM = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
XRP = "rU6K7V3Po4snVhBBaU29sesqs2qTQJWDw1"
TRON = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"
TON_RAW = "0:83dfd552e63729b472fcbcc8c45ebcc6691702558b68ec7527e1ba403a0f31a8"
TON_USER = "EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqB2N"
SOLANA = "7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv"
CASH = "qz9f2vz3033sg5vc5mf7m7xshmj0jugy4ummf05jk8"
DOGE = "DQQckuSMsiFjaAdGiNjvDyswcz9RWQU2xe"
STELLAR = "GDQP2KPQGKIHYJGXNUIYOMHARUARCA7DJT5FO2FFOOKY3B2WSQHG4W37"
MUXED = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAABUTGI4"
POLKADOT = "15rRgsWxz4H5LTnNGcCFsszfXD8oeAFd8QRsR6MbQE2f6XFF"
KUSAMA = "HRkCrbmke2XeabJ5fxJdgXWpBRPkXWfWHY8eTeCKwDdf4k6"
SUBSTRATE = "5HLRsimRtdb11HX73JtRd79avhCMruocgDJUXdosSJK1s6nz"
COSMOS = "cosmos1nynns8ex9fq6sjjfj8k79ymkdz4sqth06xexae"
CARDANO = "addr1qxl6u2009m3pu534f5jmv0yrxcq7llhjpg5yzmdsxr6qd66vm09setzkxekkr9vq3702nfw303drkxz076zuclvykd3sejrk53"
BYRON = "Ae2tdPwUPEZM18sAbkECJG9GxaRd2PMbaoxUjs5W7iUckiCGUSTMggRzLwt"
ALGORAND = "PXRWONKSY5AIOI32N75FNR5OGPEFV7PIXLEPV4WMT5GESSUJIYJ2ZBJRXY"
TEZOS = "tz1VgeyGiyNEA2JfqJH4utRqox9fkN2uwhbp"
ZCASH = "t1MMXtBrSp1XG38Lx9cePcNUCJj5vdWfUWL"
DASH = "XyARKoupuArYtToA2S6yMdnoquDCDaBsaT"
TX = "c6f3bd4e3a17d1ff3b4f1e3d1f9f4a5c6b7d8e9fa0b1c2d3e4f5061728394a5b"


def wallets() -> Book:
    """Wallets and transactions."""
    book = Book("wallets", "Canonical CAIP-10 accounts and transactions; texts that are none (section 8).")
    accounts: list[tuple[str, str | None]] = [
        (BTC, None),
        (f" {BTC}\n", "btc"),
        (f"{CHAINS[0].caip2}:{BTC}", None),
        (SEGWIT, None),
        (SEGWIT.upper(), "Bitcoin"),
        ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", None),
        (EVM, None),
        (EVM.lower(), None),
        (EVM, "eip155:1"),
        (EVM.lower(), "ETH"),
        (f"eip155:137:{EVM.lower()}", None),
        (EVM, "USDT"),
        (TRON, None),
        (f"tron:728126428:{TRON}", None),
        (SOLANA, None),
        (XRP, None),
        (f"xrpl:0:{XRP}-7", None),
        (TON_RAW, None),
        (TON_RAW.upper(), "TON"),
        (TON_USER, None),
        (TON_USER.replace("-", "+").replace("_", "/"), "ton:-239"),
        (CASH, None),
        (f"bitcoincash:{CASH}", "bch"),
        (f"BITCOINCASH:{CASH.upper()}", None),
        ("18M8bJWMzWHDBMxoLqjHHAffdRy4SrzkfB", "BCH"),
        ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "bip122:000000000000000000651ef99cb9fcbe"),
        ("12sjrrhoFEsedNRhtgwvvRqjFTh8fZTDX9", "BSV"),
        ("GSNFPRsdaM3MXrU5HW1AxgFwmUQC8HXK9F", None),
        (DASH, None),
        (DASH, "dash"),
        (DOGE, None),
        ("DFFJhnQNZf8rf67tYnesPu7MuGUpYtzv7Z", "XVG"),
        ("A7JjzK9k9x5b2MkkQzqt91WZsuu7wTu6iS", "dogecoin"),
        (ZCASH, None),
        ("t3Vz22vK5z2LcKEdg16Yv4FFneEL1zg9ojd", "zec"),
        (STELLAR, None),
        (f"stellar:pubnet:{STELLAR}-123456789", None),
        (MUXED, "xlm"),
        (POLKADOT, None),
        (KUSAMA, "KSM"),
        (SUBSTRATE, "DOT"),
        (SUBSTRATE, "KSM"),
        (COSMOS.upper(), None),
        (COSMOS, "cosmos:cosmoshub-3"),
        ("bnb1edrs5cukhx060e02u98v9j8spum7vhuqg9ctxd", "BEP2"),
        (CARDANO, None),
        ("stake1u88ll8kks8xy2q8vx0nkfvz2n24x7m786zl8p304hvz7ngqcx6xaz", "ADA"),
        (BYRON, None),
        (
            "DdzFFzCqrhsnx5973UzwoEcQ7cN3THD9ZQZvbVd5srhrPoECSt1WUTrQSR8YicSnH3disaSxQPcNMUEC7XNuFxRd8jCAKVXLne3r29xs",
            None,
        ),
        (ALGORAND, "algo"),
        (TEZOS, None),
        ("KT1EM2LvxxFGB3Svh9p9HCP2jEEYyHjABMbK", "XTZ"),
        ("bitfinexdep1", "EOS"),
        ("antelope:aca376f206b8fc25a6ed44dbdc66547c:binancecleos", None),
        *FURTHER,
    ]
    for number, (text, chain) in enumerate(accounts):
        book.good(f"account {number}", "account", input={"text": text, "chain": chain})
    refused: list[tuple[str, str, str | None, str]] = [
        ("nothing", "", None, "NOT_AN_ADDRESS"),
        ("words", "a wallet", None, "NOT_AN_ADDRESS"),
        ("a look-alike letter", "\u0410" + BTC[1:], None, "NOT_AN_ADDRESS"),
        ("bitcoin, one letter changed", BTC[:-1] + "b", None, "BAD_CHECKSUM"),
        ("segwit, one letter changed", SEGWIT[:-1] + "5", None, "BAD_CHECKSUM"),
        ("segwit in two cases", SEGWIT[:10] + SEGWIT[10:].upper(), None, "MIXED_CASE"),
        ("bitcoin testnet", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", None, "TESTNET"),
        ("EVM, one letter's case changed", EVM.replace("aAe", "aae"), None, "BAD_CHECKSUM"),
        ("EVM, a digit less", EVM[:-1], None, "BAD_LENGTH"),
        ("a testnet named", EVM, "eip155:11155111", "TESTNET"),
        ("an unknown chain", EVM, "belacoin", "UNKNOWN_CHAIN"),
        ("CashAddr, one letter changed", CASH[:-1] + "9", None, "BAD_CHECKSUM"),
        ("CashAddr of a test network", "bchtest:qqaz6s295ncfs53m86qj0uw6sl8u2kuw0ymst35fx4", None, "TESTNET"),
        ("CashAddr of another chain", f"lotus:{CASH}", None, "NOT_AN_ADDRESS"),
        ("CashAddr in two cases", f"bitcoincash:{CASH[:9]}{CASH[9:].upper()}", None, "MIXED_CASE"),
        ("Bitcoin Cash named as Bitcoin SV", CASH, "BSV", "WRONG_CHAIN"),
        ("Dogecoin named as Dash", DOGE, "DASH", "WRONG_CHAIN"),
        ("Dash testnet", "yPv7h2i8v3dJjfSH4L3x91JSJszjdbsJJA", None, "TESTNET"),
        ("Zcash testnet", "t2UNzUUx8mWBCRYPRezvA363EYXyEpHokyi", None, "TESTNET"),
        ("Zcash, one letter changed", "t3Yz22vK5z2LcKEdg16Yv4FFneEL1zg9ojd", None, "BAD_CHECKSUM"),
        ("a version that several chains have", "AKDVzYGLczmykdtRaejgvWeZrvdkVEvQ1X", None, "UNKNOWN_CHAIN"),
        ("Stellar, one letter changed", STELLAR[:-1] + "A", None, "BAD_CHECKSUM"),
        ("a secret of Stellar", "SAB5556L5AN5KSR5WF7UOEFDCIODEWEO7H2UR4S5R62DFTQOGLKOVZDY", None, "NOT_AN_ADDRESS"),
        ("SS58 of any network", SUBSTRATE, None, "UNKNOWN_CHAIN"),
        ("SS58, one letter changed", POLKADOT[:-1] + "G", None, "BAD_CHECKSUM"),
        ("Cosmos in two cases", COSMOS[:9] + COSMOS[9:].upper(), None, "MIXED_CASE"),
        ("Cosmos, one letter changed", COSMOS[:-1] + "q", None, "BAD_CHECKSUM"),
        ("Cardano, one letter changed", CARDANO[:-1] + "q", None, "BAD_CHECKSUM"),
        ("Byron, one letter changed", BYRON[:-1] + "u", None, "BAD_CHECKSUM"),
        ("Algorand, one letter changed", "A" + ALGORAND[1:], None, "BAD_CHECKSUM"),
        ("Tezos, one letter changed", TEZOS[:-1] + "q", None, "BAD_CHECKSUM"),
        ("a name of EOS, no chain named", "bitfinexdep1", None, "NOT_AN_ADDRESS"),
        ("no name of EOS", "123456789012", "EOS", "NOT_AN_ADDRESS"),
        ("bitcoin named as Tron", BTC, "TRX", "WRONG_CHAIN"),
        ("two chains named", f"{CHAINS[0].caip2}:{BTC}", "ltc", "WRONG_CHAIN"),
        ("tron, one letter changed", TRON[:-1] + "9", None, "BAD_CHECKSUM"),
        ("ripple, one letter changed", XRP[:-1] + "2", None, "BAD_CHECKSUM"),
        ("TON, one letter changed", TON_USER[:-1] + "M", None, "BAD_CHECKSUM"),
        *FURTHER_REFUSED,
    ]
    for name, text, chain, expect in refused:
        book.bad(name, "account", expect, input={"text": text, "chain": chain})
    for number, caip2 in enumerate(sorted(TESTNETS)[::9]):
        book.bad(f"testnet {number}", "account", "TESTNET", input={"text": f"{caip2}:{EVM}", "chain": None})
    for name, text, chain in (
        ("on Bitcoin", TX.upper(), "BTC"),
        ("on Ethereum", "0x" + TX, "eip155:1"),
        ("on the XRP Ledger", TX, "XRP"),
        ("in its canonical form", f"{CHAINS[0].caip2}:tx/{TX}", None),
    ):
        book.good(f"transaction {name}", "transaction", input={"text": text, "chain": chain})
    for name, text, chain, expect in (
        ("of no chain", TX, None, "UNKNOWN_CHAIN"),
        ("of any EVM chain", "0x" + TX, "eip155:*", "UNKNOWN_CHAIN"),
        ("a digit less", TX[:-1], "BTC", "NOT_A_TRANSACTION"),
        ("without 0x", TX, "ETH", "NOT_A_TRANSACTION"),
        ("of two chains", f"{CHAINS[0].caip2}:tx/{TX}", "ltc", "WRONG_CHAIN"),
    ):
        book.bad(f"transaction {name}", "transaction", expect, input={"text": text, "chain": chain})
    return book


BOOKS = (workflow, handling, wallets)
