/** Deadline profiles: files by the SHA-256 of their bytes, working days by their own calendars (PROTOCOL.md, section 7). */

import { readFileSync, readdirSync } from "node:fs";

import { sha256 } from "@noble/hashes/sha2.js";

import { hex } from "./bytes.js";
import { must } from "./refusal.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const FOLDER = new URL("../../../../proto/comity/workflow/profiles/", import.meta.url);

/** @type {Map<string, Record<string, any>>} the profiles of the release, by their digests */
const PROFILES = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readFileSync(new URL(name, FOLDER)))
    .map((bytes) => [hex(sha256(bytes)), JSON.parse(bytes.toString("utf8"))]),
);

/** @param {string} clock such as `17:30` @returns {number} milliseconds after midnight */
function timeOf(clock) {
  const [hours, minutes] = clock.split(":").map(Number);
  return (hours * 60 + minutes) * MINUTE;
}

/** @param {Record<string, any>} calendar @param {number} created @param {number} count of working days */
export function closeAfter({ offsets, weekend, closes, holidays }, created, count) {
  const ahead = offsets.findLast(([from]) => created >= from)[1] * MINUTE;
  let day = Math.floor((created + ahead) / DAY);
  for (let left = count; left > 0; ) {
    day += 1;
    const date = new Date(day * DAY);
    const works = !weekend.includes((date.getUTCDay() + 6) % 7) && !holidays.includes(date.toISOString().slice(0, 10));
    if (works) left -= 1;
  }
  const local = day * DAY + timeOf(closes);
  const held = offsets.findLastIndex(([from, minutes]) => local - minutes * MINUTE >= from);
  return Math.min(local - offsets[held][1] * MINUTE, offsets[held + 1]?.[0] ?? Infinity);
}

/** @param {Record<string, any>} profile @param {number|Record<string, any>} span @param {number} created */
function after(profile, span, created, jurisdiction) {
  if (typeof span === "number") return created + span * 1000;
  return closeAfter(profile.calendars[jurisdiction] ?? profile.calendars.default, created, span.working_days);
}

/**
 * What a profile says of a verb.
 * @param {Uint8Array} digest of its file
 * @param {Record<string, any>} header family, verb, precedence, created; opened, where the leg has begun before
 * @param {string} acting jurisdiction of the side that is to act
 * @returns {{deliver_by: number, respond_by: number, lapses_at: number}} 0 where none stands
 */
export function deadlines(digest, { family, verb, precedence, created, opened }, acting) {
  const profile = PROFILES.get(hex(digest));
  must(profile !== undefined, "NOT_FOUND", `profile ${hex(digest)}`);
  const spans = profile.families[family]?.[verb];
  must(spans !== undefined, "FAMILY_NOT_OFFERED");
  const respond = (profile.version === 1 ? spans.respond_within_seconds : spans.respond_within)?.[precedence];
  const lapse = profile.version === 1 ? null : spans.lapse_after;
  const begun = lapse?.from === "opening" ? (opened ?? created) : created;
  return {
    deliver_by: created + (spans.deliver_within ?? spans.deliver_within_seconds)[precedence] * 1000,
    respond_by: respond === undefined ? 0 : after(profile, respond, created, acting),
    lapses_at: lapse === null ? 0 : begun + lapse[precedence] * 1000,
  };
}
