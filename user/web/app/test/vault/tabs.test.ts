/** What a tab takes from another one: anything of this origin may speak there. */

import { describe, expect, test } from "vitest";

import { read } from "../../src/vault/tabs.ts";

const ID = new Uint8Array(16);

function key(extractable: boolean): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, extractable, ["encrypt"]);
}

describe("a tab takes", () => {
  test("a key that can only be used, and none that can be read", async () => {
    const opening = { account: ID, id: ID, record: Uint8Array.of(1), kind: "passkey" };
    expect(read({ kind: "keys", opening: { ...opening, key: await key(false) } })?.kind).toBe("keys");
    expect(read({ kind: "keys", opening: { ...opening, key: await key(true) } })).toBeNull();
    expect(read({ kind: "keys", opening: { ...opening, key: new Uint8Array(32) } })).toBeNull();
  });

  test.each([
    ["nothing", null], ["text", "lock"], ["a kind that it does not know", { kind: "open" }], ["no opening", { kind: "keys" }],
    ["a short id", { kind: "wrote", account: new Uint8Array(15) }], ["an id as text", { kind: "keyring", account: "00" }],
  ])("%s for nothing", (_, said) => {
    expect(read(said)).toBeNull();
  });

  test("no more of a message than it knows", () => {
    expect(read({ kind: "lock", more: "text" })).toEqual({ kind: "lock" });
    expect(read({ kind: "wrote", account: ID, more: "text" })).toEqual({ kind: "wrote", account: ID });
  });
});
