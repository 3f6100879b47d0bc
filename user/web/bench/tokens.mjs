// What drawing one token costs a client, in Node and in Chromium: node bench/tokens.mjs < material, as bench/tokens.py
// writes it ({spki, challenge, response} in hex, rounds). Prints medians in milliseconds as JSON; null where not measured.
import { readFileSync } from "node:fs";

import { inChromium } from "./page.mjs";

// Sees no scope but its argument: it runs in a page too. The answer is another request's: all the work, then a refusal.
async function measure({ spki, challenge, response, rounds }) {
  const [{ fromHex }, tokens] = await Promise.all([import("@privity/protocol/bytes"), import("@privity/protocol/token")]);
  const [key, answered, signature] = [tokens.decodeKey(fromHex(spki)), fromHex(challenge), fromHex(response)];
  const times = [];
  for (let i = 0; i < rounds; i += 1) {
    const began = performance.now();
    const [pending] = tokens.begin(key, answered, (size) => crypto.getRandomValues(new Uint8Array(size)));
    const refused = await pending.finish(signature).then(() => false, (error) => error.reason === "not_authentic");
    times.push(performance.now() - began);
    if (!refused) throw new Error("an answer to another request was accepted");
  }
  const kept = times.slice(Math.floor(rounds / 4)).sort((left, right) => left - right);
  return kept[Math.floor(kept.length / 2)];
}

const given = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({ node: await measure(given), chromium: await inChromium(measure, given) }));
