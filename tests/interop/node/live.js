/**
 * Plays the desk of an agency against a real hub: `node live.js FOLDER`.
 *
 * FOLDER holds what an agency would have: the hub's address and genesis with the fingerprint that an operator read out,
 * the desk's TLS key and certificate, its people's private seeds and a grant of the desk's key. Prints a line a step,
 * then one line of JSON: what was read and sent, for the other side to compare.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

import { equal, hex, unhex } from "./src/bytes.js";
import { Client } from "./src/client.js";
import { kid, tagged } from "./src/encoding.js";
import { wrapPublicKey } from "./src/hpke.js";
import { Hub } from "./src/hub.js";
import { offerAgain, offerHistories, offerItems } from "./src/lies.js";
import { rootOf, Tree } from "./src/merkle.js";
import { Refusal, must } from "./src/refusal.js";
import { download, seal, upload } from "./src/reply.js";
import { openAttachment, openDeskKey, sealAttachment } from "./src/sealing.js";
import { publicKey, verify } from "./src/signatures.js";
import { enumOf, parse } from "./src/wire.js";

const EXCHANGE = enumOf("LogKind").EXCHANGE;
const GENERAL = {
  tlp: enumOf("Tlp").AMBER_STRICT,
  code: enumOf("HandlingCode").H0,
  source_grade: enumOf("SourceGrade").A,
  information_grade: 1,
  permitted_action: enumOf("PermittedAction").NONE,
  evidential_use: enumOf("EvidentialUse").INTELLIGENCE_ONLY,
  onward: enumOf("Onward").FORBIDDEN,
  original_language: "en",
};

const say = (line) => process.stdout.write(`${line}\n`);
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** @param {string} folder @returns {Record<string, any>} */
function filesOf(folder) {
  const read = (name) => new Uint8Array(readFileSync(path.join(folder, name)));
  const given = JSON.parse(readFileSync(path.join(folder, "desk.json"), "utf8"));
  const people = Object.entries(given.members).map(([role, { id, seed, wrap_seed }]) => {
    const bytes = unhex(seed);
    return [role, { id, seed: bytes, wrapSeed: unhex(wrap_seed), kid: kid(id, "sign", publicKey(bytes)) }];
  });
  return {
    ...given,
    people: Object.fromEntries(people),
    genesis: read("genesis.bin"),
    grant: read("desk.grant"),
    key: Buffer.from(read("tls.key")).toString("utf8"),
    certificate: Buffer.from(read("tls.crt")).toString("utf8"),
  };
}

/** The seed of the desk's key, out of a grant that an admin signed. @param {Client} client @param {object} files */
function deskSeed(client, { grant, people, desk }) {
  const signed = parse("SignedDeskKeyGrant", grant);
  const admin = client.directory.liveSigner(signed.kid, Date.now());
  must(admin?.admin, "BAD_SIGNATURE");
  verify(admin.key.publicKey, tagged("desk-key", signed.body), signed.sig);
  const body = parse("DeskKeyGrant", signed.body);
  must(body.version === 1 && body.desk === desk, "MALFORMED");
  const seed = openDeskKey(body, people.agent.wrapSeed);
  const published = client.directory.deskKey(desk, Date.now());
  must(published !== null && equal(published.key.publicKey, wrapPublicKey(seed)), "CANNOT_OPEN", "not the desk's key");
  return seed;
}

/** The tree out of the hub's own tile and leaves. @param {Hub} hub @param {{size: number, root: Uint8Array}} trusted */
async function wholeTree(hub, { size, root }) {
  const { leaves } = await hub.call("GetLeaves", { log: EXCHANGE, start: 0, count: size });
  must(leaves.length === size && equal(rootOf(leaves), root), "VERIFICATION_FAILED", "leaves");
  const { hashes } = await hub.call("GetTile", { log: EXCHANGE, level: 0, index: 0, width: size });
  const tree = new Tree();
  for (let at = 0; at < hashes.length; at += 32) tree.add(hashes.slice(at, at + 32));
  must(tree.size === size && equal(tree.root, root), "VERIFICATION_FAILED", "tile");
}

/**
 * @param {string} reason that the hub must give @param {() => Promise<unknown>} act @returns {Promise<object>}
 * metadata
 */
async function refused(reason, act) {
  try {
    await act();
  } catch (error) {
    if (error instanceof Refusal && error.reason === reason) return error.metadata;
    throw error;
  }
  throw new Error(`the hub did not answer ${reason}`);
}

/** How many altered items were offered and refused. */
const lies = { items: 0 };

/** Items of the feed as they come, verified; heads are taken on the way. @param {Client} client @param {string} pin */
async function* follow(client, pin) {
  for await (const { item, head } of client.hub.stream("ReadFeed", { from_index: 0, follow: true })) {
    if (item !== null) {
      lies.items += await offerItems(client, item, pin);
      const taken = await client.take(item, pin);
      lies.items += await offerAgain(client, item, pin);
      yield taken;
    } else {
      await client.refresh(pin);
      client.takeHead(head);
    }
  }
}

/** The next item of a kind. @param {AsyncGenerator} items @param {(taken: object) => boolean} wanted */
async function next(items, wanted) {
  for (;;) {
    const { value, done } = await items.next();
    if (done) throw new Error("the feed ended");
    if (wanted(value)) return value;
  }
}

/** @param {Record<string, any>} files */
async function play(files) {
  const { desk, people, fingerprint: pin } = files;
  const { tls_ca: ca } = Client.pinned(files.genesis, pin);
  const hub = new Hub(files.address, { ca, key: files.key, certificate: files.certificate });
  const client = new Client(hub, desk, null);
  await client.refresh(pin);
  say(`directory: ${client.directory.size} entries replayed from the pinned genesis, and its head verifies`);
  client.deskSeed = deskSeed(client, files);
  const { checkpoint } = await hub.call("GetCheckpoint", { log: EXCHANGE });
  const first = await client.trust(checkpoint);
  say(`log: a checkpoint over ${first} leaves verifies`);

  const items = follow(client, pin);
  say("following");
  const referral = await next(items, (taken) => taken.kind === "SUBMITTED" && taken.header.verb === "REFER");
  say(
    `feed: a referral came; receipt of leaf ${referral.index} and the proof from ${first} to ` +
      `${client.trusted.size} verify`,
  );
  await wholeTree(hub, client.trusted);
  say("log: leaves and tile give the same root");

  const content = client.open(referral);
  const [attachment] = content.attachments;
  const file = openAttachment(await download(hub, attachment.blob_sha256), attachment);
  say("envelope: opened, its attachment too");
  await client.acknowledge(people.agent, referral.form.messageHash, "STORED", pin);
  await client.acknowledge(people.analyst, referral.form.messageHash, "OPENED", pin);
  say("acknowledged: STORED and OPENED, both receipts verify");

  const { header } = referral;
  const answer = (verb, previous, payload, by, blobs = []) => {
    const to = [header.sender];
    const wish = { verb, family: "REFERRAL", caseId: header.case_id, previous, to, precedence: "ROUTINE", blobs };
    return seal(client, { ...wish, payload: { handling: GENERAL, ...payload } }, by);
  };
  const note = new TextEncoder().encode("Reasons of the second implementation. ".repeat(4000));
  const sealed = sealAttachment(note);
  const blob = await upload(hub, sealed.blob);
  const named = { name: "reasons.txt", media_type: "text/plain", blob_sha256: blob.sha256, blob_length: blob.length };
  const decline = { reason: enumOf("DeclineReason").CAPACITY, text: "No capacity.\nSee the annex." };
  const declining = (previous, by) =>
    answer("DECLINE", previous, { attachments: [{ ...sealed.secrets, ...named }], decline }, by, [blob]);

  const both = [people.analyst, people.approver];
  const early = await refused("WRONG_STATE", () => client.submit(declining(referral.form.messageHash, both), pin));
  say(`refused: a decision before the acknowledgement (allowed: ${early.allowed})`);
  const contact = { name: "Lee", telephone: "+85211112222" };
  const taken = { acknowledge_case: { reference: "NODE-1", contact, expected_date: "2027-01-31" } };
  const acknowledged = await client.submit(
    answer("ACKNOWLEDGE", referral.form.messageHash, taken, [people.analyst]),
    pin,
  );
  await refused("SECOND_PERSON_MISSING", () =>
    client.submit(declining(acknowledged.messageHash, [people.analyst]), pin),
  );
  say("refused: a decision of one person");
  const reply = declining(acknowledged.messageHash, both);
  const declined = await client.submit(reply, pin);
  const again = await client.submit(reply, pin);
  must(again.index === declined.index, "VERIFICATION_FAILED", "another receipt for the same envelope");
  say("reply: sealed, signed by two people, accepted; sent again it gets the same receipt");
  say("declined");

  const stored = await next(
    items,
    (each) => each.ack?.state === "STORED" && equal(each.ack.message_hash, declined.messageHash),
  );
  say(`feed: the other side stored the reply (leaf ${stored.index}), its signature verifies`);
  const closed = await next(items, (each) => each.kind === "SUBMITTED" && each.header.verb === "CLOSE");
  const words = client.open(closed).close.text;
  await client.acknowledge(people.agent, closed.form.messageHash, "STORED", pin);
  const [leg] = [...client.legs.values()];
  await items.return();
  hub.close();
  const histories = await offerHistories(client.heads.newest.head);
  say(`refused: ${lies.items} altered items of the feed, ${histories} histories that contradict a head`);
  say(`case: ${leg.state}`);
  return {
    message: hex(referral.form.messageHash),
    summary: content.refer.summary,
    attachment: { name: attachment.name, sha256: sha256(file) },
    reply: hex(declined.messageHash),
    annex: sha256(note),
    close: words,
    state: leg.state,
    leaves: client.trusted.size,
  };
}

const result = await play(filesOf(process.argv[2]));
say(JSON.stringify(result));
