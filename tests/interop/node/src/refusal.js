/** The one error of this client: a class of failure by the name that PROTOCOL.md and the vectors give it. */
export class Refusal extends Error {
  /** @param {string} reason for example `MALFORMED` @param {string} [why] for a developer; never content */
  constructor(reason, why = "") {
    super(why === "" ? reason : `${reason}: ${why}`);
    this.name = "Refusal";
    this.reason = reason;
  }
}

/** Refuses unless something holds. @param {unknown} holds @param {string} reason @param {string} [why] */
export function must(holds, reason, why) {
  if (!holds) throw new Refusal(reason, why);
}

/** Refuses as MALFORMED unless something holds. @param {unknown} holds @param {string} [why] */
export function wellFormed(holds, why) {
  must(holds, "MALFORMED", why);
}

/** Refuses a directory statement by a rule, unless something holds. @param {unknown} holds @param {string} name */
export function rule(holds, name) {
  must(holds, `STATEMENT_REFUSED:${name}`);
}

/**
 * Gives every failure of a step one class, so that nothing tells which it was.
 * @template T @param {string} reason @param {() => T} step @returns {T}
 */
export function as(reason, step) {
  try {
    return step();
  } catch {
    throw new Refusal(reason);
  }
}
