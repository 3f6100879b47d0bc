/** The commands that are about chats, in whichever book they are. */

import { toHex } from "@privity/protocol/bytes";
import { Kind } from "@privity/vault/contents/schema";

import { type Handlers, Refusal } from "../bridge/line.ts";
import { NEW_CHAT } from "../bridge/marks.ts";
import type { Given, VAULT, VaultAnswers } from "../bridge/vault.ts";
import type { Appraised, Book } from "./book.ts";
import { viewOf } from "./chat_view.ts";
import { begun, nodeOf, shown, written } from "./conversation.ts";
import type { Desk } from "./desk.ts";
import { given } from "./given.ts";
import { bytesOf, type Id } from "./ids.ts";
import { kept } from "./limits.ts";
import { carried, forget, recalled } from "./memories.ts";
import { isEnded, textOf } from "./message.ts";
import { settingsOf } from "./settings.ts";

export type VaultHandlers = Handlers<typeof VAULT, VaultAnswers>;
type Command<Name extends keyof VaultHandlers> = Parameters<VaultHandlers[Name]>[0];
type Part<Name extends keyof VaultHandlers> = Pick<VaultHandlers, Name>;

type Reading = Part<"overview" | "open" | "compose" | "composed" | "attach" | "attachment" | "evidence">;

export function readingCommands(desk: Desk): Reading {
  return {
    overview: () => Promise.resolve(desk.overview()),
    open: async ({ chat }) => {
      const book = desk.bookOf(chat);
      return viewOf(await book.open(chat), book.temporary, desk.home.all(Kind.FOLDER));
    },
    compose: async ({ chat, text }) => {
      await desk.composer.compose(chat, text, chat === null || !desk.temporary.has(chat));
      return null;
    },
    composed: ({ chat }) => Promise.resolve(desk.composer.composed(chat)),
    attach: ({ fileName, type, data, text }) => Promise.resolve(desk.attach({ name: fileName, type, data, text })),
    attachment: async ({ attachment }) => {
      const file = desk.waitingFile(attachment) ?? await fileOf(desk, attachment);
      return { fileName: file.name, type: file.type, data: file.data };
    },
    evidence: async ({ evidence }) => {
      const found = await desk.temporary.evidence(evidence).catch((error: unknown) => {
        if (desk.saved === null) throw error;
        return desk.saved.book.evidence(evidence);
      });
      return { bundle: found.bundle, appraisal: found.appraisal, receipt: found.receipt };
    },
  };
}

async function fileOf(desk: Desk, file: Id): ReturnType<Book["file"]> {
  for (const { id } of desk.temporary.list()) {
    const opened = await desk.temporary.open(id);
    if (opened.files.has(file)) return desk.temporary.file(id, file);
  }
  const { book } = desk.open;
  const chat = await book.chatOf(file);
  if (chat === null) throw new Refusal("file.unknown");
  return book.file(chat, file);
}

type Writing = Part<"write" | "answer" | "draft" | "finish" | "branch">;

export function writingCommands(desk: Desk): Writing {
  return {
    write: (command) => write(desk, command),
    answer: async ({ chat, message }) => {
      const book = desk.bookOf(chat);
      const { messages, used } = await givenOf(desk, book, chat, message);
      const answer = await desk.answers.begin(book, chat, message, used, desk.edges.now());
      return { answer, given: messages };
    },
    draft: async ({ chat, answer, text, reasoning }) => {
      await desk.answers.draft(chat, answer, text, reasoning);
      return null;
    },
    finish: (command) => finish(desk, command),
    branch: async ({ chat, message }) => {
      await shown(desk.bookOf(chat), chat, message);
      desk.changed([chat]);
      return null;
    },
  };
}

async function write(desk: Desk, command: Command<"write">): Promise<VaultAnswers["write"]> {
  const { chat, parent, text, attachments, temporary, folder, model, effort } = command;
  if (text.trim() === "" && attachments.length === 0) throw new Refusal("message.empty");
  const writing = { parent, text, attached: attachments, files: desk.filesOf(attachments) };
  const now = desk.edges.now();
  let done: VaultAnswers["write"];
  if (chat !== null) {
    const book = desk.bookOf(chat);
    await desk.saved?.roomFor(chat, book);
    done = { chat, message: await written(book, chat, writing, now) };
  } else {
    const saved = temporary ? null : desk.saved;
    await saved?.roomFor(null, saved.book);
    const book = saved?.book ?? desk.temporary;
    done = await begun(book, writing, { folder, model, effort }, now, (id, content, first) => {
      return saved === null ? desk.temporary.begin(id, content, first, temporary) : saved.book.begin(id, content, first);
    });
    await carried(desk, NEW_CHAT, done.chat);
  }
  desk.sent(attachments);
  await desk.composer.sent(chat, text, !desk.temporary.has(done.chat));
  desk.changed([done.chat]);
  return done;
}

async function givenOf(desk: Desk, book: Book, chat: Id, message: Id): Promise<{
  readonly messages: readonly Given[]; readonly used: readonly string[];
}> {
  const opened = await book.open(chat);
  const folder = opened.content.folder.value;
  const inFolder = folder === null ? undefined : desk.home.all(Kind.FOLDER).get(toHex(folder));
  const instructions = [
    settingsOf(desk.home).content.instructions.value, inFolder?.instructions.value ?? "", opened.content.instructions.value,
  ];
  const { content, used } = await recalled(desk, chat, textOf(nodeOf(opened, message)));
  return { messages: await given(book, opened, message, [...instructions, content]), used };
}

async function finish(desk: Desk, command: Command<"finish">): Promise<null> {
  const { chat, answer, text, reasoning, state, model, prompt, cached, completion } = command;
  const { document, bundle, appraisal, receipt } = command;
  if (!isEnded(state)) throw new Refusal("page.malformed", "state");
  const counts = [prompt, cached, completion];
  if (!counts.every((one) => Number.isSafeInteger(one) && one >= 0)) throw new Refusal("page.malformed", "usage");
  const appraised: Appraised | null = document === null || bundle === null || appraisal === null
    ? null : { document, bundle, appraisal };
  await desk.answers.finish(chat, answer, {
    text, reasoning, state, model, usage: [prompt, cached, completion],
    proof: { appraised, receipt: appraised === null ? null : receipt },
  });
  desk.changed([chat]);
  return null;
}

type Changing = Part<"setTitle" | "setPinned" | "setArchived" | "setFolder" | "setModel" | "setInstructions" | "deleteChats">;

export function changingCommands(desk: Desk): Changing {
  const edit = async (chat: Id, values: Parameters<Book["edit"]>[1]): Promise<null> => {
    await desk.bookOf(chat).edit(chat, values);
    desk.changed([chat]);
    return null;
  };
  return {
    setTitle: async ({ chat, title }) => edit(chat, { title: kept(title, "title") }),
    setPinned: ({ chat, pinned }) => edit(chat, { pinned }),
    setArchived: async ({ chat, archived }) => {
      const book = desk.bookOf(chat);
      if (!archived) await desk.saved?.roomFor(chat, book);
      await book.archive(chat, archived);
      desk.changed([chat]);
      return null;
    },
    setFolder: ({ chat, folder }) => edit(chat, { folder: folder === null ? null : bytesOf(folder) }),
    setModel: ({ chat, model, effort }) => edit(chat, { model, effort }),
    setInstructions: async ({ chat, text }) => edit(chat, { instructions: kept(text, "instructions") }),
    deleteChats: async ({ chats }) => {
      for (const chat of chats) {
        const book = desk.bookOf(chat);
        await book.remove([chat]);
        await forget(desk, chat);
        desk.answers.moved(chat, null);
        await desk.composer.compose(chat, "", !book.temporary);
      }
      desk.changed(chats);
      return null;
    },
  };
}
