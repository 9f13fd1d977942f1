/** Handling: merges, replies that permit too much, forwarding (PROTOCOL.md, section 5). Enums by their names. */

import { must, wellFormed } from "./refusal.js";

/** Each from what permits most to what permits least. */
const SCALES = {
  tlp: ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"],
  code: ["H0", "H1", "H2", "H3"],
  source_grade: ["A", "B", "C", "X"],
  information_grade: ["G1", "G2", "G3", "G4"],
  permitted_action: ["EXTERNAL_DIRECT", "EXTERNAL_INDIRECT", "INTERNAL", "CONTACT_FIRST", "NONE"],
  evidential_use: ["CERTIFIED", "WITH_CONSENT", "INTELLIGENCE_ONLY"],
  onward: ["FREE", "LISTED", "ASK", "FORBIDDEN"],
};
const UNIONS = ["code_texts", "legal_gateways", "original_languages", "translators"];
const EARLIEST = ["retain_until", "review_at"];
const JUDGED = [
  "tlp",
  "code",
  "code_texts",
  "permitted_action",
  "may_tell_affected",
  "purposes",
  "legal_gateways",
  "evidential_use",
  "onward",
  "onward_agencies",
  "retain_until",
  "review_at",
];
const DEFAULT = {
  tlp: "AMBER_STRICT",
  code: "H0",
  code_texts: [],
  source_grade: "X",
  information_grade: "G4",
  permitted_action: "NONE",
  may_tell_affected: false,
  purposes: [],
  legal_gateways: [],
  evidential_use: "INTELLIGENCE_ONLY",
  onward: "ASK",
  onward_agencies: [],
  retain_until: null,
  review_at: null,
  original_languages: [],
  translators: [],
};

const both = (a, b) => a.filter((each) => b.includes(each)).sort();
const either = (a, b) => [...new Set([...a, ...b])].sort();

/** @param {object} given @returns {object} with its defaults; H1 keeps it out of court, H2 forbids passing it on */
function whole(given) {
  const h = { ...DEFAULT, ...given };
  wellFormed(h.code !== "H3" || h.code_texts.length > 0, "H3 has a text");
  if (h.code_texts.length > 0) h.code = "H3";
  if (h.code === "H1") h.evidential_use = "INTELLIGENCE_ONLY";
  if (h.code === "H2") h.onward = "FORBIDDEN";
  if (h.onward !== "LISTED") h.onward_agencies = [];
  else if (h.onward_agencies.length === 0) h.onward = "ASK";
  return h;
}

/** @param {object} a @param {object} b @param {string} onward of both @returns {string[]} */
function listed(a, b, onward) {
  if (onward !== "LISTED") return [];
  if (a.onward === "LISTED" && b.onward === "LISTED") return both(a.onward_agencies, b.onward_agencies);
  return (a.onward === "LISTED" ? a : b).onward_agencies;
}

/** @param {object} first @param {object} second @returns {object} the most restrictive of both, field by field */
export function merge(first, second) {
  const [a, b] = [whole(first), whole(second)];
  const merged = { ...DEFAULT };
  for (const [field, scale] of Object.entries(SCALES)) {
    merged[field] = scale[Math.max(scale.indexOf(a[field]), scale.indexOf(b[field]))];
  }
  for (const field of UNIONS) merged[field] = either(a[field], b[field]);
  for (const field of EARLIEST) {
    const limits = [a[field], b[field]].filter((each) => each !== null);
    merged[field] = limits.length === 0 ? null : Math.min(...limits);
  }
  merged.may_tell_affected = a.may_tell_affected && b.may_tell_affected;
  merged.purposes = both(a.purposes, b.purposes);
  merged.onward_agencies = listed(a, b, merged.onward);
  return whole(merged);
}

/** Refuses a reply that permits more than the original. @param {object} original @param {object} answer */
export function reply(original, answer) {
  const given = whole(answer);
  const least = merge(original, given);
  const lowered = JUDGED.filter((field) => JSON.stringify(least[field]) !== JSON.stringify(given[field]));
  must(lowered.length === 0, `HANDLING_LOWERED:${lowered.join(",")}`);
  return true;
}

/** @param {object} given @param {string} agency @param {boolean} granted by the originator @returns {boolean} */
export function mayForward(given, agency, granted) {
  const h = whole(given);
  if (h.tlp === "RED" || h.onward === "FORBIDDEN") return false;
  if (granted) return true;
  return h.tlp !== "AMBER_STRICT" && (h.onward === "FREE" || h.onward_agencies.includes(agency));
}
