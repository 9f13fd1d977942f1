"""The decoders of watchlists, texts, tiles, boxes and certificates, for the search through all of them.

Never does: use a network, a database or a clock.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from decimal import Decimal

from comity.boxes import box_recipients
from comity.encoding import serialise
from comity.errors import MalformedError, VerificationError
from comity.freezes.amounts import LedgerError, read_amount
from comity.tiles import decode_entries, encode_entries, split_hashes
from comity.tls import (
    TlsKey,
    certificate_to_der,
    certificate_to_pem,
    certificate_validity,
    create_authority,
    request_spki,
    spki_sha256_of_certificate,
)
from comity.v1 import box_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import Account, WalletError, parse_account, parse_transaction
from comity.watchlists import (
    StateReader,
    encode_batch,
    encode_change_set,
    encode_confirmation,
    inflate,
    parse_batch,
    parse_change_set,
    parse_confirmation,
    parse_record,
    write_state,
)
from comity.watchlists.states import Standing
from comity.workflow.profiles import packaged_files, parse_profile

from tests.contract import watchlists
from tests.fuzz.decoder import Decoder

PLAIN = b"what a stream holds " * 8
TEXTS = (
    watchlists.ALICE,
    watchlists.BOB,
    watchlists.CAROL,
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
)
TRANSACTION = "eip155:1:tx/0x" + "ab" * 32


def _text(data: bytes) -> str:
    # What is no UTF-8 does not come this far: protobuf refuses it.
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MalformedError("not UTF-8") from None


def _account(data: bytes) -> Account:
    found = parse_account(_text(data))
    if parse_account(found.caip10).caip10 != found.caip10:
        raise AssertionError("the canonical form of an account is not its own")
    return found


def _transaction(data: bytes) -> None:
    found = parse_transaction(_text(data))
    if parse_transaction(found.caip).caip != found.caip:
        raise AssertionError("the canonical form of a transaction is not its own")


def _amount(data: bytes) -> Decimal:
    return read_amount(_text(data))


def _certificate(data: bytes) -> bytes:
    der = certificate_to_der(data)
    if certificate_to_der(certificate_to_pem(data)) != der:
        raise AssertionError("a certificate that is another one after it was written")
    certificate_validity(data)
    spki_sha256_of_certificate(data)
    return der


def _state(data: bytes) -> bytes:
    """Reads a state in two portions; returns it as it would be written."""
    reader, half = StateReader(), len(data) // 2
    found = [*reader.feed(data[:half]), *reader.feed(data[half:])]
    preamble = reader.finish()
    standing = Standing(
        preamble.list_id, watchlists.SENDER, preamble.sequence, b"", 0, {used.id: used for used in preamble.used}
    )
    return b"".join(write_state(standing, [record.data for record in found], count=preamble.count))


def more_decoders() -> Mapping[str, Decoder]:
    """Returns them by name."""
    made = watchlists.change_set(puts=[watchlists.entry()])
    second = watchlists.change_set("second", puts=[watchlists.entry(watchlists.BOB)])
    signed = watchlists.signed_set(made, approver=watchlists.APPROVER)
    batch = watchlists.batch(signed, watchlists.signed_set(second))
    listed = watchlists.List()
    listed.publish(signed, watchlists.signed_set(second))
    records = [listed.records.kept[key] for key in listed.ids()]
    state = b"".join(write_state(listed.standing, records, count=len(records)))
    stream, digest = zlib.compress(PLAIN), hashlib.sha256(PLAIN).digest()
    key = TlsKey.generate()
    certificate = create_authority(key, "hub.example", not_before=1_800_000_000_000, not_after=1_900_000_000_000)
    box = box_pb2.Box(wraps=[box_pb2.BoxWrap(kid=bytes(32), data=bytes(40))], commitment=bytes(32), ciphertext=PLAIN)
    return {
        "batch": Decoder(parse_batch, [batch], pb.WatchBatch, encode_batch),
        "change set": Decoder(
            parse_change_set, [encode_change_set(made), encode_change_set(second)], pb.ChangeSet, encode_change_set
        ),
        "confirmation": Decoder(
            parse_confirmation, [watchlists.confirmation(made).body], pb.Confirmation, encode_confirmation
        ),
        "record": Decoder(parse_record, records, pb.WatchRecord, serialise),
        "state": Decoder(_state, [state], None, lambda found: found),
        "stream": Decoder(
            lambda data: inflate(data, len(PLAIN), digest), [stream], refuses=(MalformedError, VerificationError)
        ),
        "account": Decoder(_account, [text.encode() for text in TEXTS], refuses=(MalformedError, WalletError)),
        "transaction": Decoder(_transaction, [TRANSACTION.encode()], refuses=(MalformedError, WalletError)),
        "amount": Decoder(_amount, [b"12.50", b"0.000000000000000001"], refuses=(MalformedError, LedgerError)),
        "profile": Decoder(parse_profile, packaged_files()),
        "tile": Decoder(split_hashes, [bytes(range(64))], None, b"".join),
        "bundle": Decoder(decode_entries, [encode_entries([b"one", b"", b"three"])], None, encode_entries),
        "box": Decoder(box_recipients, [serialise(box)], box_pb2.Box),
        "certificate": Decoder(_certificate, [certificate, certificate_to_pem(certificate)]),
        "certificate request": Decoder(request_spki, [key.request()]),
    }
