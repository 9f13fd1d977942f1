/** The deadline profiles standard-1 and standard-2, which are the same for referrals (PROTOCOL.md, section 7). */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** SHA-256 of their files. */
export const STANDARD = [
  "296b22b8405c5e76aa8c2add3cc533dabfb71fea17dc78284eeb4b0ecc43d625",
  "a20ca0c280331564fdbcad90d4fff2784ab79c7087d4d9274284224fd6cf2737",
];

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
