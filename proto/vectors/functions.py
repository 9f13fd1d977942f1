"""What each vector asks for: the functions of the contract, by the name that stands in the vectors.

`run` gives a case's output, or the class of its failure. `make.py` writes what `run` says and a test holds the files to
it, so that no change of the contract goes unseen.

Hexadecimal in, hexadecimal out: nothing here knows what is right.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any

from comity import encoding, envelope, keys, merkle, names, padding, receipts, wallets
from comity.blobs import BlobSecrets, open_blob
from comity.checkpoint import verify_checkpoint
from comity.directory import Directory, parse_entry, parse_statement
from comity.directory.heads import verify_head
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError, VerificationError
from comity.freezes import LedgerError
from comity.handling import HandlingLoweredError
from comity.keys import Use, WrapKey
from comity.payload import parse_payload
from comity.sealing import open_content, open_wrap
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2, log_pb2
from vectors import cases, dates, lists, words

Case = Mapping[str, Any]
Inputs = Mapping[str, Any]

_MESSAGES = {
    m.DESCRIPTOR.name: m
    for m in (
        envelope_pb2.Header,
        envelope_pb2.Seal,
        directory_pb2.Head,
        directory_pb2.MemberCertified,
        exchange_pb2.Ack,
        log_pb2.Event,
        log_pb2.Leaf,
    )
}
_NAMES = {
    "agency": names.check_agency,
    "operator": names.check_operator,
    "desk": names.check_desk,
    "member": names.check_member,
    "origin": names.check_origin,
    "jurisdiction": names.check_jurisdiction,
    "telephone": names.check_telephone,
    "language": names.check_language,
}


class DifferentError(Exception):
    """Two things that were compared are not the same."""


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def tagged(i: Inputs) -> str:
    """The tagged bytes of some parts."""
    return encoding.tagged(encoding.Purpose(i["purpose"]), *map(bytes.fromhex, i["parts"])).hex()


def digest(i: Inputs) -> str:
    """Their digest."""
    return encoding.digest(encoding.Purpose(i["purpose"]), *map(bytes.fromhex, i["parts"])).hex()


def canonical(i: Inputs) -> str:
    """A message that is its own canonical serialisation."""
    message = encoding.parse(_MESSAGES[i["message"]], bytes.fromhex(i["data"]), i["limit"])
    return encoding.serialise(message).hex()


def text(i: Inputs) -> str:
    """A text that may stand in a message."""
    return encoding.check_text(
        bytes.fromhex(i["utf8"]).decode(errors="surrogatepass"), i["limit"], multiline=i["lines"]
    )


def name(i: Inputs) -> str:
    """A name of a kind."""
    return _NAMES[i["kind"]](i["text"])


def kid(i: Inputs) -> str:
    """A key id."""
    return keys.kid(i["owner"], Use(i["use"]), bytes.fromhex(i["public"])).hex()


def signing_key(i: Inputs) -> str:
    """An Ed25519 key that may be registered."""
    return keys.check_signing_key(bytes.fromhex(i["public"])).hex()


def wrap_key(i: Inputs) -> str:
    """An X-Wing key that may be registered and wrapped to."""
    public = bytes.fromhex(i["public"])
    for place, byte in i.get("bytes", {}).items():
        public = public[: int(place)] + bytes.fromhex(byte) + public[int(place) + 1 :]
    return hashlib.sha256(keys.check_wrap_key(public)).hexdigest()


def wrap_seed(i: Inputs) -> str:
    """The X-Wing public key of a seed."""
    return WrapKey.from_seed(bytes.fromhex(i["seed"])).public.hex()


def fingerprint(i: Inputs) -> str:
    """The fingerprint of a statement's body."""
    return keys.fingerprint(bytes.fromhex(i["body"]))


def same_fingerprint(i: Inputs) -> bool:
    """A fingerprint as somebody typed it."""
    if not keys.same_fingerprint(i["typed"], bytes.fromhex(i["body"])):
        raise DifferentError
    return True


def verify(i: Inputs) -> bool:
    """A signature."""
    if not keys.verify(bytes.fromhex(i["public"]), bytes.fromhex(i["data"]), bytes.fromhex(i["sig"])):
        raise VerificationError("not signed")
    return True


def header(i: Inputs) -> Any:
    """A header's fields."""
    return words.header(envelope.parse_header(bytes.fromhex(i["data"])))


def seal(i: Inputs) -> Any:
    """A seal's fields."""
    parsed = envelope.parse_seal(bytes.fromhex(i["data"]))
    return {
        "commitment": parsed.commitment.hex(),
        "ciphertext_sha256": parsed.ciphertext_sha256.hex(),
        "ciphertext_length": parsed.ciphertext_length,
        "wrap_sha256": [w.hex() for w in parsed.wrap_sha256],
    }


def open_envelope(i: Inputs) -> Any:
    """An envelope: form, then signatures, then opening, then the payload."""
    m = envelope_pb2.Envelope(
        header=bytes.fromhex(i["header"]),
        seal=bytes.fromhex(i["seal"]),
        ciphertext=bytes.fromhex(i["ciphertext"]),
        wraps=[envelope_pb2.Wrap(desk=w["desk"], data=bytes.fromhex(w["data"])) for w in i["wraps"]],
        signatures=[
            envelope_pb2.Signature(kid=bytes.fromhex(s["kid"]), role=s["role"], sig=bytes.fromhex(s["sig"]))
            for s in i["signatures"]
        ],
    )
    parsed = envelope.parse_envelope(m, reader=i["reader"])
    for s in parsed.signatures:
        public = bytes.fromhex(i["signing_keys"].get(s.kid.hex(), ""))
        if not keys.verify(public, envelope.signing_bytes(m.header, m.seal, s.role), s.sig):
            raise MalformedError("a signature does not verify", Reason.BAD_SIGNATURE)
    found = parsed.wrap_for(i["opens"])
    if found is None:
        raise CannotOpenError
    content_key = open_wrap(m.header, *found, WrapKey.from_seed(bytes.fromhex(i["desk_seed"])))
    payload = open_content(m.header, m.seal, m.ciphertext, content_key)
    try:
        parse_payload(payload, parsed.header)
    except MalformedError:
        raise CannotOpenError from None
    return {
        "message_hash": parsed.message_hash.hex(),
        "signatures_digest": envelope.signatures_digest(parsed.signatures).hex(),
        "content_key": content_key.hex(),
        "payload": payload.hex(),
    }


def open_attachment(i: Inputs) -> str:
    """The SHA-256 of an opened attachment."""
    secrets = BlobSecrets(
        bytes.fromhex(i["id"]),
        bytes.fromhex(i["key"]),
        bytes.fromhex(i["commitment"]),
        i["plain_length"],
        i["sealed_length"],
        bytes.fromhex(i["sha256"]),
    )
    sink = io.BytesIO()
    open_blob(io.BytesIO(bytes.fromhex(i["blob"])), sink, secrets)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def root(i: Inputs) -> str:
    """The root over some leaves."""
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in i["leaves"]]
    return merkle.append(merkle.Frontier.empty(), leaves).root.hex()


def inclusion(i: Inputs) -> bool:
    """An inclusion proof."""
    path = [bytes.fromhex(p) for p in i["path"]]
    merkle.verify_inclusion(bytes.fromhex(i["leaf_hash"]), i["index"], i["size"], path, bytes.fromhex(i["root"]))
    return True


def consistency(i: Inputs) -> bool:
    """A consistency proof."""
    path = [bytes.fromhex(p) for p in i["path"]]
    roots = bytes.fromhex(i["first_root"]), bytes.fromhex(i["second_root"])
    merkle.verify_consistency(i["first"], i["second"], *roots, path)
    return True


def checkpoint(i: Inputs) -> Any:
    """A signed checkpoint."""
    found = verify_checkpoint(bytes.fromhex(i["note"]), i["origin"], bytes.fromhex(i["public"]))
    return {"size": found.size, "root": found.root.hex()}


def receipt(i: Inputs) -> Any:
    """A receipt."""
    given = receipts.Receipt(
        bytes.fromhex(i["event"]),
        bytes.fromhex(i["salt"]),
        i["index"],
        bytes.fromhex(i["leaf"]),
        tuple(bytes.fromhex(p) for p in i["inclusion_path"]),
        bytes.fromhex(i["checkpoint"]),
    )
    proven = receipts.verify_receipt(given, i["origin"], [bytes.fromhex(k) for k in i["log_keys"]])
    return {"event": words.event(proven.event), "leaf": words.leaf(proven.leaf), "size": proven.checkpoint.size}


def event(i: Inputs) -> Any:
    """An event's fields."""
    return words.event(receipts.parse_event(bytes.fromhex(i["data"])))


def leaf(i: Inputs) -> Any:
    """A leaf's fields."""
    return words.leaf(receipts.parse_leaf(bytes.fromhex(i["data"])))


def delivery(i: Inputs) -> str:
    """What an event says of one delivery."""
    return receipts.delivery_commitment(bytes.fromhex(i["salt"]), i["desk"], i["number"]).hex()


def ack(i: Inputs) -> Any:
    """A signed acknowledgement: signature first, then form."""
    body, sig = bytes.fromhex(i["body"]), bytes.fromhex(i["sig"])
    if not receipts.verify_ack(body, sig, bytes.fromhex(i["public"])):
        raise VerificationError("not signed")
    fields = words.ack(receipts.parse_ack(body))
    signature = receipts.ack_signature_digest(bytes.fromhex(fields["kid"]), sig)
    return fields | {"ack_body_digest": receipts.ack_digest(body).hex(), "signatures_digest": signature.hex()}


def head(i: Inputs) -> Any:
    """A signed head: signature first, then form."""
    return words.head(verify_head(bytes.fromhex(i["body"]), bytes.fromhex(i["sig"]), bytes.fromhex(i["public"])))


def replay(i: Inputs) -> Any:
    """A whole directory: after each entry its kind and the root."""
    directory = Directory()
    steps = []
    for entry in i["entries"]:
        statement = directory.apply(bytes.fromhex(entry))
        steps.append({"kind": statement.kind, "root": directory.root.hex()})
    return steps


def append(i: Inputs) -> str:
    """One more entry after the first ones of a directory."""
    directory = Directory()
    for entry in i["entries"][: i["after"]]:
        directory.apply(bytes.fromhex(entry))
    directory.apply(bytes.fromhex(i["entry"]))
    return directory.root.hex()


def live(i: Inputs) -> Any:
    """What holds as of a size, at a moment."""
    directory = Directory()
    for entry in i["entries"]:
        directory.apply(bytes.fromhex(entry))
    return words.view(directory.view(i["size"]), directory.state, i["time"])


def statement(i: Inputs) -> Any:
    """An entry's statement, nothing verified."""
    time_seconds, data = parse_entry(bytes.fromhex(i["entries"][i["number"]]))
    parsed = parse_statement(data)
    return {
        "time_seconds": time_seconds,
        "origin": parsed.origin,
        "kind": parsed.kind,
        "digest": parsed.digest.hex(),
        "positions": [[p.signer, p.number, p.previous.hex()] for p in parsed.positions],
        "signers": [k.hex() for k, _ in parsed.signatures],
    }


def padme(i: Inputs) -> int:
    """The padded length of content."""
    return padding.padded_length(i["length"])


def pad(i: Inputs) -> Any:
    """Padded content, by length and digest."""
    padded = padding.pad(bytes.fromhex(i["content"]))
    return {"length": len(padded), "sha256": hashlib.sha256(padded).hexdigest()}


def unpad(i: Inputs) -> str:
    """The content of what is given as a beginning and a number of zeros after it."""
    return padding.unpad(bytes.fromhex(i["begin"]) + bytes(i["zeros"])).hex()


def account(i: Inputs) -> Any:
    """A wallet."""
    found = wallets.parse_account(i["text"], i["chain"])
    return {
        "caip10": found.caip10,
        "address": found.address,
        "checksum": found.checksum.name,
        "tag": found.tag,
        "parent": found.parent,
    }


def transaction(i: Inputs) -> str:
    """A transaction."""
    return wallets.parse_transaction(i["text"], i["chain"]).caip


FUNCTIONS: Mapping[str, Callable[[Inputs], Any]] = {
    function.__name__: function
    for function in (
        tagged, digest, canonical, text, name, kid, signing_key, wrap_key, wrap_seed, fingerprint, same_fingerprint,
        verify, header, seal, open_envelope, open_attachment, root, inclusion, consistency, checkpoint, receipt, event,
        leaf, delivery, ack, head, replay, append, live, statement, padme, pad, unpad, account, transaction,
        words.step, words.stored, words.onward, words.merge, words.reply, words.forward,
        cases.body, cases.freeze, dates.deadlines, dates.close,
        lists.entry, lists.change_set, lists.follow, lists.snapshot, lists.inflate,
    )
}  # fmt: skip


def run(case: Case, shared: Inputs) -> tuple[str, Any]:
    """Returns ("output", value), or ("expect", class of failure) with a rule after a colon where there is one.

    Args:
        case: from a file of vectors.
        shared: what the file gives to all its cases.
    """
    inputs = words.complete(case, shared)
    try:
        return "output", FUNCTIONS[case["function"]](inputs)
    except wallets.WalletError as error:
        return "expect", error.kind.value
    except MalformedError as error:
        return "expect", error.reason.value
    except RefusedError as error:
        rule = error.metadata.get("rule")
        return "expect", error.reason.value if rule is None else f"{error.reason.value}:{rule}"
    except VerificationError:
        return "expect", "VERIFICATION_FAILED"
    except CannotOpenError:
        return "expect", "CANNOT_OPEN"
    except HandlingLoweredError as error:
        return "expect", "HANDLING_LOWERED:" + ",".join(error.fields)
    except LedgerError as error:
        return "expect", f"{error.problem.value}:{error.line}" if error.line else error.problem.value
    except DifferentError:
        return "expect", "DIFFERENT"
