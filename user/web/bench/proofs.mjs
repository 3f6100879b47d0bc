// What checking one proof of inclusion costs, in Node and in Chromium: node bench/proofs.mjs < material, as bench/proofs.py
// writes it ({proof, entry, policy} in hex, origin). Prints medians in milliseconds as JSON; null where it was not measured.
import { readFileSync } from "node:fs";

import { inChromium } from "./page.mjs";

// Sees no scope but its argument: it runs in a page too.
async function measure({ proof, entry, policy, origin, rounds }) {
  const [{ fromHex }, proofs, policies] = await Promise.all([
    import("@privity/protocol/bytes"), import("@privity/tlog/proof"), import("@privity/tlog/witness_policy"),
  ]);
  const [data, leaf, known] = [fromHex(proof), fromHex(entry), policies.decode(fromHex(policy))];
  const times = [];
  for (let i = 0; i < rounds; i += 1) {
    const began = performance.now();
    await proofs.verify(data, leaf, known, origin);
    times.push(performance.now() - began);
  }
  const changed = leaf.map((byte) => byte ^ 1);
  const refused = await proofs.verify(data, changed, known, origin).then(() => false, (error) => error.reason === "inclusion");
  if (!refused) throw new Error("another entry was accepted");
  const kept = times.slice(Math.floor(rounds / 4)).sort((left, right) => left - right);
  return kept[Math.floor(kept.length / 2)];
}

const given = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({ node: await measure(given), chromium: await inChromium(measure, given) }));
