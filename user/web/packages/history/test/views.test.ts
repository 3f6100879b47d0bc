/** What devices show each other: that they still hear of the log, what they saw of the public logs, what they miss. */

import { ascii, toHex } from "@privity/protocol/bytes";
import type { SeenCheckpoint } from "@privity/vault/contents/proof";
import { beforeAll, describe, expect, test } from "vitest";

import type { Identity } from "../src/session.ts";
import { ACCOUNT, draw, founded, Honest, type Name } from "./account.ts";
import { BOX, chat, Device, message, textOf } from "./device.ts";

let identities: ReadonlyMap<Name, Identity>;
let first: Honest;

beforeAll(async () => {
  ({ service: first, identities } = await founded());
});

const SEEN: readonly SeenCheckpoint[] = [["log.example/keys", ascii("note 1")]];

async function scene(): Promise<{ readonly service: Honest; readonly laptop: Device; readonly phone: Device }> {
  const service = new Honest(first.revisions, first.openers);
  const laptop = await Device.join("laptop", identities, service);
  await laptop.history.addBox(ACCOUNT);
  await laptop.history.addBox(BOX);
  await laptop.history.add(chat("Chat"), BOX, draw("chat", 16));
  await laptop.history.add(message("one"), BOX, draw("one", 16));
  await laptop.history.sync();
  return { service, laptop, phone: await Device.join("phone", identities, service) };
}

describe("a view", () => {
  test("is written once a day, and again when it says something else", async () => {
    const { service, laptop, phone } = await scene();
    const pages = async (): Promise<number> => {
      await laptop.history.sync();
      return service.log.length;
    };
    await laptop.history.show({ checkpoints: SEEN });
    const before = await pages();
    await laptop.history.show({ checkpoints: SEEN });
    expect(await pages()).toBe(before);
    await laptop.history.show({ checkpoints: [["log.example/keys", ascii("note 2")]] });
    expect(await pages()).toBe(before + 1);
    laptop.world.time += 86_400_000;
    await laptop.history.show({});
    expect(await pages()).toBe(before + 2);
    await phone.history.sync();
    await phone.history.show({ checkpoints: SEEN });
    await phone.history.sync();
    const views = (await phone.history.views()).map(({ content }) => [toHex(content.device), content.checkpoints.value.length]);
    expect(views.sort()).toEqual(["laptop", "phone"].map((name) => [toHex(draw(`device ${name}`, 16)), 1]).sort());
  });
});

describe("an item that the service lost", () => {
  test("is found on another device that has it, and nowhere else", async () => {
    const { service, laptop, phone } = await scene();
    const row = await laptop.store.row(draw("one", 16));
    const hash = toHex(row?.known.body?.hash ?? draw(""));
    service.stored.delete(hash);
    await phone.history.sync();
    expect((await phone.history.faults()).map(({ reason }) => reason)).toEqual(["object.missing"]);
    expect(await phone.history.findElsewhere()).toEqual({ found: 0, asked: 1 });
    await phone.history.sync();
    const tablet = await Device.join("tablet", identities, service);
    await tablet.history.sync();
    expect([await tablet.history.giveBack(), service.stored.has(hash)]).toEqual([0, false]);
    await laptop.history.sync();
    expect([await laptop.history.giveBack(), service.stored.has(hash)]).toEqual([1, true]);
    // What was looked at is not sent again.
    expect(await laptop.history.giveBack()).toBe(0);
    expect(await phone.history.findElsewhere()).toEqual({ found: 1, asked: 0 });
    const item = await phone.history.item(draw("one", 16));
    expect([item === null ? "" : textOf(item), (await phone.history.faults()).length]).toEqual(["one", 0]);
    await phone.history.sync();
    expect((await phone.history.views()).map(({ content }) => content.missing.value)).toEqual([[]]);
  });

  test("is not given back where what is here does not hold, or is another version", async () => {
    const { service, laptop, phone } = await scene();
    const hash = (await laptop.store.row(draw("one", 16)))?.known.body?.hash ?? draw("");
    service.stored.delete(toHex(hash));
    await phone.history.sync();
    await phone.history.findElsewhere();
    await phone.history.sync();
    await laptop.store.commit({ bodies: [[hash, draw("another", 4164)]] });
    await laptop.history.sync();
    expect([await laptop.history.giveBack(), service.stored.has(toHex(hash))]).toEqual([0, false]);
  });
});
