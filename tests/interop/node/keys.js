/**
 * Says of heads and receipts what this client makes of them: standard input is JSON with a directory's `entries`,
 * `heads` and `receipts`, bytes as hexadecimal; standard output is a JSON list, `null` for each that is taken, else why.
 * A receipt may come with the `head` that is known before it. Of each of `notes`, in order, it says what would be shown
 * to others after it, by the log key of which `size` of the directory it is signed.
 */

import { readFileSync } from "node:fs";

import { hex, unhex } from "./src/bytes.js";
import { Client } from "./src/client.js";
import { Refusal } from "./src/refusal.js";

const given = JSON.parse(readFileSync(0, "utf8"));
const directory = given.entries.map(unhex);

/** @returns {Client} that has replayed the directory and asks nobody */
function informed() {
  const client = new Client(null, "hkma/intake", null);
  for (const entry of directory) client.directory.apply(entry);
  return client;
}

/** @param {(client: Client) => unknown} act @returns {Promise<string|null>} */
async function verdict(act) {
  try {
    await act(informed());
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

const said = [];
for (const { body, sig } of given.heads) {
  said.push(await verdict((client) => client.takeHead({ body: unhex(body), sig: unhex(sig) })));
}
for (const { event, salt, leaf, checkpoint, path = [], head } of given.receipts) {
  const [bytes, note] = [{ event: unhex(event), salt: unhex(salt), leaf: unhex(leaf) }, unhex(checkpoint)];
  const receipt = { ...bytes, index: 0, inclusion_path: path.map(unhex), checkpoint: note };
  const act = async (client) => {
    if (head !== undefined) client.takeHead({ body: unhex(head.body), sig: unhex(head.sig) });
    try {
      await client.verified(receipt, "");
    } catch (error) {
      if (client.trusted !== null) throw new Error("what was refused is trusted");
      throw error;
    }
  };
  said.push(await verdict(act));
}
const reader = informed();
for (const { size, note } of given.notes) {
  await reader.trust(unhex(note), reader.directory.hubKeys[size].log);
  said.push(hex(reader.shown));
}
process.stdout.write(`${JSON.stringify(said)}\n`);
