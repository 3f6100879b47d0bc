/** A server held to its logs over `fetch`: what is fetched, remembered and kept, and a person's own rules. */

import { appraise } from "@privity/attest/appraise";
import { Refused } from "@privity/attest/errors";
import { EMPTY } from "@privity/attest/memory";
import { type Record as Appraised } from "@privity/attest/result";
import { ascii, type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import * as evidence from "@privity/protocol/evidence";
import { expect, test } from "vitest";

import { get } from "../src/http.ts";
import { isEmergency } from "../src/judgement.ts";
import * as remembered from "../src/remembered.ts";
import { MOST_TILES, Tiles } from "../src/tiles.ts";
import { LOG_SECONDS, Server } from "../src/trust.ts";
import { changed, Kept, KEYS, ORIGIN, RELEASE, type Scene, scene, Web } from "./web.ts";

const HONEST = scene("an-honest-node");
const WITHDRAWN = scene("release-that-was-withdrawn");
const SPLIT = scene("a-second-history");
const GROWN = scene("a-log-that-grew");

/** A visit: the log is looked at and the scene's node judged by the whole table. */
async function visit(web: Web, kept: Kept, at: Scene = HONEST, pin: Bytes = HONEST.pin): Promise<Appraised> {
  const server = new Server({ origin: ORIGIN, fetch: web.fetch, store: kept }, pin);
  await server.refresh(at.now);
  const logged = await server.logged(at.bundle, at.listed, at.now);
  const given = { now: at.now, policy: server.policy(at.roots), logged, nonce: null, memory: EMPTY };
  return (await appraise(at.bundle, given)).record;
}

async function refusal(step: Promise<unknown>): Promise<string> {
  try {
    await step;
    return "";
  } catch (error) {
    return error instanceof Refused ? error.reasons.join() : (error as Error).message;
  }
}

test("a logged node is accepted, every check of the log was made, and the logs are remembered", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  const { checks, simulated } = await visit(web, kept);
  const names = ["policy_signature", "platform_listed", "release_logged", "endorsement", "directory", "anchor"];
  expect(simulated).toBe(true);
  expect(names.map((name) => checks.find(({ check }) => check === name)?.outcome)).toEqual(names.map(() => "passed"));
  const { views } = remembered.decode(kept.document ?? new Uint8Array(0));
  expect([...views].map(([origin, { head }]) => [origin, head.size])).toEqual([[KEYS, 1], [RELEASE, 4]]);
  expect(web.asked).toEqual(["/.well-known/privity", "/v1/bulletin"]);
});

test("a person who does not accept the test enclave's root is not given it by the operator's policy", async () => {
  const at = { ...HONEST, roots: new Set<string>() };
  expect(await refusal(visit(new Web(HONEST.bulletin), new Kept(), at))).toBe("simulated");
});

test("a withdrawn release is refused at the next look; the log that grew is followed by its tiles", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  await visit(web, kept);
  web.post(WITHDRAWN.bulletin);
  expect(await refusal(visit(web, kept))).toBe("release_revoked");
  expect(web.asked.filter((path) => path.includes("/tile/"))).toEqual(["/log/release/tile/0/000.p/5"]);
  expect(kept.evidence).toEqual([]);
});

test("a split view gives evidence with both notes, and nothing of the server is used", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  await visit(web, kept);
  const before = kept.document;
  web.post(SPLIT.bulletin);
  const server = new Server({ origin: ORIGIN, fetch: web.fetch, store: kept }, HONEST.pin);
  expect(await refusal(server.refresh(HONEST.now))).toContain("split_view");
  expect(() => server.standing).toThrow("refresh comes first");
  expect(kept.document).toBe(before);
  const [one] = kept.evidence;
  // The node's anchor differs too, and with it the directory: both logs have two histories.
  expect(kept.evidence.map(({ reason, origin }) => [reason, origin])).toEqual([["split_view", RELEASE], ["split_view", KEYS]]);
  expect(one?.notes).toHaveLength(2);
  expect(toHex(one?.notes[0] ?? new Uint8Array(0))).not.toBe(toHex(one?.notes[1] ?? new Uint8Array(0)));
});

test("what another device saw is held against this one's heads: a second history convicts, an older head does not", async () => {
  const see = async (bulletin: Bytes): Promise<Server> => {
    const server = new Server({ origin: ORIGIN, fetch: new Web(bulletin).fetch, store: new Kept() }, HONEST.pin);
    await server.refresh(HONEST.now);
    return server;
  };
  const [older, other] = [(await see(HONEST.bulletin)).checkpoints, (await see(SPLIT.bulletin)).checkpoints];
  expect(older.map(([origin]) => origin)).toEqual([KEYS, RELEASE]);
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  const server = new Server({ origin: ORIGIN, fetch: web.fetch, store: kept }, HONEST.pin);
  await server.refresh(HONEST.now);
  await server.compare(older, HONEST.now);
  web.post(GROWN.bulletin);
  await server.refresh(GROWN.now);
  await server.compare(older, GROWN.now);
  const spoiled = (note: Bytes): Bytes => note.map((byte, at) => (at === note.length - 2 ? byte ^ 1 : byte));
  const unsigned = older.map(([origin, note]) => [origin, spoiled(note)] as const);
  await server.compare([...unsigned, ["log.elsewhere/keys", ascii("no note")]], GROWN.now);
  expect(kept.evidence).toEqual([]);
  expect(await refusal(server.compare(other, GROWN.now))).toMatch(/split_view|consistency/);
  expect(kept.evidence[0]?.notes[0]).toEqual(other[0]?.[1]);
  expect(() => server.standing).toThrow("refresh comes first");
  const grown = (await see(GROWN.bulletin)).checkpoints;
  const behind = await see(HONEST.bulletin);
  expect(await refusal(behind.compare(grown, GROWN.now))).toContain("checkpoint_rollback");
});

test("after a refresh that failed, nothing that was judged before is used", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  const server = new Server({ origin: ORIGIN, fetch: web.fetch, store: kept }, HONEST.pin);
  await server.refresh(HONEST.now);
  expect(server.seen.map(({ origin, size }) => [origin, size])).toEqual([[RELEASE, 4], [KEYS, 1]]);
  expect(server.validUntil(HONEST.now + 9000)).toBe(HONEST.now + LOG_SECONDS);
  expect(server.validUntil(HONEST.now + 9)).toBe(HONEST.now + 9);
  web.status = 503;
  expect(await refusal(server.refresh(HONEST.now))).toContain("not_privity");
  expect(() => server.policy(HONEST.roots)).toThrow("refresh comes first");
});

test("a rollback is kept too", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  web.post(GROWN.bulletin);
  await visit(web, kept);
  web.post(HONEST.bulletin);
  expect(await refusal(visit(web, kept))).toContain("checkpoint_rollback");
  expect(kept.evidence.map(({ reason }) => reason)).toEqual(["checkpoint_rollback"]);
});

test("tiles that were changed show no continuation and are kept as evidence; short ones are none", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  await visit(web, kept);
  web.post(GROWN.bulletin);
  web.tile = (data) => new Uint8Array(data.length);
  expect(await refusal(visit(web, kept, GROWN))).toContain("consistency");
  web.tile = (data) => data.slice(0, -1);
  expect(await refusal(visit(web, kept, GROWN))).toContain("tile_malformed");
  web.logs = [KEYS];
  expect(await refusal(visit(web, kept, GROWN))).toContain("log_unreadable");
  expect(kept.evidence.map(({ reason, origin }) => [reason, origin])).toEqual([["consistency", RELEASE]]);
});

test("evidence names the log that lied and not the one that grew", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  await visit(web, kept);
  const known = canonical.decode(kept.document ?? new Uint8Array(0), 1024 * 1024) as { views: Record<string, string> };
  const other = ascii(`${KEYS}\n1\n${"A".repeat(43)}=\n\n— ${KEYS} ${"A".repeat(92)}\n`);
  kept.document = changed(kept.document ?? new Uint8Array(0), {
    views: { ...known.views, [KEYS]: canonical.base64urlEncode(other) },
  });
  web.post(GROWN.bulletin);
  expect(await refusal(visit(web, kept, GROWN))).toContain("split_view");
  expect(kept.evidence.map(({ origin }) => origin)).toEqual([KEYS]);
});

test("new releases are held back for as long as a person wants", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  const pin = changed(HONEST.pin, { hold_back: 24 });
  await visit(web, kept, HONEST, pin);
  const seen = (ago: number): Bytes => {
    return changed(kept.document ?? new Uint8Array(0), { releases: { [toHex(HONEST.listed.rel)]: HONEST.now - ago } });
  };
  kept.document = seen(3600);
  expect(await refusal(visit(web, kept, HONEST, pin))).toBe("held_back: for another 23 h");
  kept.document = seen(86_400);
  expect(await refusal(visit(web, kept, HONEST, pin))).toBe("");
});

test("an emergency is called one, and what cannot be read is none", () => {
  const { items } = evidence.decode(HONEST.bundle);
  const leaf = items.get("release");
  if (leaf === undefined) throw new Error("no release");
  const flagged = { ...leaf, data: changed(leaf.data, { flags: ["emergency"] }) };
  expect(isEmergency(HONEST.bundle)).toBe(false);
  expect(isEmergency(evidence.encode(new Map([...items, ["release", flagged]])))).toBe(true);
  expect(isEmergency(evidence.encode(new Map([...items, ["release", { ...leaf, data: ascii("{}") }]])))).toBe(false);
  expect(isEmergency(ascii("none"))).toBe(false);
});

test("an auditor who has not cosigned the release is missed", async () => {
  const one = scene("a-proof-with-one-witness-of-two");
  const { policy } = canonical.decode(one.pin, 1024 * 1024) as { policy: readonly string[] };
  const looser = policy.map((line) => line.replace("group all 2", "group all 1"));
  const [web, kept] = [new Web(one.bulletin), new Kept()];
  expect(await refusal(visit(web, kept, one, changed(one.pin, { policy: looser })))).toBe("");
  const pin = changed(one.pin, { policy: looser, auditors: ["alpha", "beta"] });
  expect(await refusal(visit(web, kept, one, pin))).toBe("auditor_missing: beta");
});

test("the answer to a challenge is held to the accepted node", async () => {
  const server = new Server({ origin: ORIGIN, fetch: new Web(GROWN.bulletin).fetch, store: new Kept() }, HONEST.pin);
  await server.refresh(GROWN.now);
  const accepted = { trafficKey: ascii("key"), release: GROWN.listed.rel };
  const other = { ...accepted, release: new Uint8Array(32) };
  expect((await server.challenged(GROWN.bundle, accepted)).release).toEqual([]);
  expect((await server.challenged(GROWN.bundle, other)).release).toEqual(["release_not_logged:another_release"]);
});

test("a server without a pin is refused, and what is kept is read strictly", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  expect(() => new Server({ origin: ORIGIN, fetch: web.fetch, store: kept }, null)).toThrow("not_pinned");
  expect(() => new Server({ origin: ORIGIN, fetch: web.fetch, store: kept }, ascii("{}"))).toThrow("pin_unusable");
  kept.document = ascii("{}");
  expect(await refusal(visit(web, kept))).toContain("memory_unusable");
});

test("bodies are bounded, tiles are counted, and no failure of the network leaves as another error", async () => {
  let [sent, ended] = [0, false];
  const long = new Response(new ReadableStream({
    pull: (to) => {
      sent += 1;
      if (sent > 100) to.close();
      else to.enqueue(new Uint8Array(1000));
    },
    cancel: () => {
      ended = true;
    },
  }));
  expect(await refusal(get(() => Promise.resolve(long), ORIGIN, 5000))).toContain("too_much");
  expect([ended, sent < 100]).toEqual([true, true]);
  expect(await refusal(get(() => Promise.reject(new TypeError("offline")), ORIGIN, 1))).toContain("unreachable");
  const zeros = (address: string): Promise<Response> => {
    return Promise.resolve(new Response(new Uint8Array(32 * Number(address.split("/").at(-1)))));
  };
  const tiles = new Tiles(zeros, new Map([[RELEASE, ORIGIN]]));
  for (let size = 2; size < MOST_TILES + 2; size += 1) await tiles.consistency(RELEASE, 1, size);
  expect(await refusal(tiles.consistency(RELEASE, 1, MOST_TILES + 2))).toContain("log_unreadable");
  expect(await refusal(tiles.consistency(RELEASE, 1, 2))).toBe("");
});

test("requests carry nothing that names this client, and follow nothing", async () => {
  const options: RequestInit[] = [];
  await get((_, given) => (options.push(given), Promise.resolve(new Response("x"))), ORIGIN, 9);
  expect(options).toEqual([
    { method: "GET", cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" },
  ]);
});
