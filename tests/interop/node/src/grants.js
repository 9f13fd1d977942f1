/** Onward consent: grants in headers, and whether one covers a FORWARD (PROTOCOL.md, section 7). */

import { hex } from "./bytes.js";
import { digest, exactly, name, time } from "./encoding.js";
import { must, wellFormed } from "./refusal.js";
import { enumOf, namer, parse } from "./wire.js";

const { GRANT_ONWARD } = enumOf("Verb");
const roleName = namer("SignatureRole");
const LIMIT = 64 * 1024;
const SEAL_LIMIT = 16 * 1024;

/** @param {Uint8Array} data @returns {Record<string, any>} */
function terms(data) {
  const m = parse("Grant", data, LIMIT);
  wellFormed(m.uses === 1, "used once");
  return {
    id: exactly(m.id, 16),
    origin: name("origin", m.origin),
    original_hash: exactly(m.original_hash, 32),
    holder: name("desk", m.holder),
    new_desk: name("desk", m.new_desk),
    expires: time(m.expires, { required: true }),
  };
}

/** @param {Record<string, any>} g @param {(data: Uint8Array) => Record<string, any>} read a header */
function used(g, read) {
  wellFormed(parse("Header", g.header, LIMIT).verb === GRANT_ONWARD, "a grant");
  wellFormed(g.seal.length > 0 && g.seal.length <= SEAL_LIMIT, "seal of a grant");
  const header = read(g.header);
  const signatures = g.signatures.map((each) => ({
    kid: exactly(each.kid, 32),
    role: roleName(each.role),
    sig: exactly(each.sig, 64),
  }));
  const [author, approver] = signatures;
  wellFormed(signatures.map((each) => each.role).join() === "AUTHOR,APPROVER", "two people");
  wellFormed(hex(author.kid) === hex(header.author) && hex(approver.kid) !== hex(author.kid), "by its author first");
  const message_hash = digest("message-hash", g.header, g.seal);
  return { header_bytes: g.header, seal_bytes: g.seal, signatures, header, message_hash };
}

/**
 * The grant that a header carries, given or used.
 * @param {Record<string, any>} m parsed Header @param {string} verb its name
 * @param {(data: Uint8Array) => Record<string, any>} read a header
 */
export function consent(m, verb, read) {
  const g = m.grant;
  wellFormed((g !== null) === ["GRANT_ONWARD", "FORWARD"].includes(verb), "grant");
  if (g === null) return { grant: null, granted: null };
  const outside = g.header.length + g.seal.length + g.signatures.length;
  if (verb === "FORWARD") {
    wellFormed(g.terms.length === 0, "terms in a forwarding");
    const granted = used(g, read);
    wellFormed(hex(granted.header.case_id) !== hex(m.case_id), "a case of its own");
    return { grant: null, granted };
  }
  wellFormed(outside === 0, "terms alone");
  const grant = terms(g.terms);
  const others = m.recipients.map((to) => to.desk).filter((desk) => desk !== m.sender);
  wellFormed(grant.origin === m.origin && others.join() === grant.holder, "for the desk that it goes to");
  wellFormed(![m.sender, grant.holder].includes(grant.new_desk) && grant.expires > m.created, "a third desk, later");
  return { grant, granted: null };
}

/**
 * What a FORWARD is granted, of what, and the leg that its use makes.
 * @param {Record<string, any>} forward parsed header @param {Record<string, any>} i original, message hash and time
 */
export function covered(forward, { original, message_hash, now }) {
  const given = forward.granted?.header;
  const grant = given?.grant;
  const others = forward.recipients.map((to) => to.desk).filter((desk) => desk !== forward.sender);
  const fits =
    given !== undefined &&
    given.origin === forward.origin &&
    given.family === forward.family &&
    grant.holder === forward.sender &&
    others.join() === grant.new_desk &&
    now <= grant.expires;
  must(fits, "NO_GRANT");
  const same =
    !["FORWARD", "REQUEST_PROVISIONAL", "ORAL_NOTICE"].includes(original.verb) &&
    original.message_hash === hex(grant.original_hash) &&
    original.sender === given.sender &&
    original.family === given.family &&
    original.case_id === hex(given.case_id) &&
    original.counterparts.includes(grant.holder);
  must(same, "NO_GRANT");
  const leg = {
    originator: given.sender,
    case_id: given.case_id,
    recipient: grant.new_desk,
    family: given.family,
    state: "FORWARDED",
    revision: 1,
    opening: grant.original_hash,
    previous: grant.original_hash,
    opened: forward.created,
    deliver_by: forward.deliver_by,
    standing: "FULL",
    onward: message_hash,
  };
  return { grant, leg };
}
