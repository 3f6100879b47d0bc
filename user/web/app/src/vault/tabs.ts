/** What tabs of one browser say to each other. Any tab of this origin hears it: no key that could be read goes over. */

import type { Bytes } from "@privity/protocol/bytes";

/** How the account is opened: the opener's id and record, and the key that can only be used. */
export interface Opening {
  readonly account: Bytes;
  readonly id: Bytes;
  readonly record: Bytes;
  readonly kind: string;
  readonly key: CryptoKey;
}

export type Said =
  /** A new tab asks whether somebody is unlocked. */
  | { readonly kind: "hello" }
  | { readonly kind: "keys"; readonly opening: Opening }
  | { readonly kind: "lock" }
  /** The account was erased from this browser. */
  | { readonly kind: "forgotten" }
  /** Something was written; `generation` counts the writings, null `chats` means any. */
  | { readonly kind: "wrote"; readonly account: Bytes }
  /** There is a newer keyring. */
  | { readonly kind: "keyring"; readonly account: Bytes };

export interface Tabs {
  say(said: Said): void;
  hear(listener: (said: Said) => void): void;
  close(): void;
}

/** The tabs of the browser. */
export function ofBrowser(channel: BroadcastChannel): Tabs {
  return {
    say: (said) => channel.postMessage(said),
    hear: (listener) => channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const said = read(data);
      if (said !== null) listener(said);
    }),
    close: () => channel.close(),
  };
}

/** A message of a tab, null for anything else: an older or newer tab may say what this one does not know. */
export function read(data: unknown): Said | null {
  if (!isMembers(data)) return null;
  switch (data["kind"]) {
    case "hello":
    case "lock":
    case "forgotten": return { kind: data["kind"] };
    case "wrote":
    case "keyring": return isId(data["account"]) ? { kind: data["kind"], account: data["account"] } : null;
    case "keys": {
      const { account, id, record, kind, key } = isMembers(data["opening"]) ? data["opening"] : {};
      const usable = key instanceof CryptoKey && !key.extractable;
      if (!isId(account) || !isId(id) || !(record instanceof Uint8Array) || typeof kind !== "string" || !usable) return null;
      return { kind: "keys", opening: { account, id, record: new Uint8Array(record), kind, key } };
    }
    default: return null;
  }
}

function isId(value: unknown): value is Bytes {
  return value instanceof Uint8Array && value.length === 16;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}
