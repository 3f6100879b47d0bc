// Reads [[reader, hex], ...] from standard input and prints for each what the TypeScript packages say: "ok" or the reason.
import { readFileSync } from "node:fs";

const { policy, origin, entry, inputs } = JSON.parse(readFileSync(0, "utf8"));
const load = (path) => import(new URL(`../../user/web/packages/${path}.js`, import.meta.url).href);
const [bytes, note, proof, policies, tiles, endorsement, ...leaves] = await Promise.all([
  "protocol/dist/src/bytes", "tlog/dist/src/note", "tlog/dist/src/proof", "tlog/dist/src/witness_policy",
  "tlog/dist/src/tiles", "attest/dist/src/endorsement",
  ...["fleet", "issuers", "revocations", "trust", "web"].map((name) => `tlog/dist/src/leaves/${name}`),
].map(load));
const known = policies.decode(bytes.fromHex(policy));
const [fleet, issuers, revocations, trust, web] = leaves;
const READERS = {
  note: note.decode, policy: policies.decode, bundle: (data) => tiles.entries(data, 3),
  proof: (data) => proof.verify(data, bytes.fromHex(entry), known, origin), endorsement: endorsement.decode,
  fleet: fleet.decode, issuers: issuers.decode, revocations: revocations.decode, trust: trust.decode, web: web.decode,
};

async function said(reader, data) {
  try {
    await READERS[reader](data);
    return "ok";
  } catch (error) {
    if (typeof error.reason !== "string") throw error;
    return error.reason;
  }
}

const answers = [];
for (const [reader, data] of inputs) answers.push(await said(reader, bytes.fromHex(data)));
console.log(JSON.stringify(answers));
