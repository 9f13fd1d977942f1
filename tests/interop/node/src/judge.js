/** What a recipient judges of an envelope at the moment that its leaf names (PROTOCOL.md, section 4). */

import { equal } from "./bytes.js";
import { agencyOf } from "./encoding.js";
import { deadlines } from "./profile.js";
import { must } from "./refusal.js";
import { roleName } from "./statements.js";
import { TABLES } from "./tables.js";
import { enumOf } from "./wire.js";

const HOUR = 3_600_000;
const NEED_NONE = "WITHDRAW RECALL ANSWER_RECALL CLOSE UNSUBSCRIBE REVOKE_GRANT ASK_RELEASE RELEASE".split(" ");
const FAMILY = enumOf("Family");
const DIRECTION = enumOf("AgreementDirection");

/** @param {object} directory @param {string} opener @param {string} other @param {string} family @param {number} now */
function agreementFor(directory, opener, other, family, now) {
  return [...directory.agreements.values()].find((agreement) => {
    const { first, second, families, direction, ended, valid_until } = agreement;
    const pair = opener === first ? other === second : opener === second && other === first;
    const towards = opener === first ? DIRECTION.FIRST_TO_SECOND : DIRECTION.SECOND_TO_FIRST;
    return (
      pair &&
      !ended &&
      now < valid_until &&
      families.includes(FAMILY[family]) &&
      [DIRECTION.BOTH, towards].includes(direction)
    );
  });
}

/** @param {object} header @returns {boolean} */
const opens = ({ family, verb }) => TABLES[family]?.rows.some((row) => row.verb === verb && row.opens) === true;

/** Whether the sender's own side is to act. @param {object} header @returns {boolean} */
export function startsOwn({ family, verb }) {
  return TABLES[family]?.rows.some((row) => row.verb === verb && row.clock === "starts its own") === true;
}

/**
 * @param {object} directory @param {object} agreement @param {object} header or what becomes one
 * @param {string} other agency @returns {{deliver_by: number, respond_by: number}}
 */
function limits(directory, agreement, header, other) {
  const acting = startsOwn(header) ? agencyOf(header.sender) : other;
  return deadlines(agreement.profile_sha256, header, directory.agencies.get(acting).jurisdiction);
}

/**
 * The limits that a sender's own header has towards one desk, by the agreement that governs.
 * @param {object} directory @param {object} wish what becomes a header @param {string} desk @param {number} now
 */
export function limitsTowards(directory, wish, desk, now) {
  const agreement = agreementOf(directory, wish, agencyOf(desk), now);
  must(agreement !== undefined, "NO_AGREEMENT");
  return limits(directory, agreement, wish, agencyOf(desk));
}

/** @param {object} directory @param {object} header @param {string} other agency @param {number} now */
function agreementOf(directory, header, other, now) {
  const own = agencyOf(header.sender);
  const live =
    agreementFor(directory, own, other, header.family, now) ??
    (opens(header) ? undefined : agreementFor(directory, other, own, header.family, now));
  if (live !== undefined || !NEED_NONE.includes(header.verb) || header.blobs.length > 0) return live;
  const ever = [...directory.agreements.values()].filter(
    (a) =>
      [a.first, a.second].sort().join() === [own, other].sort().join() && a.families.includes(FAMILY[header.family]),
  );
  return ever.at(-1);
}

/** @param {object} header @param {object} directory @param {number} now @param {boolean} seconded */
function directoryOf(header, directory, now, seconded) {
  const root = directory.roots[header.directory_size];
  must(root !== undefined && equal(root, header.directory_root), "DIRECTORY_STALE");
  const superseded = directory.times[header.directory_size];
  const flash = header.precedence === "FLASH";
  const most = seconded ? (flash ? HOUR : 96 * HOUR) : flash ? HOUR / 4 : 24 * HOUR;
  must(superseded === undefined || now - superseded * 1000 <= most, "DIRECTORY_STALE");
}

/**
 * Judges an envelope whose form and signatures were verified.
 * @param {object} directory as it was at the leaf's size @param {object} header
 * @param {{kid: Uint8Array, role: number}[]} signatures @param {number} now the leaf's time, Unix milliseconds
 * @returns {{member: string, roles: string[], role: string}[]} who signed, for the workflow
 */
export function judge(directory, header, signatures, now) {
  directoryOf(header, directory, now, signatures.length > 1);
  const signers = signatures.map(({ kid, role }) => {
    const member = directory.liveSigner(kid, now);
    must(
      member !== undefined && member.desks.includes(header.sender),
      "BAD_SIGNATURE",
      "not live at the sender's desk",
    );
    return { member: member.id, roles: member.roles.map(roleName), role: role === 1 ? "AUTHOR" : "APPROVER" };
  });
  for (const to of header.recipients) {
    const current = directory.deskKey(to.desk, now);
    must(current !== null && equal(current.key.kid, to.desk_key_id), "DESK_KEY_STALE");
    if (to.desk === header.sender) continue;
    const [own, other] = [agencyOf(header.sender), agencyOf(to.desk)];
    must(!directory.agencies.get(own).suspended && !directory.agencies.get(other).suspended, "NO_AGREEMENT");
    if (own === other) continue;
    const agreement = agreementOf(directory, header, other, now);
    must(agreement !== undefined, "NO_AGREEMENT");
    const { respond_by } = limits(directory, agreement, header, other);
    const late = startsOwn(header) ? header.respond_by <= respond_by : header.respond_by >= respond_by;
    must((header.respond_by === 0) === (respond_by === 0) && late, "BAD_TIMES");
  }
  return signers;
}
