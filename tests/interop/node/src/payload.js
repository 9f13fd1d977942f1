/**
 * What is sealed, under its header (PROTOCOL.md, sections 4 and 5).
 *
 * The rules of single fields are read from the comments in payload.proto: `Required`, `Lines`, `up to 16 of 200 bytes`.
 */

import protobuf from "protobufjs";

import { BETWEEN, bodyName, together } from "./bodies.js";
import { equal, hex, order } from "./bytes.js";
import { exactly, name, text, time } from "./encoding.js";
import { padme } from "./padding.js";
import { as, must, wellFormed } from "./refusal.js";
import { enumOf, parse, type } from "./wire.js";

const LIMIT = 2 ** 20 - 2 ** 16;
const CODE = enumOf("HandlingCode");
const ONWARD = enumOf("Onward");
const AMOUNT = /^(?=.{1,100}$)(0|[1-9][0-9]*)(\.[0-9]+)?$/;
const DATE = /^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?$/;

/** @param {string} number such as `1,000` @returns {number} */
function count(number) {
  return Number(number.replaceAll(",", ""));
}

/** @param {string} text ISO 8601 @returns {boolean} whether the calendar has the day, and the world the time zone */
function isDate(text) {
  if (!DATE.test(text)) return false;
  const [day, clock] = text.split("T");
  const whole = `${day}${"-01-01".slice(0, 10 - day.length)}`.slice(0, 10);
  const at = new Date(`${whole}T00:00:00Z`);
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== whole) return false;
  if (clock === undefined) return true;
  const [, time, sign, zone] = /^([0-9:.]+)(Z|[+-])(.*)$/.exec(clock);
  const [hours, minutes, seconds = 0] = time.split(":").map(Number);
  const known = sign === "Z" || (/:(00|15|30|45)$/.test(zone) && zone <= (sign === "+" ? "14:00" : "12:00"));
  return hours < 24 && minutes < 60 && seconds < 60 && known;
}

/** @param {protobuf.Field} field @returns {object} its rules, from its comment */
function rulesOf(field) {
  const comment = (field.comment ?? "").replace(/\s+/g, " ");
  const many = /(?:1 to|[Uu]p to) ([0-9,]+) of ([0-9,]+) bytes/.exec(comment);
  const size = /[Uu]p to ([0-9,]+) bytes/.exec(comment);
  const items = /(?:1 to|[Uu]p to|at most) ([0-9,]+)(?! bytes| of|[0-9,])/.exec(comment);
  const fixed = /\b([0-9]+) bytes\.?$/.exec(comment);
  return {
    required: comment.startsWith("Required.") || comment.startsWith("Required:"),
    lines: /\bLines\b/.test(comment),
    limit: many ? count(many[2]) : size ? count(size[1]) : field.name.startsWith("account") ? 300 : 254,
    items: many ? count(many[1]) : items ? count(items[1]) : Infinity,
    length: fixed && !size ? Number(fixed[1]) : null,
    amount: comment.includes("xact decimal"),
    date: comment.includes("ISO 8601"),
    time: comment.includes("Unix milliseconds"),
  };
}

/** @param {protobuf.Field} field @param {any} value @param {object} rules */
function checkValue(field, value, rules) {
  if (field.resolvedType instanceof protobuf.Enum) {
    wellFormed(field.resolvedType.valuesById[value] !== undefined && value !== 0, field.name);
  } else if (field.resolvedType instanceof protobuf.Type) {
    checkMessage(field.resolvedType, value);
  } else if (field.type === "string") {
    wellFormed(value === "" || value.trim() !== "", field.name);
    text(value, rules.limit, { lines: rules.lines, required: rules.required || field.repeated });
    wellFormed(value === "" || !rules.amount || AMOUNT.test(value), field.name);
    wellFormed(value === "" || !rules.date || isDate(value), field.name);
  } else if (field.type === "bytes" && rules.length !== null) {
    exactly(value, rules.length, { optional: !rules.required });
  } else if (rules.time) {
    time(value, { required: rules.required });
  }
}

/** @param {protobuf.Type} t @param {Record<string, any>} m */
export function checkMessage(t, m) {
  for (const field of t.fieldsArray) {
    const rules = rulesOf(field);
    const value = m[field.name];
    if (field.repeated) {
      wellFormed(value.length <= rules.items && (!rules.required || value.length > 0), field.name);
      for (const each of value) checkValue(field, each, rules);
    } else if (value === null || (value === 0 && !rules.time)) {
      wellFormed(!rules.required, `${t.name}.${field.name}`);
    } else {
      checkValue(field, value, rules);
    }
  }
}

/** @param {Record<string, any>} h */
export function betweenHandling(h) {
  together(h.code === CODE.H3, h.code_text, "H3 and its text");
  together(h.onward === ONWARD.LISTED, h.onward_agencies.length, "listed agencies");
  wellFormed(h.code !== CODE.H2 || ![ONWARD.LISTED, ONWARD.FREE].includes(h.onward), "H2 forbids passing on");
  for (const agency of h.onward_agencies) name("agency", agency);
}

/** @param {string} body its name @param {Record<string, any>} m @param {Record<string, any>} header */
function between(body, m, header) {
  const ids = m.attachments.map((item) => item.id);
  const sealed = m.attachments.map((item) => item.blob_sha256);
  BETWEEN[body]?.(m[body], header, ids, sealed);
}

/**
 * Judges a body alone, under what its header would say. Every failure is CANNOT_OPEN.
 * @param {Uint8Array} data @param {Record<string, any>} header @param {Uint8Array[]} ids of the attachments
 * @returns {string} its name
 */
export function bodyOf(data, header, ids) {
  return as("CANNOT_OPEN", () => {
    const name = bodyName(header);
    const body = parse(type("Payload").fields[name].resolvedType.name, data, LIMIT);
    checkMessage(type("Payload").fields[name].resolvedType, body);
    between(name, { [name]: body, attachments: ids.map((id) => ({ id, blob_sha256: id })) }, header);
    return name;
  });
}

/** @param {Record<string, any>} m @param {Record<string, any>} header */
function attachments(m, header) {
  const sealed = (length) => {
    const padded = padme(length);
    return 24 + padded + 17 * Math.ceil(padded / 65_536);
  };
  for (const item of m.attachments) wellFormed(item.blob_length === sealed(item.plain_length), "blob length");
  wellFormed(new Set(m.attachments.map((item) => hex(item.id))).size === m.attachments.length, "attachment twice");
  const again = (m.forward?.original_blobs ?? []).map((b) => ({ blob_sha256: b.sha256, blob_length: b.length }));
  const named = [...m.attachments, ...again].sort((a, b) => order(a.blob_sha256, b.blob_sha256));
  const same = named.every(({ blob_sha256, blob_length }, i) => {
    const blob = header.blobs[i];
    return blob !== undefined && equal(blob.sha256, blob_sha256) && blob.length === blob_length;
  });
  wellFormed(same && named.length === header.blobs.length, "the attachments of the header");
}

/**
 * Parses a payload under its header. Every failure is CANNOT_OPEN.
 * @param {Uint8Array} data @param {Record<string, any>} header parsed @returns {Record<string, any>} its fields
 */
export function parsePayload(data, header) {
  return as("CANNOT_OPEN", () => {
    const m = parse("Payload", data, LIMIT);
    must(m.version === 1, "UNSUPPORTED_VERSION");
    const body = bodyName(header);
    const bodies = type("Payload").oneofs.body.fieldsArray.map((field) => field.name);
    wellFormed(m[body] !== undefined && m[body] !== null, "the body of the verb");
    wellFormed(bodies.filter((each) => m[each] !== null).length === 1, "one body");
    checkMessage(type("Payload"), m);
    betweenHandling(m.handling);
    between(body, m, header);
    attachments(m, header);
    return m;
  });
}
