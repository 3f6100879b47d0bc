/** What a program may choose: a relay, receipts, time, progress, sessions ahead, and tokens where a node counts. */

import { Channel } from "@privity/channel/channel";
import { turned } from "@privity/channel/relayed";
import { type Bytes } from "@privity/protocol/bytes";
import { challenge, decodeKey, verify } from "@privity/protocol/token";
import { sha256 } from "@privity/protocol/kdf";
import { type Issuers } from "@privity/tlog/leaves/issuers";
import { expect, test } from "vitest";

import { Bench, refusal } from "../../channel/test/bench.ts";
import { FakeNode, type Script, script } from "../../channel/test/node.ts";
import { answering, type Fetch } from "../src/fetch.ts";
import { GuestPurse } from "../src/guest_purse.ts";
import { type Options, relayOf, settingsOf } from "../src/options.ts";
import { type Progress } from "../src/progress.ts";
import { type Purse } from "../src/purse.ts";
import { keyNamed, signed, wellKnown } from "./service.ts";

const ADDRESS = "https://api.example.test/v1/chat/completions";
const ASKED = { model: "demonstration", messages: [{ role: "user", content: "Hello" }] };
const HELLO = { method: "POST", body: JSON.stringify(ASKED) };

interface Stand {
  readonly node: FakeNode;
  readonly bench: Bench;
  readonly fetch: Fetch;
}

async function standing(options: Options, changed: Partial<Script> = {}, purse: Purse | null = null, price = 0): Promise<Stand> {
  const node = await FakeNode.make("node", script(changed));
  const bench = new Bench(node);
  const verified = { ...node.verified(), prices: price === 0 ? null : { chat: price, embed: price } };
  const source = { nodes: () => Promise.resolve([verified]), contradicted: () => Promise.resolve(), seen: [] };
  const link = { source, channel: new Channel(bench.ground, source), ground: bench.ground, purse };
  return { node, bench, fetch: answering(link, { ahead: false, ...options }) };
}

async function codeOf(answer: Response): Promise<readonly [number, string]> {
  const { error } = await answer.json() as { readonly error: { readonly code: string } };
  return [answer.status, error.code];
}

test("a session for the next conversation is made when an answer came to its end", async () => {
  const { node, fetch } = await standing({ ahead: true });
  await fetch(ADDRESS, HELLO);
  await expect.poll(() => node.hellos.length).toBe(2);
  const other = { model: "demonstration", messages: [{ role: "user", content: "Good day" }] };
  await fetch(ADDRESS, { method: "POST", body: JSON.stringify(other) });
  await expect.poll(() => node.hellos.length).toBe(3);
  expect(node.runs).toHaveLength(2);
});

test("a program hears what happens, in order", async () => {
  const heard: Progress[] = [];
  const { node, fetch } = await standing({ progress: (one) => heard.push(one) });
  await fetch(ADDRESS, HELLO);
  expect(heard.map(({ kind }) => kind)).toEqual(["sending", "waiting", "streaming", "finished"]);
  expect(heard[1]).toMatchObject({ node: { digest: node.digest } });
});

test("an answer that takes too long ends, and its reader learns why", async () => {
  const { fetch } = await standing({ timeout: 5 }, { silentAfter: 0 });
  await expect(fetch(ADDRESS, HELLO)).rejects.toMatchObject({ name: "TimeoutError" });
  expect(() => settingsOf({ timeout: 0 })).toThrow(RangeError);
  expect(settingsOf({}).timeout).toBe(600);
});

test.each([false, true])("an answer without the receipt that was asked for is none (for every answer: %s)", async (every) => {
  const kept: string[] = [];
  const receipts = { every, keep: (name: string) => Promise.resolve(void kept.push(name)) };
  const { node, fetch } = await standing({ receipts });
  const headers: HeadersInit = every ? {} : { "x-privity-receipt": "true" };
  expect(await codeOf(await fetch(ADDRESS, { ...HELLO, headers }))).toEqual([502, "receipt_refused"]);
  expect([kept, node.runs.map(({ header }) => header.receipt)]).toEqual([[], [true]]);
});

test("whoever does not ask gets no receipt", async () => {
  const { node, fetch } = await standing({ receipts: { keep: () => Promise.resolve() } });
  const answer = await fetch(ADDRESS, HELLO);
  expect([answer.status, answer.headers.has("x-privity-receipt")]).toEqual([200, false]);
  expect(node.runs.map(({ header }) => header.receipt)).toEqual([false]);
});

test("with a relay nothing goes past it", async () => {
  const asked: string[] = [];
  const noted = (address: string): Promise<Response> => {
    asked.push(address);
    return Promise.resolve(new Response(""));
  };
  const way = turned(noted, "https://chat.test", "https://relay.test");
  for (const address of ["https://chat.test/v1/bulletin?me=1", "https://relay.test/ec1/run"]) await way(address, {});
  expect(asked).toEqual(["https://relay.test/v1/bulletin", "https://relay.test/ec1/run"]);
  for (const address of ["https://chat.test/v1/tokens/guest", "https://run.test/ec1/run", "https://chat.test:444/v1/bulletin"]) {
    expect(await refusal(way(address, {}))).toBe("relay_bypassed");
  }
  expect(asked).toHaveLength(2);
});

test("a relay is an origin", () => {
  expect(relayOf({ relay: "https://relay.test/" })).toBe("https://relay.test");
  expect(relayOf({})).toBeNull();
  const wrong = ["", "relay.test", "ftp://relay.test", "https://relay.test/x", "https://a@relay.test", "https://relay.test/?a"];
  for (const relay of wrong) {
    expect(() => relayOf({ relay })).toThrow(TypeError);
  }
});

/** A purse of which each payment is told. */
function telling(): { readonly purse: Purse; readonly told: string[] } {
  const told: string[] = [];
  const pay = (_rid: Bytes, count: number): Promise<readonly Bytes[]> => {
    told.push(`pay ${String(count)}`);
    return Promise.resolve(Array.from({ length: count }, () => new Uint8Array(354).fill(told.length)));
  };
  const noted = (what: string): Promise<void> => Promise.resolve(void told.push(what));
  const requestId = (): Promise<Bytes> => Promise.resolve(new Uint8Array(16).fill(7));
  return { told, purse: { requestId, pay, refused: () => noted("refused"), ended: () => noted("ended") } };
}

test("a request takes along what it costs, and others once where a node does not take them", async () => {
  const { purse, told } = telling();
  const { node, fetch } = await standing({}, { inner: [[2, "spent"]] }, purse, 2);
  expect((await fetch(ADDRESS, HELLO)).status).toBe(200);
  expect(node.runs.map(({ header }) => header.tok.map((one) => one[0]))).toEqual([[1, 1], [3, 3]]);
  expect(told).toEqual(["pay 2", "refused", "pay 2", "ended"]);
  expect(node.runs.map(({ header }) => header.rid)).toEqual([0, 1].map(() => new Uint8Array(16).fill(7)));
  const twice = await standing({}, { inner: [[2, "spent"], [3, "expired"]] }, telling().purse, 1);
  expect(await codeOf(await twice.fetch(ADDRESS, HELLO))).toEqual([403, "token_expired"]);
  expect(twice.node.runs).toHaveLength(2);
});

const NOW = 1_790_000_000;

/** A service that signs for guests with the key of a name, as often as `left` says. */
function issuer(left: number, name: string): { readonly listed: Issuers; readonly fetch: Fetch; readonly asked: string[] } {
  const key = keyNamed(name);
  const day = new Date(NOW * 1000).toISOString().slice(0, 10);
  const listed = { deploy: "test", time: NOW, keys: [{ plan: "free", day, nbf: NOW - 1, exp: NOW + 1000, spki: key.spki }] };
  const asked: string[] = [];
  let rest = left;
  const fetch: Fetch = async (input, init) => {
    const { pathname } = new URL(input as string);
    asked.push(pathname);
    if (pathname.startsWith("/.well-known/")) return wellKnown();
    const { requests } = await new Response(init?.body ?? "").json() as { readonly requests: readonly string[] };
    rest -= requests.length;
    if (rest < 0) return Response.json({ reason: "tokens.daily" }, { status: 429 });
    return Response.json({ signatures: requests.map((one) => signed(key, one)) });
  };
  return { listed, fetch, asked };
}

test("a guest draws what a request costs, under the logged key, until none is left", async () => {
  const { listed, fetch, asked } = issuer(2, "guests");
  const ground = { ...new Bench().ground, fetch, clock: () => NOW };
  let leaf: Issuers | null = listed;
  const guest = { origin: "http://chat.test:8080", ground, meter: { deploy: "test", listed: () => leaf }, hidden: false };
  const purse = new GuestPurse(guest);
  const [first, second] = [new Uint8Array(16), new Uint8Array(16).fill(1)];
  const tokens = await purse.pay(first, 2);
  expect(await purse.pay(first, 2)).toEqual(tokens);
  const [key] = listed.keys;
  const digest = await sha256(challenge("chat.test:8080", "run.test"));
  for (const one of tokens) await verify(one, [decodeKey(key?.spki ?? new Uint8Array(0))], digest);
  expect(await refusal(purse.pay(second, 1))).toBe("tokens_gone");
  leaf = { ...listed, keys: issuer(0, "other").listed.keys };
  expect(await refusal(purse.pay(second, 1))).toBe("issuer_refused");
  const before = asked.length;
  expect(await refusal(new GuestPurse({ ...guest, hidden: true }).pay(first, 1))).toBe("relay_bypassed");
  expect(asked).toHaveLength(before);
  leaf = issuer(0, "other").listed;
  expect(await refusal(new GuestPurse(guest).pay(first, 1))).toBe("tokens_gone");
  const forging = { ...guest, ground: { ...ground, fetch: issuer(9, "forged").fetch } };
  expect(await refusal(new GuestPurse(forging).pay(first, 1))).toBe("issuer_refused");
});
