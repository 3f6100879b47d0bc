/** What only a browser has: the shelf in IndexedDB, locks and messages of tabs, the worker itself. */

import { afterEach, describe, expect, test } from "vitest";

import { Line } from "../../src/bridge/line.ts";
import type { VAULT, VaultAnswers, VaultNews } from "../../src/bridge/vault.ts";
import * as locks from "../../src/vault/locks.ts";
import { eraseShelf, openShelf } from "../../src/vault/shelf.ts";
import * as tabs from "../../src/vault/tabs.ts";

const ACCOUNT = new Uint8Array(16).fill(5);

afterEach(() => eraseShelf(self.indexedDB, ACCOUNT));

describe("the shelf", () => {
  test("keeps pieces by name, several at once or none", async () => {
    const shelf = await openShelf(self.indexedDB, ACCOUNT);
    await shelf.put([["a/1", Uint8Array.of(1)], ["a/2", Uint8Array.of(2)], ["b/1", Uint8Array.of(3)]]);
    await shelf.put([["a/2", null], ["a/3", Uint8Array.of(4)]]);
    expect(await shelf.names("a/")).toEqual(["a/1", "a/3"]);
    expect(await shelf.get("a/3")).toEqual(Uint8Array.of(4));
    expect(await shelf.get("a/2")).toBeNull();
    const bad = shelf.put([["c", Uint8Array.of(9)], ["d", (() => null) as never]]);
    await expect(bad).rejects.toThrow();
    expect(await shelf.get("c")).toBeNull();
    shelf.close();
    const again = await openShelf(self.indexedDB, ACCOUNT);
    expect(await again.names("")).toEqual(["a/1", "a/3", "b/1"]);
    // It lets go when another tab erases it.
    await eraseShelf(self.indexedDB, ACCOUNT);
    const empty = await openShelf(self.indexedDB, ACCOUNT);
    expect(await empty.names("")).toEqual([]);
    empty.close();
  });
});

describe("tabs", () => {
  test("take turns, and see who holds what", async () => {
    const own = locks.ofBrowser(navigator.locks);
    const order: string[] = [];
    let end = (): void => undefined;
    const first = own.hold("privity-test", () => new Promise<void>((resolve) => { end = resolve; }));
    const second = own.hold("privity-test", () => { order.push("second"); return Promise.resolve(); });
    expect(await own.held()).toContain("privity-test");
    order.push("first");
    end();
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
    expect(await own.held()).not.toContain("privity-test");
  });

  test("hand over a key that can only be used, and take no other", async () => {
    const [one, other] = [tabs.ofBrowser(new BroadcastChannel("test")), tabs.ofBrowser(new BroadcastChannel("test"))];
    const heard: tabs.Said[] = [];
    const two = new Promise<void>((resolve) => other.hear((said) => {
      heard.push(said);
      if (said.kind === "lock") resolve();
    }));
    const key = await crypto.subtle.importKey("raw", new Uint8Array(32), "HKDF", false, ["deriveBits", "deriveKey"]);
    const open = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
    const opening = { account: ACCOUNT, id: ACCOUNT, record: Uint8Array.of(1), kind: "passkey", key };
    one.say({ kind: "keys", opening });
    one.say({ kind: "keys", opening: { ...opening, key: open } });
    one.say({ kind: "nothing" } as never);
    one.say({ kind: "lock" });
    await two;
    expect(heard.map(({ kind }) => kind)).toEqual(["keys", "lock"]);
    expect(heard[0]?.kind === "keys" && heard[0].opening.key.extractable).toBe(false);
    one.close();
    other.close();
  });
});

test("the worker serves a guest, and refuses what is no command", async () => {
  const worker = new Worker(new URL("../../src/vault/worker.ts", import.meta.url), { type: "module" });
  const news: VaultNews[] = [];
  const line = new Line<typeof VAULT, VaultAnswers, VaultNews>(worker, (told) => news.push(told));
  expect(await line.ask("start", { service: location.origin })).toEqual({ state: "guest" });
  const { chat, message } = await line.ask("write", {
    chat: null, parent: null, text: "Hello", attachments: [], temporary: false, folder: null, model: null, effort: null,
  });
  const { answer, given } = await line.ask("answer", { chat, message });
  expect(given).toEqual([{ role: "user", content: "Hello", images: [] }]);
  await line.ask("draft", { chat, answer, text: "Hi", reasoning: "" });
  expect((await line.ask("open", { chat })).messages.map(({ text, state }) => [text, state])).toEqual([
    ["Hello", "complete"], ["Hi", "streaming"],
  ]);
  await expect(line.ask("write", { chat: null } as never)).rejects.toMatchObject({ reason: "page.command" });
  await expect.poll(() => news.some(({ kind }) => kind === "overview")).toBe(true);
  worker.terminate();
});
