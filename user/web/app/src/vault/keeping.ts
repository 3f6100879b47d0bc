/** "Keep this chat": a temporary chat becomes a saved one, under the same ids. */

import type { Desk } from "./desk.ts";
import { Refusal } from "../bridge/line.ts";
import type { Appraised, File } from "./book.ts";
import type { Id } from "./ids.ts";
import { carried } from "./memories.ts";

/** Raises Refusal `account.locked`, `plan.active_chats`, `chat.unknown`. */
export async function keep(desk: Desk, chat: Id): Promise<void> {
  const { open: { book }, temporary } = desk;
  if (book.has(chat)) return;
  if (!temporary.has(chat)) throw new Refusal("chat.unknown");
  await desk.open.roomFor(null, book);
  const opened = await temporary.open(chat);
  const files = new Map<Id, File>();
  for (const id of opened.files.keys()) files.set(id, await temporary.file(chat, id));
  const proofs = new Map<Id, Appraised & { readonly receipt: Uint8Array<ArrayBuffer> | null }>();
  for (const [node, { id }] of opened.proofs) proofs.set(node, await temporary.evidence(id));
  const whole = new Map([...opened.nodes].filter(([id]) => !opened.coming.has(id)));
  await book.take(chat, opened.content, whole, files, proofs);
  for (const answer of desk.answers.to(chat)) await book.live(chat, answer);
  desk.answers.moved(chat, book);
  await temporary.remove([chat]);
  await carried(desk, chat, chat);
  await desk.composer.compose(chat, desk.composer.composed(chat), true);
}
