/** What each vector asks for (proto/vectors/README.md): hexadecimal in, hexadecimal out. */

import { sha256 } from "@noble/hashes/sha2.js";

import { hex, unhex } from "./bytes.js";
import { judge, standing } from "./freezes.js";
import { verifyCheckpoint } from "./checkpoint.js";
import { decodeUtf8, digest, fingerprint, kid, name, sameFingerprint, tagged, text } from "./encoding.js";
import { Directory } from "./directory.js";
import { checkForm, openEnvelope, verifySignatures } from "./envelope.js";
import { covered } from "./grants.js";
import { mayForward, merge, reply } from "./handling.js";
import { parseHeader, parseSeal } from "./header.js";
import { wrapKey, wrapPublicKey } from "./hpke.js";
import { startsOwn } from "./judge.js";
import { rootOf, verifyConsistency, verifyInclusion } from "./merkle.js";
import { changeSetOf, entryOf, followOf, inflated, snapshotOf } from "./lists.js";
import { pad, padme, unpad } from "./padding.js";
import { bodyOf } from "./payload.js";
import { closeAfter, deadlines } from "./profile.js";
import { ackDigests, delivery, parseEvent, parseLeaf, verifyAck, verifyHead, verifyReceipt } from "./receipts.js";
import { openAttachment } from "./sealing.js";
import { signingKey, verify } from "./signatures.js";
import { parseEntry } from "./statements.js";
import { account, transaction } from "./wallets.js";
import { parse, type } from "./wire.js";
import { step, stored } from "./workflow.js";

/** Writes bytes as hexadecimal, at every depth, and sizes beyond 2^53 as JSON reads them. @param {any} value */
function shown(value) {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}

/** @param {Record<string, any>} i */
function openEnvelopeOf(i) {
  const envelope = {
    header: unhex(i.header),
    seal: unhex(i.seal),
    ciphertext: unhex(i.ciphertext),
    wraps: i.wraps.map((wrap) => ({ desk: wrap.desk, data: unhex(wrap.data) })),
    signatures: i.signatures.map((each) => ({ kid: unhex(each.kid), role: each.role, sig: unhex(each.sig) })),
  };
  const form = checkForm(envelope, i.reader);
  const keys = new Map(Object.entries(i.signing_keys).map(([id, key]) => [id, unhex(key)]));
  verifySignatures(envelope, form.header, (id) => keys.get(hex(id)));
  const { contentKey, payload } = openEnvelope(envelope, form, i.opens, unhex(i.desk_seed));
  return shown({
    message_hash: form.messageHash,
    signatures_digest: form.signaturesDigest,
    content_key: contentKey,
    payload,
  });
}

/** @param {Record<string, any>} i */
function wrapKeyOf(i) {
  const key = unhex(i.public);
  for (const [at, byte] of Object.entries(i.bytes ?? {})) key[Number(at)] = Number.parseInt(byte, 16);
  return hex(sha256(wrapKey(key)));
}

/** @param {Record<string, any>} i */
function attachmentOf(i) {
  const record = {
    id: unhex(i.id),
    key: unhex(i.key),
    commitment: unhex(i.commitment),
    plain_length: i.plain_length,
    blob_sha256: unhex(i.sha256),
    blob_length: i.sealed_length,
  };
  return hex(sha256(openAttachment(unhex(i.blob), record)));
}

/** @param {Record<string, any>} i */
function ackOf(i) {
  const [body, sig] = [unhex(i.body), unhex(i.sig)];
  const ack = verifyAck(body, sig, unhex(i.public));
  const digests = ackDigests(body, ack.kid, sig);
  return shown({ ...ack, ack_body_digest: digests.body, signatures_digest: digests.signatures });
}

/** @param {Record<string, any>} i */
function receiptOf(i) {
  const receipt = {
    event: unhex(i.event),
    salt: unhex(i.salt),
    index: i.index,
    leaf: unhex(i.leaf),
    inclusion_path: i.inclusion_path.map(unhex),
    checkpoint: unhex(i.checkpoint),
  };
  const { event, leaf, size } = verifyReceipt(receipt, i.origin, i.log_keys.map(unhex));
  return shown({ event, leaf, size });
}

/** @param {string[]} entries @returns {Directory} */
function directoryOf(entries) {
  const directory = new Directory();
  for (const entry of entries) directory.apply(unhex(entry));
  return directory;
}

/** @param {Record<string, any>} i */
function replayOf(i) {
  const directory = new Directory();
  return i.entries.map((entry) => ({ kind: directory.apply(unhex(entry)), root: hex(directory.root) }));
}

/** @param {Record<string, any>} i */
function statementOf(i) {
  const { time_seconds, statement } = parseEntry(unhex(i.entries[i.number]));
  const { origin, kind, digest: of, positions, signatures } = statement;
  return shown({
    time_seconds,
    origin,
    kind,
    digest: of,
    positions: positions.map((each) => [each.signer, each.number, each.previous]),
    signers: signatures.map((each) => each.kid),
  });
}

/** @type {Map<string, Directory>} a directory that refused an entry is as it was, and good for the next case */
const unchanged = new Map();

/** @param {Record<string, any>} i */
function appendOf(i) {
  const key = i.entries.slice(0, i.after).join();
  const directory = unchanged.get(key) ?? directoryOf(i.entries.slice(0, i.after));
  unchanged.set(key, directory);
  directory.apply(unhex(i.entry));
  unchanged.delete(key);
  return hex(directory.root);
}

/** @param {Record<string, any>|null} before @param {Record<string, any>} after @returns {object} what changed */
function changed(before, after) {
  const was = (field) => (before === null ? "" : before[field]);
  return Object.fromEntries(Object.entries(after).filter(([field, value]) => value !== was(field)));
}

/** @param {Record<string, any>} i @param {(leg: any) => any} act */
function legOf(i, act) {
  const leg = i.leg === null ? null : { ...i.default_leg, ...i.leg };
  return changed(leg, act(leg));
}

/** @param {Record<string, any>} i */
function unpadOf(i) {
  const begin = unhex(i.begin);
  const padded = new Uint8Array(begin.length + i.zeros);
  padded.set(begin);
  return hex(unpad(padded));
}

/** @param {Record<string, any>} i */
function freezeOf(i) {
  const bodies = [];
  let freeze = null;
  for (const { body: name, data, lapses_at, asked, ended, passed_on } of [...i.story.slice(0, i.after), ...i.then]) {
    const body = parse(type("Payload").fields[name].resolvedType.name, unhex(data));
    bodies.push({ name, body });
    const answered = asked === undefined ? undefined : bodies[asked];
    freeze = judge(freeze, name, body, lapses_at, answered, ended, passed_on);
  }
  return freeze === null ? null : standing(freeze);
}

/** @param {Record<string, any>} i */
function deadlinesOf(i) {
  const own = startsOwn(i);
  const found = deadlines(unhex(i.profile), { ...i, opened: i.opened ?? undefined }, own ? i.sender : i.answering);
  return { ...found, respond_by: found.respond_by || null, lapses_at: found.lapses_at || null, own };
}

export const FUNCTIONS = {
  tagged: (i) => hex(tagged(i.purpose, ...i.parts.map(unhex))),
  digest: (i) => hex(digest(i.purpose, ...i.parts.map(unhex))),
  canonical: (i) => (parse(i.message, unhex(i.data), i.limit), i.data),
  text: (i) => text(decodeUtf8(unhex(i.utf8)), i.limit, { lines: i.lines }),
  name: (i) => name(i.kind, i.text),
  verify: (i) => verify(unhex(i.public), unhex(i.data), unhex(i.sig)),
  kid: (i) => hex(kid(i.owner, i.use, unhex(i.public))),
  signing_key: (i) => hex(signingKey(unhex(i.public))),
  wrap_key: wrapKeyOf,
  wrap_seed: (i) => hex(wrapPublicKey(unhex(i.seed))),
  fingerprint: (i) => fingerprint(unhex(i.body)),
  same_fingerprint: (i) => sameFingerprint(unhex(i.body), i.typed),
  head: (i) => shown(verifyHead(unhex(i.body), unhex(i.sig), unhex(i.public))),
  header: (i) => shown(parseHeader(unhex(i.data))),
  seal: (i) => shown(parseSeal(unhex(i.data))),
  open_envelope: openEnvelopeOf,
  open_attachment: attachmentOf,
  padme: (i) => padme(i.length),
  pad: (i) => {
    const padded = pad(unhex(i.content));
    return { length: padded.length, sha256: hex(sha256(padded)) };
  },
  unpad: unpadOf,
  root: (i) => hex(rootOf(i.leaves.map(unhex))),
  inclusion: (i) => verifyInclusion(unhex(i.leaf_hash), i.index, i.size, i.path.map(unhex), unhex(i.root)),
  consistency: (i) =>
    verifyConsistency(i.first, i.second, i.path.map(unhex), unhex(i.first_root), unhex(i.second_root)),
  checkpoint: (i) => shown(verifyCheckpoint(unhex(i.note), i.origin, [unhex(i.public)])),
  receipt: receiptOf,
  event: (i) => shown(parseEvent(unhex(i.data))),
  leaf: (i) => shown(parseLeaf(unhex(i.data))),
  delivery: (i) => hex(delivery(unhex(i.salt), i.desk, i.number)),
  ack: ackOf,
  replay: replayOf,
  live: (i) => shown(directoryOf(i.entries.slice(0, i.size)).live(i.time)),
  statement: statementOf,
  append: appendOf,
  account: (i) => account(i.text, i.chain),
  transaction: (i) => transaction(i.text, i.chain),
  body: (i) => bodyOf(unhex(i.data), i, i.attachments.map(unhex)),
  freeze: freezeOf,
  deadlines: deadlinesOf,
  close: (i) => closeAfter(i.calendar, i.created, i.working_days),
  merge: (i) => merge(i.a, i.b),
  reply: (i) => reply(i.original, i.reply),
  onward: (i) => shown(covered(parseHeader(unhex(i.data)), i)),
  forward: (i) => mayForward(i.handling, i.agency, i.granted),
  step: (i) => legOf(i, (leg) => step(leg, { ...i.default_action, ...i.action }, i.now)),
  entry: (i) => shown(entryOf(unhex(i.data))),
  change_set: (i) => shown(changeSetOf(unhex(i.data))),
  follow: (i) => shown(followOf(i)),
  snapshot: (i) => shown(snapshotOf(i)),
  inflate: (i) => hex(inflated(unhex(i.deflated), i.length, unhex(i.sha256))),
  stored: (i) => legOf(i, (leg) => stored(leg, i.message_hash, i.now)),
};
