/** Which body a verb carries in which family, and the rules between the fields of each (PROTOCOL.md, section 5). */

import { hex } from "./bytes.js";
import { name } from "./encoding.js";
import { amount, readReport } from "./freezes.js";
import { wellFormed } from "./refusal.js";
import { account } from "./wallets.js";
import { enumOf } from "./wire.js";

const OUTCOME = enumOf("OutcomeKind");
const ANSWER = enumOf("RecallAnswerKind");
const KIND = enumOf("InstrumentKind");
const STATUS = enumOf("LineStatus");
const GROUND = enumOf("ReleaseGround");
const CALLED = enumOf("CallBackResult");
const ASKED = enumOf("AssistanceKind");
const UNDER = enumOf("AssistanceInstrument");
const RELATION = enumOf("CaseRelation");
const FIRST = enumOf("FirstAnswerKind");
const NEVER_BINDS = [KIND.VOLUNTARY_HOLD, KIND.LETTER_OF_NO_CONSENT, KIND.STOP_PAYMENT];
const HALF_A_DAY = 43_200_000;
const BLOB_LIMIT = 5 * 2 ** 30;

const CASE = (
  "ACKNOWLEDGE REQUEST_INFO SUPPLY ACCEPT REPORT_PROGRESS WITHDRAW RECALL ANSWER_RECALL " +
  "ASK_ONWARD GRANT_ONWARD REFUSE_ONWARD FORWARD REVOKE_GRANT"
).split(" ");
const VERBS = {
  REFERRAL: [...CASE, ..."REFER ACCEPT_IN_PART DECLINE REDIRECT REPORT_OUTCOME CLOSE".split(" ")],
  FREEZE: [
    ...CASE,
    ...(
      "REQUEST REQUEST_PROVISIONAL CONFIRM COMPLETE REFUSE REPORT_EXECUTION ASK_EXTENSION EXTEND REFUSE_EXTENSION " +
      "ASK_VARIATION VARY CONVERT REPORT_CHALLENGE ASK_RELEASE RELEASE REPORT_OUTCOME"
    ).split(" "),
  ],
  ASSISTANCE: [
    ...CASE,
    ...(
      "REQUEST ORAL_NOTICE CONFIRM COMPLETE ACCEPT_IN_PART ANSWER_FIRST REFUSE SUSPEND RESUME REPLY_PART REPLY " +
      "FOLLOW_UP FEEDBACK CLOSE"
    ).split(" "),
  ],
};
const NAMES = {
  ACCEPT_IN_PART: "accept",
  ACKNOWLEDGE: "acknowledge_case",
  "FREEZE REQUEST": "request_freeze",
  "FREEZE COMPLETE": "request_freeze",
  "FREEZE REQUEST_PROVISIONAL": "request_hold",
  "FREEZE REFUSE": "refuse_freeze",
  "FREEZE REPORT_OUTCOME": "freeze_outcome",
  "ASSISTANCE REQUEST": "request_assistance",
  "ASSISTANCE COMPLETE": "request_assistance",
  "ASSISTANCE REFUSE": "refuse_assistance",
};

/** @param {{family: string, verb: string}} header @returns {string} the member of Payload's oneof */
export function bodyName({ family, verb }) {
  wellFormed(VERBS[family]?.includes(verb), "a verb of the family");
  return NAMES[`${family} ${verb}`] ?? NAMES[verb] ?? verb.toLowerCase();
}

/** Both stand, or neither. @param {unknown} one @param {unknown} other @param {string} why */
export function together(one, other, why) {
  wellFormed(Boolean(one) === Boolean(other), why);
}

/** @param {any[]} values @param {string} why */
function once(values, why) {
  wellFormed(new Set(values).size === values.length, why);
}

/** @param {string} canonical @param {string} received */
function sameAccount(canonical, received) {
  const { caip10 } = account(canonical, null);
  const chain = caip10.split(":", 2).join(":");
  wellFormed(caip10 === canonical && account(received, chain).caip10 === caip10, "account");
}

/** @param {object[]} facts */
function accounts(facts) {
  for (const fact of facts) sameAccount(fact.account, fact.account_as_received);
}

/** Refuses a date that is over everywhere. @param {string} date @param {Record<string, any>} header */
function toCome(date, { family, created }) {
  if (date === "" || created === 0 || !["FREEZE", "ASSISTANCE"].includes(family)) return;
  const made = Math.floor(created / 1000) * 1000;
  wellFormed(date >= new Date(made - HALF_A_DAY).toISOString().slice(0, 10), "a date that went by");
}

/** @param {number} at @param {Record<string, any>} header */
function future(at, { created }) {
  wellFormed(at === 0 || created === 0 || at > created, "a time that went by");
}

/** @param {number} at @param {Record<string, any>} header */
function past(at, { created }) {
  wellFormed(created === 0 || at <= created, "later than the message");
}

/** @param {object[]} links */
function links(links) {
  for (const { desk } of links) name("desk", desk);
  once(
    links.map((link) => [hex(link.case_id), link.desk, link.relation].join()),
    "a link twice",
  );
}

/** @param {Record<string, any>} body @param {Record<string, any>} header */
function urgent(body, header) {
  wellFormed(header.precedence === "ROUTINE" || body.urgency_reason !== "", "urgency");
}

/** @param {Record<string, any>} i @param {Record<string, any>} header @param {Uint8Array[]} attached ids */
function instrument(i, header, attached) {
  wellFormed(!i.binding || !NEVER_BINDS.includes(i.kind), "never binds");
  if (i.binding || ![...NEVER_BINDS, KIND.ISSUER_BLACKLIST].includes(i.kind)) {
    wellFormed(i.legal_text !== "" && i.authority !== "" && i.number !== "", "an order and its text");
  }
  if (i.order_attachment.length > 0) {
    wellFormed(i.order_sha256.length > 0 && attached.some((id) => hex(id) === hex(i.order_attachment)), "image");
  }
  wellFormed(i.end !== 0 || i.review !== 0, "an end or a review");
  for (const at of [i.end, i.review]) wellFormed(at === 0 || at > i.start, "after the start");
  for (const at of [i.end, i.review, i.planned_by]) future(at, header);
  together(i.planned_kind, i.planned_by, "planned");
  wellFormed(i.end === 0 || i.planned_by <= i.end, "planned too late");
}

/** @param {string} text @param {number|null} decimals */
function some(text, decimals = null) {
  wellFormed(amount(text, decimals) > 0n, "nothing");
}

/** @param {object[]} lines @param {boolean} full */
function assets(lines, full) {
  for (const line of lines) {
    wellFormed(!full || line.holder !== "", "holder");
    if (line.holder_agency !== "") name("agency", line.holder_agency);
    if (line.account !== "" || line.account_as_received !== "") sameAccount(line.account, line.account_as_received);
    else wellFormed(line.platform_account !== "", "an account");
    wellFormed(line.decimals <= 36 && line.all === (line.amount === ""), "an amount or all");
    if (line.amount !== "") some(line.amount, line.decimals);
  }
  const assets = lines.map((line) => [line.account, line.platform_account, line.token].join("\n"));
  once(assets, "an asset twice");
  once(
    lines.map((line) => line.number),
    "a number twice",
  );
}

/** @param {Record<string, any>} body */
function variations({ lines, permitted_payments }) {
  wellFormed(lines.length > 0 || permitted_payments !== "", "nothing changes");
  for (const { release, increase } of lines) {
    wellFormed(release !== "" || increase !== "", "a line that changes nothing");
    for (const text of [release, increase]) if (text !== "") some(text);
  }
  once(
    lines.map((line) => line.line),
    "a line twice",
  );
}

/** @param {Record<string, any>} body @param {Record<string, any>} header */
function released({ lines, ground, text, call_back }, header) {
  for (const { amount: part, all } of lines) {
    wellFormed(all === (part === ""), "an amount or all");
    if (!all) some(part);
  }
  once(
    lines.map((line) => line.line),
    "a line twice",
  );
  wellFormed(ground !== GROUND.OTHER || text !== "", "why");
  wellFormed(call_back.result === CALLED.CONFIRMED || ground === GROUND.COURT_ORDER, "call-back");
  name("desk", call_back.desk);
  name("telephone", call_back.telephone);
  past(call_back.called_at, header);
}

export const BETWEEN = {
  refer(body, header) {
    urgent(body, header);
    together(body.loss_amount, body.loss_currency, "loss");
    accounts(body.on_chain);
    links(body.links);
  },
  supply: (body) => accounts(body.on_chain),
  acknowledge_case: (body, header) => toCome(body.expected_date, header),
  accept(body, header) {
    together(header.verb === "ACCEPT_IN_PART", body.parts.length, "parts");
    wellFormed(header.family !== "FREEZE" || body.decided_by !== "", "who decided");
  },
  redirect: (body) => name("desk", body.desk),
  report_progress(body, header) {
    together(body.expected_date, body.slip_reason, "slip");
    toCome(body.expected_date, header);
  },
  report_outcome(body) {
    wellFormed(body.usefulness <= 5, "usefulness");
    for (const { kind, amount: text, currency } of body.outcomes) {
      wellFormed(![OUTCOME.FREEZE, OUTCOME.RECOVERY].includes(kind) || text !== "", "amount");
      together(text, currency, "amount");
    }
  },
  answer_recall: (body) => wellFormed(body.kind !== ANSWER.CANNOT_COMPLY || body.text !== "", "why not"),
  ask_onward: (body) => name("desk", body.desk),
  forward(body, _header, attached, sealed) {
    wellFormed(
      attached.some((id) => hex(id) === hex(body.original_attachment)),
      "the original",
    );
    const blobs = [...sealed, ...body.original_blobs.map((blob) => blob.sha256)].map(hex);
    once(blobs, "a blob twice");
    wellFormed(blobs.length <= 64 && body.original_blobs.every(({ length }) => length <= BLOB_LIMIT), "blobs");
  },
  request_freeze(body, header, attached) {
    instrument(body.instrument, header, attached);
    urgent(body, header);
    together(body.loss_amount, body.loss_currency, "loss");
    assets(body.lines, true);
    accounts(body.on_chain);
    links(body.links);
  },
  request_hold(body) {
    assets(body.lines, false);
    links(body.links);
  },
  report_execution(body, header, attached) {
    for (const line of body.lines) {
      const { gone } = readReport(line, null);
      const lost = line.status === STATUS.NOTHING_LEFT && gone > 0n;
      wellFormed(!lost || line.next_hop !== "" || line.next_holder !== "", "next hop");
      wellFormed(line.next_hop === "" || account(line.next_hop, null).caip10 === line.next_hop, "next hop");
    }
    once(
      body.lines.map((line) => line.line),
      "a line twice",
    );
    if (body.instrument !== null) instrument(body.instrument, header, attached);
  },
  ask_extension: (body, header) => future(body.until, header),
  extend: (body, header) => future(body.until, header),
  ask_variation: variations,
  vary: variations,
  convert: (body, header, attached) => instrument(body.instrument, header, attached),
  report_challenge: (body, header) => toCome(body.next_date, header),
  ask_release: released,
  release: released,
  freeze_outcome(body, header) {
    const amounts = body.lines.flatMap((line) => [line.held, line.released, line.returned, line.forfeited]);
    together(amounts.filter((text) => amount(text, null) > 0n).length, body.held_at, "held at");
    once(
      body.lines.map((line) => line.line),
      "a line twice",
    );
    wellFormed(body.held_at === 0 || body.held_at >= body.event_at, "held before the event");
    for (const at of [body.event_at, body.held_at]) past(at, header);
  },
  request_assistance(body, header) {
    wellFormed(body.instrument !== UNDER.BILATERAL || body.instrument_text !== "", "which memorandum");
    wellFormed(!body.kinds.includes(ASKED.STATEMENT) || body.statement_conduct !== "", "conduct");
    const carried = body.links.some((link) => link.relation === RELATION.CARRIES_FREEZE);
    wellFormed(!body.kinds.includes(ASKED.FREEZE) || carried, "the freeze");
    once(body.kinds, "a kind twice");
    urgent(body, header);
    toCome(body.latest_useful_date, header);
    accounts(body.on_chain);
    links(body.links);
  },
  oral_notice(body, header) {
    past(body.spoken_at, header);
    toCome(body.latest_useful_date, header);
    once(body.kinds, "a kind twice");
    accounts(body.on_chain);
    links(body.links);
  },
  answer_first(body, header) {
    wellFormed(body.kind !== FIRST.NOT_YET_KNOWN || body.expected_date !== "", "until when");
    toCome(body.expected_date, header);
  },
  suspend: (body, header) => toCome(body.review_date, header),
  reply_part(body) {
    wellFormed(body.number <= body.of, "more than there are");
    accounts(body.on_chain);
  },
  reply(body) {
    wellFormed(body.number === body.of, "not the last");
    accounts(body.on_chain);
  },
  feedback: (body) => wellFormed(body.usefulness <= 5, "usefulness"),
};
