/** An account pays: tokens drawn under logged keys, kept in a store, spent once, whatever dies in between. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Channel } from "@privity/channel/channel";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { Bench, refusal } from "../../channel/test/bench.ts";
import { FakeNode, script } from "../../channel/test/node.ts";
import { AccountPurse } from "../src/account_purse.ts";
import { answering } from "../src/fetch.ts";
import { decode, encode } from "../src/pocket.ts";
import { DAY, Service, Store } from "./service.ts";

const HOUR = 3600;
const LATER = 900;
/** Milliseconds that something may take on a busy machine. */
const PATIENCE = { timeout: 30_000 };

let service: Service;
let store: Store;
let purse: AccountPurse;
let asked = 0;

function opened(): AccountPurse {
  return new AccountPurse(service.server, { access: service.access, store });
}

function rid(): Bytes {
  asked += 1;
  return Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? asked >> 8 : at === 1 ? asked & 255 : at));
}

/** The nonce of the token that a request takes. */
async function pay(by = purse, id = rid()): Promise<string> {
  const [token] = await by.pay(id, 1);
  return service.nonce(token ?? new Uint8Array(0));
}

/** Pay until none is left; what was spent. */
async function all(by = purse): Promise<readonly string[]> {
  const spent: string[] = [];
  while (spent.length <= 20) {
    const last = await pay(by).catch((error: unknown) => error);
    if (typeof last !== "string") {
      expect(last).toMatchObject({ reason: "tokens_gone" });
      return spent;
    }
    spent.push(last);
  }
  throw new Error("more than a day has");
}

beforeEach(() => {
  service = new Service();
  store = new Store();
  purse = opened();
});

test("a day's tokens are drawn block by block, spent once each, and then the next ones have a time", async () => {
  const spent = await all();
  expect(new Set(spent).size).toBe(20);
  expect(service.drawings).toEqual(["/v1/tokens", "/v1/tokens", "/v1/tokens", "/v1/tokens"]);
  expect([...new Set(service.asked.map(({ token }) => token))].sort()).toEqual(["", "Bearer secret"]);
  const next = new Date((service.day + 1) * DAY * 1000).toISOString().slice(0, 10);
  await expect(pay()).rejects.toMatchObject({ detail: `The next ones are there from ${next} 00:00 UTC.` });
});

test("of a plan that other devices share a program takes what they left, one block at a time", async () => {
  service.counts.set(`free ${new Date(service.now * 1000).toISOString().slice(0, 10)}`, 13);
  await pay();
  expect(service.drawn).toBe(18);
  expect(await all()).toHaveLength(6);
});

test("a larger plan draws batches, and as many more as a request costs", async () => {
  [service.plan, service.daily] = ["plus", null];
  const spent = new Set<string>();
  for (let at = 0; at < 20; at += 1) spent.add(await pay());
  expect([spent.size, service.drawn]).toEqual([20, 32]);
  expect(await purse.pay(rid(), 40)).toHaveLength(40);
  expect(service.drawn).toBe(64);
});

test("a request's tokens are of one key", async () => {
  for (let at = 0; at < 4; at += 1) await pay();
  [service.plan, service.daily] = ["plus", 3000];
  const keys = (await purse.pay(rid(), 2)).map((one) => toHex(one.subarray(66, 98)));
  expect(new Set(keys).size).toBe(1);
});

describe.each(["lost", "kept"] as const)("a program that dies while a writing is %s", (as) => {
  test("spends nothing twice and draws nothing twice", async () => {
    for (let at = 0; ; at += 1) {
      [service, store] = [new Service(), new Store()];
      store.dies = { at, as };
      const first: readonly string[] = await pay(opened()).then((one) => [one], () => []);
      store.dies = null;
      const rest = await all(opened());
      expect(new Set([...first, ...rest]).size).toBe(first.length + rest.length);
      expect(service.drawn).toBe(20);
      // The one whose mark was kept did not leave, and is offered to no other request.
      expect(20 - first.length - rest.length).toBeLessThanOrEqual(as === "kept" ? 1 : 0);
      if (first.length === 1) break;
    }
    expect(store.writings).toBeGreaterThan(5);
  });
});

test.each([false, true])("a drawing without an answer is asked for again as it was (the service had it: %s)", async (answers) => {
  service.lost = { from: 2, answers };
  await expect(pay()).rejects.toMatchObject({ reason: "service.unreachable" });
  service.lost = null;
  const spent = await all(opened());
  expect(new Set(spent).size).toBe(20);
  expect(service.drawn).toBe(20);
  const posted = service.asked.filter(({ path }) => path === "/v1/tokens");
  expect(new Set(posted.map(({ key }) => key)).size).toBe(4);
  if (answers) expect(posted[1]).toEqual(posted[0]);
});

test("a drawing whose day is over is forgotten, and one that is refused for good does not bar the next", async () => {
  service.lost = { from: 2, answers: false };
  await expect(pay()).rejects.toThrow();
  service.lost = null;
  await service.pass(DAY);
  await pay();
  service.lost = { from: service.asked.length + 1, answers: false };
  for (let at = 0; at < 4; at += 1) await pay();
  await expect(pay()).rejects.toThrow();
  [service.lost, service.daily] = [null, 0];
  await expect(pay()).rejects.toMatchObject({ reason: "tokens_gone" });
  service.daily = 20;
  await pay();
});

test("programs that share a store spend nothing twice, and lose no drawing", async () => {
  const other = opened();
  const spent = await Promise.all([purse, other, purse, other, purse, other].map((by) => pay(by)));
  expect(new Set(spent).size).toBe(6);
  expect([...spent, ...await all(other)]).toHaveLength(20);
});

describe("a key", () => {
  test.each(["nothing", "no free"])("that the log does not hold is drawn under by nobody (%s)", async (logged) => {
    service.logged = logged;
    expect(await refusal(pay())).toBe("issuer_refused");
    expect(service.drawings).toEqual([]);
  });

  test("that changed is refused, by the next program too, until the log says the first one again", async () => {
    for (let at = 0; at < 5; at += 1) await pay();
    service.logged = "second";
    const before = service.asked.length;
    for (const by of [purse, opened()]) expect(await refusal(pay(by))).toBe("issuer_refused");
    expect(service.asked.slice(before).map(({ path }) => path)).toEqual(["/.well-known/privity"]);
    service.logged = null;
    await pay(opened());
  });

  test("that is not the logged one gives nothing", async () => {
    service.forges = true;
    expect(await refusal(pay())).toBe("issuer_refused");
    service.forges = false;
    expect(await all()).toHaveLength(15);
  });
});

test("an account of another server draws nothing, and nobody draws as a guest instead", async () => {
  const access = { ...service.access, origin: "http://other.test" };
  expect(await refusal(new AccountPurse(service.server, { access, store }).pay(rid(), 1))).toBe("issuer_refused");
  expect(service.asked.map(({ path }) => path)).toEqual(["/.well-known/privity"]);
});

describe("a request", () => {
  test("takes the same tokens again, also from the next program, and others once a node refused them", async () => {
    const id = rid();
    const first = await pay(purse, id);
    expect(await pay(opened(), id)).toBe(first);
    await purse.refused(id);
    const second = await pay(purse, id);
    expect(second).not.toBe(first);
    expect(await pay(opened(), id)).toBe(second);
  });

  test("that came to no end gives its id and tokens to the next when none is left, once, and not while it may be under way",
    async () => {
      const id = rid();
      const its = await pay(purse, id);
      for (let at = 1; at < 20; at += 1) {
        const other = await purse.requestId();
        expect(other).not.toEqual(id);
        await pay(purse, other);
        await purse.ended(other);
      }
      await service.pass(LATER - 1);
      expect(await purse.requestId()).not.toEqual(id);
      await service.pass(1);
      purse = opened();
      expect(await purse.requestId()).toEqual(id);
      expect(await purse.requestId()).not.toEqual(id);
      expect(await pay(purse, id)).toBe(its);
      await purse.ended(id);
      await service.pass(LATER);
      expect(await purse.requestId()).not.toEqual(id);
      expect(await refusal(pay())).toBe("tokens_gone");
    });
});

describe("ahead of need", () => {
  test("a block is drawn when few are left, within ten minutes, and none that is not there", async () => {
    for (let at = 0; at < 3; at += 1) await pay();
    expect(service.drawn).toBe(5);
    await service.pass(601);
    await expect.poll(() => service.drawn, PATIENCE).toBe(10);
    await all();
    const before = service.asked.length;
    await service.pass(601);
    await expect.poll(() => service.asked.slice(before).map(({ path }) => path), PATIENCE).toEqual(["/v1/usage"]);
  });

  test("the next day's are drawn in its last six hours, and spent after midnight", async () => {
    const closes = (service.day + 1) * DAY;
    await service.pass(closes - 6 * HOUR - 10 - service.now);
    await pay();
    await service.pass(9);
    expect(service.drawn).toBe(5);
    await service.pass(6 * HOUR);
    await expect.poll(() => decode(store.kept).tokens, PATIENCE).toHaveLength(10);
    await service.pass(HOUR);
    const before = service.asked.length;
    await pay(opened());
    expect(service.asked).toHaveLength(before);
  });

  test("what fails is heard by nobody, and tried again", async () => {
    for (let at = 0; at < 3; at += 1) await pay();
    service.lost = { from: 0, answers: false };
    await service.pass(601);
    await expect.poll(() => service.losses, PATIENCE).toBe(1);
    await service.pass(0);
    service.lost = null;
    await pay();
    await service.pass(601);
    await expect.poll(() => service.drawn, PATIENCE).toBe(10);
  });
});

test("a request has its id from the purse, whose tokens go with it and are forgotten at its end", async () => {
  const node = await FakeNode.make("node", script({ inner: [[2, "spent"]] }));
  const bench = new Bench(node);
  const source = { nodes: () => Promise.resolve([{ ...node.verified(), prices: { chat: 2, embed: 2 } }]), contradicted: () => (
    Promise.resolve()), seen: [] };
  const fetch = answering({ source, channel: new Channel(bench.ground, source), ground: bench.ground, purse }, { ahead: false });
  const body = JSON.stringify({ model: "demonstration", messages: [{ role: "user", content: "Hello" }] });
  const answer = await fetch("https://api.example.test/v1/chat/completions", { method: "POST", body });
  expect(answer.status).toBe(200);
  const nonces = await Promise.all(node.runs.flatMap(({ header }) => header.tok).map((one) => service.nonce(one)));
  expect([node.runs.length, new Set(nonces).size]).toEqual([2, 4]);
  expect(decode(store.kept).tokens.map((one) => one.rid)).toEqual([""]);
});

describe("what is kept", () => {
  test("is read as it was written, and anything else is refused for a documented reason", async () => {
    for (let at = 0; at < 3; at += 1) await pay();
    service.lost = { from: service.asked.length + 1, answers: false };
    await expect(purse.pay(rid(), 5)).rejects.toThrow();
    expect(decode(store.kept).started).toMatchObject({ plan: "free", count: 5 });
    const whole = store.kept ?? new Uint8Array(0);
    expect(encode(decode(whole))).toEqual(whole);
    const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(3)).map(([at, byte, cut]) => (
      Uint8Array.from([...whole.subarray(0, at), byte, ...whole.subarray(at + cut)])));
    fc.assert(fc.property(fc.oneof(changed, fc.uint8Array()), (data) => {
      try {
        expect(encode(decode(data))).toEqual(data);
      } catch (error) {
        expect(error).toMatchObject({ name: "TrustError", reason: "memory_unusable" });
      }
    }), { numRuns: 300 });
    store.kept = whole.subarray(0, -1);
    expect(await refusal(pay(opened()))).toBe("memory_unusable");
    expect(store.kept).toEqual(whole.subarray(0, -1));
  });

  test("has a bound: of too many tokens those that went with requests first are left out", () => {
    const token = (at: number): Bytes => Uint8Array.from({ length: 354 }, (_, n) => (n === 0 ? at & 255 : n === 1 ? at >> 8 : 0));
    const tokens = Array.from({ length: 1000 }, (_, at) => ({
      day: 20_000, token: token(at), rid: at < 100 ? "" : "00".repeat(16), at,
    }));
    const { tokens: left } = decode(encode({ issuers: null, started: null, tokens }));
    expect([left.length, left.filter((one) => one.rid === "").length, left.at(-1)?.at]).toEqual([768, 100, 999]);
  });
});
