/** The deadline profile standard-1 (PROTOCOL.md, section 7). */

import { unhex } from "./bytes.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const STANDARD_1 = unhex("296b22b8405c5e76aa8c2add3cc533dabfb71fea17dc78284eeb4b0ecc43d625");

/** ROUTINE, URGENT, FLASH. */
const DELIVER = { REFER: [14 * DAY, 3 * DAY, DAY] };
const RESPOND = {
  REFER: [DAY, 4 * HOUR, 15 * MINUTE],
  REQUEST_INFO: [14 * DAY, 3 * DAY, 4 * HOUR],
  SUPPLY: [14 * DAY, 3 * DAY, 4 * HOUR],
  RECALL: [DAY, 4 * HOUR, HOUR],
};
const AT = { ROUTINE: 0, URGENT: 1, FLASH: 2 };

/**
 * @param {string} verb @param {string} precedence @param {number} created @returns {{deliver_by: number, respond_by:
 * number}}
 */
export function deadlines(verb, precedence, created) {
  const respond = RESPOND[verb]?.[AT[precedence]];
  return {
    deliver_by: created + (DELIVER[verb]?.[AT[precedence]] ?? 14 * DAY),
    respond_by: respond === undefined ? 0 : created + respond,
  };
}
