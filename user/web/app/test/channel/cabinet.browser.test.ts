/** What the channel keeps in a real browser: for each service its own, changed by one tab at a time. */

import { ascii } from "@privity/protocol/bytes";
import { afterEach, expect, test } from "vitest";

import { cabinetOf, open } from "../../src/channel/cabinet.ts";
import type { Cabinet } from "../../src/channel/edges.ts";

let database: IDBDatabase | null = null;

async function cabinet(service = "https://a.example"): Promise<Cabinet> {
  database ??= await open(globalThis.indexedDB);
  return cabinetOf(database, navigator.locks, service);
}

afterEach(async () => {
  database?.close();
  database = null;
  const gone = globalThis.indexedDB.deleteDatabase("privity-channel");
  await new Promise((resolve) => { gone.onsuccess = resolve; });
});

test("what was put is there for this service and no other, also after it was opened anew", async () => {
  const one = await cabinet();
  expect(await one.get("pin")).toBeNull();
  await one.put("pin", ascii("pin"));
  database?.close();
  database = null;
  expect(await (await cabinet()).get("pin")).toEqual(ascii("pin"));
  expect(await (await cabinet()).get("memory")).toBeNull();
  expect(await (await cabinet("https://b.example")).get("pin")).toBeNull();
});

test("two who change the same thing take turns, and nothing is lost", async () => {
  const [one, other] = [await cabinet(), await cabinet()];
  const append = (at: Cabinet, letter: string): Promise<void> => at.update("memory", async (kept) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return new Uint8Array([...(kept ?? []), ...ascii(letter)]);
  });
  await Promise.all(["a", "b", "c", "d"].flatMap((letter) => [append(one, letter), append(other, letter.toUpperCase())]));
  expect((await one.get("memory"))?.length).toBe(8);
});

test("a step that fails changes nothing, and the next one has its turn", async () => {
  const at = await cabinet();
  await at.put("remembered", ascii("before"));
  await expect(at.update("remembered", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await at.get("remembered")).toEqual(ascii("before"));
  await at.update("remembered", (kept) => Promise.resolve(new Uint8Array([...(kept ?? []), 33])));
  expect(await at.get("remembered")).toEqual(ascii("before!"));
});

test("what is erased is that of one service, whatever the others are called", async () => {
  const services = ["https://a.example", "https://a.example:8080", "https://a.example.org"];
  for (const service of services) await (await cabinet(service)).put("pin", ascii(service));
  await (await cabinet()).put("consent", ascii("[]"));
  await (await cabinet()).erase();
  const left = await Promise.all(services.map(async (service) => (await cabinet(service)).get("pin")));
  expect(left).toEqual([null, ascii(services[1] ?? ""), ascii(services[2] ?? "")]);
  expect(await (await cabinet()).get("consent")).toBeNull();
});
