/** Tokens on a device: drawn under logged keys, marked before they leave, spent once, whatever dies in between. */

import { toHex } from "@privity/protocol/bytes";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { Issuer } from "./issuer.ts";
import { Profile, type Tab } from "./profile.ts";
import { another, begun, use } from "./steps.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let profile: Profile;
let tab: Tab;
let issuer: Issuer;
let asked = 0;

/** A new request's id. */
function rid(): string {
  asked += 1;
  return asked.toString(16).padStart(32, "0");
}

async function pay(by: Tab = tab, id = rid(), fresh = false): Promise<string> {
  const { tokens } = await by.do("tokens", { meter: issuer.meter(), rid: id, count: 1, fresh });
  expect(tokens).toHaveLength(1);
  return toHex(tokens[0] ?? new Uint8Array(0));
}

function payUnder(meter: string): Promise<unknown> {
  return tab.do("tokens", { meter, rid: rid(), count: 1, fresh: false });
}

function draws(): readonly string[] {
  return issuer.asked.map(({ path }) => path);
}

beforeEach(async () => {
  ({ profile, tab } = await begun());
  issuer = new Issuer(() => profile.browser.world.now());
  profile.service.issuer = issuer;
});

test("the first question of a day draws all at once; the wallet is in the log before a token leaves", async () => {
  const { tokens, allowance } = await tab.do("tokens", { meter: issuer.meter(), rid: rid(), count: 1, fresh: false });
  await expect(issuer.verify(tokens[0] ?? new Uint8Array(0))).resolves.toHaveLength(64);
  expect(allowance).toMatchObject({ left: 19, limit: 20, others: 0 });
  expect(draws()).toEqual(["/v1/tokens"]);
  expect((await tab.do("overview", {})).sync.unsent).toBe(0);
});

test("twenty questions spend twenty tokens, and the next one learns when there are more", async () => {
  const spent = new Set<string>();
  for (let at = 0; at < 20; at += 1) spent.add(await pay());
  expect(spent.size).toBe(20);
  await expect(pay()).rejects.toMatchObject({ reason: "tokens_gone" });
  expect(await tab.do("allowance", { meter: issuer.meter() })).toEqual({
    left: 0, limit: 20, others: 0, reset: (issuer.today + 1) * 86_400,
  });
  expect(draws()).toEqual(["/v1/tokens"]);
});

test.each(["lost", "kept"] as const)("no token leaves whose mark is not kept for sure: a writing that is %s", async (as) => {
  const first = await pay();
  profile.fails = { at: profile.writes + 1, as };
  await expect(pay()).rejects.toThrow(as);
  const rest = new Set<string>();
  for (let at = 0; at < (as === "lost" ? 19 : 18); at += 1) rest.add(await pay());
  expect(rest.has(first)).toBe(false);
  await expect(pay()).rejects.toMatchObject({ reason: "tokens_gone" });
});

describe("one request", () => {
  test("takes the same token again, also after its tab died", async () => {
    const id = rid();
    const before = await pay(tab, id);
    expect(await pay(tab, id)).toBe(before);
    tab.close();
    const next = await profile.open();
    await use(next, "unlock");
    expect(await pay(next, id)).toBe(before);
  });

  test("takes another one when the ledger refuses the first, and keeps to that", async () => {
    const id = rid();
    const before = await pay(tab, id);
    const after = await pay(tab, id, true);
    expect(after).not.toBe(before);
    expect(await pay(tab, id)).toBe(after);
  });
});

describe("a request that came to no end", () => {
  const LATER = 900_001;
  let unfinished = "";
  let its = "";

  /** All of the day are paid; the answers to all but one came. */
  beforeEach(async () => {
    unfinished = rid();
    its = await pay(tab, unfinished);
    for (let at = 1; at < 20; at += 1) {
      const id = rid();
      await pay(tab, id);
      await tab.do("tokens", { meter: issuer.meter(), rid: id, count: 0, fresh: true });
    }
  });

  function taken(by: Tab = tab): Promise<Awaited<ReturnType<typeof tab.do<"tokens">>>> {
    return by.do("tokens", { meter: issuer.meter(), rid: rid(), count: 1, fresh: false });
  }

  async function left(): Promise<number | null> {
    return (await tab.do("allowance", { meter: issuer.meter() })).left;
  }

  test("gives its id and its token to the next one when no other is left, once, also after its tab died", async () => {
    profile.jump(LATER);
    expect(await left()).toBe(1);
    tab.close();
    tab = await profile.open();
    await use(tab, "unlock");
    const { rid: as, tokens, allowance } = await taken();
    expect([as, toHex(tokens[0] ?? new Uint8Array(0)), allowance.left]).toEqual([unfinished, its, 0]);
    await expect(taken()).rejects.toMatchObject({ reason: "tokens_gone" });
    expect(await left()).toBe(0);
  });

  test("keeps them while it may be under way", async () => {
    profile.jump(LATER - 2000);
    await expect(taken()).rejects.toMatchObject({ reason: "tokens_gone" });
    await pay(tab, unfinished);
    profile.jump(2000);
    await expect(taken()).rejects.toMatchObject({ reason: "tokens_gone" });
  });

  test("gives nothing once its answer came, or the ledger refused its token", async () => {
    await expect(pay(tab, unfinished, true)).rejects.toMatchObject({ reason: "tokens_gone" });
    profile.jump(LATER);
    expect(await left()).toBe(0);
    await expect(taken()).rejects.toMatchObject({ reason: "tokens_gone" });
  });

  test("gives nothing to a request whose own token the ledger refused: that one was sent under its id", async () => {
    profile.jump(LATER);
    await expect(pay(tab, rid(), true)).rejects.toMatchObject({ reason: "tokens_gone" });
  });

  test("gives nothing on another day", async () => {
    profile.jump(DAY);
    const { rid: as, tokens } = await taken();
    expect(as).not.toBe(unfinished);
    expect(toHex(tokens[0] ?? new Uint8Array(0))).not.toBe(its);
  });
});

describe("keys", () => {
  test("one that is not logged is drawn under by nobody", async () => {
    await expect(payUnder(issuer.meter({ without: "free" }))).rejects.toMatchObject({ reason: "issuer_refused" });
    expect(draws()).toEqual([]);
  });

  test("tokens of a key that the log does not hold are spent by nobody, whoever wrote them into the account", async () => {
    await pay();
    tab.close();
    for (const { pieces } of profile.shelves.values()) pieces.delete("purse/state");
    tab = await profile.open();
    await use(tab, "unlock");
    await expect(payUnder(issuer.meter({ without: "free" }))).rejects.toMatchObject({ reason: "issuer_refused" });
  });

  test("what another key than the logged one signed is thrown away whole", async () => {
    issuer.forges = true;
    await expect(pay()).rejects.toMatchObject({ reason: "issuer_refused" });
    issuer.forges = false;
    profile.jump(HOUR + 1000);
    await expect(pay()).rejects.toMatchObject({ reason: "tokens_gone" });
    expect([...issuer.counts.values()]).toEqual([20]);
  });

  test("one that changed is refused with the one before, until the log says that one again", async () => {
    await pay();
    const meter = issuer.meter({ other: "free" });
    // What was looked at before the leaf changed is spent without another look.
    await payUnder(meter);
    await tab.do("allowance", { meter });
    await expect(payUnder(meter)).rejects.toMatchObject({ reason: "issuer_refused" });
    expect(draws()).toHaveLength(1);
    await pay();
  });
});

test("tabs share one purse: no token goes twice", async () => {
  const other = await profile.open();
  const spent = await Promise.all([pay(), pay(other), pay(), pay(other), pay(), pay(other)]);
  expect(new Set(spent).size).toBe(6);
  expect(draws()).toHaveLength(1);
});

test("devices share a day: each spends what it claimed", async () => {
  const first = await pay();
  const phone = await another(profile, "phone");
  phone.profile.browser.world.time = profile.browser.world.time;
  const spent = [first];
  for (let at = 0; at < 9; at += 1) spent.push(await pay(phone.tab));
  for (let at = 0; at < 9; at += 1) spent.push(await pay());
  expect(new Set(spent).size).toBe(19);
  expect(draws()).toHaveLength(1);
});

test("whoever dies with a request under way sends the same one again, and it counts once", async () => {
  profile.service.lost = new Promise(() => undefined);
  void pay().catch(() => undefined);
  await vi.waitFor(() => expect(issuer.asked).toHaveLength(1));
  profile.service.lost = Promise.resolve();
  profile.kill(tab);
  const next = await profile.open();
  await use(next, "unlock");
  await pay(next);
  const [before, after] = issuer.asked;
  expect(after).toEqual(before);
  expect([...issuer.counts.values()]).toEqual([20]);
});

test("tomorrow's are drawn in the last six hours of the day, at a moment of chance, and spent after midnight", async () => {
  await pay();
  const midnight = (issuer.today + 1) * DAY;
  profile.jump(midnight - 6 * HOUR - profile.browser.world.now());
  await tab.do("allowance", { meter: issuer.meter() });
  expect(draws()).toHaveLength(1);
  profile.jump(6 * HOUR - 60_000);
  await profile.pass(1);
  await vi.waitFor(() => expect(draws()).toHaveLength(2));
  await vi.waitFor(() => expect(profile.held().has("privity-purse")).toBe(false));
  expect(JSON.parse(issuer.asked[1]?.body ?? "{}")).toMatchObject({ day: new Date(midnight).toISOString().slice(0, 10) });
  profile.jump(HOUR);
  const today = await pay();
  await expect(issuer.verify(Uint8Array.from(Buffer.from(today, "hex")))).resolves.toHaveLength(64);
  expect(draws()).toHaveLength(2);
});

test("a clock that was set back spends nothing twice, and one that is right again goes on", async () => {
  const spent = [await pay(), await pay()];
  profile.jump(-DAY);
  await expect(pay()).rejects.toThrow();
  profile.jump(DAY);
  spent.push(await pay(), await pay());
  expect(new Set(spent).size).toBe(4);
});

test("a larger plan draws batches of its own, and claims all of them", async () => {
  issuer = new Issuer(() => profile.browser.world.now(), { free: 20, plus: 3000 });
  profile.service.issuer = issuer;
  for (const id of profile.service.accounts.keys()) issuer.plan.set(id, "plus");
  const spent = new Set<string>();
  for (let at = 0; at < 40; at += 1) spent.add(await pay());
  expect(spent.size).toBe(40);
  expect([...issuer.counts.values()]).toEqual([64]);
});

test("a guest's tokens are drawn without an account, and lie in memory alone", async () => {
  const guest = new Profile("guest", profile.service);
  const disk = JSON.stringify(await guest.disk());
  const alone = await guest.open();
  guest.browser.world.time = profile.browser.world.time;
  const spent = new Set<string>();
  for (let at = 0; at < 5; at += 1) spent.add(await pay(alone));
  expect(spent.size).toBe(5);
  await expect(pay(alone)).rejects.toMatchObject({ reason: "tokens_gone" });
  expect(new Set(draws())).toEqual(new Set(["/v1/tokens/guest"]));
  expect(JSON.stringify(await guest.disk())).toBe(disk);
});
