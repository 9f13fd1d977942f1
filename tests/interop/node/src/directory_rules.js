/** The rules of each kind of statement: in whose chain it stands, who signs, what it needs, what it changes. */

import { hex } from "./bytes.js";
import { agencyOf, fingerprint, kid } from "./encoding.js";
import { enumOf } from "./wire.js";
import { rule } from "./refusal.js";
import { verifierKey } from "./statements.js";

const ADMIN = enumOf("Role").ADMIN;
const { AUTHORITY } = enumOf("AgencyKind");
const { FREEZE } = enumOf("Family");
const DIRECTION = enumOf("AgreementDirection");

const HUB = new Set([
  "hub_genesis",
  "operator_replaced",
  "log_key_replaced",
  "head_key_replaced",
  "agency_suspended",
  "agency_resumed",
  "witness_listed",
]);

/** @param {object} directory @param {object} statement @returns {string[]} in whose chains it stands */
export function signersOf(directory, { kind, content, positions }) {
  if (HUB.has(kind)) return ["hub"];
  if (kind === "agreement_signed") return [content.first, content.second];
  const named = content.agency ?? content.member ?? content.desk;
  if (named !== undefined) return [agencyOf(named)];
  // a revocation, a dispute, the end of an agreement: in the chain of whoever makes it
  return positions.length === 1 && directory.agencies.has(positions[0].signer) ? [positions[0].signer] : ["an agency"];
}

/** @param {object} step @param {string} id @returns {object} */
function agency(step, id) {
  const found = step.directory.agencies.get(id);
  rule(found !== undefined, "agency_unknown");
  return found;
}

/** @param {object} step @param {string} id */
function rootOrAdmin(step, id) {
  rule(step.signedBy(agency(step, id).root) || step.admin(id), "root_or_admin");
}

/** @param {object} step @param {string} id an admin's matter, where `alone` */
function rootAlone(step, id, alone) {
  if (!alone) return rootOrAdmin(step, id);
  if (step.signedBy(agency(step, id).root)) return;
  rule(!step.admin(id), "admins_by_the_root");
  rule(false, "root_or_admin");
}

/** @param {object} step @param {string} desk */
function rootAdminOrDelegate(step, desk) {
  const id = agencyOf(desk);
  rule(step.signedBy(agency(step, id).root) || step.admin(id) || step.delegate(desk), "root_admin_or_delegate");
}

/** @param {object} step */
function twoOperators(step) {
  rule(step.operators() >= 2, "two_operators");
}

/** @param {object} step @param {string} owner @param {string} use @param {Uint8Array} publicKey */
function mayRegister(step, owner, use, publicKey) {
  rule(step.directory.free(publicKey, owner, use), "public_key_in_use");
  rule(step.directory.keys.get(hex(kid(owner, use, publicKey)))?.ended !== true, "key_revoked");
}

/** @param {object} step @param {Uint8Array} id @param {string} of @returns {object} the key */
function keyOf(step, id, of) {
  const key = step.directory.keys.get(hex(id));
  const theirs = key !== undefined && ["sign", "wrap", "desk", "tls"].includes(key.use);
  rule(theirs && agencyOf(key.owner) === of, "key_of_the_agency");
  return key;
}

/** @param {object} step @param {string} id @param {boolean} suspended */
function suspension(step, id, suspended) {
  rule(agency(step, id).suspended !== suspended, "already_so");
}

/** @param {object} s @param {object} first @param {object} second */
function agreementTerms(s, first, second) {
  for (const [one, towards] of [
    [first, DIRECTION.SECOND_TO_FIRST],
    [second, DIRECTION.FIRST_TO_SECOND],
  ]) {
    if (one.kind === AUTHORITY) continue;
    const freezesOnly = s.families.length === 1 && s.families[0] === FREEZE;
    rule(freezesOnly && s.direction === towards, "holders_take_freezes_only");
  }
}

/** @param {object} directory @param {object} o an OperatorKey @returns {{name: string, key: object}} */
function operatorOf(directory, o) {
  directory.register(o.operator, "tls", o.tls_spki_sha256);
  return { name: o.operator, key: directory.register(o.operator, "operator", o.sign_key) };
}

export const RULES = {
  hub_genesis: {
    check(step, s) {
      rule(s.exchange_origin !== step.statement.origin, "two_logs_two_origins");
      const keys = [s.log_key, s.head_key, ...s.operators.map((o) => o.sign_key)];
      rule(new Set(keys.map(hex)).size === 5, "public_key_in_use");
      rule(new Set(s.operators.map((o) => hex(o.tls_spki_sha256))).size === 3, "public_key_in_use");
    },
    signatures(step, s) {
      const signed = s.operators.filter((o) => step.uses(kid(o.operator, "operator", o.sign_key), o.sign_key));
      rule(signed.length === 3, "three_operators");
    },
    take({ directory, statement }, s) {
      directory.origin = statement.origin;
      directory.exchangeOrigin = s.exchange_origin;
      directory.tlsCa = s.tls_ca;
      directory.genesisFingerprint = fingerprint(statement.body);
      directory.register(directory.origin, "log", s.log_key);
      directory.logKeys = [s.log_key];
      directory.headKey = directory.register(directory.origin, "head", s.head_key).publicKey;
      directory.operators = s.operators.map((o) => operatorOf(directory, o));
    },
  },
  agency_admitted: {
    check(step, s) {
      rule(!step.directory.agencies.has(s.agency), "agency_admitted_once");
      mayRegister(step, s.agency, "root", s.root_key);
    },
    signatures(step, s) {
      rule(step.uses(kid(s.agency, "root", s.root_key), s.root_key), "signed_by_its_root");
      twoOperators(step);
    },
    take({ directory, statement }, s) {
      const root = directory.register(s.agency, "root", s.root_key);
      const introduced = fingerprint(statement.body);
      directory.agencies.set(s.agency, {
        kind: s.kind,
        jurisdiction: s.jurisdiction,
        root,
        suspended: false,
        fingerprint: introduced,
      });
    },
  },
  member_certified: {
    check(step, s) {
      mayRegister(step, s.member, "sign", s.sign_key);
      mayRegister(step, s.member, "wrap", s.wrap_key);
    },
    signatures(step, s) {
      const alone = s.roles.includes(ADMIN) || step.directory.members.get(s.member)?.admin === true;
      rootAlone(step, agencyOf(s.member), alone);
    },
    take({ directory }, s) {
      const key = directory.register(s.member, "sign", s.sign_key);
      const wrap = directory.register(s.member, "wrap", s.wrap_key);
      directory.members.set(s.member, { ...s, id: s.member, key, wrap, admin: s.roles.includes(ADMIN) });
    },
  },
  desk_key_published: {
    check(step, s) {
      const earlier = step.directory.desks.get(s.desk) ?? [];
      rule(s.epoch === (earlier.at(-1)?.epoch ?? 0) + 1, "epochs_ascend_by_one");
      const before = earlier.filter((each) => !each.key.ended).at(-1);
      rule(before === undefined || s.valid_from >= before.valid_from, "epochs_begin_in_order");
      rule(s.valid_until > step.now, "validity_over");
      rule(!step.directory.publicKeys.has(hex(s.wrap_key)), "public_key_in_use");
    },
    signatures: (step, s) => rootAdminOrDelegate(step, s.desk),
    take({ directory }, s) {
      const key = directory.register(s.desk, "desk", s.wrap_key);
      directory.desks.set(s.desk, [...(directory.desks.get(s.desk) ?? []), { ...s, key }]);
    },
  },
  transport_key: {
    check: (step, s) => mayRegister(step, s.desk, "tls", s.spki_sha256),
    signatures: (step, s) => rootAdminOrDelegate(step, s.desk),
    take({ directory }, s) {
      const key = directory.register(s.desk, "tls", s.spki_sha256);
      directory.tls.set(hex(s.spki_sha256), [...(directory.tls.get(hex(s.spki_sha256)) ?? []), { ...s, key }]);
    },
  },
  rotation_delegated: {
    check(step, s) {
      const member = step.directory.liveSigner(s.kid, step.now);
      rule(member?.desks.includes(s.desk) === true, "delegate_works_at_the_desk");
    },
    signatures: (step, s) => rootOrAdmin(step, agencyOf(s.desk)),
    take: ({ directory }, s) => directory.delegations.push(s),
  },
  duty_contact: {
    signatures: (step, s) => rootOrAdmin(step, agencyOf(s.desk)),
    take: ({ directory }, s) => directory.contacts.set(s.desk, s),
  },
  revoked: {
    check(step, s) {
      const key = keyOf(step, s.kid, step.statement.positions[0].signer);
      rule(s.effective <= step.now, "revocations_act_at_once");
      rule(!key.revoked, "revoked_once");
    },
    signatures(step, s) {
      const { owner } = step.directory.keys.get(hex(s.kid));
      rootAlone(step, agencyOf(owner), step.directory.members.get(owner)?.admin === true);
    },
    take({ directory }, s) {
      const key = directory.keys.get(hex(s.kid));
      Object.assign(key, { ended: true, revoked: true, suspectFrom: s.suspect_from });
    },
  },
  agreement_signed: {
    check(step, s) {
      rule(!step.directory.agreements.has(hex(s.id)), "agreement_signed_once");
      rule(s.valid_until > step.now, "validity_over");
      agreementTerms(s, agency(step, s.first), agency(step, s.second));
    },
    signatures(step, s) {
      rootOrAdmin(step, s.first);
      rootOrAdmin(step, s.second);
    },
    take: ({ directory }, s) => directory.agreements.set(hex(s.id), { ...s, ended: false }),
  },
  agreement_ended: {
    check(step, s) {
      const found = step.directory.agreements.get(hex(s.id));
      const { signer } = step.statement.positions[0];
      const open = found !== undefined && !found.ended;
      rule(open && [found.first, found.second].includes(signer), "agreement_of_theirs");
    },
    signatures: (step) => rootOrAdmin(step, step.statement.positions[0].signer),
    take: ({ directory }, s) => Object.assign(directory.agreements.get(hex(s.id)), { ended: true }),
  },
  root_replaced: {
    check: (step, s) => rule(!step.directory.publicKeys.has(hex(s.new_root_key)), "public_key_in_use"),
    signatures(step, s) {
      const old = step.signedBy(agency(step, s.agency).root);
      rule(old && step.uses(kid(s.agency, "root", s.new_root_key), s.new_root_key), "old_and_new_root");
    },
    take({ directory, statement }, s) {
      const found = directory.agencies.get(s.agency);
      found.root = directory.register(s.agency, "root", s.new_root_key);
      found.fingerprint = fingerprint(statement.body);
    },
  },
  operator_replaced: {
    check(step, s) {
      const names = step.directory.operators.map((operator) => operator.name);
      rule(names.includes(s.old_operator), "operator_unknown");
      rule(!names.includes(s.new_operator.operator), "operator_known");
      for (const key of [s.new_operator.sign_key, s.new_operator.tls_spki_sha256]) {
        rule(!step.directory.publicKeys.has(hex(key)), "public_key_in_use");
      }
    },
    signatures: twoOperators,
    take({ directory }, s) {
      const at = directory.operators.findIndex((operator) => operator.name === s.old_operator);
      directory.operators[at] = operatorOf(directory, s.new_operator);
    },
  },
  log_key_replaced: {
    check: (step, s) => rule(!step.directory.publicKeys.has(hex(s.new_key)), "public_key_in_use"),
    signatures: twoOperators,
    take({ directory }, s) {
      directory.register(directory.origin, "log", s.new_key);
      directory.logKeys.unshift(s.new_key);
    },
  },
  head_key_replaced: {
    check: (step, s) => rule(!step.directory.publicKeys.has(hex(s.new_key)), "public_key_in_use"),
    signatures: twoOperators,
    take({ directory }, s) {
      directory.headKey = directory.register(directory.origin, "head", s.new_key).publicKey;
    },
  },
  agency_suspended: {
    check: (step, s) => suspension(step, s.agency, true),
    signatures: twoOperators,
    take: ({ directory }, s) => Object.assign(directory.agencies.get(s.agency), { suspended: true }),
  },
  agency_resumed: {
    check: (step, s) => suspension(step, s.agency, false),
    signatures: twoOperators,
    take: ({ directory }, s) => Object.assign(directory.agencies.get(s.agency), { suspended: false }),
  },
  witness_listed: {
    check(step, s) {
      rule(!step.directory.publicKeys.has(hex(verifierKey(s.verifier_key).key)), "public_key_in_use");
    },
    signatures(step, s) {
      twoOperators(step);
      const { name, key } = verifierKey(s.verifier_key);
      rule(step.uses(kid(name, "log", key), key), "signed_by_the_witness");
    },
    take({ directory }, s) {
      const { name, key } = verifierKey(s.verifier_key);
      directory.witnesses.push(directory.register(name, "log", key));
    },
  },
  key_disputed: {
    check(step, s) {
      rule(!keyOf(step, s.kid, step.statement.positions[0].signer).disputed, "already_so");
    },
    signatures: (step) => rootOrAdmin(step, step.statement.positions[0].signer),
    take({ directory }, s) {
      Object.assign(directory.keys.get(hex(s.kid)), { ended: true, disputed: true });
    },
  },
};
