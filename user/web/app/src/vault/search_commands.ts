/** The command that searches: saved chats by their index, temporary ones as they are. */

import { toHex } from "@privity/protocol/bytes";

import type { Found } from "../bridge/views.ts";
import type { Book, Listed } from "./book.ts";
import type { VaultHandlers } from "./chat_commands.ts";
import type { Desk } from "./desk.ts";
import type { Id } from "./ids.ts";
import { filesOf, textOf } from "./message.ts";
import { type Held } from "./texts.ts";
import { contextOf, says, searchable, type Searchable, wordsOf } from "./words.ts";

/** Places that one search tells. */
const MOST = 200;

export function searchCommands(desk: Desk): Pick<VaultHandlers, "search"> {
  return {
    search: async ({ words: asked, folder, since, until }) => {
      const words = wordsOf(asked);
      if (words.length === 0) return { found: [], more: false };
      const chats = new Map([...desk.temporary.list(), ...(desk.saved?.book.list() ?? [])].map((one) => [one.id, one]));
      const inFolder = (chat: Id): boolean => folder === null || folderOf(chats.get(chat)) === folder;
      const wanted = ({ chat, time }: Pick<Held, "chat" | "time">): boolean => {
        return chats.has(chat) && inFolder(chat) && (since === null || time >= since) && (until === null || time < until);
      };
      const titles = [...chats.values()].filter((one) => wanted({ chat: one.id, time: one.time }))
        .map((one) => [one, searchable(one.content.title.value)] as const).filter(([, title]) => says(title, words))
        .map(([one, title]) => foundIn(one, null, one.time, title, words)).sort((one, other) => other.time - one.time);
      const saved = await desk.saved?.search.find(words, wanted, MOST + 1) ?? [];
      const messages = [...await temporary(desk.temporary, words, wanted), ...saved].flatMap((one) => {
        const chat = chats.get(one.chat);
        return chat === undefined ? [] : [foundIn(chat, one.id, one.time, one, words)];
      }).sort((one, other) => other.time - one.time);
      const all = [...titles, ...messages];
      return { found: all.slice(0, MOST), more: all.length > MOST };
    },
  };
}

function foundIn(chat: Listed, message: Id | null, time: number, text: Searchable, words: readonly string[]): Found {
  return { chat: chat.id, message, title: chat.content.title.value, folder: folderOf(chat), time, ...contextOf(text, words) };
}

function folderOf(chat: Listed | undefined): Id | null {
  const folder = chat?.content.folder.value ?? null;
  return folder === null ? null : toHex(folder);
}

async function temporary(
  book: Book, words: readonly string[], wanted: (one: Pick<Held, "chat" | "time">) => boolean,
): Promise<readonly Held[]> {
  const found: Held[] = [];
  for (const { id: chat } of book.list()) {
    for (const [id, node] of (await book.open(chat)).nodes) {
      const files = await Promise.all(filesOf(node).map((file) => book.file(chat, toHex(file))));
      const text = [textOf(node), ...files.map((file) => `${file.name}\n${file.text}`)].filter((one) => one !== "").join("\n\n");
      const held = { id, chat, time: node.time, ...searchable(text) };
      if (says(held, words) && wanted(held)) found.push(held);
    }
  }
  return found;
}
