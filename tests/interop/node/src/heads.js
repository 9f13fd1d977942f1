/** The heads that a client keeps, and what a leaf or an entry can say beside them (PROTOCOL.md, sections 3 and 6). */

import { must } from "./refusal.js";

export const HEAD_SLACK = 180;
const AHEAD = 120;
const FRESH = 600_000;

export class Heads {
  /** @type {{head: object, signed: object}[]} every one that was seen */
  all = [];
  #leaves = [];

  /** @returns {{head: object, signed: object}|undefined} over the longest logs */
  get newest() {
    return this.all.at(-1);
  }

  /** Takes a head, or refuses a split view. @param {object} head verified @param {object} signed */
  take(head, signed) {
    const last = this.newest?.head;
    if (last !== undefined) {
      const [dir, exchange] = [head.directory_size - last.directory_size, head.exchange_size - last.exchange_size];
      must(dir * exchange >= 0, "VERIFICATION_FAILED", "two heads of which neither covers the other");
      if (dir < 0 || exchange < 0) {
        must(head.time - last.time <= HEAD_SLACK * 1000, "VERIFICATION_FAILED", "a lesser head later");
        return;
      }
    }
    this.all.push({ head, signed });
  }

  /** @param {number} now @returns {object} the newest head, where one may be sealed on it */
  fresh(now) {
    must(this.newest !== undefined && now - this.newest.head.time <= FRESH, "DIRECTORY_STALE");
    return this.newest.head;
  }

  /** @param {number} index @param {number} seconds of an entry that is new @param {number} now */
  checkEntry(index, seconds, now) {
    must(seconds * 1000 <= now + AHEAD * 1000, "VERIFICATION_FAILED", "an entry of the future");
    for (const { head } of this.all) {
      const covered = index < head.directory_size;
      must(covered || seconds * 1000 >= head.time - HEAD_SLACK * 1000, "VERIFICATION_FAILED", "an entry dated back");
    }
    for (const { other } of this.#leaves) {
      const covered = index < other.directory_size;
      must(covered || seconds >= other.time_seconds, "VERIFICATION_FAILED", "an entry dated before a leaf");
    }
  }

  /**
   * Whether the log had a size only when the directory had one: by a leaf or head from before it.
   * @param {number} size of the log @param {number} directorySize @returns {boolean}
   */
  beyond(size, directorySize) {
    const leaf = this.#leaves.some(({ at, other }) => at < size && other.directory_size >= directorySize);
    const named = ({ head }) => head.exchange_size < size && head.directory_size >= directorySize;
    return leaf || this.all.some(named);
  }

  /** @param {number} index @param {object} leaf @param {number[]} times of the directory's entries, Unix seconds */
  checkLeaf(index, leaf, times) {
    const sound = (holds, why) => must(holds, "VERIFICATION_FAILED", why);
    const [last, superseded] = [times[leaf.directory_size - 1], times[leaf.directory_size]];
    sound(leaf.time_seconds >= last, "a leaf before its directory");
    sound(superseded === undefined || leaf.time_seconds <= superseded, "a leaf after its directory");
    for (const { at, other } of this.#leaves) {
      const [a, b] = at < index ? [other, leaf] : [leaf, other];
      sound(a.time_seconds <= b.time_seconds && a.directory_size <= b.directory_size, "leaves in order");
    }
    for (const { head } of this.all) {
      if (index < head.exchange_size) continue;
      sound(leaf.directory_size >= head.directory_size, "an older directory than the head's");
      sound(leaf.time_seconds * 1000 >= head.time - HEAD_SLACK * 1000, "a leaf from before the head");
    }
    this.#leaves.push({ at: index, other: leaf });
  }
}
