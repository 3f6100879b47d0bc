/** A device's keys in a real browser's IndexedDB: they outlive the page, and cannot be read. */

import * as signing from "@privity/vault/signer";
import { expect, test } from "vitest";

import { DATABASE, IndexedDevices, type KnownDevice } from "../src/devices.ts";
import { newDevice } from "../src/keys.ts";
import { draw, TestWorld } from "./browser.ts";

test("what is kept signs and opens after another start, and cannot be taken out", async () => {
  const made = await newDevice(new TestWorld("laptop"));
  const opener = { id: draw("opener", 16), record: draw("record"), key: made.material.key };
  const known: KnownDevice = {
    format: 1, account: draw("account", 16), origin: "https://host.example", device: made.id, signing: made.signing, opener,
  };
  await new IndexedDevices(window.indexedDB).put(known);
  const [found] = await new IndexedDevices(window.indexedDB).all();
  if (!found?.opener.key) throw new Error("no device");
  expect(await signing.signer(found.signing).sign(draw("text"))).toEqual(await signing.signer(made.signing).sign(draw("text")));
  await expect(crypto.subtle.exportKey("raw", found.opener.key)).rejects.toThrow();
  await new IndexedDevices(window.indexedDB).remove(known.account);
  expect(await new IndexedDevices(window.indexedDB).all()).toEqual([]);
  window.indexedDB.deleteDatabase(DATABASE);
});
