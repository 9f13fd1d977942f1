/**
 * A desk at a hub: replays the directory, verifies every leaf, opens, acknowledges (PROTOCOL.md, sections 3 to 7).
 *
 * Trusts nothing that the hub says: whatever does not verify stops it.
 */

import { hex, equal } from "./bytes.js";
import { verifyCheckpoint } from "./checkpoint.js";
import { agencyOf, sameFingerprint } from "./encoding.js";
import { Directory } from "./directory.js";
import { checkForm, openEnvelope, verifySignatures } from "./envelope.js";
import { HEAD_SLACK, Heads } from "./heads.js";
import { judge } from "./judge.js";
import { verifyConsistency } from "./merkle.js";
import { ackDigests, delivery, makeAck, parseLeaf, verifyAck, verifyHead, verifyReceipt } from "./receipts.js";
import { as, must } from "./refusal.js";
import { refusalOf } from "./hub.js";
import { kindName, parseStatement } from "./statements.js";
import { enumOf, parse } from "./wire.js";
import { step, stored } from "./workflow.js";

const EXCHANGE = enumOf("LogKind").EXCHANGE;

export class Client {
  directory = new Directory();
  heads = new Heads();
  /** @type {{size: number, root: Uint8Array, note: Uint8Array}|null} the trusted size of the exchange log */
  trusted = null;
  /** @type {Map<string, object>} legs by case and counterpart */
  legs = new Map();
  /** @type {Map<string, object>} envelopes by message hash */
  messages = new Map();
  /** @type {Map<string, {size: number, note: Uint8Array}>} the newest checkpoint of each log key */
  #notes = new Map();
  #number = 0;
  #earlier = new Map();

  /** @param {import("./hub.js").Hub} hub @param {string} desk @param {Uint8Array} deskSeed */
  constructor(hub, desk, deskSeed) {
    Object.assign(this, { hub, desk, deskSeed });
  }

  /** Refuses a genesis that is not the pinned one. @param {Uint8Array} statement @param {string} fingerprint */
  static pinned(statement, fingerprint) {
    const { body, kind, content } = parseStatement(statement);
    must(kind === "hub_genesis", "MALFORMED");
    sameFingerprint(body, fingerprint);
    return content;
  }

  /** Replays what is new of the directory and takes the newest head. @param {string} fingerprint pinned */
  async refresh(fingerprint) {
    const { head } = await this.hub.call("GetHead", { seen: this.heads.newest?.signed });
    for await (const { entries } of this.hub.stream("ReadEntries", { from_index: this.directory.size })) {
      for (const entry of entries) {
        this.directory.apply(entry);
        this.heads.checkEntry(this.directory.size - 1, this.directory.timeSeconds, Date.now());
      }
    }
    must(this.directory.genesisFingerprint === fingerprint, "DIFFERENT");
    if (this.takeHead(head)) return;
    const { head: next } = await this.hub.call("GetHead", { seen: this.heads.newest?.signed });
    must(this.takeHead(next), "DIRECTORY_STALE", "its key was replaced meanwhile");
  }

  /**
   * Takes a head by the key of the size that it names; one whose key was replaced since is good and not kept.
   * @param {{body: Uint8Array, sig: Uint8Array}} signed @returns {boolean} whether it was kept
   */
  takeHead(signed) {
    const size = parse("Head", signed.body).directory_size;
    const keys = this.directory.hubKeys[size];
    must(keys !== undefined, "VERIFICATION_FAILED", "directory of the head");
    const head = verifyHead(signed.body, signed.sig, keys.head);
    const replaced = this.directory.replacedAt("head", size);
    const inTime = replaced === undefined || head.time <= (replaced + HEAD_SLACK) * 1000;
    must(inTime, "VERIFICATION_FAILED", "a head by a key that was replaced before");
    must(head.directory_origin === this.directory.origin, "WRONG_ORIGIN");
    must(head.exchange_origin === this.directory.exchangeOrigin, "WRONG_ORIGIN");
    const root = this.directory.roots[head.directory_size];
    must(root !== undefined && equal(root, head.directory_root), "VERIFICATION_FAILED", "directory of the head");
    if (replaced === undefined) this.heads.take(head, signed);
    return replaced === undefined;
  }

  /** @param {number} size @returns {Directory} as it was then */
  #at(size) {
    if (size === this.directory.size) return this.directory;
    if (!this.#earlier.has(size)) this.#earlier.set(size, this.directory.at(size));
    return this.#earlier.get(size);
  }

  /**
   * Trusts a checkpoint once it is proved to be of the same log.
   * @param {Uint8Array} note @param {Uint8Array} [key] that must have signed it, by default the newest
   * @returns {Promise<number>} its size
   */
  async trust(note, key = this.directory.logKeys[0]) {
    const { size, root } = verifyCheckpoint(note, this.directory.exchangeOrigin, [key]);
    if (this.trusted !== null) {
      const [first, second] = [this.trusted, { size, root }].sort((a, b) => a.size - b.size);
      const request = { log: EXCHANGE, first: first.size, second: second.size };
      const { path } = first.size === second.size ? { path: [] } : await this.hub.call("GetConsistencyProof", request);
      verifyConsistency(first.size, second.size, path, first.root, second.root);
    }
    if (this.trusted === null || size > this.trusted.size) this.trusted = { size, root, note };
    if (size >= (this.#notes.get(hex(key))?.size ?? 0)) this.#notes.set(hex(key), { size, note });
    return size;
  }

  /** @returns {Uint8Array} what goes into payloads: the newest checkpoint by the key in force, empty without one */
  get shown() {
    return this.#notes.get(hex(this.directory.logKeys[0]))?.note ?? new Uint8Array();
  }

  /** Verifies a receipt and all that its leaf can say. @param {object} receipt @param {string} fingerprint pinned */
  async verified(receipt, fingerprint) {
    const { directory_size: size } = as("VERIFICATION_FAILED", () => parseLeaf(receipt.leaf));
    if (size > this.directory.size) await this.refresh(fingerprint);
    const keys = this.directory.hubKeys[size];
    must(keys !== undefined, "VERIFICATION_FAILED", "directory of the leaf");
    const proof = verifyReceipt(receipt, this.directory.exchangeOrigin, [keys.log]);
    const replaced = this.directory.replacedFrom("log", size);
    const inTime = replaced === undefined || !this.heads.beyond(proof.size, replaced);
    must(inTime, "VERIFICATION_FAILED", "a checkpoint by a key that was replaced before");
    await this.trust(receipt.checkpoint, keys.log);
    const root = this.directory.roots[size];
    must(root !== undefined && equal(root, proof.leaf.directory_root), "VERIFICATION_FAILED", "directory of the leaf");
    this.heads.checkLeaf(receipt.index, proof.leaf, this.directory.times);
    return { ...proof, index: receipt.index, now: proof.leaf.time_seconds * 1000 };
  }

  /** Verifies one item of the feed. @param {object} item @param {string} fingerprint pinned */
  async take(item, fingerprint) {
    must(item.number === this.#number + 1, "VERIFICATION_FAILED", "a gap in the feed");
    const proof = await this.verified(item.receipt, fingerprint);
    const ours = delivery(item.delivery_salt, this.desk, item.number);
    must(
      proof.event.deliveries.some((each) => equal(each, ours)),
      "VERIFICATION_FAILED",
      "not a party",
    );
    const taken = { ...proof, kind: proof.event.kind };
    if (taken.kind === "SUBMITTED") Object.assign(taken, this.#envelope(item.envelope, proof));
    if (["ACKNOWLEDGED", "REFUSED"].includes(taken.kind)) taken.ack = this.#ack(item.ack, proof);
    this.#number = item.number;
    return taken;
  }

  /** @param {object} envelope @param {object} proof */
  #envelope(envelope, { event, leaf, now }) {
    const form = checkForm(envelope, this.desk);
    must(equal(form.messageHash, event.message_hash), "VERIFICATION_FAILED", "another message");
    must(equal(form.signaturesDigest, event.signatures_digest), "VERIFICATION_FAILED", "other signatures");
    must(
      envelope.signatures.every(({ kid }, i) => equal(kid, event.kids[i])),
      "VERIFICATION_FAILED",
      "other key ids",
    );
    const then = this.#at(leaf.directory_size);
    verifySignatures(envelope, form.header, (kid) => then.keys.get(hex(kid))?.publicKey);
    must(form.header.origin === this.directory.exchangeOrigin, "WRONG_ORIGIN");
    const signers = judge(then, form.header, envelope.signatures, now);
    this.messages.set(hex(form.messageHash), form.header);
    for (const to of form.header.recipients) {
      if (to.desk !== form.header.sender) this.#step(form, signers, to.desk, then, now);
    }
    return { envelope, form, header: form.header };
  }

  /** @param {object} form @param {object[]} signers @param {string} to @param {Directory} then @param {number} now */
  #step({ header, messageHash }, signers, to, then, now) {
    const key = `${hex(header.case_id)} ${[header.sender, to].sort()}`;
    const about = this.messages.get(hex(header.about));
    const action = {
      ...header,
      case_id: hex(header.case_id),
      previous: hex(header.previous),
      about: hex(header.about),
      about_facts: about === undefined ? null : { sender: about.sender, verb: about.verb },
      message_hash: hex(messageHash),
      counterpart: to,
      sender_kind: kindName(then.agencies.get(agencyOf(header.sender)).kind),
      counterpart_kind: kindName(then.agencies.get(agencyOf(to)).kind),
      respond_by: header.respond_by || null,
      lapses_at: header.lapses_at || null,
      signers,
      granted: false,
    };
    this.legs.set(key, step(this.legs.get(key) ?? null, action, now));
  }

  /** @param {object} signed @param {object} proof @returns {object} */
  #ack(signed, { event, leaf, now }) {
    const then = this.#at(leaf.directory_size);
    const member = then.liveSigner(event.kids[0], now);
    must(member !== undefined, "VERIFICATION_FAILED", "nobody's acknowledgement");
    const ack = verifyAck(signed.body, signed.sig, member.key.publicKey);
    must(member.desks.includes(ack.desk) && equal(ack.kid, event.kids[0]), "VERIFICATION_FAILED", "not of that desk");
    this.#sameAck(event, ack, ackDigests(signed.body, ack.kid, signed.sig));
    return ack;
  }

  /** @param {object} event @param {object} ack @param {{body: Uint8Array, signatures: Uint8Array}} digests */
  #sameAck(event, ack, digests) {
    const same =
      equal(event.message_hash, ack.message_hash) &&
      equal(event.other_hash, digests.body) &&
      equal(event.signatures_digest, digests.signatures) &&
      event.ack_state === ack.state;
    must(same, "VERIFICATION_FAILED", "another acknowledgement");
  }

  /** Opens an item. @param {object} taken @returns {Record<string, any>} the payload's fields */
  open({ envelope, form }) {
    return openEnvelope(envelope, form, this.desk, this.deskSeed).content;
  }

  /**
   * Acknowledges a message.
   * @param {object} member @param {Uint8Array} hash @param {string} state @param {string} pin
   */
  async acknowledge(member, hash, state, pin) {
    const origin = this.directory.exchangeOrigin;
    const fields = { origin, message_hash: hash, desk: this.desk, state, time: Date.now() };
    const ack = makeAck(member, fields);
    const { results } = await this.hub.call("Acknowledge", { acks: [ack] });
    if (results[0].error !== null) throw refusalOf(results[0].error);
    const proof = await this.verified(results[0].receipt, pin);
    this.#sameAck(proof.event, fields, ackDigests(ack.body, member.kid, ack.sig));
    if (state === "STORED") {
      for (const [key, leg] of this.legs) this.legs.set(key, stored(leg, hex(hash), proof.now));
    }
    return proof;
  }

  /**
   * Submits an envelope.
   * @param {object} envelope @param {string} pin @returns {Promise<object>} what its receipt proves
   */
  async submit(envelope, pin) {
    const { receipt } = await this.hub.call("Submit", { envelope });
    const proof = await this.verified(receipt, pin);
    const form = checkForm(envelope, null);
    const same = equal(proof.event.message_hash, form.messageHash) && proof.event.kind === "SUBMITTED";
    must(same && equal(proof.event.signatures_digest, form.signaturesDigest), "VERIFICATION_FAILED", "another event");
    return { ...proof, messageHash: form.messageHash };
  }
}
