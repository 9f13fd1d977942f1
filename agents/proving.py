"""Receipts, verified whole: from the bytes, against the replayed directory, and against all that was seen before.

What an event must say is its reader's to know: of a delivery `agents/verifying.py`, of a message sent
`agents/outgoing.py`, of an acknowledgement `agents/acks.py`.

Never does: storage of mail.
"""

from __future__ import annotations

from comity.checkpoint import Checkpoint, verify_checkpoint
from comity.directory import View
from comity.errors import MalformedError, VerificationError
from comity.merkle import leaf_hash, verify_inclusion
from comity.receipts import Leaf, Receipt, VerifiedReceipt, parse_leaf
from comity.receipts import verify_receipt as verify_form

from agents.session import Session
from agents.tied import Offered, Tied
from agents.trust import Trust


async def verify_receipt(trust: Trust, session: Session, receipt: Receipt) -> VerifiedReceipt:
    """Verifies a receipt up to its checkpoint, and that its leaf can say what it says where it stands.

    What the event must say is left to the caller, and `tie` after that.

    Raises:
        VerificationError: it does not verify.
        RefusedError: the hub did not answer.
    """
    return _verified(trust, receipt, await _leaf(trust, session, receipt))


def verify_here(trust: Trust, receipt: Receipt) -> VerifiedReceipt:
    """Verifies a receipt by what is known here, asking nobody. Whether its checkpoint was seen, `History.saw` says.

    Raises:
        VerificationError: it does not verify.
    """
    return _verified(trust, receipt, _parsed(receipt))


async def prove(trust: Trust, session: Session, receipt: Receipt) -> VerifiedReceipt:
    """Verifies a receipt that somebody hands over, also one of a size that was not seen here: the hub has to prove it.

    Its size is kept without its checkpoint, which this agency would else show to others as what the hub has signed.

    Raises:
        VerificationError: it does not verify.
        RefusedError: the hub did not answer.
    """
    verified = await verify_receipt(trust, session, receipt)
    checkpoint = verified.checkpoint
    await trust.history.check(session, checkpoint.size, checkpoint.root, receipt.checkpoint, keep_note=False)
    return verified


async def verify_place(trust: Trust, session: Session, receipt: Receipt) -> tuple[Leaf, Checkpoint]:
    """Verifies of a receipt without its event what is left: that the leaf stands where it says.

    Raises:
        VerificationError: it does not verify.
        RefusedError: the hub did not answer.
    """
    leaf = await _leaf(trust, session, receipt)
    key = _view(trust, leaf).log_key()
    checkpoint = verify_checkpoint(receipt.checkpoint, trust.exchange_origin, key)
    hashed = leaf_hash(receipt.leaf)
    verify_inclusion(hashed, receipt.index, checkpoint.size, receipt.inclusion_path, checkpoint.root)
    _check_size(trust, key, checkpoint)
    _check_leaf(trust, receipt.index, leaf)
    return leaf, checkpoint


async def tie(
    trust: Trust,
    session: Session,
    receipt: Receipt,
    leaf: Leaf,
    checkpoint: Checkpoint,
    *,
    last: Tied | None = None,
    offered: Offered | None = None,
) -> Tied:
    """Ties a verified receipt to the one history. What is returned is to be kept with what the receipt is of.

    Args:
        trust: of this home.
        session: to ask for a proof.
        receipt: was verified.
        leaf: its leaf.
        checkpoint: its checkpoint.
        last: what was tied before it and is kept before it, in the same batch.
        offered: a consistency path that came with it.

    Raises:
        SplitViewError: it does not belong to it.
        RefusedError: the hub did not answer.
    """
    seen = (receipt.index, leaf)
    size, root, note = checkpoint.size, checkpoint.root, receipt.checkpoint
    return await trust.history.tie(session, size, root, note, leaf=seen, last=last, offered=offered)


async def _leaf(trust: Trust, session: Session, receipt: Receipt) -> Leaf:
    """Returns a receipt's leaf, once the directory was replayed as far as it says."""
    leaf = _parsed(receipt)
    if leaf.directory_size > trust.directory_size:
        await trust.refresh(session)
    return leaf


def _verified(trust: Trust, receipt: Receipt, leaf: Leaf) -> VerifiedReceipt:
    key = _view(trust, leaf).log_key()
    verified = verify_form(receipt, trust.exchange_origin, [key])
    _check_size(trust, key, verified.checkpoint)
    _check_leaf(trust, receipt.index, leaf)
    return verified


def _parsed(receipt: Receipt) -> Leaf:
    try:
        return parse_leaf(receipt.leaf)
    except MalformedError:
        raise VerificationError("the receipt's leaf is malformed") from None


def _view(trust: Trust, leaf: Leaf) -> View:
    """Returns the directory that a leaf names: its log key, and no other, has signed the leaf's receipt."""
    if not 0 < leaf.directory_size <= trust.directory_size:
        raise VerificationError("the leaf names more of the directory than the hub shows")
    view = trust.view(leaf.directory_size)
    if view.root != leaf.directory_root:
        raise VerificationError("the leaf names another directory than the one replayed")
    return view


def _check_size(trust: Trust, key: bytes, checkpoint: Checkpoint) -> None:
    """Checks that a log key signed a checkpoint while it was in force: a leaf of its time says nothing of the size."""
    replaced = trust.view().replaced_from(key)
    if replaced is not None and trust.history.beyond(checkpoint.size, replaced):
        raise VerificationError("the checkpoint is signed by a log key that was replaced before")


def _check_leaf(trust: Trust, index: int, leaf: Leaf) -> None:
    view = trust.view()
    entered = view.stale_since(leaf.directory_size - 1) or 0
    trust.history.check_leaf(index, leaf, view.stale_since(leaf.directory_size), entered)
