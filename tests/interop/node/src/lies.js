/** What a dishonest hub might hand out instead of an honest item or head: this client must refuse each of them. */

import { Heads } from "./heads.js";
import { verifyConsistency } from "./merkle.js";
import { Refusal } from "./refusal.js";

/** @param {Uint8Array} bytes @param {number} [at] @returns {Uint8Array} with one bit changed */
function bent(bytes, at = 0) {
  const out = Uint8Array.from(bytes);
  out[at] ^= 1;
  return out;
}

/** @param {object} item @returns {Record<string, object>} the same item, each time with one thing changed */
function itemsInstead(item) {
  const { receipt, envelope, ack } = item;
  const [first] = envelope?.signatures ?? [];
  const instead = {
    "another number": { number: item.number + 1 },
    "another delivery": { delivery_salt: bent(item.delivery_salt) },
    "another salt": { receipt: { ...receipt, salt: bent(receipt.salt) } },
    "another place": { receipt: { ...receipt, index: receipt.index + 1 } },
    "another leaf": { receipt: { ...receipt, leaf: bent(receipt.leaf, receipt.leaf.length - 1) } },
    "another checkpoint": { receipt: { ...receipt, checkpoint: bent(receipt.checkpoint, 40) } },
  };
  if (envelope !== null) {
    const signatures = [{ ...first, sig: bent(first.sig) }, ...envelope.signatures.slice(1)];
    instead["another signature"] = { envelope: { ...envelope, signatures } };
    instead["a signature less"] = { envelope: { ...envelope, signatures: envelope.signatures.slice(1) } };
    instead["another ciphertext"] = { envelope: { ...envelope, ciphertext: bent(envelope.ciphertext) } };
    instead["another seal"] = { envelope: { ...envelope, seal: bent(envelope.seal, 2) } };
    instead["no wrap"] = { envelope: { ...envelope, wraps: [] } };
  }
  if (ack !== null) instead["another acknowledgement"] = { ack: { ...ack, sig: bent(ack.sig) } };
  return Object.fromEntries(Object.entries(instead).map(([name, change]) => [name, { ...item, ...change }]));
}

/** @param {string} name @param {() => unknown} act */
async function refuses(name, act) {
  try {
    await act();
  } catch (error) {
    if (error instanceof Refusal) return;
    throw error;
  }
  throw new Error(`it takes ${name}`);
}

/**
 * Offers lies instead of an item that is about to be taken.
 * @param {import("./client.js").Client} client @param {object} item @param {string} pin @returns {Promise<number>}
 */
export async function offerItems(client, item, pin) {
  const lies = Object.entries(itemsInstead(item));
  for (const [name, lie] of lies) await refuses(name, () => client.take(lie, pin));
  return lies.length;
}

/**
 * Offers an item that was taken once more, as a hub would that leaves out or repeats a number.
 * @param {import("./client.js").Client} client @param {object} item @param {string} pin @returns {Promise<number>}
 */
export async function offerAgain(client, item, pin) {
  await refuses("an item out of its turn", () => client.take(item, pin));
  return 1;
}

/** Offers heads, entries, leaves and proofs that contradict a true head. @param {object} head @returns {Promise<number>} */
export async function offerHistories(head) {
  const { directory_size: entries, exchange_size: leaves, time } = head;
  const seconds = Math.floor(time / 1000);
  const leaf = { directory_size: entries, time_seconds: seconds };
  const times = new Array(entries).fill(seconds - 1000);
  const holding = () => {
    const heads = new Heads();
    heads.take(head, {});
    return heads;
  };
  const lies = {
    "two heads of which neither covers the other": (heads) =>
      heads.take({ ...head, directory_size: entries + 1, exchange_size: leaves - 1 }, {}),
    "a lesser head much later": (heads) => heads.take({ ...head, exchange_size: leaves - 1, time: time + 181_000 }, {}),
    "an entry dated back": (heads) => heads.checkEntry(entries, seconds - 181, time),
    "an entry dated before a leaf": (heads) => {
      heads.checkLeaf(leaves, leaf, times);
      heads.checkEntry(entries, seconds - 1, time);
    },
    "an entry of the future": (heads) => heads.checkEntry(entries, seconds + 122, time),
    "a leaf under an older directory": (heads) =>
      heads.checkLeaf(leaves, { ...leaf, directory_size: entries - 1 }, times.slice(0, -1)),
    "a leaf from before the head": (heads) => heads.checkLeaf(leaves, { ...leaf, time_seconds: seconds - 181 }, times),
    "a leaf before its directory": (heads) => heads.checkLeaf(0, { ...leaf, time_seconds: seconds - 1001 }, times),
    "a leaf after its directory": (heads) => heads.checkLeaf(0, leaf, [...times, seconds - 1]),
    "leaves in no order": (heads) => {
      heads.checkLeaf(0, leaf, times);
      heads.checkLeaf(1, { ...leaf, time_seconds: seconds - 1 }, times);
    },
    "a sealing on an old head": (heads) => heads.fresh(time + 600_001),
    "two roots of one size": () => verifyConsistency(2, 2, [], head.exchange_root, bent(head.exchange_root)),
  };
  for (const [name, lie] of Object.entries(lies)) await refuses(name, () => lie(holding()));
  const honest = holding();
  honest.take({ ...head, exchange_size: leaves - 1, time: time + 1000 }, {});
  honest.checkEntry(entries, seconds - 179, time);
  honest.checkLeaf(leaves, { ...leaf, time_seconds: seconds - 179 }, [...times, seconds - 179]);
  honest.fresh(time + 600_000);
  return Object.keys(lies).length;
}
