/** Devices that agree: what one writes the other shows, whatever fails in between. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Kind } from "@privity/vault/contents/schema";
import type { Chat } from "@privity/vault/contents/chat";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import type { Item } from "../src/history.ts";
import { ServiceError } from "../src/service.ts";
import type { Identity } from "../src/session.ts";
import { draw, founded, type Honest, type Name, NAMES } from "./account.ts";
import { BOX, chat, Device, message, textOf } from "./device.ts";
import { type Failure, StoreFailed } from "./memory_store.ts";

let identities: ReadonlyMap<Name, Identity>;
let first: Honest;

beforeAll(async () => {
  ({ service: first, identities } = await founded());
});

/** A service with the same keyring and an empty log. */
async function fresh(): Promise<Honest> {
  const { Honest: Made } = await import("./account.ts");
  return new Made(first.revisions, first.openers);
}

async function begun(device: Device, title = "Chat"): Promise<Item<Chat>> {
  await device.history.addBox(BOX);
  return (await device.history.add(chat(title), BOX, draw("chat", 16))) as Item<Chat>;
}

describe("two devices", () => {
  test("show the same tree, and deletion reaches both", async () => {
    const service = await fresh();
    const laptop = await Device.join("laptop", identities, service);
    await begun(laptop);
    const top = await laptop.history.add(message("Is it safe?"), BOX);
    await laptop.history.sync();
    const phone = await Device.join("phone", identities, service);
    await phone.history.sync();
    await phone.history.add(message("Ask again.", top.id), BOX);
    await phone.history.sync();
    await laptop.history.sync();
    expect([...(await laptop.shows()).values()].sort()).toEqual(["Ask again.", "Chat", "Is it safe?"]);
    expect(await laptop.shows()).toEqual(await phone.shows());
    expect(await laptop.history.position()).toEqual(await phone.history.position());
    await laptop.history.remove([top.id]);
    await laptop.history.sync();
    await phone.history.sync();
    // What hangs on it goes with it, after it was offered.
    expect([...(await phone.shows()).values()].sort()).toEqual(["Chat"]);
    expect([...(await phone.history.offers()).values()].map(({ content }) => content?.kind)).toEqual([Kind.NODE]);
    await laptop.history.sync();
    expect(await laptop.shows()).toEqual(await phone.shows());
  });

  test("both rename: the later name counts, and the other one is offered", async () => {
    const service = await fresh();
    const laptop = await Device.join("laptop", identities, service);
    const phone = await Device.join("phone", identities, service);
    const made = await begun(laptop);
    await laptop.history.sync();
    await phone.history.sync();
    phone.world.time += 1000;
    const seen = (await phone.history.item(made.id)) as Item<Chat>;
    await phone.history.edit(seen, { title: "Later" });
    await laptop.history.edit(made, { title: "Earlier", pinned: true });
    await laptop.history.sync();
    await phone.history.sync();
    await laptop.history.sync();
    expect([...(await laptop.shows()).values()]).toEqual(["Later"]);
    expect(await laptop.shows()).toEqual(await phone.shows());
    expect((await laptop.history.item(made.id))?.content).toMatchObject({ pinned: { value: true } });
    const offered = [...(await phone.history.offers()).values()].map((one) => one.content as Chat);
    expect(offered.map((one) => one.title.value).sort()).toEqual(["Earlier", "Later"]);
  });

  test("a message under a deleted chat is offered, not dropped", async () => {
    const service = await fresh();
    const laptop = await Device.join("laptop", identities, service);
    const phone = await Device.join("phone", identities, service);
    const made = await begun(laptop);
    await laptop.history.sync();
    await phone.history.sync();
    const late = await phone.history.add(message("My long question"), BOX, draw("late", 16));
    await phone.history.sync();
    const seen = await phone.history.item(late.id);
    await laptop.history.remove([made.id]);
    await laptop.history.sync();
    await phone.history.edit((await phone.history.item(made.id)) as Item<Chat>, { title: "My new title" });
    await phone.history.sync();
    expect(seen?.content).toEqual(late.content);
    const offers = [...(await phone.history.offers()).values()];
    expect(offers.map((one) => one.members)).toEqual([["title"]]);
    await phone.history.answered([...(await phone.history.offers()).keys()][0] ?? "");
    expect((await phone.history.offers()).size).toBe(0);
  });
});

describe("one device", () => {
  test("offline, everything is there, and leaves when the network is back", async () => {
    const service = await fresh();
    const laptop = await Device.join("laptop", identities, service);
    await begun(laptop);
    await laptop.history.add(message("Written on a train"), BOX);
    const post = service.post.bind(service);
    service.post = () => Promise.reject(new ServiceError("service.unreachable", 0));
    await expect(laptop.history.sync()).rejects.toThrow("service.unreachable");
    expect([...(await laptop.shows()).values()].sort()).toEqual(["Chat", "Written on a train"]);
    service.post = post;
    await laptop.history.sync();
    expect(service.log).toHaveLength(1);
  });

  test("an answer that was lost on its way writes nothing twice", async () => {
    const service = await fresh();
    const laptop = await Device.join("laptop", identities, service);
    await begun(laptop);
    const post = service.post.bind(service);
    service.post = async (...given) => {
      await post(...given);
      throw new ServiceError("service.unreachable", 0);
    };
    await expect(laptop.history.sync()).rejects.toThrow("service.unreachable");
    service.post = post;
    await (await laptop.restarted()).history.sync();
    expect(service.log).toHaveLength(1);
    expect(await laptop.store.waiting()).toEqual([]);
  });

  test("a page that may be on its way is posted as it is, also after a restart", async () => {
    const service = await fresh();
    const laptop = await Device.join("laptop", identities, service);
    await begun(laptop);
    const [post, sent] = [service.post.bind(service), [] as string[]];
    service.post = (page) => {
      sent.push(toHex(page.data));
      return Promise.reject(new ServiceError("service.unreachable", 0));
    };
    await expect(laptop.history.sync()).rejects.toThrow("service.unreachable");
    const again = await laptop.restarted();
    await again.history.add(message("Typed meanwhile"), BOX);
    await expect(again.history.sync()).rejects.toThrow("service.unreachable");
    expect(new Set(sent).size).toBe(1);
    service.post = post;
    await again.history.sync();
    expect(service.log).toHaveLength(2);
  });

  test("a draft becomes a message that was cut off, and a finished one does not", async () => {
    const service = await fresh();
    const laptop = await Device.join("laptop", identities, service);
    await begun(laptop);
    await laptop.history.draft(draw("answer", 16), message("As far as it ca"));
    const again = await laptop.restarted();
    expect((await again.history.recover()).map(toHex)).toEqual([toHex(draw("answer", 16))]);
    const found = (await again.history.item(draw("answer", 16)))?.content;
    expect(found).toMatchObject({ kind: Kind.NODE, state: 2 });
    expect(await again.history.recover()).toEqual([]);
  });
});

describe("a write that fails", () => {
  test.each<Failure>(["lost", "kept"])("is %s: after a restart nothing is missing and nothing is there twice", async (as) => {
    for (let at = 1; ; at += 1) {
      const service = await fresh();
      const laptop = await Device.join("laptop", identities, service);
      await begun(laptop);
      const before = laptop.store.writes;
      laptop.store.fails = { at: before + at, as };
      let failed = false;
      const written: string[] = [];
      try {
        await laptop.history.add(message("One"), BOX, draw("one", 16));
        written.push("One");
        await laptop.history.sync();
        await laptop.history.add(message("Two"), BOX, draw("two", 16));
        written.push("Two");
        await laptop.history.sync();
      } catch (error) {
        if (!(error instanceof StoreFailed)) throw error;
        failed = true;
      }
      const again = await laptop.restarted();
      await again.history.sync();
      const shown = [...(await again.shows()).values()];
      expect(written.filter((text) => !shown.includes(text))).toEqual([]);
      expect(new Set(shown).size).toBe(shown.length);
      const phone = await Device.join("phone", identities, service);
      await phone.history.sync();
      expect(await phone.shows()).toEqual(await again.shows());
      if (!failed) return;
    }
  });
});

/** What three people do in turn. */
type Step = readonly [device: number, act: "write" | "rename" | "delete" | "sync" | "restart", which: number];

describe("any order of edits and offline periods", () => {
  const act = fc.constantFrom("write", "rename", "delete", "sync", "restart");
  const steps = fc.array<Step>(
    fc.tuple(fc.integer({ min: 0, max: 2 }), act, fc.nat({ max: 5 })), { minLength: 4, maxLength: 24 },
  );

  test("ends in one history on three devices, and no typed text is gone without an offer", async () => {
    await fc.assert(fc.asyncProperty(steps, async (list) => {
      const service = await fresh();
      const devices = await Promise.all(NAMES.map((name) => Device.join(name, identities, service)));
      const [laptop] = devices;
      if (laptop === undefined) throw new Error("no device");
      await begun(laptop, "");
      for (const device of devices) await device.history.sync();
      const typed = new Map<string, Bytes>();
      const deleted = new Set<string>();
      for (const [at, [who, act, which]] of list.entries()) {
        devices[who] = await step(devices[who] ?? laptop, act, which, at, { typed, deleted });
      }
      for (let round = 0; round < 2; round += 1) for (const device of devices) await device.history.sync();
      const shown = await Promise.all(devices.map((one) => one.shows()));
      expect(shown[1]).toEqual(shown[0]);
      expect(shown[2]).toEqual(shown[0]);
      const there = new Set([...(shown[0]?.values() ?? [])]);
      for (const id of deleted) expect(shown[0]?.has(id)).toBe(false);
      for (const [text, id] of typed) expect(there.has(text) || deleted.has(toHex(id))).toBe(true);
    }), { numRuns: 12, seed: 7 });
  });

  async function step(
    device: Device, act: Step[1], which: number, at: number,
    kept: { readonly typed: Map<string, Bytes>; readonly deleted: Set<string> },
  ): Promise<Device> {
    device.world.time += 7;
    const found = await device.history.items({ kinds: new Set([Kind.NODE]) });
    const items = [...found].sort((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1));
    const chosen = items[which % Math.max(1, items.length)];
    if (act === "restart") return device.restarted();
    if (act === "sync") await device.history.sync();
    if (act === "write") {
      const text = `${device.name} ${String(at)}`;
      kept.typed.set(text, (await device.history.add(message(text), BOX)).id);
    }
    if (act === "rename") {
      const seen = (await device.history.item(draw("chat", 16))) as Item<Chat>;
      await device.history.edit(seen, { title: `name ${String(at)}` });
    }
    if (act === "delete" && chosen !== undefined) {
      kept.deleted.add(toHex(chosen.id));
      await device.history.remove([chosen.id]);
    }
    return device;
  }
});

test("nothing that a person wrote lies in the store or at the service in clear", async () => {
  const service = await fresh();
  const laptop = await Device.join("laptop", identities, service);
  await begun(laptop, "The canary's title");
  await laptop.history.add(message("The canary's question"), BOX);
  await laptop.history.draft(draw("answer", 16), message("The canary's answer"));
  await laptop.history.sync();
  const seen = `${flat(await laptop.store.dump())}${flat([service.log, service.stored, service.revisions])}`;
  expect(seen.length).toBeGreaterThan(10_000);
  const spelled = new TextEncoder().encode("canary");
  const canaries = ["canary", toHex(spelled), toHex(draw("account key")), btoa("canary's ").slice(0, 10)];
  for (const canary of canaries) {
    expect(seen).not.toContain(canary);
  }
  expect((await laptop.history.items({})).map(textOf).join()).toContain("canary");
});

/** Everything below a value, bytes both as text and in hexadecimal. */
function flat(value: unknown): string {
  if (value instanceof Uint8Array) return `${toHex(value)} ${new TextDecoder().decode(value)} `;
  if (value instanceof Map) return flat([...(value as Map<unknown, unknown>).entries()]);
  if (Array.isArray(value)) return value.map(flat).join(" ");
  if (value !== null && typeof value === "object") return flat(Object.entries(value));
  return String(value);
}
