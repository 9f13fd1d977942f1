/** The workflow's tables, read where they are written for people: in PROTOCOL.md, section 7. */

import { readFileSync } from "node:fs";

const DOCUMENT = readFileSync(new URL("../../../../proto/PROTOCOL.md", import.meta.url), "utf8");
const NONE = "–";
const ASIDE = ["RECALL", "ANSWER_RECALL", "ASK_ONWARD", "GRANT_ONWARD", "REFUSE_ONWARD", "REVOKE_GRANT"];
const AUTHORITY = ["AUTHORITY"];

/** @param {string} text such as `A, B` @returns {string[]} */
function list(text) {
  return text === NONE ? [] : text.split(", ");
}

/** @param {string} text of a cell @returns {(value: string) => boolean} */
function among(text) {
  const [, all, others] = /^(any)?(?: but )?(.*)$/.exec(text);
  return all ? (value) => !list(others).includes(value) : (value) => list(text).includes(value);
}

/** @param {string} text @returns {{about: string, verbs: (verb: string) => boolean}} */
function about(text) {
  const [, what, sign, named] = /^(nothing, or what is awaited|[^:,]+)(: |, not )?(.*)$/.exec(text);
  const names = list(named);
  if (sign === undefined) return { about: what, verbs: () => true };
  return { about: what, verbs: (verb) => names.includes(verb) === (sign === ": ") };
}

/** @param {Record<string, string>} cells by the head of the column @returns {Record<string, any>} */
function rowOf(cells) {
  const lapses = cells["`lapses_at`"] ?? NONE;
  const [standings, to] = (cells.standing ?? "any").split(" → ");
  const opens = cells.from === NONE;
  const note = cells[""];
  return {
    verb: cells.verb,
    side: cells.side.toUpperCase(),
    people: cells.people,
    roles: list(cells["AUTHOR's role"]).map((role) => role.toUpperCase()),
    opens,
    from: among(cells.from),
    to: cells.to === "same" || cells.to.startsWith("where") ? null : cells.to.split(" ")[0],
    resumes: cells.to.startsWith("where"),
    ifOpening: cells.to.includes("if `about`"),
    standings: opens ? () => true : among(standings),
    standing: opens ? (cells.standing ?? "FULL") : to,
    last: cells["`previous`"] === "last",
    ...about(cells["`about`"]),
    asked: cells["`about`"].includes("what is awaited"),
    mayBeNone: cells["`about`"].startsWith("nothing, or"),
    clock: cells.clock,
    unlessAwaited: note.startsWith("Not while its own side is awaited"),
    lapses: lapses.split(";")[0],
    noSooner: lapses.includes("no sooner"),
    setsEnd: lapses.includes("the leg's goes"),
    precedences: note.includes(" only. ") && note.startsWith("FLASH") ? ["FLASH"] : null,
    granted: /under an unused grant|after a grant was used/.test(note),
    aside: ASIDE.includes(cells.verb),
  };
}

/** @param {string} name of a generated block @param {string[]} recipients kinds of agency */
function tableOf(name, recipients) {
  const block = DOCUMENT.split(`<!-- generated: ${name} -->`)[1].split("<!-- end generated -->")[0];
  const rows = [];
  const automatic = {};
  let head = [];
  for (const line of block.split("\n").filter((each) => each.startsWith("|") && !each.startsWith("|-"))) {
    const cells = line.slice(1, -1).split("|").map((cell) => cell.trim());
    if (["verb", "automatic", "state"].includes(cells[0])) head = cells;
    else if (head[0] === "verb") rows.push(rowOf(Object.fromEntries(cells.map((cell, i) => [head[i], cell]))));
    else if (head[0] === "automatic") automatic[cells[0]] = Object.fromEntries(list(cells[1]).map((s) => [s, cells[2]]));
  }
  if (rows.some((row) => row.resumes)) for (const row of rows) row.pauses = row.verb === "REQUEST_INFO";
  return {
    rows,
    kinds: { ORIGINATOR: AUTHORITY, RECIPIENT: recipients },
    stored: automatic["STORED acknowledgement"],
    expires: automatic["`deliver_by` goes by"],
    lapses: automatic["`lapses_at` goes by, standing not FULL"] ?? {},
    ends: automatic["`lapses_at` goes by, standing FULL"] ?? {},
  };
}

export const TABLES = {
  REFERRAL: tableOf("referral", AUTHORITY),
  FREEZE: tableOf("freeze", ["AUTHORITY", "HOLDER", "ISSUER"]),
  ASSISTANCE: tableOf("assistance", AUTHORITY),
};
