/** After a fork: both branches are verified and shown, a person chooses, and nothing of the other one is lost. */

import { toHex } from "@privity/protocol/bytes";
import type { Chat } from "@privity/vault/contents/chat";
import { VaultError } from "@privity/vault/errors";
import { beforeAll, describe, expect, test } from "vitest";

import { Halted } from "../src/errors.ts";
import type { Item } from "../src/history.ts";
import type { Comparison } from "../src/repair.ts";
import type { Identity } from "../src/session.ts";
import { ACCOUNT, draw, founded, Honest, type Name } from "./account.ts";
import { BOX, chat, Device, message, textOf } from "./device.ts";
import { StoreFailed } from "./memory_store.ts";

let identities: ReadonlyMap<Name, Identity>;
let first: Honest;

beforeAll(async () => {
  ({ service: first, identities } = await founded());
});

interface Scene {
  readonly service: Honest;
  readonly laptop: Device;
  readonly phone: Device;
}

/** What the service is at now, as another one that goes its own way from here. */
async function copied(service: Honest): Promise<Honest> {
  const copy = new Honest(first.revisions, first.openers);
  for (const [key, body] of service.stored) copy.stored.set(key, body);
  for (const page of service.log) await copy.post(page, []);
  return copy;
}

/** Laptop and phone agree about a chat with one message, in two pages; both have a home box. */
async function scene(): Promise<Scene> {
  const service = new Honest(first.revisions, first.openers);
  const laptop = await Device.join("laptop", identities, service);
  await laptop.history.addBox(ACCOUNT);
  await laptop.history.addBox(BOX);
  await laptop.history.add(chat("Chat"), BOX, draw("chat", 16));
  await laptop.history.sync();
  await write(laptop, "one");
  const phone = await Device.join("phone", identities, service);
  await phone.history.sync();
  return { service, laptop, phone };
}

async function write(device: Device, text: string): Promise<void> {
  await device.history.add(message(text), BOX, draw(text, 16));
  await device.history.sync();
}

/** The device stops at the other service's branch, and is told what there is to choose. */
async function met(device: Device, service: Honest): Promise<Comparison> {
  const there = await device.restarted(service);
  device.history = there.history;
  await expect(device.history.sync()).rejects.toThrow(VaultError);
  await expect(device.history.add(message("more"), BOX)).rejects.toThrow(Halted);
  return device.history.compare();
}

async function shown(device: Device): Promise<readonly string[]> {
  return [...(await device.shows()).values()].sort();
}

async function offered(device: Device): Promise<readonly string[]> {
  const found = [...(await device.history.offers()).values()];
  return found.map(({ id, box, content }) => (content === null ? "unreadable" : textOf({ id, box, content }))).sort();
}

async function renamed(device: Device, title: string): Promise<void> {
  const item = await device.history.item(draw("chat", 16));
  device.world.time += 1000;
  await device.history.edit(item as Item<Chat>, { title });
  await device.history.sync();
}

describe("what a person chooses from", () => {
  test("both ends, the last common page, and the device that signed twice", async () => {
    const { service, laptop, phone } = await scene();
    const other = await copied(service);
    await write(laptop, "two");
    await write(laptop, "three");
    const tablet = await Device.join("tablet", identities, other);
    await tablet.history.sync();
    await write(tablet, "four");
    const seen = await met(laptop, other);
    expect([seen.common, seen.ours.n, seen.ours.pages, seen.theirs.n, seen.theirs.pages]).toEqual([2, 4, 2, 3, 1]);
    expect(seen.theirs.fingerprint).toBe((await tablet.history.position()).fingerprint);
    expect([seen.choices, seen.doubled]).toEqual([["theirs"], []]);
    const copy = await Device.join("laptop", identities, await copied(service));
    await copy.history.sync();
    await phone.history.sync();
    expect((await phone.history.compare()).choices).toEqual([]);
  });

  test("a device that was copied signs on both branches and is named", async () => {
    const { service, laptop } = await scene();
    const other = await copied(service);
    const twin = await Device.join("laptop", identities, other);
    await twin.history.sync();
    await write(twin, "of the twin");
    await write(laptop, "two");
    expect((await met(laptop, other)).doubled.map(toHex)).toEqual([toHex(draw("device laptop", 16))]);
  });

  test("a sequence that does not verify is no branch", async () => {
    const { service, laptop } = await scene();
    const other = await copied(service);
    await write(laptop, "two");
    const tablet = await Device.join("tablet", identities, other);
    await tablet.history.sync();
    await write(tablet, "three");
    const last = other.log.pop();
    if (last === undefined) throw new Error("no page");
    other.log.push({ ...last, signature: draw("signature", 64) });
    laptop.history = (await laptop.restarted(other)).history;
    await expect(laptop.history.sync()).rejects.toThrow("log.forked");
    await expect(laptop.history.compare()).rejects.toThrow("log.bad_signature");
  });

  test("what was chosen from must still be what the service shows", async () => {
    const { service, laptop } = await scene();
    const other = await copied(service);
    await write(laptop, "two");
    const tablet = await Device.join("tablet", identities, other);
    await tablet.history.sync();
    const seen = await met(laptop, other);
    await write(tablet, "three");
    await expect(laptop.history.repair(seen, "theirs")).rejects.toThrow("log.forked");
    await expect(laptop.history.repair(await laptop.history.compare(), "ours")).rejects.toThrow("log.forked");
    expect(await shown(laptop)).toEqual(["Chat", "one", "two"]);
  });
});

describe("the service lost its end", () => {
  test("ours: the same pages are posted again", async () => {
    const { service, laptop, phone } = await scene();
    const other = await copied(service);
    await write(laptop, "two");
    await phone.history.sync();
    const seen = await met(laptop, other);
    expect(seen.choices).toEqual(["ours", "theirs"]);
    expect((await laptop.history.repair(seen, "ours")).reposted).toBe(1);
    phone.history = (await phone.restarted(other)).history;
    await phone.history.sync();
    await write(laptop, "three");
    await phone.history.sync();
    expect(await shown(phone)).toEqual(["Chat", "one", "three", "two"]);
    expect(await laptop.history.position()).toEqual(await phone.history.position());
  });

  test("a page whose body is no longer here cannot be posted again: only theirs is offered", async () => {
    const { service, laptop } = await scene();
    const other = await copied(service);
    await renamed(laptop, "Second");
    await renamed(laptop, "Third");
    const seen = await met(laptop, other);
    expect(seen.choices).toEqual(["theirs"]);
    await laptop.history.repair(seen, "theirs");
    await laptop.history.sync();
    expect(await shown(laptop)).toEqual(["Third", "one"]);
  });

  test("it found its end again: asking once more is enough", async () => {
    const { service, laptop } = await scene();
    await write(laptop, "two");
    const lost = service.log.pop();
    await expect(laptop.history.sync()).rejects.toThrow("log.rolled_back");
    expect(await laptop.history.halted()).toBe("log.rolled_back");
    await expect(laptop.history.settle()).rejects.toThrow("log.rolled_back");
    if (lost !== undefined) service.log.push(lost);
    await laptop.history.settle();
    expect(await laptop.history.halted()).toBeNull();
    await write(laptop, "three");
    expect(await shown(laptop)).toEqual(["Chat", "one", "three", "two"]);
  });
});

/** The tablet wrote on the other branch; the laptop takes it over, and both agree. */
async function taken(
  mine: (laptop: Device) => Promise<void>, theirs: (tablet: Device) => Promise<void>,
): Promise<{ readonly laptop: Device; readonly tablet: Device; readonly other: Honest }> {
  const { service, laptop } = await scene();
  const other = await copied(service);
  await mine(laptop);
  const tablet = await Device.join("tablet", identities, other);
  await tablet.history.sync();
  tablet.world.time += 10;
  await theirs(tablet);
  const seen = await met(laptop, other);
  await laptop.history.repair(seen, "theirs");
  expect(await laptop.history.halted()).toBeNull();
  await laptop.history.sync();
  await tablet.history.sync();
  expect(await shown(laptop)).toEqual(await shown(tablet));
  expect(await laptop.history.position()).toEqual(await tablet.history.position());
  expect(laptop.store.left.length).toBeGreaterThan(0);
  await laptop.history.verify();
  return { laptop, tablet, other };
}

describe("going on with the service's branch", () => {
  test("what it lacks is appended, what both renamed is merged and offered", async () => {
    const { laptop } = await taken(async (device) => {
      await write(device, "mine");
      await renamed(device, "Mine");
    }, async (device) => {
      await write(device, "theirs");
      await renamed(device, "Theirs");
    });
    expect(await shown(laptop)).toEqual(["Theirs", "mine", "one", "theirs"]);
    expect(await offered(laptop)).toEqual(["Mine", "Theirs"]);
  });

  test("a whole chat of ours is appended, box first", async () => {
    const box = draw("another box", 16);
    const { tablet } = await taken(async ({ history }) => {
      await history.addBox(box);
      await history.add(chat("Another"), box);
      await history.add({ ...message("in it"), chat: box }, box);
      await history.sync();
      await history.setActive(box, false);
      await history.sync();
    }, (device) => write(device, "theirs"));
    expect(await shown(tablet)).toEqual(["Another", "Chat", "in it", "one", "theirs"]);
    expect((await tablet.store.row(box))?.op).toBe(3);
  });

});

describe("deletions on one of the branches", () => {
  test("what ours deleted is deleted, and what was typed there since is offered", async () => {
    const { laptop } = await taken(async ({ history }) => {
      await history.remove([BOX, draw("chat", 16), draw("one", 16)]);
      await history.sync();
    }, async (device) => {
      await renamed(device, "Renamed meanwhile");
      await write(device, "typed meanwhile");
    });
    expect(await shown(laptop)).toEqual([]);
    expect(await offered(laptop)).toEqual(["Renamed meanwhile", "typed meanwhile"]);
  });

  test("what theirs deleted stays deleted, and our texts in it are offered, also those that waited", async () => {
    const { laptop } = await taken(async (device) => {
      await write(device, "mine");
      await renamed(device, "My title");
      await device.history.add(message("not sent yet"), BOX, draw("not sent yet", 16));
    }, async ({ history }) => {
      await history.remove([BOX, draw("chat", 16), draw("one", 16)]);
      await history.sync();
    });
    expect(await shown(laptop)).toEqual([]);
    expect(await offered(laptop)).toEqual(["My title", "mine", "not sent yet"]);
  });

  test("an edit that waited is put onto what the other branch has, though its number is the same", async () => {
    const { laptop } = await taken(async (device) => {
      await write(device, "mine");
      device.world.time += 5000;
      await device.history.edit((await device.history.item(draw("chat", 16))) as Item<Chat>, { title: "Waiting" });
    }, async (device) => {
      await device.history.edit((await device.history.item(draw("chat", 16))) as Item<Chat>, { pinned: true });
      await device.history.sync();
    });
    const found = (await laptop.history.item(draw("chat", 16)))?.content;
    expect(found).toMatchObject({ title: { value: "Waiting" }, pinned: { value: true } });
  });

  test("a crash in it changes nothing, and it can be done again", async () => {
    const { service, laptop } = await scene();
    const other = await copied(service);
    await write(laptop, "mine");
    const seen = await met(laptop, other);
    laptop.store.fails = { at: laptop.store.writes + 1, as: "lost" };
    await expect(laptop.history.repair(seen, "theirs")).rejects.toThrow(StoreFailed);
    laptop.history = (await laptop.restarted(other)).history;
    expect(await laptop.history.halted()).toBe("log.rolled_back");
    await laptop.history.repair(await laptop.history.compare(), "theirs");
    await laptop.history.sync();
    expect(await shown(laptop)).toEqual(["Chat", "mine", "one"]);
  });
});

describe("a copy that is checked", () => {
  test("counts what holds, and finds a changed body", async () => {
    const { laptop } = await scene();
    const report = await laptop.history.verify();
    expect([report.pages, report.objects, report.devices, report.troubled.size]).toEqual([2, 4, 1, 0]);
    const row = await laptop.store.row(draw("one", 16));
    await laptop.store.commit({ bodies: [[row?.known.body?.hash ?? draw(""), draw("another", 4164)]] });
    expect([...(await laptop.history.verify()).troubled]).toEqual([["object.swapped", 1]]);
  });

  test("pages that are not here show, and pages that were changed", async () => {
    const { laptop, phone } = await scene();
    const pages = await laptop.store.pages(1);
    const [, second] = pages[1] ?? [];
    if (second === undefined) throw new Error("no page");
    await laptop.store.commit({ pages: [[1, second]] });
    await expect(laptop.history.verify()).rejects.toThrow("log.omitted");
    const state = await phone.store.state();
    if (state === null) throw new Error("no state");
    await phone.store.commit({ afresh: true, state });
    await expect(phone.history.verify()).rejects.toThrow("log.omitted");
    expect((await phone.history.compare()).choices).toEqual([]);
  });

  test("what came late is asked for again", async () => {
    const { service, laptop } = await scene();
    const hash = toHex((await laptop.store.row(draw("one", 16)))?.known.body?.hash ?? draw(""));
    const body = service.stored.get(hash);
    service.stored.delete(hash);
    const tablet = await Device.join("tablet", identities, service);
    await tablet.history.sync();
    expect([(await tablet.history.faults()).length, await tablet.history.again()]).toEqual([1, 0]);
    if (body !== undefined) service.stored.set(hash, body);
    expect([await tablet.history.again(), (await tablet.history.faults()).length]).toEqual([1, 0]);
    expect(await shown(tablet)).toEqual(["Chat", "one"]);
  });
});

describe("when devices delete and write at the same time", () => {
  test("what waits in a chat that another device deleted is offered, and can be read", async () => {
    const { laptop, phone } = await scene();
    await laptop.history.remove([BOX, draw("chat", 16), draw("one", 16)]);
    await laptop.history.sync();
    await phone.history.add(message("My long question"), BOX, draw("late", 16));
    await phone.history.sync();
    expect([await offered(phone), await shown(phone)]).toEqual([["My long question"], []]);
    expect(await phone.store.waiting()).toEqual([]);
  });

  test("what another device put into a chat whose deletion waits here goes with it, and is offered", async () => {
    const { laptop, phone } = await scene();
    await write(phone, "From the phone");
    await laptop.history.remove([BOX, draw("chat", 16), draw("one", 16)]);
    await laptop.history.sync();
    await phone.history.sync();
    expect([await offered(laptop), await shown(laptop), await shown(phone)]).toEqual([["From the phone"], [], []]);
    expect((await laptop.store.row(draw("From the phone", 16)))?.known.deleted).toBe(true);
  });

  test("a reply below a message that is deleted here goes with it, and is offered; what is only missing stays", async () => {
    const { service, laptop, phone } = await scene();
    await phone.history.add(message("A reply", draw("one", 16)), BOX, draw("reply", 16));
    await phone.history.add(message("Below a reply", draw("reply", 16)), BOX, draw("below", 16));
    await phone.history.add(message("Of a withheld one", draw("never seen", 16)), BOX, draw("orphan", 16));
    await phone.history.sync();
    await laptop.history.remove([draw("one", 16)]);
    await laptop.history.sync();
    expect(await offered(laptop)).toEqual(["A reply", "Below a reply"]);
    expect(await shown(laptop)).toEqual(["Chat", "Of a withheld one"]);
    await phone.history.sync();
    const tablet = await Device.join("tablet", identities, service);
    await tablet.history.sync();
    expect([await shown(phone), await shown(tablet)]).toEqual([await shown(laptop), await shown(laptop)]);
  });

  test("a title that was typed while its deletion waited is offered", async () => {
    const { laptop, phone } = await scene();
    await renamed(phone, "Typed on the phone");
    await laptop.history.remove([draw("chat", 16)]);
    await laptop.history.sync();
    expect(await offered(laptop)).toEqual(["Typed on the phone"]);
  });

  test("archiving here and renaming there are both kept; what waits is sealed under keys that stand", async () => {
    const { laptop, phone } = await scene();
    await laptop.history.setActive(BOX, false);
    await phone.history.setActive(BOX, false);
    await phone.history.sync();
    await phone.history.setActive(BOX, true);
    await phone.history.sync();
    await laptop.history.add(message("under keys that stand"), BOX);
    await laptop.history.sync();
    await phone.history.sync();
    expect((await phone.store.row(BOX))?.op).toBe(3);
    expect(await shown(phone)).toEqual(["Chat", "one", "under keys that stand"]);
  });
});
