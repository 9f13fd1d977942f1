/**
 * Passes every vector in proto/vectors, and the CCTV set of Ed25519: the same output, or a failure of the same class.
 * Exit code 1 where one differs.
 */

import { readFileSync, readdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import { concat, hex, unhex, utf8 } from "./src/bytes.js";
import { Refusal } from "./src/refusal.js";
import { FUNCTIONS } from "./src/vector_functions.js";

const CCTV = new URL("../../data/crypto/cctv/ed25519_libsodium.json", import.meta.url);
const FOLDER = new URL("../../../proto/vectors/", import.meta.url);

/** @param {string} value hexadecimal @param {Record<string, any>} change @returns {string} */
function edited(value, change) {
  let bytes = unhex(value);
  if (change.keep !== undefined) bytes = bytes.slice(0, change.keep);
  if (change.swap !== undefined) {
    const [a, b, n] = change.swap;
    const [first, second] = [bytes.slice(a, a + n), bytes.slice(b, b + n)];
    bytes.set(second, a);
    bytes.set(first, b);
  }
  if (change.set !== undefined) bytes.set(unhex(change.set), change.at);
  if (change.add !== undefined) bytes = concat(bytes, unhex(change.add));
  return hex(bytes);
}

/** @param {Record<string, any>} file @param {Record<string, any>} one @returns {Record<string, any>} */
function inputsOf(file, one) {
  const like = one.like === undefined ? {} : file.cases.find((each) => each.name === one.like);
  const inputs = { ...file.shared, ...like.input, ...one.input };
  for (const [name, change] of Object.entries(one.edit ?? {})) inputs[name] = edited(inputs[name], change);
  return inputs;
}

/** @param {Record<string, any>} one @param {Record<string, any>} inputs @returns {{output?: any, expect?: string}} */
function verdict(one, inputs) {
  try {
    return { output: FUNCTIONS[one.function](inputs) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { expect: error.reason, why: error.message };
  }
}

let passed = 0;
let edges = 0;
const different = [];
const only = process.argv[2];
for (const name of readdirSync(FOLDER)
  .filter((each) => each.endsWith(".json"))
  .sort()) {
  if (only !== undefined && name !== `${only}.json`) continue;
  const file = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
  for (const one of file.cases) {
    const { why, ...got } = verdict(one, inputsOf(file, one));
    const want = "expect" in one ? { expect: one.expect } : { output: one.output };
    if (isDeepStrictEqual(got, want)) passed++;
    else different.push(`${name}: ${one.name}: ${why ?? JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
  }
}
if (only === undefined || only === "cctv") {
  for (const { number, key, msg, sig, accepted } of JSON.parse(readFileSync(CCTV, "utf8"))) {
    const inputs = { public: key, data: hex(utf8(msg)), sig };
    const { output = false } = verdict({ function: "verify" }, inputs);
    if (output === accepted) edges++;
    else different.push(`CCTV ${number}: ${output} instead of ${accepted}`);
  }
}
for (const line of different) console.log(line);
if (edges > 0) console.log(`signatures of the CCTV set: ${edges} as libsodium judges them`);
console.log(`vectors: ${passed} passed, ${different.length} different`);
if (different.length > 0 || passed + edges === 0) process.exit(1);
