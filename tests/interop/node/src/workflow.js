/** Case referrals: what an envelope does to its leg (PROTOCOL.md, sections 4 and 7). Pure; no clock of its own. */

import { agencyOf } from "./encoding.js";
import { must } from "./refusal.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AHEAD = 120_000;
const AUTHORS = ["ANALYST", "SUPERVISOR", "DUTY_DESK"];

/** side, people, from, to, previous, about, clock: the table of section 7. */
const VERBS = {
  REFER: { side: "ORIGINATOR", people: 2, from: [], to: "SENT", clock: "starts" },
  ACKNOWLEDGE: { side: "RECIPIENT", from: ["DELIVERED"], to: "ACKNOWLEDGED", last: true, clock: "stops" },
  REQUEST_INFO: { side: "RECIPIENT", from: ["ACKNOWLEDGED"], to: "MORE_INFO", last: true, clock: "starts" },
  SUPPLY: { side: "ORIGINATOR", from: ["MORE_INFO"], to: "ACKNOWLEDGED", last: true, clock: "starts" },
  ACCEPT: { side: "RECIPIENT", from: ["ACKNOWLEDGED", "MORE_INFO"], to: "IN_PROGRESS", last: true, clock: "stops" },
  ACCEPT_IN_PART: {
    side: "RECIPIENT",
    from: ["ACKNOWLEDGED", "MORE_INFO"],
    to: "IN_PROGRESS",
    last: true,
    clock: "stops",
  },
  DECLINE: {
    side: "RECIPIENT",
    people: 2,
    from: ["ACKNOWLEDGED", "MORE_INFO"],
    to: "DECLINED",
    last: true,
    clock: "stops",
  },
  REDIRECT: { side: "RECIPIENT", from: ["ACKNOWLEDGED", "MORE_INFO"], to: "REDIRECTED", last: true, clock: "stops" },
  REPORT_PROGRESS: { side: "RECIPIENT", from: ["IN_PROGRESS"] },
  REPORT_OUTCOME: { side: "RECIPIENT", from: ["IN_PROGRESS"], to: "OUTCOME_REPORTED", last: true, clock: "stops" },
  WITHDRAW: { side: "ORIGINATOR", from: ["SENT"], to: "WITHDRAWN", about: "opening", clock: "stops" },
  RECALL: { side: "ORIGINATOR", about: "own", clock: "starts recall" },
  ANSWER_RECALL: { side: "RECIPIENT", about: "recall", clock: "stops recall" },
  CLOSE: {
    side: "ORIGINATOR",
    from: ["DECLINED", "REDIRECTED", "OUTCOME_REPORTED"],
    to: "CLOSED",
    last: true,
    clock: "stops",
  },
};

/** @param {object} action @param {number} now @param {object} rule */
function times(action, now, rule) {
  const flash = action.precedence === "FLASH";
  const seconded = action.signers.some((signer) => signer.role === "APPROVER");
  const oldest = seconded ? (flash ? HOUR : 96 * HOUR) : flash ? 15 * MINUTE : DAY;
  must(action.created <= now + AHEAD, "CREATED_IN_FUTURE");
  must(now - action.created <= oldest, "CREATED_TOO_OLD");
  must(action.deliver_by > action.created && action.deliver_by <= action.created + 14 * DAY, "BAD_TIMES");
  const due = rule.clock?.startsWith("starts") === true;
  must((action.respond_by !== null) === due && action.lapses_at === null, "BAD_TIMES");
  must(!due || action.respond_by > action.created, "BAD_TIMES");
  must(action.deliver_by >= now, "TOO_LATE");
}

/** @param {object[]} signers @param {string} sender @param {number} people */
function people(signers, sender, people) {
  const author = signers.find((signer) => signer.role === "AUTHOR");
  const approver = signers.find((signer) => signer.role === "APPROVER");
  must(author !== undefined && author.roles.some((role) => AUTHORS.includes(role)), "WRONG_ROLE");
  must(people < 2 || approver !== undefined, "SECOND_PERSON_MISSING");
  if (approver === undefined) return;
  must(approver.member !== author.member, "SECOND_PERSON_MISSING");
  must(approver.roles.includes("APPROVER") && !approver.roles.includes("AGENT"), "WRONG_ROLE");
  for (const { member } of [author, approver]) must(agencyOf(member) === agencyOf(sender), "WRONG_ROLE");
}

/** @param {object} leg @param {object} action @param {object} rule */
function links(leg, action, rule) {
  must(action.previous === (rule.last ? leg.previous : ""), "WRONG_PREVIOUS");
  const facts = action.about_facts;
  if (rule.about === undefined) must(action.about === "", "WRONG_ABOUT");
  else must(action.about !== "" && facts !== null, "WRONG_ABOUT");
  if (rule.about === "opening") must(action.about === leg.opening, "WRONG_ABOUT");
  if (rule.about === "own") must(facts.sender === action.sender, "WRONG_ABOUT");
  if (rule.about === "recall") must(facts.verb === "RECALL" && facts.sender !== action.sender, "WRONG_ABOUT");
}

const NO_QUESTION = { question: "", respond_by: null, awaiting: null, overdue_logged: false };

/** What clocks will do next, by limit: the hub logs it before anything else. @param {object} leg */
function pending(leg) {
  const found = [];
  if (leg.respond_by !== null && !leg.overdue_logged) {
    found.push({ limit: leg.respond_by, changes: { overdue_logged: true } });
  }
  if (leg.recall_respond_by !== null && !leg.recall_overdue_logged) {
    found.push({ limit: leg.recall_respond_by, changes: { recall_overdue_logged: true } });
  }
  if (leg.state === "SENT") {
    const changes = { ...NO_QUESTION, state: "EXPIRED", ended_at: leg.deliver_by };
    found.push({ limit: leg.deliver_by, changes });
  }
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

/** Nobody is overdue whose time had gone by before the question was logged. */
function question(action, side, now) {
  const awaiting = side === "ORIGINATOR" ? "RECIPIENT" : "ORIGINATOR";
  const { message_hash: asked, respond_by } = action;
  return { question: asked, respond_by, awaiting, overdue_logged: now > respond_by };
}

/** @param {object} action @param {number} now @returns {object} the new leg */
function opened(action, now) {
  return {
    originator: action.sender,
    case_id: action.case_id,
    recipient: action.counterpart,
    family: action.family,
    state: "SENT",
    revision: 1,
    opening: action.message_hash,
    previous: action.message_hash,
    opened: action.created,
    deliver_by: action.deliver_by,
    ...question(action, "ORIGINATOR", now),
    recall: "",
    recall_respond_by: null,
    recall_overdue_logged: false,
    lapses_at: null,
    ended_at: null,
    resume_state: null,
  };
}

/** @param {object} leg @param {object} action @param {object} rule @returns {object} the fields that may change */
function changes(leg, action, rule, now) {
  const next = {};
  if (rule.to !== undefined) next.state = rule.to;
  if (rule.last) next.previous = action.message_hash;
  if (rule.clock === "starts") Object.assign(next, question(action, rule.side, now));
  if (rule.clock === "stops") Object.assign(next, NO_QUESTION);
  if (rule.clock === "starts recall") {
    const recall = { recall: action.message_hash, recall_respond_by: action.respond_by, recall_overdue_logged: false };
    Object.assign(next, recall, action.about === leg.opening ? { state: "RECALLED" } : {});
  }
  if (rule.clock === "stops recall") Object.assign(next, { recall_respond_by: null, recall_overdue_logged: false });
  return next;
}

/**
 * @param {object|null} before @param {object} action of an envelope that was verified @param {number} now @returns
 * {object}
 */
export function step(before, action, now) {
  const kinds = [action.sender_kind, action.counterpart_kind];
  must(action.family === "REFERRAL" && kinds.every((kind) => kind === "AUTHORITY"), "FAMILY_NOT_OFFERED");
  const rule = VERBS[action.verb];
  must(rule !== undefined, "FAMILY_NOT_OFFERED");
  times(action, now, rule);
  if (before === null) {
    must(action.verb === "REFER" && action.sender !== action.counterpart, "UNKNOWN_CASE");
    people(action.signers, action.sender, rule.people);
    links({ previous: "" }, action, rule);
    return opened(action, now);
  }
  const side = { [before.originator]: "ORIGINATOR", [before.recipient]: "RECIPIENT" };
  must(before.case_id === action.case_id, "UNKNOWN_CASE");
  must(side[action.sender] !== undefined && side[action.counterpart] !== undefined, "UNKNOWN_CASE");
  const leg = due(before, now);
  must(action.verb !== "REFER" && side[action.sender] === rule.side, "WRONG_STATE");
  must(leg.state !== "EXPIRED" || rule.from === undefined, "TOO_LATE");
  must(rule.from === undefined || rule.from.includes(leg.state), "WRONG_STATE");
  must(action.verb !== "REDIRECT" || action.granted, "NO_GRANT");
  people(action.signers, action.sender, rule.people ?? 1);
  links(leg, action, rule);
  return revised(leg, changes(leg, action, rule, now));
}

/** @param {object} leg @param {object} next @returns {object} with a revision more where anything changed */
function revised(leg, next) {
  const changed = Object.entries(next).some(([field, value]) => leg[field] !== value);
  return { ...leg, ...next, revision: leg.revision + (changed ? 1 : 0) };
}

/** What STORED of an envelope does to a leg. @param {object} before @param {string} hash @param {number} now */
export function stored(before, hash, now) {
  if (hash !== before.opening) return before;
  const leg = due(before, now);
  must(leg.state !== "WITHDRAWN", "WRONG_STATE");
  must(leg.state !== "EXPIRED", "TOO_LATE");
  return leg.state === "SENT" ? revised(leg, { state: "DELIVERED" }) : before;
}
