/** Watchlists: entries, what people sign, batches that follow one another, snapshots (PROTOCOL.md, section 12). */

import { inflateSync } from "node:zlib";

import { sha256 } from "@noble/hashes/sha2.js";

import { ascending, concat, equal, hex, order, u64be, unhex } from "./bytes.js";
import { Directory } from "./directory.js";
import { MAX_TIME, agencyOf, digest, exactly, name, tagged, text, time } from "./encoding.js";
import { betweenHandling, checkMessage } from "./payload.js";
import { as, must, wellFormed } from "./refusal.js";
import { verify } from "./signatures.js";
import { parseEntry } from "./statements.js";
import { account, transaction } from "./wallets.js";
import { enumOf, parse, serialise, type } from "./wire.js";

const MINUTE = 60_000;
const DAY = 86_400_000;
const { UNKNOWN } = enumOf("ConfidenceKind");
const { BLOCK } = enumOf("WatchAction");
const ROLE = enumOf("Role");
const AUTHOR = 1;
const APPROVER = 2;
const BULK = 100;
const MAX_USED = 4096;
const FAILED = "VERIFICATION_FAILED";
const ROLES = ["", "AUTHOR", "APPROVER"];

/** @param {Record<string, any>} entry @returns {Uint8Array} */
function entryId(entry) {
  return digest("watchlist-entry", entry.account || entry.transaction, entry.giver, entry.category).slice(0, 16);
}

/** @param {Record<string, any>} entry @returns {string} what it is found under */
function subjectOf(entry) {
  wellFormed((entry.account === "") !== (entry.transaction === ""), "one subject");
  const canonical = (given, chain) =>
    entry.account === "" ? transaction(given, chain) : account(given, chain).caip10;
  const subject = entry.account || entry.transaction;
  wellFormed(canonical(subject, null) === subject, "canonical");
  const chain = subject.split(":", 2).join(":");
  if (entry.as_received !== "") {
    wellFormed(canonical(entry.as_received, chain) === subject, "another wallet");
    const merely = `${chain}:${entry.account === "" ? "tx/" : ""}${entry.as_received}`;
    wellFormed(merely !== subject, "nothing that the subject does not say");
  }
  return chain.startsWith("eip155:") ? `eip155:*:${subject.split(":")[2]}` : subject;
}

/** @param {Record<string, any>} entry @returns {string|null} its screening key */
function checkEntry(entry) {
  return as("MALFORMED", () => {
    const { handling, ...plain } = entry;
    checkMessage(type("WatchEntry"), { ...plain, handling: null });
    wellFormed(/^[a-z0-9_]{1,64}$/.test(entry.category), "category");
    const level = entry.confidence_level;
    wellFormed(level <= 100 && (entry.confidence !== UNKNOWN || level === 1), "confidence");
    wellFormed(entry.valid_from < entry.valid_until, "validity");
    wellFormed(entry.valid_until <= entry.valid_from + 3653 * DAY, "for ever");
    if (handling !== null) {
      checkMessage(type("Handling"), handling);
      betweenHandling(handling);
    }
    const key = subjectOf(entry);
    return entry.account === "" ? null : key;
  });
}

/** @param {Uint8Array} data */
export function entryOf(data) {
  const entry = parse("WatchEntry", data);
  const key = checkEntry(entry);
  return { id: entryId(entry), key };
}

/** @param {Uint8Array[]} ids */
function inOrder(ids) {
  for (const id of ids) exactly(id, 16);
  wellFormed(ascending(ids, order), "ascending");
}

/** @param {Uint8Array} data @returns {Record<string, any>} with the ids of its puts */
function parseChangeSet(data) {
  const set = parse("ChangeSet", data, 4 * 2 ** 20);
  exactly(set.list_id, 16);
  exactly(set.id, 16);
  time(set.created, { required: true });
  const changes = set.puts.length + set.removals.length + set.lifts.length;
  wellFormed(changes >= 1 && changes <= 10_000, "changes");
  wellFormed(!set.urgent || set.puts.length === changes, "urgent sets put");
  text(set.note, 1000, { lines: true });
  for (const entry of set.puts) checkEntry(entry);
  for (const removal of set.removals) checkMessage(type("Removal"), removal);
  const ids = set.puts.map(entryId);
  const removed = set.removals.map((each) => each.entry_id);
  for (const list of [ids, removed, set.lifts]) inOrder(list);
  const gone = new Set(removed.map(hex));
  wellFormed(![...ids, ...set.lifts].some((id) => gone.has(hex(id))), "put or lifted, and removed");
  return { ...set, ids };
}

/** @param {Uint8Array} data */
export function changeSetOf(data) {
  const { list_id, id, created, urgent, ids, removals, lifts } = parseChangeSet(data);
  const gone = removals.map((each) => [each.entry_id, each.version]);
  return { list_id, id, created, urgent, puts: ids, removals: gone, lifts };
}

/** A list as one holder has it. */
class List {
  /** @type {Map<string, Record<string, any>>} by entry id */
  records = new Map();
  /** @type {Map<string, Record<string, any>>} by id of the set */
  used = new Map();
  head = new Uint8Array();
  sequence = 0;
  time = 0;

  /** @param {string[]} entries of the directory @param {Uint8Array} listId @param {string} owner */
  constructor(entries, listId, owner) {
    Object.assign(this, { entries: entries.map(unhex), listId, owner });
  }

  /** @param {number} at @returns {Directory} as it stood before the second of that moment */
  directoryAt(at) {
    const until = this.entries.findIndex((entry) => parseEntry(entry).time_seconds >= Math.floor(at / 1000));
    const directory = new Directory();
    for (const entry of until < 0 ? this.entries : this.entries.slice(0, until)) directory.apply(entry);
    return directory;
  }

  /** @param {object[]} signatures @param {(role: string) => Uint8Array} data @param {number} at @returns {object[]} */
  signers(signatures, data, at) {
    const directory = this.directoryAt(at);
    const found = signatures.map(({ kid, role, sig }) => {
      exactly(kid, 32);
      exactly(sig, 64);
      const member = directory.liveSigner(kid, at);
      must(member !== undefined && member.desks.includes(this.owner), "BAD_SIGNATURE");
      verify(member.key.publicKey, data(ROLES[role]), sig, "BAD_SIGNATURE");
      must(agencyOf(member.id) === agencyOf(this.owner) && !member.roles.includes(ROLE.AGENT), "WRONG_ROLE");
      return { id: member.id, roles: member.roles, role };
    });
    for (const { role, roles } of found) {
      const wanted = role === AUTHOR ? [ROLE.ANALYST, ROLE.SUPERVISOR, ROLE.DUTY_DESK] : [ROLE.APPROVER];
      must(
        wanted.some((each) => roles.includes(each)),
        "WRONG_ROLE",
      );
    }
    must(new Set(found.map((each) => each.id)).size === found.length, "SECOND_PERSON_MISSING");
    return found;
  }

  /** @param {Uint8Array} id @returns {Record<string, any>} */
  live(id) {
    const record = this.records.get(hex(id));
    must(record !== undefined, FAILED, "not live");
    return record;
  }

  /** @param {Record<string, any>} signed @param {number} at the batch's time @returns {number} changes */
  change({ body, signatures }, at) {
    const roles = signatures.map((each) => each.role).join();
    wellFormed(roles === `${AUTHOR}` || roles === `${AUTHOR},${APPROVER}`, "AUTHOR, then APPROVER");
    const people = this.signers(signatures, (role) => tagged("watchlist-changes", this.owner, body, role), at);
    const set = parseChangeSet(body);
    must(equal(set.list_id, this.listId) && !this.used.has(hex(set.id)), FAILED, "another list, or used");
    const until = set.created + (set.urgent ? 60 * MINUTE : 14 * DAY);
    must(set.created - 5 * MINUTE <= at && at <= until, FAILED, "out of its time");
    const changes = set.puts.length + set.removals.length + set.lifts.length;
    const blocks =
      set.puts.some((each) => each.action === BLOCK) ||
      set.lifts.some((id) => this.records.get(hex(id))?.entry.action === BLOCK);
    const two = (blocks && !set.urgent) || changes > BULK;
    must(!two || people.length === 2, "SECOND_PERSON_MISSING");
    const alone = people.length === 1;
    const limit = set.urgent && alone ? at + 60 * MINUTE : 0;
    const { id, created } = set;
    const author = people[0].id;
    if (alone) this.checkAlone(author, changes, set.urgent, at - DAY);
    const counted = alone ? { changes, time: at } : { changes: 0, time: 0 };
    this.used.set(hex(id), { id, created, author, provisional_until: limit, sha256: sha256(body), ...counted });
    for (const removal of set.removals) {
      must(this.live(removal.entry_id).entry.version === removal.version, FAILED, "another version");
      this.records.delete(hex(removal.entry_id));
    }
    set.puts.forEach((entry, i) => {
      const before = this.records.get(hex(set.ids[i]));
      must(entry.version === (before?.entry.version ?? 0) + 1, FAILED, "another version");
      const until = before?.provisional_until || limit;
      const provisional = limit > 0 ? { set_id: id, provisional_until: until } : {};
      this.records.set(hex(set.ids[i]), { entry, suspended: before?.suspended ?? false, ...provisional });
    });
    for (const lift of set.lifts) this.suspend(lift, false);
    return changes;
  }

  /** What one person did alone since. @param {string} author @param {number} changes @param {boolean} urgent @param {number} since */
  checkAlone(author, changes, urgent, since) {
    const before = [...this.used.values()].filter((each) => each.author === author);
    const waiting = before.some((each) => each.provisional_until > since);
    must(!urgent || !waiting, "SECOND_PERSON_MISSING", "an urgent set that nobody confirmed");
    const counted = before.filter((each) => each.time > since).reduce((sum, each) => sum + each.changes, changes);
    must(counted <= BULK, "SECOND_PERSON_MISSING", "bulk in portions");
  }

  /** @param {Uint8Array} id @param {boolean} suspended */
  suspend(id, suspended) {
    const record = this.live(id);
    must(Boolean(record.suspended) !== suspended, FAILED, "so already");
    this.records.set(hex(id), { ...record, suspended });
  }

  /** @param {Record<string, any>} signed @param {number} at */
  confirm({ body, signature }, at) {
    const said = parse("Confirmation", body, 1024);
    exactly(said.list_id, 16);
    time(said.created, { required: true });
    exactly(said.set_sha256, 32);
    const used = this.used.get(hex(exactly(said.set_id, 16)));
    must(equal(said.list_id, this.listId) && used !== undefined, FAILED, "of nothing");
    must(used.provisional_until > 0 && at <= used.provisional_until, FAILED, "waits for none");
    must(equal(said.set_sha256, used.sha256), FAILED, "other bytes than were shown");
    wellFormed(signature?.role === APPROVER, "by an APPROVER");
    const [signer] = this.signers([signature], (role) => tagged("watchlist-confirm", this.owner, body, role), at);
    must(signer.id !== used.author, "SECOND_PERSON_MISSING");
    this.used.set(hex(said.set_id), { ...used, provisional_until: 0, changes: 0, time: 0 });
    for (const [key, { entry, suspended, set_id }] of this.records) {
      if (set_id !== undefined && equal(set_id, said.set_id)) this.records.set(key, { entry, suspended });
    }
  }

  /** @param {Uint8Array} data of the next batch @param {object|undefined} position of its header, where known */
  apply(data, position) {
    const batch = parseBatch(data);
    const previous = this.head;
    const head = digest("watchlist", this.listId, u64be(this.sequence + 1), previous, data);
    if (position !== undefined) {
      const { list_id, sequence, previous_head } = position;
      must(list_id === hex(this.listId) && sequence === this.sequence + 1, FAILED, "not the next one");
      must(previous_head === hex(previous) && position.head === hex(head), FAILED, "another head");
    }
    must(batch.time >= this.time, FAILED, "earlier");
    let changes = batch.suspends.length + batch.drops.length;
    for (const signed of batch.sets) changes += this.change(signed, batch.time);
    wellFormed(changes <= 10_000, "changes");
    for (const signed of batch.confirmations) this.confirm(signed, batch.time);
    for (const id of batch.suspends) this.suspend(id, true);
    for (const id of batch.drops) {
      must(this.live(id).entry.valid_until < batch.time, FAILED, "not over");
      this.records.delete(hex(id));
    }
    for (const [key, used] of this.used) {
      if (Math.max(used.created + 14 * DAY, used.time + DAY) < batch.time) this.used.delete(key);
    }
    must(this.used.size <= MAX_USED, FAILED, "too many sets");
    Object.assign(this, { head, sequence: this.sequence + 1, time: batch.time });
    const stated = this.digest();
    if (batch.state_digest.length > 0) {
      must(equal(batch.state_digest, stated) && batch.live === this.records.size, FAILED, "what is live");
    }
    return { sequence: this.sequence, head, digest: stated, live: this.records.size };
  }

  /** @returns {Uint8Array} of what is live */
  digest() {
    const inOrderOf = (map) => [...map.keys()].sort().map((key) => map.get(key));
    const used = serialise("SnapshotPreamble", { used: inOrderOf(this.used).map(nonzero) });
    const records = inOrderOf(this.records).map((record) => sha256(serialise("WatchRecord", nonzero(record))));
    return sha256(concat(sha256(used), ...records));
  }
}

/** Leaves default values out, at every depth. @param {any} value @returns {any} */
function nonzero(value) {
  if (value instanceof Uint8Array || value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(nonzero);
  const kept = Object.entries(value).filter(
    ([, each]) => each && !((each instanceof Uint8Array || Array.isArray(each)) && each.length === 0),
  );
  return Object.fromEntries(kept.map(([key, each]) => [key, nonzero(each)]));
}

/** @param {Uint8Array} data @returns {Record<string, any>} */
function parseBatch(data) {
  const batch = parse("WatchBatch", data, 4 * 2 ** 20);
  exactly(batch.salt, 32);
  time(batch.time, { required: true });
  exactly(batch.state_digest, 32, { optional: true });
  wellFormed(batch.live === 0 || batch.state_digest.length > 0, "a number without a digest");
  inOrder(batch.suspends);
  inOrder(batch.drops);
  wellFormed(batch.sets.length <= 64 && batch.confirmations.length <= 64, "sets and confirmations");
  return batch;
}

/** @param {Record<string, any>} i */
export function followOf(i) {
  const list = new List(i.entries, unhex(i.list_id), i.owner);
  const steps = i.batches.slice(0, i.after).map((batch, number) => {
    const last = i.batch === undefined && number === i.after - 1;
    return list.apply(unhex(batch), last ? i.position : undefined);
  });
  return i.batch === undefined ? steps : [...steps, list.apply(unhex(i.batch), i.position)];
}

/** @param {Uint8Array} state @returns {Uint8Array[]} */
function framesOf(state) {
  const frames = [];
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  for (let at = 0; at < state.length; at += 4 + frames.at(-1).length) {
    wellFormed(at + 4 <= state.length, "cut off");
    const end = at + 4 + view.getUint32(at);
    wellFormed(end <= state.length, "cut off");
    frames.push(state.slice(at + 4, end));
  }
  return frames;
}

/** @param {Record<string, any>} i */
export function snapshotOf(i) {
  const [first, ...frames] = framesOf(unhex(i.state));
  const preamble = parse("SnapshotPreamble", first ?? new Uint8Array());
  inOrder(preamble.used.map((each) => each.id));
  wellFormed(preamble.used.length <= MAX_USED, "used sets");
  for (const { author, created, provisional_until, sha256: shown, changes, time: at } of preamble.used) {
    name("member", author);
    exactly(shown, 32);
    wellFormed(created > 0 && provisional_until >= 0 && created <= MAX_TIME, "times");
    wellFormed(at >= 0 && changes > 0 === at > 0, "what one person did");
  }
  const ids = frames.map((frame) => entryId(parse("WatchRecord", frame).entry));
  wellFormed(ascending(ids, order) && frames.length === preamble.count, "records");
  const [batch, place] = [unhex(i.batch), i.position];
  const { time: at, state_digest, live } = parseBatch(batch);
  const list = unhex(place.list_id);
  const head = digest("watchlist", list, u64be(place.sequence), unhex(place.previous_head), batch);
  must(hex(head) === place.head, FAILED, "another head");
  must(equal(preamble.list_id, list) && preamble.sequence === place.sequence, FAILED, "another list");
  const used = serialise("SnapshotPreamble", { used: preamble.used.map(nonzero) });
  const stated = sha256(concat(sha256(used), ...frames.map((frame) => sha256(frame))));
  must(equal(stated, state_digest) && live === frames.length, FAILED, "what is live");
  return {
    sequence: place.sequence,
    head,
    time: at,
    used: preamble.used.map((each) => each.id),
    records: frames.map((frame, n) => [ids[n], sha256(frame)]),
  };
}

/** @param {Uint8Array} deflated @param {number} length announced @param {Uint8Array} sha announced */
export function inflated(deflated, length, sha) {
  let result;
  try {
    result = inflateSync(deflated, { maxOutputLength: length + 1, info: true });
  } catch (error) {
    must(error.code !== "ERR_BUFFER_TOO_LARGE", "TOO_LARGE");
    wellFormed(false, "no zlib stream");
  }
  must(result.buffer.length <= length, "TOO_LARGE");
  wellFormed(result.engine.bytesWritten === deflated.length && result.buffer.length === length, "another length");
  must(equal(sha256(new Uint8Array(result.buffer)), sha), FAILED);
  return result.buffer;
}
