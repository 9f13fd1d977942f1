"""Judges rows: each becomes a candidate for an entry, a refusal with its column, or is left out as not asked for.

What a reader passed over is left out, too.

A wallet is taken as `comity.wallets` reads it: what does not verify is refused, never put right.

Never does: read files, keep anything between rows but caches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from comity.encoding import check_text
from comity.errors import MalformedError
from comity.wallets import Account, Checksum, WalletError, parse_account, parse_transaction
from comity.wallets.chains import EVM_ANY
from comity.watchlists.entries import MAX_VALIDITY

from agents.sync.importers.benign import Benign
from agents.sync.importers.chains import chain_of_asset, chain_of_name
from agents.sync.importers.merging import Assertion, event_key, identity
from agents.sync.importers.policy import DAY_MS, LOWEST, Action, Confidence, ImportPolicy
from agents.sync.importers.rows import REFUSAL_TEXT, SHOWN, Candidate, Field, RawRow, RefusalCode, RowRefusal, Warned
from agents.sync.importers.words import (
    OPERATIONS,
    action_of,
    category_of,
    clean,
    confidence_of,
    cut,
    flag_of,
    level_of,
    moment_of,
    word_of,
)

_MOST: Final = {Field.ASSET: 20, Field.LABEL: 200, Field.ACTOR: 200, Field.WHY: 500}
"""Bytes of the texts of an entry that may be cut."""
_GIVER: Final = 100
_LINK: Final = 500
_RECEIVED: Final = 256


class _RefusedError(Exception):
    """Inside this module: why a row is refused, and the field that is to blame."""

    def __init__(self, code: RefusalCode, field: Field) -> None:
        super().__init__(code.value)
        self.code = code
        self.field = field


class Judge:
    """Judges the rows of one import."""

    def __init__(self, policy: ImportPolicy, benign: Benign | None = None) -> None:
        """Takes the owner's choices, and the list of harmless wallets (None: the one that comes with the program).

        Raises:
            MalformedError: the policy names a chain that is not supported, or what no entry can hold.
        """
        _check(policy)
        self._policy = policy
        self._benign = benign or Benign.load()
        self._chain = chain_of_name(policy.chain) if policy.chain else None
        self._hints = {
            asset.upper(): chain_of_name(chain) if chain else None for asset, chain in policy.asset_hints.items()
        }

    def judge(self, raw: RawRow) -> Candidate | RowRefusal | None:
        """Judges a row. None: an event after the moment that the policy asks for, or what says nothing of a wallet."""
        if raw.passed:
            return None
        if raw.broken is not None:
            return RowRefusal(raw.row, "", raw.broken, REFUSAL_TEXT[raw.broken], clean(raw.text)[:SHOWN])
        try:
            return self._candidate(raw)
        except _RefusedError as refused:
            column = raw.columns.get(refused.field, refused.field.value)
            shown = "; ".join(f"{field.value}={value}" for field, value in raw.values.items())
            return RowRefusal(
                raw.row, clean(column)[:80], refused.code, REFUSAL_TEXT[refused.code], clean(shown[: 2 * SHOWN])[:SHOWN]
            )

    def _candidate(self, raw: RawRow) -> Candidate | None:
        values, policy = raw.values, self._policy
        begins, ends, seen = self._times(values, raw.flags)
        events = self._events(raw, begins)
        if events and policy.as_of and begins > policy.as_of:
            return None
        account, transaction, received, warned = self._wallet(values)
        giver, seen = self._giver(values, seen | warned)
        confidence, seen = self._confidence(values, seen)
        texts: dict[Field, tuple[str, ...]] = {}
        for field, most in _MOST.items():
            text, seen = _text(values.get(field, ""), most, seen)
            texts[field] = (text,) if text else ()
        if account and values.get(Field.TX) and not texts[Field.WHY]:
            texts[Field.WHY] = (cut(f"tx {clean(values[Field.TX])}", _MOST[Field.WHY]),)
        link, seen = _link(values, seen)
        assertion = Assertion(
            account=account,
            transaction=transaction,
            giver=giver,
            category=self._category(values),
            kind=confidence.kind,
            level=confidence.level,
            action=self._action(values, seen),
            labels=texts[Field.LABEL],
            actors=texts[Field.ACTOR],
            reasons=texts[Field.WHY],
            links=(link,) if link else (),
            assets=texts[Field.ASSET],
            received=(received,) if received else (),
            begins=begins,
            ends=ends,
            review=_moment(values, Field.REVIEW),
            discreet=_flag(values, Field.DISCREET) or policy.discreet,
            cluster=_flag(values, Field.CLUSTER),
            events=events,
            warned=int(seen),
            first_row=raw.row,
        )
        blamed = Field.ADDRESS if account else Field.TX
        return Candidate(raw.row, clean(raw.columns.get(blamed, blamed.value))[:80], identity(assertion), assertion)

    def _wallet(self, values: Mapping[Field, str]) -> tuple[str, str, str, Warned]:
        address, tx = values.get(Field.ADDRESS, ""), values.get(Field.TX, "")
        if not address and not tx:
            raise _RefusedError(RefusalCode.NO_WALLET, Field.ADDRESS)
        field = Field.ADDRESS if address else Field.TX
        chain = self._chain_of(values)
        try:
            if not address:
                transaction = parse_transaction(tx, chain)
                received = "" if tx in (transaction.identifier, transaction.caip) else tx
                return "", transaction.caip, received[:_RECEIVED], Warned.NONE
            account = parse_account(address, chain)
        except WalletError as wrong:
            raise _RefusedError(RefusalCode(wrong.kind.value), field) from None
        received = "" if address in (account.address, account.caip10) else address
        return account.caip10, "", received, self._warnings(account)

    def _warnings(self, account: Account) -> Warned:
        warned = self._benign.warning(account)
        if account.checksum is Checksum.ABSENT:
            warned |= Warned.NO_CHECKSUM
        return warned | Warned.ANY_EVM_CHAIN if account.chain == EVM_ANY else warned

    def _chain_of(self, values: Mapping[Field, str]) -> str | None:
        field = Field.CHAIN
        try:
            if named := values.get(Field.CHAIN, ""):
                chain = chain_of_name(named)
                return chain if chain is not None else self._chain
            field = Field.ASSET
            if asset := values.get(Field.ASSET, ""):
                hint = asset.upper()
                chain = self._hints[hint] if hint in self._hints else chain_of_asset(asset)
                return chain if chain is not None else self._chain
        except WalletError as wrong:
            if field is Field.ASSET and self._names_its_chain(values):
                return None
            raise _RefusedError(RefusalCode(wrong.kind.value), field) from None
        return self._chain

    def _names_its_chain(self, values: Mapping[Field, str]) -> bool:
        # A CAIP-10 account names its chain: the asset beside it, say a token, need not.
        namespace, separator, _ = values.get(Field.ADDRESS, "").partition(":")
        return bool(separator) and namespace in ("eip155", "bip122", "tron", "solana", "xrpl", "monero", "ton")

    def _giver(self, values: Mapping[Field, str], seen: Warned) -> tuple[str, Warned]:
        policy = self._policy
        if policy.giver:
            return policy.giver, seen
        said = values.get(Field.SOURCE, "")
        if said.startswith(("http://", "https://")):
            said = said.split("/")[2].rpartition("@")[2].lower()
        giver = clean(said)
        if not giver:
            if not policy.default_giver:
                raise _RefusedError(RefusalCode.MISSING_GIVER, Field.SOURCE)
            return policy.default_giver, seen | Warned.NO_GIVER
        if len(giver.encode()) > _GIVER:  # it is part of the entry's identity: never cut
            raise _RefusedError(RefusalCode.BAD_GIVER, Field.SOURCE)
        return giver, seen

    def _category(self, values: Mapping[Field, str]) -> str:
        said = values.get(Field.CATEGORY, "")
        category = category_of(said or self._policy.default_category)
        if not category:
            code = RefusalCode.BAD_CATEGORY if said else RefusalCode.MISSING_CATEGORY
            raise _RefusedError(code, Field.CATEGORY)
        return category

    def _confidence(self, values: Mapping[Field, str], seen: Warned) -> tuple[Confidence, Warned]:
        word, level = values.get(Field.CONFIDENCE, ""), values.get(Field.LEVEL, "")
        default = self._policy.default_confidence
        if level and level_of(level) is None:
            if level.isdigit() or default is None:
                raise _RefusedError(RefusalCode.BAD_CONFIDENCE, Field.LEVEL)
            seen |= Warned.CONFIDENCE_UNKNOWN
        known = confidence_of(word, level)
        if known is not None:
            return known, seen
        if word or level:
            if default is None:
                raise _RefusedError(RefusalCode.BAD_CONFIDENCE, Field.CONFIDENCE if word else Field.LEVEL)
            return LOWEST, seen | Warned.CONFIDENCE_UNKNOWN
        if default is None:
            raise _RefusedError(RefusalCode.MISSING_CONFIDENCE, Field.CONFIDENCE)
        return default, seen

    def _action(self, values: Mapping[Field, str], seen: Warned) -> int:
        said = values.get(Field.ACTION, "")
        if Warned.NOT_FOR_DETECTION in seen:
            return int(Action.OBSERVE)
        if not said or word_of(said) in OPERATIONS:
            return int(self._policy.default_action)
        action = action_of(said)
        if action is None:
            raise _RefusedError(RefusalCode.BAD_ACTION, Field.ACTION)
        return int(action)

    def _times(self, values: Mapping[Field, str], seen: Warned) -> tuple[int, int, Warned]:
        policy = self._policy
        begins = _moment(values, Field.VALID_FROM)
        if not begins and (dated := values.get(Field.DATE, "")):
            begins = max(0, moment_of(dated) or 0)
            seen |= Warned.NONE if begins else Warned.DATE_UNCLEAR
        ends = _moment(values, Field.VALID_UNTIL)
        if not ends and not policy.default_until:
            raise _RefusedError(RefusalCode.MISSING_END_DATE, Field.VALID_UNTIL)
        until = ends or policy.default_until
        if until <= max(policy.now, begins):
            raise _RefusedError(RefusalCode.NOT_VALID_ANY_MORE, Field.VALID_UNTIL)
        return begins, ends, seen

    def _events(self, raw: RawRow, begins: int) -> tuple[tuple[str, int, int], ...]:
        said = raw.values.get(Field.OP, "")
        field = Field.OP
        if not said and (word := word_of(raw.values.get(Field.ACTION, ""))) in OPERATIONS:
            said, field = word, Field.ACTION
        if not said:
            return ()
        operation = OPERATIONS.get(word_of(said))
        if operation is None:
            raise _RefusedError(RefusalCode.BAD_VALUE, field)
        if not begins:
            raise _RefusedError(RefusalCode.BAD_DATE, Field.DATE)
        asset = cut(clean(raw.values.get(Field.ASSET, "")).upper(), 20)
        key = event_key(begins, raw.row)
        return ((asset, key, 0),) if operation == "add" else ((asset, 0, key),)


def _check(policy: ImportPolicy) -> None:
    for giver in (policy.giver, policy.default_giver):
        if check_text(giver, _GIVER) != giver.strip():
            raise MalformedError("a giver's name begins or ends with white space")
    confidence = policy.default_confidence or LOWEST
    if not 1 <= confidence.level <= 100 or (confidence.kind == LOWEST.kind and confidence != LOWEST):
        raise MalformedError("a confidence that no entry can hold")
    if not 0 <= policy.default_days * DAY_MS <= MAX_VALIDITY:
        raise MalformedError("a time that no entry can hold for")


def _text(said: str, most: int, seen: Warned) -> tuple[str, Warned]:
    text = clean(said)
    if text != said:
        seen |= Warned.TEXT_CLEANED
    short = cut(text, most)
    return short, seen | Warned.TEXT_CUT if short != text else seen


def _link(values: Mapping[Field, str], seen: Warned) -> tuple[str, Warned]:
    said = values.get(Field.SOURCE_URL, "")
    if not said and (source := values.get(Field.SOURCE, "")).startswith(("http://", "https://")):
        said = source
    text = clean(said)
    if len(text.encode()) > _LINK:
        return "", seen | Warned.TEXT_CUT
    return text, seen


def _moment(values: Mapping[Field, str], field: Field) -> int:
    said = values.get(field, "")
    if not said:
        return 0
    moment = moment_of(said)
    if moment is None or moment <= 0:
        raise _RefusedError(RefusalCode.BAD_DATE, field)
    return moment


def _flag(values: Mapping[Field, str], field: Field) -> bool:
    said = flag_of(values.get(field, ""))
    if said is None:
        raise _RefusedError(RefusalCode.BAD_VALUE, field)
    return said
