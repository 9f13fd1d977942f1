/**
 * What a freeze has come to (PROTOCOL.md, section 13): amounts as whole numbers of a token's smallest unit.
 *
 * A refusal is the problem's name, and after a colon the line where it is one's.
 */

import { Refusal } from "./refusal.js";
import { enumOf } from "./wire.js";

const AMOUNT = /^(?=.{1,100}$)(0|[1-9][0-9]*)(\.[0-9]+)?$/;
const UNITS = 2n ** 256n;
const STATUS = enumOf("LineStatus");
const { COURT_ORDER } = enumOf("ReleaseGround");
const CRUMB = 100n;

/** @param {string} problem @param {number} [line] @returns {never} */
function refuse(problem, line = 0) {
  throw new Refusal(line === 0 ? problem : `${problem}:${line}`);
}

/**
 * Reads an amount; a token that is not known has up to 36 digits after the point, and counts in whole units.
 * @param {string} text @param {number|null} decimals @param {number} [line] @returns {bigint}
 */
export function amount(text, decimals, line) {
  if (text.startsWith("-")) refuse("NEGATIVE", line);
  if (!AMOUNT.test(text)) refuse("NOT_AN_AMOUNT", line);
  const [whole, part = ""] = text.split(".");
  if (part.length > (decimals ?? 36)) refuse("TOO_MANY_DECIMALS", line);
  if (BigInt(whole + (decimals === null ? "" : part.padEnd(decimals, "0"))) >= UNITS) refuse("OVERFLOW", line);
  return BigInt(whole + part.padEnd(decimals ?? 36, "0"));
}

/** @param {bigint} units @param {number} decimals @returns {string} without zeros that say nothing */
function written(units, decimals) {
  const digits = units.toString().padStart(decimals + 1, "0");
  const [whole, part] = [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals)];
  return part.replace(/0+$/, "") === "" ? whole : `${whole}.${part.replace(/0+$/, "")}`;
}

/** @param {number} status @param {Record<string, bigint>} said */
function fits(status, said) {
  if (status === STATUS.HELD_FULL) return said.held > 0n && said.gone === 0n && said.outstanding === 0n;
  if (status === STATUS.HELD_PART) return said.held > 0n && said.gone + said.outstanding > 0n;
  if (status === STATUS.NOTHING_LEFT) return said.held === 0n && said.outstanding === 0n;
  return status === STATUS.FAILED && said.held === 0n && (said.outstanding > 0n || said.requested === 0n);
}

/** @param {Record<string, any>} report @param {number|null} decimals @returns {Record<string, bigint>} */
export function readReport(report, decimals) {
  const read = (name) => [name, amount(report[name], decimals, report.line)];
  const said = Object.fromEntries(["requested", "held", "released", "gone", "outstanding"].map(read));
  said.inflow = report.inflow === "" ? 0n : amount(report.inflow, decimals, report.line);
  const sum = said.held + said.released + said.gone + said.outstanding;
  if (said.requested !== sum || said.inflow > sum) refuse("DOES_NOT_ADD_UP", report.line);
  if (!fits(report.status, said)) refuse("WRONG_STATUS", report.line);
  return said;
}

/** @param {Record<string, any>[]} lines @returns {Record<string, any>[]} rows by ascending number */
function opened(lines) {
  const rows = lines.map((line) => {
    const asked = line.all ? null : amount(line.amount, line.decimals, line.number);
    if (asked === 0n) refuse("ZERO", line.number);
    const asset = JSON.stringify([line.account, line.platform_account, line.token]);
    const { number, decimals, later_inflows } = line;
    const none = { held: 0n, released: 0n, gone: 0n, returned: 0n, forfeited: 0n, varied: 0n, taken: 0n };
    const begun = { ...none, reported: false, outstanding: asked ?? 0n };
    return { number, decimals, later_inflows, asset, asked, requested: asked, ...begun };
  });
  rows.sort((a, b) => a.number - b.number);
  for (let i = 1; i < rows.length; i++) {
    if (rows[i].number === rows[i - 1].number) refuse("LINE_TWICE", rows[i].number);
  }
  return rows;
}

/** @param {Record<string, any>} row @param {bigint} taken */
function letGo(row, taken) {
  if (taken === 0n) refuse("ZERO", row.number);
  if (!row.reported) refuse("HELD_WITHOUT_REPORT", row.number);
  if (taken > row.held) refuse("MORE_THAN_HELD", row.number);
  return { ...row, held: row.held - taken, released: row.released + taken };
}

const STEPS = {
  report(row, report) {
    const { inflow, ...said } = readReport(report, row.decimals);
    if (inflow > 0n && !row.later_inflows) refuse("INFLOW_NOT_COVERED", row.number);
    if (said.released !== row.released) refuse("RELEASED_WITHOUT_RELEASE", row.number);
    const goesOn = row.requested === null ? inflow === 0n : said.requested === row.requested + inflow;
    if (!goesOn) refuse("NOT_THE_TOTALS", row.number);
    const neverHeld = row.gone + row.outstanding - row.taken + inflow;
    if (row.requested !== null && said.gone > neverHeld) refuse("HELD_IS_GONE", row.number);
    const unknown = row.requested === null && report.status === STATUS.FAILED && said.requested === 0n;
    const less = row.taken + row.held - said.held;
    const taken = less > 0n ? less : 0n;
    return { ...row, ...said, taken, requested: unknown ? null : said.requested, reported: true };
  },
  release(row, { amount: text, all }) {
    if (all && row.held === 0n) return row;
    return letGo(row, all ? row.held : amount(text, row.decimals, row.number));
  },
  vary(row, { release, increase }) {
    const less = release === "" ? 0n : amount(release, row.decimals, row.number);
    const after = release === "" ? row : { ...letGo(row, less), varied: row.varied + less };
    if (increase === "") return after;
    const more = amount(increase, row.decimals, row.number);
    if (more === 0n) refuse("ZERO", row.number);
    if (row.requested === null) refuse("MORE_THAN_ASKED", row.number);
    if (row.requested + more >= UNITS) refuse("OVERFLOW", row.number);
    return { ...after, requested: row.requested + more, outstanding: row.outstanding + more };
  },
  outcome(row, said) {
    const read = (name) => amount(said[name], row.decimals, row.number);
    const [held, let_go, returned, forfeited] = ["held", "released", "returned", "forfeited"].map(read);
    if (held > row.held) refuse("MORE_THAN_HELD", row.number);
    const released = let_go + returned + forfeited;
    if (held + released !== row.held + row.released) refuse("NOT_THE_TOTALS", row.number);
    return { ...row, held, released, returned, forfeited };
  },
};

/** @param {Record<string, any>[]} rows @param {Record<string, any>[]} items @param {keyof STEPS} name */
function each(rows, items, name) {
  const done = new Map();
  for (const item of items) {
    if (done.has(item.line)) refuse("LINE_TWICE", item.line);
    const row = rows.find(({ number }) => number === item.line) ?? refuse("UNKNOWN_LINE", item.line);
    done.set(item.line, STEPS[name](row, item));
  }
  return rows.map((row) => done.get(row.number) ?? row);
}

/** @param {Record<string, any>[]} rows @param {Record<string, any>[]} lines */
function completed(rows, lines) {
  const written = new Map(opened(lines).map((row) => [row.number, row]));
  const kept = rows.map((row) => {
    const again = written.get(row.number);
    const same = ["asset", "decimals", "asked"].every((name) => again?.[name] === row[name]);
    if (again === undefined || !same) refuse("CHANGED_LINE", row.number);
    written.delete(row.number);
    return { ...row, later_inflows: row.later_inflows || again.later_inflows };
  });
  return [...kept, ...written.values()].sort((a, b) => a.number - b.number);
}

/** @param {Record<string, any>[]} rows @returns the rows, of which nothing is held */
function nothing(rows) {
  for (const row of rows) if (row.held > 0n) refuse("STILL_HELD", row.number);
  return rows;
}

/** @param {Record<string, any>[]} rows @param {Record<string, any>[]} lines */
function varied(rows, lines) {
  const after = each(rows, lines, "vary");
  for (const [i, { held, number }] of rows.entries()) {
    const { held: left, varied: gone } = after[i];
    if (left < held && left * CRUMB < left + gone) refuse("IS_A_RELEASE", number);
  }
  return after;
}

/** @param {Record<string, any>} freeze @param {Record<string, any>} instrument */
function noGap(freeze, instrument) {
  if (freeze.ends !== 0 && instrument.start > freeze.ends) refuse("GAP_BETWEEN");
}

/** @param {Record<string, any>[]} rows @param {Record<string, any>[]} lines @param {Record<string, any>[]} asked */
function within(rows, lines, asked) {
  for (const line of lines) {
    const wanted = asked.find((each) => each.line === line.line) ?? { release: "", increase: "" };
    const { decimals } = rows.find(({ number }) => number === line.line);
    for (const name of ["release", "increase"]) {
      const over = line[name] !== "" && amount(line[name], decimals) > amount(wanted[name] || "0", decimals);
      if (over) refuse("MORE_THAN_ASKED", line.line);
    }
  }
}

/** @param {Record<string, any>} freeze @param {number} until */
function later(freeze, until) {
  if (freeze.passedOn) refuse("NOT_ITS_OWN");
  if (freeze.ends === 0 || until <= freeze.ends) refuse("NOT_LATER");
}

const JUDGES = {
  request_freeze(freeze, body, ends) {
    noGap(freeze, body.instrument);
    if (body.instrument.end !== 0 && body.instrument.end < ends) refuse("ENDS_DIFFER");
    return { ...freeze, rows: completed(freeze.rows, body.lines), instrument: body.instrument.kind, ends };
  },
  confirm: (freeze, _body, ends) => ({ ...freeze, ends }),
  convert(freeze, { instrument }, ends) {
    noGap(freeze, instrument);
    if (instrument.end !== ends) refuse("ENDS_DIFFER");
    return { ...freeze, instrument: instrument.kind, ends, passedOn: false };
  },
  ask_extension: (freeze, { until }) => (later(freeze, until), freeze),
  extend(freeze, { until }, ends, asked) {
    later(freeze, until);
    if (until !== ends) refuse("ENDS_DIFFER");
    if (asked?.name !== "ask_extension") refuse("NOT_ASKED");
    if (until > asked.body.until) refuse("MORE_THAN_ASKED");
    return { ...freeze, ends };
  },
  ask_variation: (freeze, { lines }) => (varied(freeze.rows, lines), freeze),
  ask_release: (freeze, { lines }) => (nothing(each(freeze.rows, lines, "release")), freeze),
  report_execution: (freeze, { lines }) => ({ ...freeze, rows: each(freeze.rows, lines, "report") }),
  vary(freeze, { lines }, _ends, asked) {
    const rows = varied(freeze.rows, lines);
    if (asked?.name !== "ask_variation") refuse("NOT_ASKED");
    within(freeze.rows, lines, asked.body.lines);
    return { ...freeze, rows };
  },
  release(freeze, { lines, ground }, _ends, asked) {
    if (ground !== COURT_ORDER && asked?.name !== "ask_release") refuse("NOT_ASKED");
    return { ...freeze, rows: nothing(each(freeze.rows, lines, "release")) };
  },
  freeze_outcome(freeze, { lines }, _ends, _asked, ended) {
    if (!ended) for (const row of nothing(freeze.rows)) if (row.taken > 0n) refuse("STILL_HELD", row.number);
    const rows = each(freeze.rows, lines, "outcome");
    for (const row of freeze.rows) {
      const missing = row.held + row.released > 0n && !lines.some(({ line }) => line === row.number);
      if (missing) refuse("LINE_MISSING", row.number);
    }
    return { ...freeze, rows };
  },
};

/**
 * Returns where a freeze stands after a message.
 * @param {Record<string, any>|null} freeze before @param {string} name of the body @param {Record<string, any>} body
 * @param {number} ends of the header: lapses_at @param {{name: string, body: Record<string, any>}} [asked] by `about`
 * @param {boolean} [ended] whether it had ended before @param {boolean} [passedOn] whether a FORWARD opens it
 */
export function judge(freeze, name, body, ends, asked, ended, passedOn = false) {
  if (freeze !== null) return JUDGES[name]?.(freeze, body, ends, asked, ended) ?? freeze;
  if (name === "request_hold" && !passedOn) return { rows: opened(body.lines), instrument: null, ends };
  if (name !== "request_freeze") refuse("NOT_OPENED");
  const { end, kind } = body.instrument;
  const fits = passedOn ? end === 0 || (ends > 0 && ends <= end) : end === ends;
  if (!fits) refuse("ENDS_DIFFER");
  return { rows: opened(body.lines), instrument: kind, ends, passedOn };
}

/** @param {Record<string, any>} freeze @returns {object} as the vectors write it */
export function standing({ rows, instrument, ends }) {
  const names = Object.entries(enumOf("InstrumentKind"));
  const totals = ["requested", "held", "released", "gone", "outstanding", "returned", "forfeited"];
  return {
    ends,
    instrument: instrument === null ? null : names.find(([, value]) => value === instrument)[0],
    rows: rows.map((row) => ({
      number: row.number,
      ...Object.fromEntries(totals.map((n) => [n, row[n] === null ? null : written(row[n], row.decimals)])),
    })),
  };
}
