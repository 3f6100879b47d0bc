/** The store in a real browser's IndexedDB. */

import { afterEach, describe, expect, test } from "vitest";

import { History } from "../src/history.ts";
import { databaseName, forget, IndexedStore, open } from "../src/indexeddb.ts";
import type { Store } from "../src/store.ts";
import { ACCOUNT, founded, joined, TestWorld } from "./account.ts";
import { BOX, chat, message } from "./device.ts";
import { storeContract } from "./store_contract.ts";

const factory = window.indexedDB;
let opened: IndexedStore[] = [];

async function made(): Promise<IndexedStore> {
  const store = await open(factory, ACCOUNT);
  opened.push(store);
  return store;
}

afterEach(async () => {
  for (const store of opened) store.close();
  opened = [];
  await forget(factory, ACCOUNT);
});

describe("the store in IndexedDB", () => {
  storeContract(made, (store: Store) => {
    if (store instanceof IndexedStore) store.close();
    return made();
  });

  test("is erased when the device is forgotten, though it is open elsewhere", async () => {
    await (await made()).commit({ rows: [] });
    await forget(factory, ACCOUNT);
    expect((await factory.databases()).map((one) => one.name)).not.toContain(databaseName(ACCOUNT));
  });
});

test("a history outlives the page, with the device's keys as this browser makes them", async () => {
  const { service, identities } = await founded();
  const world = new TestWorld("laptop");
  const before = await History.open(await joined(identities, "laptop", service, world), await made(), service, world);
  await before.addBox(BOX);
  await before.add(chat("Chat"), BOX);
  await before.sync();
  await before.add(message("Not yet sent"), BOX);
  for (const store of opened) store.close();
  const after = await History.open(await joined(identities, "laptop", service, world), await made(), service, world);
  expect((await after.items({})).length).toBe(2);
  await after.sync();
  expect(service.log.length).toBe(2);
});
