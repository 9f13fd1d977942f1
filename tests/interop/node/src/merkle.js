/** RFC 6962 trees: roots, inclusion and consistency proofs (PROTOCOL.md, section 6; algorithms of RFC 9162, 2.1). */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal } from "./bytes.js";
import { must } from "./refusal.js";

export const EMPTY_ROOT = sha256(new Uint8Array());

/** @param {Uint8Array} leaf @returns {Uint8Array} */
export function leafHash(leaf) {
  return sha256(concat(Uint8Array.of(0), leaf));
}

/** @param {Uint8Array} left @param {Uint8Array} right @returns {Uint8Array} */
export function nodeHash(left, right) {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** A tree that grows: the roots of its perfect subtrees, the largest first. */
export class Tree {
  size = 0;
  /** @type {{hash: Uint8Array, width: number}[]} */
  #peaks = [];

  /** @param {Uint8Array} hash of the next leaf */
  add(hash) {
    let peak = { hash, width: 1 };
    while (this.#peaks.length > 0 && this.#peaks.at(-1).width === peak.width) {
      peak = { hash: nodeHash(this.#peaks.pop().hash, peak.hash), width: peak.width * 2 };
    }
    this.#peaks.push(peak);
    this.size++;
  }

  /** @returns {Uint8Array} */
  get root() {
    if (this.size === 0) return EMPTY_ROOT;
    return this.#peaks.map((peak) => peak.hash).reduceRight((right, left) => nodeHash(left, right));
  }

  /** @returns {Tree} */
  copy() {
    const other = new Tree();
    other.size = this.size;
    other.#peaks = [...this.#peaks];
    return other;
  }
}

/** @param {Uint8Array[]} leaves @returns {Uint8Array} */
export function rootOf(leaves) {
  const tree = new Tree();
  for (const leaf of leaves) tree.add(leafHash(leaf));
  return tree.root;
}

/** @param {unknown} holds */
function proves(holds) {
  must(holds, "VERIFICATION_FAILED", "proof");
}

const odd = (n) => n % 2 === 1;
const half = (n) => Math.floor(n / 2);

/**
 * Verifies that a leaf is in a tree.
 * @param {Uint8Array} hash of the leaf @param {number} index @param {number} size @param {Uint8Array[]} path
 * @param {Uint8Array} root
 */
export function verifyInclusion(hash, index, size, path, root) {
  proves(hash.length === 32 && root.length === 32 && path.every((node) => node.length === 32));
  proves(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size);
  let [fn, sn, r] = [index, size - 1, hash];
  for (const node of path) {
    proves(sn !== 0);
    if (odd(fn) || fn === sn) {
      r = nodeHash(node, r);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      r = nodeHash(r, node);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  proves(sn === 0 && equal(r, root));
  return true;
}

/**
 * Verifies that a tree begins with a smaller one.
 * @param {number} first @param {number} second @param {Uint8Array[]} path @param {Uint8Array} firstRoot
 * @param {Uint8Array} secondRoot
 */
export function verifyConsistency(first, second, path, firstRoot, secondRoot) {
  proves([firstRoot, secondRoot, ...path].every((node) => node.length === 32));
  proves(Number.isSafeInteger(first) && Number.isSafeInteger(second) && first >= 0 && first <= second);
  if (first === second || first === 0) {
    proves(path.length === 0 && equal(firstRoot, first === 0 ? EMPTY_ROOT : secondRoot));
    if (second === 0) proves(equal(secondRoot, EMPTY_ROOT));
    return true;
  }
  proves(path.length > 0);
  const nodes = Number.isInteger(Math.log2(first)) && 2 ** Math.log2(first) === first ? [firstRoot, ...path] : path;
  let [fn, sn] = [first - 1, second - 1];
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [nodes[0], nodes[0]];
  for (const node of nodes.slice(1)) {
    proves(sn !== 0);
    if (odd(fn) || fn === sn) {
      fr = nodeHash(node, fr);
      sr = nodeHash(node, sr);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, node);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  proves(sn === 0 && equal(fr, firstRoot) && equal(sr, secondRoot));
  return true;
}
