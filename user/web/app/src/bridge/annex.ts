/**
 * What vault worker and annex may say to each other, over a port that the page made for one piece of work.
 *
 * The annex does what takes long and is rarely asked for: seven words through Argon2id, archives written and read. It has no
 * network and no storage. It is given no key of the account, only what stands here, and is ended after its work. Tokens are
 * drawn here too, since most people's first visit needs none of that.
 */

import type { Bytes } from "@privity/protocol/bytes";

import { type Round, TEND } from "./tokens.ts";
import type { ImportReport } from "./views.ts";

/** An object of a library: its content as it is sealed elsewhere. */
const ROW = { id: "text", content: "octets" } as const;
const FILE = { id: "text", name: "text", type: "text", extracted: "octets?", path: "text" } as const;
const CHAT = { id: "octets", archived: "flag", chat: "octets", nodes: [ROW], files: [FILE] } as const;

/** A library in a message. `home`: folders, settings, memories, prompts, receipts and evidence. */
export const PARCEL = {
  time: "number", chats: [CHAT], home: [{ id: "text", kind: "number", content: "octets" }],
} as const;

const COST = { memory: "number", passes: "number", salt: "octets" } as const;

export const ANNEX = {
  /** Seven words, and what Argon2id shall cost. */
  stretch: { words: "octets", ...COST },
  /** What a person takes away, open; with fresh words it becomes an encrypted file. Asks for attachments by news. */
  pack: { library: PARCEL, words: "octets?", ...COST },
  /** An attachment that was asked for; null: it cannot be had. */
  give: { id: "text", data: "octets?" },
  /** A file that a person brings, its words, and the key from which ids of imported things come: it opens nothing. */
  unpack: { data: "octets", words: "text?", key: "octets" },
  /** An attachment of the file that was read last. */
  attachment: { id: "text" },
  /** One look at the purse: what to write, and what to ask of the service. */
  tend: TEND,
  /** Choose among memories and marks (MemoryRow) for a question of a chat. */
  recall: {
    question: "text", chat: "text", temporary: "flag",
    memories: [{ id: "text", text: "text", source: "text?", time: "number", active: "flag" }],
  },
  /** The work is done. */
  end: {},
} as const;

export type AnnexCommands = typeof ANNEX;

/** What is told to the model, and the texts in it as they stand there; "" and none: nothing. */
export interface Recalled {
  readonly content: string;
  readonly used: readonly string[];
}

interface Own {
  readonly stretch: Bytes;
  readonly pack: Bytes;
  readonly unpack: {
    readonly source: ImportReport["source"];
    /** A PARCEL. */
    readonly library: unknown;
    /** Ids here and in the account that the file comes from. */
    readonly before: readonly { readonly here: string; readonly there: string }[];
    readonly left: ImportReport["left"];
  };
  readonly attachment: Bytes;
  readonly tend: Round;
  readonly recall: Recalled;
}

export type AnnexAnswers = { readonly [Name in keyof AnnexCommands]: Name extends keyof Own ? Own[Name] : null };

export type AnnexNews =
  | { readonly kind: "wants"; readonly id: string }
  /** Chats that are written. */
  | { readonly kind: "written"; readonly done: number };

export const ANNEX_ASIDE: ReadonlySet<keyof AnnexCommands> = new Set(["give"]);
