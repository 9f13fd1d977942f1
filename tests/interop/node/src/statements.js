/** The form of directory entries and statements (PROTOCOL.md, section 3): what is decided without the directory. */

import { sha256 } from "@noble/hashes/sha2.js";

import { ascending, concat, order, utf8 } from "./bytes.js";
import { MAX_TIME, digest, exactly, name, text, time } from "./encoding.js";
import { byteOrder, familyName } from "./header.js";
import { wrapKey } from "./hpke.js";
import { must, wellFormed } from "./refusal.js";
import { signingKey } from "./signatures.js";
import { namer, parse, type } from "./wire.js";

const ENTRY_LIMIT = 32 * 1024;
const DAY = 86_400_000;

export const roleName = namer("Role");
export const kindName = namer("AgencyKind");
const reasonName = namer("RevocationReason");
const directionName = namer("AgreementDirection");

/** @param {Record<string, any>} s @param {number} [days] the longest validity */
function validity(s, days = Infinity) {
  time(s.valid_from, { required: true });
  time(s.valid_until, { required: true });
  wellFormed(s.valid_from < s.valid_until && s.valid_until - s.valid_from <= days * DAY, "validity");
}

/** @param {string[]} names @param {number} most */
function desks(names, most) {
  wellFormed(names.length >= 1 && names.length <= most && ascending(names, byteOrder), "desks");
  for (const desk of names) name("desk", desk);
}

/** @param {number[]} values */
function enums(values) {
  wellFormed(values.length >= 1 && ascending(values, (a, b) => a - b), "ascending values");
}

/** @param {Record<string, any>} o */
function operatorKey(o) {
  wellFormed(o !== null, "operator");
  name("operator", o.operator);
  signingKey(o.sign_key);
  exactly(o.tls_spki_sha256, 32);
}

/** @param {string} line C2SP verifier key @returns {{name: string, key: Uint8Array}} */
export function verifierKey(line) {
  const found = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text(line, 300));
  wellFormed(found !== null, "verifier key");
  const data = new Uint8Array(Buffer.from(found[3], "base64"));
  wellFormed(Buffer.from(data).toString("base64") === found[3] && data.length === 33 && data[0] === 1, "verifier key");
  const hash = sha256(concat(utf8(`${found[1]}\n`), data)).subarray(0, 4);
  wellFormed(Buffer.from(hash).toString("hex") === found[2], "verifier key hash");
  return { name: found[1], key: signingKey(data.subarray(1)) };
}

const FORMS = {
  hub_genesis(s) {
    name("origin", s.exchange_origin);
    wellFormed(s.operators.length === 3, "three operators");
    for (const operator of s.operators) operatorKey(operator);
    wellFormed(new Set(s.operators.map((o) => o.operator)).size === 3, "three operators");
    signingKey(s.log_key);
    signingKey(s.head_key);
    wellFormed(s.tls_ca.length >= 1 && s.tls_ca.length <= 4096, "CA");
    time(s.created, { required: true });
  },
  agency_admitted(s) {
    name("agency", s.agency);
    kindName(s.kind);
    text(s.name_en, 200, { required: true });
    text(s.name_zh, 200);
    name("jurisdiction", s.jurisdiction);
    signingKey(s.root_key);
  },
  member_certified(s) {
    name("member", s.member);
    desks(s.desks, 32);
    enums(s.roles);
    for (const role of s.roles) roleName(role);
    signingKey(s.sign_key);
    wrapKey(s.wrap_key);
    validity(s);
    wellFormed(
      s.desks.every((desk) => desk.split("/")[0] === s.member.split("/")[0]),
      "desks of its own agency",
    );
  },
  desk_key_published(s) {
    name("desk", s.desk);
    wellFormed(s.epoch >= 1, "epoch");
    wrapKey(s.wrap_key);
    validity(s, 35);
  },
  transport_key(s) {
    name("desk", s.desk);
    exactly(s.spki_sha256, 32);
    validity(s, 400);
  },
  rotation_delegated(s) {
    name("desk", s.desk);
    exactly(s.kid, 32);
    validity(s, 400);
  },
  duty_contact(s) {
    name("desk", s.desk);
    name("telephone", s.telephone);
    text(s.hours, 200, { required: true });
    wellFormed(s.languages.length >= 1 && s.languages.length <= 16, "languages");
    for (const language of s.languages) name("language", language);
  },
  revoked(s) {
    exactly(s.kid, 32);
    reasonName(s.reason);
    time(s.effective, { required: true });
    time(s.suspect_from);
  },
  agreement_signed(s) {
    exactly(s.id, 16);
    name("agency", s.first);
    name("agency", s.second);
    wellFormed(byteOrder(s.first, s.second) < 0, "first before second");
    enums(s.families);
    for (const family of s.families) familyName(family);
    directionName(s.direction);
    text(s.legal_basis, 500, { required: true });
    time(s.valid_until, { required: true });
    exactly(s.profile_sha256, 32);
  },
  agreement_ended: (s) => exactly(s.id, 16),
  root_replaced(s) {
    name("agency", s.agency);
    signingKey(s.new_root_key);
  },
  operator_replaced(s) {
    name("operator", s.old_operator);
    operatorKey(s.new_operator);
  },
  log_key_replaced: (s) => signingKey(s.new_key),
  head_key_replaced: (s) => signingKey(s.new_key),
  agency_suspended: (s) => name("agency", s.agency),
  agency_resumed: (s) => name("agency", s.agency),
  witness_listed: (s) => verifierKey(s.verifier_key),
  key_disputed: (s) => exactly(s.kid, 32),
};

/** @param {Record<string, any>[]} positions */
function positionForms(positions) {
  for (const position of positions) {
    if (position.signer !== "hub") name("agency", position.signer);
    wellFormed(typeof position.number === "number", "number");
    exactly(position.previous, 32, { optional: position.number === 0 });
    wellFormed(position.number !== 0 || position.previous.length === 0, "no predecessor");
  }
  wellFormed(
    ascending(
      positions.map((position) => position.signer),
      byteOrder,
    ),
    "positions in order",
  );
}

/**
 * Parses a statement.
 * @param {Uint8Array} data
 * @returns {{body: Uint8Array, digest: Uint8Array, origin: string, positions: object[], kind: string, content: object,
 *   signatures: {kid: Uint8Array, sig: Uint8Array}[]}}
 */
export function parseStatement(data) {
  const outer = parse("Statement", data, ENTRY_LIMIT);
  wellFormed(outer.signatures.length >= 1 && outer.signatures.length <= 4, "signatures");
  for (const each of outer.signatures) {
    exactly(each.kid, 32);
    exactly(each.sig, 64);
    wellFormed(each.role === 0, "role");
  }
  wellFormed(
    ascending(
      outer.signatures.map((each) => each.kid),
      order,
    ),
    "signatures in order",
  );
  const body = parse("StatementBody", outer.body);
  must(body.version === 1, "UNSUPPORTED_VERSION");
  name("origin", body.origin);
  positionForms(body.positions);
  const kinds = type("StatementBody").oneofs.statement.fieldsArray.map((field) => field.name);
  const kind = kinds.find((each) => body[each] !== null);
  wellFormed(kind !== undefined, "a statement");
  FORMS[kind](body[kind]);
  return {
    body: outer.body,
    digest: digest("statement", outer.body),
    origin: body.origin,
    positions: body.positions,
    kind,
    content: body[kind],
    signatures: outer.signatures,
  };
}

/** @param {Uint8Array} data @returns {{time_seconds: number, statement: ReturnType<typeof parseStatement>}} */
export function parseEntry(data) {
  const m = parse("Entry", data, ENTRY_LIMIT);
  must(m.version === 1, "UNSUPPORTED_VERSION");
  wellFormed(m.time_seconds >= 1 && m.time_seconds <= MAX_TIME / 1000, "time");
  return { time_seconds: m.time_seconds, statement: parseStatement(m.statement) };
}
