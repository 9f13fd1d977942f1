/** What an envelope does to its leg (PROTOCOL.md, sections 4 and 7), by the tables that stand there. Pure. */

import { agencyOf } from "./encoding.js";
import { must } from "./refusal.js";
import { TABLES } from "./tables.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AHEAD = 120_000;
const OTHER = { ORIGINATOR: "RECIPIENT", RECIPIENT: "ORIGINATOR" };
const NO_QUESTION = { question: "", respond_by: null, awaiting: null, overdue_logged: false };

/** @param {object} action @param {number} now */
function times(action, now) {
  const flash = action.precedence === "FLASH";
  const seconded = action.signers.some((signer) => signer.role === "APPROVER");
  const oldest = seconded ? (flash ? HOUR : 96 * HOUR) : flash ? 15 * MINUTE : DAY;
  must(action.created <= now + AHEAD, "CREATED_IN_FUTURE");
  must(now - action.created <= oldest, "CREATED_TOO_OLD");
  must(action.deliver_by <= action.created + 14 * DAY, "BAD_TIMES");
  for (const limit of [action.deliver_by, action.respond_by, action.lapses_at]) {
    must(limit === null || limit > action.created, "BAD_TIMES");
  }
  for (const limit of [action.deliver_by, action.lapses_at]) must(limit === null || limit >= now, "TOO_LATE");
}

/** Limits stand where the row has them, and what ends later never ends sooner. */
function limits(rule, leg, action) {
  const due = rule.clock.startsWith("starts");
  must((action.respond_by !== null) === due, "BAD_TIMES");
  must(rule.lapses !== "required" || action.lapses_at !== null, "BAD_TIMES");
  must(rule.lapses !== "–" || action.lapses_at === null, "BAD_TIMES");
  if (!rule.noSooner || leg === null || action.lapses_at === null) return;
  const least = [leg.lapses_at, action.respond_by].filter((limit) => limit !== null);
  must(least.length > 0 && action.lapses_at >= Math.min(...least), "BAD_TIMES");
}

/** @param {object[]} signers @param {string} sender @param {object} rule */
function people(signers, sender, rule) {
  const by = (role) => signers.filter((signer) => signer.role === role);
  const [authors, approvers] = [by("AUTHOR"), by("APPROVER")];
  for (const { member } of signers) must(agencyOf(member) === agencyOf(sender), "WRONG_ROLE");
  const second = rule.people === "the second";
  must(authors.length === (second ? 0 : 1) && approvers.length <= 1, "WRONG_ROLE");
  must(rule.people === "1" || approvers.length === 1, "SECOND_PERSON_MISSING");
  for (const { roles } of authors) must(roles.some((role) => rule.roles.includes(role)), "WRONG_ROLE");
  for (const { roles, member } of approvers) {
    must(roles.includes("APPROVER") && !roles.includes("AGENT"), "WRONG_ROLE");
    must(authors.every((author) => author.member !== member), "SECOND_PERSON_MISSING");
  }
}

/** @param {object|null} leg @param {object} action @param {object} rule @param {string} side */
function links(leg, action, rule, side) {
  must(action.previous === (rule.last ? leg.previous : ""), "WRONG_PREVIOUS");
  if (rule.about === "–" || (rule.mayBeNone && action.about === "")) return must(action.about === "", "WRONG_ABOUT");
  const replaces = rule.about === "its own that is awaited";
  if (replaces && leg.awaiting !== OTHER[side]) return must(action.about === "", "WRONG_ABOUT");
  if (replaces && action.about === "") {
    return must(action.signers.some(({ role }) => role === "APPROVER"), "SECOND_PERSON_MISSING");
  }
  must(leg !== null && action.about !== "", "WRONG_ABOUT");
  if (leg.onward && action.about === leg.opening) {
    return must(rule.about === "one of its own" && side === "ORIGINATOR" && rule.verb === "RECALL", "WRONG_ABOUT");
  }
  const facts = action.about_facts;
  must(facts !== null && rule.verbs(facts.verb), "WRONG_ABOUT");
  if (rule.asked || replaces) must(action.about === leg.question, "WRONG_ABOUT");
  if (rule.about === "the opening") return must(action.about === leg.opening, "WRONG_ABOUT");
  const theirs = { [leg.originator]: "ORIGINATOR", [leg.recipient]: "RECIPIENT" }[facts.sender];
  return must(theirs === (rule.about === "one of its own" || replaces ? side : OTHER[side]), "WRONG_ABOUT");
}

/** What clocks will do next, by limit: the hub logs it before anything else. @param {object} leg */
function pending(leg) {
  const table = TABLES[leg.family];
  const found = [];
  if (leg.respond_by !== null && !leg.overdue_logged) {
    found.push({ limit: leg.respond_by, changes: { overdue_logged: true } });
  }
  if (leg.recall_respond_by !== null && !leg.recall_overdue_logged) {
    found.push({ limit: leg.recall_respond_by, changes: { recall_overdue_logged: true } });
  }
  const end = (limit, state) => found.push({ limit, changes: { ...NO_QUESTION, state, ended_at: limit } });
  if (leg.state in table.expires) end(leg.deliver_by, table.expires[leg.state]);
  const moves = leg.standing === "FULL" ? table.ends : table.lapses;
  if (leg.lapses_at !== null && leg.state in moves) end(leg.lapses_at, moves[leg.state]);
  return found.sort((one, other) => one.limit - other.limit);
}

/** The leg after all that clocks have done. @param {object} leg @param {number} now */
function due(leg, now) {
  let next = leg;
  for (let [event] = pending(next); event !== undefined && now > event.limit; [event] = pending(next)) {
    next = { ...next, ...event.changes, revision: next.revision + 1 };
  }
  return next;
}

/** Nobody is overdue who had less than half of the time when the question was logged. */
function late({ respond_by, created }, now) {
  return 2 * (respond_by - now) < respond_by - created;
}

/** @param {object} action @param {string} awaiting @param {number} now */
function question(action, awaiting, now) {
  const { message_hash: asked, respond_by } = action;
  return { question: asked, respond_by, awaiting, overdue_logged: late(action, now) };
}

/** @param {object} action @param {object} rule @param {number} now @returns {object} the new leg */
function opened(action, rule, now) {
  return {
    originator: action.sender,
    case_id: action.case_id,
    recipient: action.counterpart,
    family: action.family,
    state: rule.to,
    revision: 1,
    opening: action.message_hash,
    previous: action.message_hash,
    opened: action.created,
    deliver_by: action.deliver_by,
    ...question(action, "RECIPIENT", now),
    recall: "",
    recall_respond_by: null,
    recall_overdue_logged: false,
    lapses_at: action.lapses_at,
    ended_at: null,
    resume_state: null,
    standing: rule.standing,
    forwarded: false,
    onward: "",
  };
}

/** @param {object} leg @param {object} action @param {object} rule @param {number} now */
function clock(leg, action, rule, now) {
  const newest = action.about === leg.recall;
  switch (rule.clock) {
    case "stops":
      return NO_QUESTION;
    case "starts":
      return question(action, OTHER[rule.side], now);
    case "starts its own":
      return { ...question(action, rule.side, now), overdue_logged: false };
    case "starts the recall's": {
      const { message_hash: recall, respond_by } = action;
      return { recall, recall_respond_by: respond_by, recall_overdue_logged: late(action, now) };
    }
    case "stops, if `about` is what is awaited":
      return action.about === leg.question ? NO_QUESTION : {};
    case "stops the recall's":
      return newest ? { recall_respond_by: null, recall_overdue_logged: false } : {};
    default:
      return {};
  }
}

/** @param {object} leg @param {object} action @param {object} rule @returns {object} the fields that may change */
function changes(leg, action, rule, now) {
  const next = {};
  if (rule.resumes) next.state = leg.resume_state ?? leg.state;
  else if (rule.to !== null && (!rule.ifOpening || action.about === leg.opening)) next.state = rule.to;
  if (rule.last) next.previous = action.message_hash;
  if (rule.pauses) next.resume_state = leg.state;
  if (action.lapses_at !== null || rule.setsEnd) next.lapses_at = action.lapses_at;
  if (rule.standing !== undefined) next.standing = rule.standing;
  Object.assign(next, clock(leg, action, rule, now));
  const state = next.state ?? leg.state;
  const goesOn = TABLES[leg.family].rows.some((row) => !row.opens && !row.aside && row.from(state));
  if (!goesOn && state !== "FORWARDED") Object.assign(next, NO_QUESTION);
  return next;
}

/** @param {object} row @param {object} leg settled */
function runs(row, leg) {
  if (row.unlessAwaited && leg.awaiting === row.side) return false;
  if (leg.onward && row.verb === "RECALL" && leg.recall_respond_by !== null) return false;
  return row.from(leg.state) && row.standings(leg.standing);
}

/**
 * @param {object|null} before @param {object} action of an envelope that was verified @param {number} now
 * @returns {object}
 */
export function step(before, action, now) {
  const table = TABLES[action.family];
  must(table !== undefined, "FAMILY_NOT_OFFERED");
  const desks = before === null ? { [action.sender]: "ORIGINATOR" } : {};
  if (before !== null) Object.assign(desks, { [before.originator]: "ORIGINATOR", [before.recipient]: "RECIPIENT" });
  const side = desks[action.sender];
  must(action.sender !== action.counterpart && side !== undefined, "UNKNOWN_CASE");
  must(before === null || desks[action.counterpart] === OTHER[side], "UNKNOWN_CASE");
  must(before === null || (before.case_id === action.case_id && before.family === action.family), "UNKNOWN_CASE");
  must(table.kinds[side].includes(action.sender_kind), "FAMILY_NOT_OFFERED");
  must(table.kinds[OTHER[side]].includes(action.counterpart_kind), "FAMILY_NOT_OFFERED");
  const leg = before === null ? null : due(before, now);
  const rows = table.rows.filter((row) => row.verb === action.verb && row.side === side && row.opens === (leg === null));
  must(leg !== null || rows.length > 0, "UNKNOWN_CASE");
  const rule = leg === null ? rows[0] : rows.find((row) => runs(row, leg));
  must(rule !== undefined || rows.length === 0 || leg.ended_at === null, "TOO_LATE");
  must(rule !== undefined, "WRONG_STATE");
  const allowed = leg?.onward && rule.verb === "RECALL" ? ["ROUTINE"] : rule.precedences;
  must(allowed === null || allowed.includes(action.precedence), "WRONG_PRECEDENCE");
  times(action, now);
  limits(rule, leg, action);
  people(action.signers, action.sender, rule);
  must(!rule.granted || (leg === null ? action.granted : leg.forwarded), "NO_GRANT");
  links(leg, action, rule, side);
  const wrote = action.about_facts?.author;
  const itself = rule.people === "the second" && action.signers.some(({ member }) => member === wrote);
  must(!itself, "SECOND_PERSON_MISSING");
  return leg === null ? opened(action, rule, now) : revised(leg, changes(leg, action, rule, now));
}

/** @param {object} leg @param {object} next @returns {object} with a revision more where anything changed */
function revised(leg, next) {
  const changed = Object.entries(next).some(([field, value]) => leg[field] !== value);
  return { ...leg, ...next, revision: leg.revision + (changed ? 1 : 0) };
}

/** What STORED of an envelope does to a leg. @param {object} before @param {string} hash @param {number} now */
export function stored(before, hash, now) {
  if (hash !== before.opening) return due(before, now);
  const leg = due(before, now);
  must(leg.state !== "WITHDRAWN", "WRONG_STATE");
  must(leg.ended_at === null || now <= leg.deliver_by, "TOO_LATE");
  const to = TABLES[leg.family].stored[leg.state];
  return to === undefined ? leg : revised(leg, { state: to });
}
