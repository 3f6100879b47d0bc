/** A share: the snapshot of one branch under a key that only its link holds. Source: specs/share.md. */

import type { Bytes } from "@privity/protocol/bytes";
import { base64urlDecode, base64urlEncode } from "@privity/protocol/canonical";
import type { Value } from "@privity/protocol/cbor";
import { MAX_FRAME } from "@privity/protocol/stored/header";
import * as m from "@privity/protocol/stored/members";

import { reading, VaultError } from "./errors.ts";
import * as object from "./object.ts";
import { Secret } from "./secret.ts";
import { isLonger } from "./typed.ts";

export const KIND = 0;
/** An hour, a day, a week (the default), thirty days. */
export const LIFETIMES_S: readonly number[] = [3600, 86_400, 604_800, 2_592_000];
export const MAX_LINK = 1024;
export const MAX_TITLE = 1024;
export const MAX_MESSAGES = 4096;
export const MAX_RECEIPTS = 4096;
export const MAX_RECEIPT = 65_536;
export const ROLES = ["user", "assistant"] as const;
export type Role = (typeof ROLES)[number];
const ID = 16;
const NOWHERE = new Uint8Array(ID);

/** One message as it was shown; `time` in Unix seconds. */
export interface Message {
  readonly role: Role;
  readonly text: string;
  readonly time: number;
}

/** What a reader of the link sees. Receipts are there when the person ticked them. */
export interface Snapshot {
  readonly title: string;
  readonly messages: readonly Message[];
  readonly receipts: readonly Bytes[];
}

/** Which share, and its key, which stands behind the # and is never sent. */
export interface ShareLink {
  readonly id: Bytes;
  readonly key: Secret<"share key">;
}

/** For how long, from when (Unix seconds), and 12 random bytes. */
export interface Lifetime {
  readonly now: number;
  readonly lifetime: number;
  readonly nonce: Bytes;
}

/** The body and its expiry. Raises VaultError `share.malformed`, `object.malformed`, `object.too_large`. */
export async function seal(
  snapshot: Snapshot, link: ShareLink, { now, lifetime, nonce }: Lifetime,
): Promise<{ readonly body: Bytes; readonly expiry: number }> {
  if (!LIFETIMES_S.includes(lifetime)) throw new VaultError("share.malformed", `a lifetime of ${String(lifetime)} s`);
  const messages = snapshot.messages.map(({ role, text, time }): Value => [ROLES.indexOf(role), text, time]);
  const content = m.map([1, snapshot.title, messages, snapshot.receipts]);
  const expiry = now + lifetime;
  const body = await object.seal(content, sealing(link, expiry), nonce);
  read(content);
  return { body, expiry };
}

/**
 * What the link shows. `expiry` is what the service says; the seal holds it to it.
 *
 * Raises VaultError: `share.expired`, `share.wrong_key`, `share.malformed`.
 */
export async function openShare(body: Bytes, link: ShareLink, expiry: number, now: number): Promise<Snapshot> {
  if (now >= expiry) throw new VaultError("share.expired", `${String(now - expiry)} seconds ago`);
  return read(await opened(body, link, expiry));
}

async function opened(body: Bytes, link: ShareLink, expiry: number): Promise<Value> {
  try {
    return await object.openBody(body, sealing(link, expiry));
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const wrong = error.reason === "object.wrong_key" || error.reason === "object.damaged";
    throw new VaultError(wrong ? "share.wrong_key" : "share.malformed", error.reason);
  }
}

/** The link to hand out. */
export function writeLink(origin: string, link: ShareLink): string {
  return `${origin}/s/${base64urlEncode(link.id)}#${base64urlEncode(link.key.reveal())}`;
}

/** Read a link, whatever its origin. Raises VaultError `share.malformed`. */
export function readLink(text: string): ShareLink {
  const mark = "/s/";
  const at = isLonger(text, MAX_LINK) ? -1 : text.lastIndexOf(mark);
  const rest = text.slice(at + mark.length);
  const hash = rest.indexOf("#");
  const [id, key] = [base64urlDecode(rest.slice(0, Math.max(hash, 0))), base64urlDecode(rest.slice(hash + 1))];
  if (at < 0 || hash < 0 || id?.length !== ID || key?.length !== 32) {
    throw new VaultError("share.malformed", "not a link to a share");
  }
  return { id, key: Secret.take("share key", key) };
}

function sealing({ id, key }: ShareLink, expiry: number): object.Sealing {
  const place = { account: NOWHERE, box: NOWHERE, object: id, version: expiry };
  return { family: object.SHARE, kind: KIND, place, key, generation: 0 };
}

function read(content: Value): Snapshot {
  return reading("share.malformed", () => {
    const members = m.ofMap(content, 4);
    m.version(m.at(members, 0));
    const rows = m.rows(m.at(members, 2), "messages", 3, MAX_MESSAGES, 1);
    const receipts = m.listed(m.at(members, 3), "receipts", MAX_RECEIPTS);
    return {
      title: m.text(m.at(members, 1), "title", MAX_TITLE),
      messages: rows.map((row) => ({
        role: m.number(m.at(row, 0), "role", 0, 1) === 0 ? ROLES[0] : ROLES[1],
        text: m.text(m.at(row, 1), "text", MAX_FRAME),
        time: m.number(m.at(row, 2), "time", 0, m.COUNT),
      })),
      receipts: receipts.map((one) => m.bounded(one, "receipt", 1, MAX_RECEIPT)),
    };
  });
}
