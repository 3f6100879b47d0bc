/**
 * Links that show a snapshot of one branch to whoever has them. The key lies in the account before the body leaves, so that
 * nothing is out there that its owner cannot take back.
 */

import { ask, integer, json, octets } from "@privity/history/http";
import { ServiceError } from "@privity/history/service";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { base64urlEncode } from "@privity/protocol/canonical";
import { Role } from "@privity/vault/contents/chat";
import type { Share } from "@privity/vault/contents/home";
import { Kind } from "@privity/vault/contents/schema";
import { Secret } from "@privity/vault/secret";
import * as share from "@privity/vault/share";
import type { Message, ShareLink, Snapshot } from "@privity/vault/share";
import * as tree from "@privity/vault/tree";
import type { Access } from "@privity/history/http";

import { Refusal } from "../bridge/line.ts";
import type { SharedView, ShareRow } from "../bridge/views.ts";
import type { Opened } from "./book.ts";
import { leafIdOf } from "./conversation.ts";
import { field } from "./fields.ts";
import { bytesOf, type Id } from "./ids.ts";
import { textOf } from "./message.ts";
import type { Saved } from "./saved.ts";

const SECOND = 1000;
/** Bytes of a body as the service takes it. */
const LEAST = 580;
const MOST = 1_048_644;

/** Questions and answers of the branch that is shown, as text alone. Raises Refusal `share.empty`. */
export function snapshot(opened: Opened): Snapshot {
  const branch = tree.shown(tree.build(opened.nodes), leafIdOf(opened));
  const messages = branch.flatMap((id): readonly Message[] => {
    const node = opened.nodes.get(id);
    if (node === undefined || opened.coming.has(id) || (node.role !== Role.USER && node.role !== Role.ASSISTANT)) return [];
    const text = textOf(node);
    const role = node.role === Role.USER ? "user" as const : "assistant" as const;
    return text === "" ? [] : [{ role, text, time: Math.floor(node.time / SECOND) }];
  });
  if (messages.length === 0) throw new Refusal("share.empty");
  return { title: opened.content.title.value, messages, receipts: [] };
}

/** Share a chat for so many seconds. Raises VaultError `share.malformed`, `object.too_large`; ServiceError `share.*`. */
export async function create(saved: Saved, chat: Id, lifetime: number): Promise<ShareRow> {
  const { account, book, home } = saved;
  const { world, origin } = account.place;
  const shown = snapshot(await book.open(chat));
  const link: ShareLink = { id: world.random(16), key: Secret.take("share key", world.random(32)) };
  const now = Math.floor(world.now() / SECOND);
  const { body, expiry } = await share.seal(shown, link, { now, lifetime, nonce: world.random(12) });
  const object = await home.add({
    kind: Kind.SHARE, share: link.id, key: link.key, chat: bytesOf(chat), expiry, revoked: field(false, world.now()),
  });
  try {
    await saved.online(() => json(account.tokens.way(), "POST", "/v1/shares", {
      id: base64urlEncode(link.id), expiry, body: base64urlEncode(body),
    }, { "idempotency-key": base64urlEncode(world.random(16)) }));
  } catch (error) {
    // What the service refused is no link. Whether one is out there that nobody answered for is not known: it stays listed.
    if (error instanceof ServiceError && error.reason !== "service.unreachable") await home.remove([object]);
    throw error;
  }
  return { id: object, chat, title: shown.title, link: share.writeLink(origin, link), expiry, revoked: false };
}

/** The links of this account that are not over, the newest last. */
export function listed({ home, book, account }: Saved): readonly ShareRow[] {
  const { world, origin } = account.place;
  const titles = new Map(book.list().map(({ id, content }) => [id, content.title.value]));
  return [...home.all(Kind.SHARE)].filter(([, one]) => one.expiry * SECOND > world.now())
    .map(([id, one]): ShareRow => {
      const chat = toHex(one.chat);
      const link = share.writeLink(origin, { id: one.share, key: one.key });
      return { id, chat, title: titles.get(chat) ?? "", link, expiry: one.expiry, revoked: one.revoked.value };
    }).sort((one, other) => one.expiry - other.expiry || (one.id < other.id ? -1 : 1));
}

/** Take a link back: the service's body first, then the account's own note. Raises Refusal `share.unknown`; ServiceError. */
export async function revoke(saved: Saved, id: Id): Promise<void> {
  const found = saved.home.all(Kind.SHARE).get(id);
  if (found === undefined) throw new Refusal("share.unknown");
  try {
    await saved.online(() => {
      const path = `/v1/shares/${base64urlEncode(found.share)}`;
      return ask(saved.account.tokens.way(), "DELETE", path, null, "application/json");
    });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.reason !== "share.unknown") throw error;
  }
  await saved.home.edit<Share>(id, Kind.SHARE, { revoked: true });
}

/** Links to chats that are gone are taken back, by whichever device comes first. */
export async function sweep(saved: Saved): Promise<void> {
  const now = saved.account.place.world.now();
  for (const [id, one] of saved.home.all(Kind.SHARE)) {
    if (one.expiry * SECOND <= now) await saved.home.remove([id]);
    else if (!one.revoked.value && isGone(saved, toHex(one.chat))) await revoke(saved, id);
  }
}

/** Whether the chat was here and was deleted. */
function isGone({ book, mirror }: Saved, chat: Id): boolean {
  return mirror.knows(chat) && !book.has(chat);
}

/** What a link shows, and until when. No account is needed; the key is never sent. Raises VaultError `share.*`; ServiceError. */
export async function fetched(access: Access, text: string, now: number): Promise<SharedView & { readonly snapshot: Snapshot }> {
  const link = share.readLink(text);
  const answer = await json(access, "GET", `/v1/shares/${base64urlEncode(link.id)}`);
  const expiry = integer(answer["expiry"]);
  const body = bounded(octets(answer["body"]));
  const shown = await share.openShare(body, link, expiry, Math.floor(now / SECOND));
  const messages = shown.messages.map(({ role, text: said }) => ({ role, text: said }));
  return { title: shown.title, expiry, messages, snapshot: shown };
}

function bounded(body: Bytes): Bytes {
  if (body.length < LEAST || body.length > MOST) throw new ServiceError("service.malformed", 200);
  return body;
}
