/** Sealing and signing an envelope (PROTOCOL.md, sections 4 and 5). */

import { createHash, randomBytes } from "node:crypto";

import { byteOrder, parseHeader } from "./header.js";
import { order } from "./bytes.js";
import { signEnvelope } from "./envelope.js";
import { limitsTowards } from "./judge.js";
import { parsePayload } from "./payload.js";
import { must } from "./refusal.js";
import { sealContent } from "./sealing.js";
import { enumOf, serialise } from "./wire.js";

/** @param {number} now Unix milliseconds @returns {Uint8Array} UUIDv7 */
function uuid7(now) {
  const id = new Uint8Array(randomBytes(16));
  id.set(Buffer.from(now.toString(16).padStart(12, "0"), "hex"));
  id[6] = (id[6] & 0x0f) | 0x70;
  id[8] = (id[8] & 0x3f) | 0x80;
  return id;
}

/**
 * Makes an envelope.
 * @param {import("./client.js").Client} client
 * @param {{verb: string, family: string, caseId: Uint8Array, previous: Uint8Array, to: string[], precedence: string,
 *   payload: object, blobs: {sha256: Uint8Array, length: number}[]}} wish payload: without version and gossip
 * @param {{kid: Uint8Array, seed: Uint8Array}[]} people the author, then the approver
 * @returns {Record<string, any>} as it travels
 */
export function seal(client, wish, people) {
  const now = Date.now();
  const head = client.heads.fresh(now);
  const desks = [...new Set([...wish.to, client.desk])].sort(byteOrder);
  const keys = desks.map((desk) => {
    const current = client.directory.deskKey(desk, now);
    must(current !== null, "DESK_KEY_STALE", desk);
    return { desk, kid: current.key.kid, key: current.key.publicKey };
  });
  const header = serialise("Header", {
    version: 1,
    suite: 1,
    origin: client.directory.exchangeOrigin,
    envelope_id: uuid7(now),
    family: enumOf("Family")[wish.family],
    verb: enumOf("Verb")[wish.verb],
    case_id: wish.caseId,
    previous: wish.previous,
    sender: client.desk,
    recipients: keys.map(({ desk, kid }) => ({ desk, desk_key_id: kid })),
    author: people[0].kid,
    precedence: enumOf("Precedence")[wish.precedence],
    created: now,
    ...limitsTowards(client.directory, { ...wish, sender: client.desk, created: now }, wish.to[0], now),
    directory_size: head.directory_size,
    directory_root: head.directory_root,
    blobs: [...wish.blobs].sort((a, b) => order(a.sha256, b.sha256)),
  });
  const payload = serialise("Payload", { version: 1, gossip: { checkpoint: client.shown }, ...wish.payload });
  parsePayload(payload, parseHeader(header));
  const sealed = sealContent(header, payload, keys);
  const signatures = people.map((member, i) => signEnvelope(member, header, sealed.seal, i === 0 ? 1 : 2));
  return { header, ...sealed, signatures };
}

/** Uploads a sealed blob. @param {import("./hub.js").Hub} hub @param {Uint8Array} blob */
export async function upload(hub, blob) {
  const sha256 = new Uint8Array(createHash("sha256").update(blob).digest());
  const PIECE = 256 * 1024;
  const requests = [{ sha256, length: blob.length }];
  for (let at = 0; at < blob.length; at += PIECE) requests.push({ data: blob.subarray(at, at + PIECE) });
  const { complete } = await hub.upload("UploadBlob", requests);
  must(complete, "BLOB_DIGEST");
  return { sha256, length: blob.length };
}

/**
 * Downloads a sealed blob.
 * @param {import("./hub.js").Hub} hub @param {Uint8Array} sha256 @returns {Promise<Uint8Array>}
 */
export async function download(hub, sha256) {
  const pieces = [];
  for await (const { data } of hub.stream("DownloadBlob", { sha256 })) pieces.push(data);
  return new Uint8Array(Buffer.concat(pieces));
}
