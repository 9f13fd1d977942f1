/**
 * The directory: every entry by its statement's rules, and what holds as of the present size (PROTOCOL.md, section 3).
 */

import { equal, hex } from "./bytes.js";
import { agencyOf, fingerprint, kid, tagged } from "./encoding.js";
import { byteOrder } from "./header.js";
import { Tree, leafHash } from "./merkle.js";
import { RULES, signersOf } from "./directory_rules.js";
import { must, rule } from "./refusal.js";
import { verify } from "./signatures.js";
import { parseEntry, roleName } from "./statements.js";

/** A public key that was registered: `use` and `owner` make its id; `member` for those of a member. */
class Key {
  ended = false;
  suspectFrom = 0;

  /** @param {string} owner @param {string} use @param {Uint8Array} publicKey */
  constructor(owner, use, publicKey) {
    Object.assign(this, { owner, use, publicKey, kid: kid(owner, use, publicKey) });
  }
}

export class Directory {
  /** @type {Uint8Array[]} */
  entries = [];
  /** @type {Uint8Array[]} the root at each size */
  roots = [];
  /** @type {number[]} the time of each entry, Unix seconds */
  times = [];
  tree = new Tree();
  origin = "";
  exchangeOrigin = "";
  tlsCa = new Uint8Array();
  genesisFingerprint = "";
  timeSeconds = 0;
  /** @type {Map<string, {number: number, previous: Uint8Array}>} next position of each signer */
  positions = new Map();
  /** @type {Map<string, Key>} by key id */
  keys = new Map();
  /** @type {Map<string, string>} key ids by public key */
  publicKeys = new Map();
  /** @type {Uint8Array[]} the newest first */
  logKeys = [];
  headKey = new Uint8Array();
  /** @type {{log: Uint8Array, head: Uint8Array}[]} the hub's keys at each size */
  hubKeys = [];
  /** @type {{name: string, key: Key}[]} */
  operators = [];
  /** @type {Map<string, object>} */
  agencies = new Map();
  members = new Map();
  desks = new Map();
  tls = new Map();
  delegations = [];
  agreements = new Map();
  contacts = new Map();
  witnesses = [];

  get size() {
    return this.entries.length;
  }

  get root() {
    return this.tree.root;
  }

  /**
   * Takes the next entry, or refuses it and stays as it was.
   * @param {Uint8Array} data @param {{trusted?: boolean}} [how] trusted: it was taken before, by this program
   * @returns {string} the statement's kind
   */
  apply(data, { trusted = false } = {}) {
    const { time_seconds: seconds, statement } = parseEntry(data);
    const { kind, content } = statement;
    if (this.size === 0) {
      rule(kind === "hub_genesis", "genesis_first");
    } else {
      rule(kind !== "hub_genesis", "genesis_once");
      must(statement.origin === this.origin, "WRONG_ORIGIN");
      rule(seconds >= this.timeSeconds, "time_never_decreases");
    }
    const signers = signersOf(this, statement);
    const given = statement.positions.map((position) => position.signer);
    rule(
      given.length === signers.length && signers.every((signer, i) => signer === given[i]),
      "positions_of_the_signers",
    );
    for (const position of statement.positions) {
      const next = this.positions.get(position.signer) ?? { number: 0, previous: new Uint8Array() };
      must(position.number === next.number && equal(position.previous, next.previous), "STALE_POSITION");
    }
    const { check, signatures, take } = RULES[kind];
    const now = seconds * 1000;
    const step = new Step(this, statement, now, trusted);
    check?.(step, content);
    signatures(step, content);
    step.nothingLeft();
    take(step, content);
    for (const { signer, number } of statement.positions) {
      this.positions.set(signer, { number: number + 1, previous: statement.digest });
    }
    this.timeSeconds = seconds;
    this.entries.push(data);
    this.tree.add(leafHash(data));
    this.roots[this.size] = this.root;
    this.times.push(seconds);
    this.hubKeys[this.size] = { log: this.logKeys[0], head: this.headKey };
    return kind;
  }

  /** @param {Uint8Array} publicKey @param {string} owner @param {string} use @returns {boolean} */
  free(publicKey, owner, use) {
    const at = this.publicKeys.get(hex(publicKey));
    return at === undefined || at === hex(kid(owner, use, publicKey));
  }

  /** @param {string} owner @param {string} use @param {Uint8Array} publicKey @returns {Key} */
  register(owner, use, publicKey) {
    const key = new Key(owner, use, publicKey);
    const known = this.keys.get(hex(key.kid));
    if (known !== undefined) return known;
    this.keys.set(hex(key.kid), key);
    this.publicKeys.set(hex(publicKey), hex(key.kid));
    return key;
  }

  /**
   * @param {string} id of a member @param {number} now Unix milliseconds @returns {object|undefined} where it is live
   */
  liveMember(id, now) {
    const member = this.members.get(id);
    const live = member !== undefined && member.valid_from <= now && now < member.valid_until && !member.key.ended;
    return live ? member : undefined;
  }

  /** @param {Uint8Array} id of a signing key @param {number} now @returns {object|undefined} its member, where live */
  liveSigner(id, now) {
    const key = this.keys.get(hex(id));
    if (key === undefined || key.use !== "sign") return undefined;
    const member = this.liveMember(key.owner, now);
    return member !== undefined && equal(member.key.kid, id) ? member : undefined;
  }

  /** @param {string} desk @param {number} now @returns {{epoch: number, key: Key}|null} the desk's current key */
  deskKey(desk, now) {
    const begun = (this.desks.get(desk) ?? []).filter((each) => each.valid_from <= now);
    const current = begun.at(-1);
    return current !== undefined && now < current.valid_until && !current.key.ended ? current : null;
  }

  /** @param {number} now @returns {Record<string, any>} what holds at a time, by names */
  live(now) {
    const members = [...this.members.keys()].filter((id) => this.liveMember(id, now) !== undefined);
    const valid = (each) => each.valid_from <= now && now < each.valid_until;
    const tls = [...this.tls.values()]
      .filter((all) => all.some(valid))
      .map(([{ key }]) => key)
      .filter((key) => !key.ended);
    const sorted = (entries) => Object.fromEntries(entries.sort(([a], [b]) => byteOrder(a, b)));
    return {
      root: this.root,
      log_keys: this.logKeys,
      head_key: this.headKey,
      operators: this.operators.map((operator) => operator.name),
      roots: sorted([...this.agencies].map(([id, agency]) => [id, agency.root.publicKey])),
      suspended: [...this.agencies]
        .filter(([, agency]) => agency.suspended)
        .map(([id]) => id)
        .sort(),
      members: sorted(
        members.map((id) => {
          const { key, roles, desks } = this.members.get(id);
          return [id, [key.kid, roles.map(roleName), desks]];
        }),
      ),
      desk_keys: sorted(
        [...this.desks.keys()].map((desk) => {
          const current = this.deskKey(desk, now);
          return [desk, current === null ? null : [current.epoch, current.key.kid]];
        }),
      ),
      tls: sorted(tls.map((key) => [hex(key.publicKey), key.owner])),
      agreements: [...this.agreements.values()]
        .filter((agreement) => !agreement.ended)
        .map((agreement) => hex(agreement.id))
        .sort(),
    };
  }

  /**
   * The second of the entry that put another key in the place of one of the hub's.
   * @param {"log"|"head"} use @param {number} size that names the key @returns {number|undefined}
   */
  replacedAt(use, size) {
    const next = this.replacedFrom(use, size);
    return next === undefined ? undefined : this.times[next - 1];
  }

  /**
   * The size from which another key signs in the place of one of the hub's.
   * @param {"log"|"head"} use @param {number} size that names the key @returns {number|undefined}
   */
  replacedFrom(use, size) {
    const key = this.hubKeys[size][use];
    const next = this.hubKeys.findIndex((keys, at) => at > size && !equal(keys[use], key));
    return next < 0 ? undefined : next;
  }

  /** The directory as it was at an earlier size. @param {number} size @returns {Directory} */
  at(size) {
    const earlier = new Directory();
    for (const entry of this.entries.slice(0, size)) earlier.apply(entry, { trusted: true });
    return earlier;
  }
}

/** One statement while it is judged: which signatures were used. */
export class Step {
  #left;

  /** @param {Directory} directory @param {object} statement @param {number} now @param {boolean} trusted */
  constructor(directory, statement, now, trusted) {
    Object.assign(this, { directory, statement, now, trusted });
    this.#left = [...statement.signatures];
  }

  /** Uses up a key's signature. @param {Uint8Array} id @param {Uint8Array} publicKey @returns {boolean} */
  uses(id, publicKey) {
    const at = this.#left.findIndex((each) => equal(each.kid, id));
    if (at < 0) return false;
    try {
      if (!this.trusted) verify(publicKey, tagged("statement", this.statement.body), this.#left[at].sig);
    } catch {
      return false;
    }
    this.#left.splice(at, 1);
    return true;
  }

  /** @param {Key} key @returns {boolean} */
  signedBy(key) {
    return this.uses(key.kid, key.publicKey);
  }

  /** Uses up as many operators' signatures as there are. @returns {number} */
  operators() {
    return this.directory.operators.filter((operator) => this.signedBy(operator.key)).length;
  }

  /** Uses up the signature of a live admin. @param {string} agency @returns {boolean} */
  admin(agency) {
    return this.#left.some((each) => {
      const member = this.directory.liveSigner(each.kid, this.now);
      return member !== undefined && agencyOf(member.id) === agency && member.admin && this.signedBy(member.key);
    });
  }

  /** Uses up the signature of a live delegate of a desk. @param {string} desk @returns {boolean} */
  delegate(desk) {
    return this.#left.some((each) => {
      const member = this.directory.liveSigner(each.kid, this.now);
      if (member === undefined || !member.desks.includes(desk)) return false;
      const delegated = this.directory.delegations.some(
        (d) => d.desk === desk && equal(d.kid, each.kid) && d.valid_from <= this.now && this.now < d.valid_until,
      );
      return delegated && this.signedBy(member.key);
    });
  }

  nothingLeft() {
    rule(this.#left.length === 0, "signature_not_asked_for");
  }
}
