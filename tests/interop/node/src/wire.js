/**
 * Messages in their canonical form (PROTOCOL.md, section 2), by the project's own .proto files.
 *
 * A parsed message is a plain object with the names of the .proto file: numbers are numbers (64-bit ones that are not
 * exact as such are BigInt), enums are numbers, absent messages are null, absent lists empty.
 */

import path from "node:path";
import { fileURLToPath } from "node:url";

import protobuf from "protobufjs";

import { equal } from "./bytes.js";
import { Refusal, must, wellFormed } from "./refusal.js";

const PROTO = fileURLToPath(new URL("../../../../proto/", import.meta.url));
const FILES = ["blobs", "directory", "draft", "envelope", "exchange", "feed", "log", "payload", "watchlist"];

/** Loads the project's .proto files and what they import; adds google.rpc.ErrorInfo. @returns {protobuf.Root} */
function load() {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    if (path.isAbsolute(target)) return target;
    return path.join(PROTO, target.startsWith("google/rpc/") ? `third_party/${target}` : target);
  };
  root.loadSync(
    FILES.map((file) => path.join(PROTO, `comity/v1/${file}.proto`)),
    { keepCase: true, alternateCommentMode: true },
  );
  root.define("google.rpc").add(
    new protobuf.Type("ErrorInfo")
      .add(new protobuf.Field("reason", 1, "string"))
      .add(new protobuf.Field("domain", 2, "string"))
      .add(new protobuf.MapField("metadata", 3, "string", "string")),
  );
  root.resolveAll();
  return root;
}

export const root = load();
const types = new Map();

/** @param {string} name of a message, such as `Header` @returns {protobuf.Type} */
export function type(name) {
  if (!types.has(name)) types.set(name, root.lookupType(name.includes(".") ? name : `comity.v1.${name}`));
  return types.get(name);
}

/** @param {string} name of an enum, such as `Verb` @returns {Record<string, number>} by names without their prefix */
export function enumOf(name) {
  const { values } = root.lookupEnum(`comity.v1.${name}`);
  const prefix = `${name.replace(/(?<=[a-z0-9])[A-Z]/g, "_$&").toUpperCase()}_`;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key.slice(prefix.length), value]));
}

/** @param {string} name of an enum @returns {(value: number) => string} the name of a value, known and not zero */
export function namer(name) {
  const names = new Map(Object.entries(enumOf(name)).map(([key, value]) => [value, key]));
  return (value) => {
    wellFormed(value !== 0 && names.has(value), name);
    return names.get(value);
  };
}

/** Refuses two members of a oneof, and what no parser may keep. @param {protobuf.Type} t @param {protobuf.Message} m */
function check(t, m) {
  for (const one of t.oneofsArray) {
    wellFormed(one.fieldsArray.filter((field) => Object.hasOwn(m, field.name)).length <= 1, "oneof");
  }
  for (const field of t.fieldsArray) {
    if (!(field.resolvedType instanceof protobuf.Type) || !Object.hasOwn(m, field.name)) continue;
    for (const inner of field.repeated ? m[field.name] : [m[field.name]]) check(field.resolvedType, inner);
  }
}

/** @param {protobuf.Field} field @param {unknown} value @returns {unknown} */
function plainValue(field, value) {
  if (field.resolvedType instanceof protobuf.Type) return plain(field.resolvedType, value);
  if (protobuf.util.Long.isLong(value)) {
    const exact = BigInt(value.toString());
    return BigInt(Number(exact)) === exact && Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
}

/** @param {protobuf.Type} t @param {protobuf.Message} m @returns {Record<string, any>} */
function plain(t, m) {
  const out = {};
  for (const field of t.fieldsArray) {
    if (field.repeated) out[field.name] = (m[field.name] ?? []).map((value) => plainValue(field, value));
    else if (Object.hasOwn(m, field.name)) out[field.name] = plainValue(field, m[field.name]);
    else if (field.resolvedType instanceof protobuf.Type) out[field.name] = null;
    else out[field.name] = field.type === "bytes" ? new Uint8Array() : plainValue(field, field.typeDefault);
  }
  return out;
}

/**
 * Parses a message that must be canonical.
 * @param {string} name @param {Uint8Array} data @param {number} [limit] in bytes @returns {Record<string, any>}
 */
export function parse(name, data, limit = Infinity) {
  must(data.length <= limit, "TOO_LARGE", name);
  const t = type(name);
  let message;
  let again;
  try {
    const reader = protobuf.Reader.create(data);
    reader.discardUnknown = true;
    message = t.decode(reader);
    again = t.encode(message).finish();
  } catch {
    throw new Refusal("MALFORMED", name);
  }
  check(t, message);
  wellFormed(equal(again, data), `${name} is not canonical`);
  return plain(t, message);
}

/** Replaces BigInt, null and absent values by what protobufjs takes. @param {any} value @returns {any} */
function forWire(value) {
  if (typeof value === "bigint") return protobuf.util.Long.fromString(value.toString(), true);
  if (value instanceof Uint8Array || value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(forWire);
  const kept = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, forWire(inner)]));
}

/** Serialises canonically. @param {string} name @param {Record<string, any>} fields @returns {Uint8Array} */
export function serialise(name, fields) {
  const t = type(name);
  return new Uint8Array(t.encode(t.fromObject(forWire(fields))).finish());
}

/**
 * Parses an answer of the hub, which may hold fields of a later version.
 * @param {string} name @param {Uint8Array} data
 */
export function parseAnswer(name, data) {
  const t = type(name);
  return plain(t, t.decode(data));
}
