/** What is shown: plain values without keys. Ids are hexadecimal, times Unix milliseconds, unless said otherwise. */

import type { Bytes } from "@privity/protocol/bytes";

/** A chat's row in the sidebar. `temporary`: only in memory, never saved (every chat of a guest is). */
export interface ChatRow {
  readonly id: string;
  readonly title: string;
  readonly folder: string | null;
  readonly pinned: boolean;
  readonly archived: boolean;
  readonly temporary: boolean;
  readonly time: number;
  /** The service no longer has all of it, or what it returned does not open. */
  readonly faults: readonly FaultView[];
}

export interface FaultView {
  readonly id: string;
  readonly reason: string;
}

export interface FolderRow {
  readonly id: string;
  readonly name: string;
  readonly instructions: string;
  /** A place among folders; they are shown in the order of these texts. */
  readonly order: string;
  readonly colour: number;
}

export interface PromptRow {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly shortcut: string;
}

export interface SettingsView {
  readonly theme: "system" | "light" | "dark";
  readonly language: string | null;
  readonly model: string | null;
  readonly instructions: string;
  /** Seconds of idleness after which the client locks itself; null: never. */
  readonly lock: number | null;
  readonly titles: boolean;
  readonly atOnce: boolean;
  /** Whether memories are sent with questions. */
  readonly memory: boolean;
}

/** Something to remember in other chats. One without text is a mark: `active` says whether memories are sent in its chat. */
export interface MemoryRow {
  readonly id: string;
  readonly text: string;
  /** The chat that it comes from, if it is known. */
  readonly source: string | null;
  /** When its text was written last. */
  readonly time: number;
  /** Whether it may be sent. */
  readonly active: boolean;
}

/** How an answer was proven when it was made: by genuine hardware, by a test enclave, or nothing was kept. */
export type Proof = "verified" | "test" | "none";

export type MessageState = "complete" | "stopped" | "cut" | "failed" | "streaming";

export interface AttachmentView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Characters of text that the model is given of it; 0 for an image. */
  readonly characters: number;
}

export interface MessageView {
  readonly id: string;
  readonly parent: string | null;
  readonly role: "user" | "assistant";
  readonly text: string;
  /** What a model wrote before its answer. */
  readonly reasoning: string;
  readonly attachments: readonly AttachmentView[];
  readonly state: MessageState;
  readonly time: number;
  /** Versions of this message, oldest first, itself among them. */
  readonly siblings: readonly string[];
  /** Digest of the model's weights, hexadecimal. */
  readonly model: string | null;
  /** Tokens: prompt, of these cached, completion. */
  readonly usage: readonly [number, number, number] | null;
  readonly proof: Proof;
  /** The kept evidence that `evidence` shows, null when there is none. */
  readonly evidence: string | null;
  /** What was sent along of the person's memories, word for word; absent: nothing. */
  readonly memories?: readonly string[];
}

/** One chat, the branch that is shown. */
export interface ChatView {
  readonly row: ChatRow;
  readonly model: string | null;
  readonly effort: string | null;
  readonly instructions: string;
  readonly folder: FolderRow | null;
  readonly messages: readonly MessageView[];
  /** The newest other versions of the answer at the end, oldest first; absent: there are none. */
  readonly beside?: readonly MessageView[];
}

export interface DeviceView {
  readonly id: string;
  readonly label: string;
  readonly active: boolean;
  readonly here: boolean;
  readonly added: number;
  /** The label of the device that added it, null for the first one. */
  readonly addedBy: string | null;
  /** When the log last heard of it, null: never. */
  readonly heard: number | null;
}

export interface OpenerView {
  readonly id: string;
  readonly kind: "passkey" | "code" | "words" | "device";
  readonly label: string;
  readonly added: number;
}

/** Where saving stands. `halted` is a `log.*` or `keyring.*` reason after which nothing is written any more. */
export interface SyncView {
  readonly unsent: number;
  readonly offline: boolean;
  readonly syncing: boolean;
  readonly halted: string | null;
  /** Number of the newest page, and its fingerprint for people to compare. */
  readonly n: number;
  readonly fingerprint: string;
  /** When all was last agreed with the service. */
  readonly agreed: number | null;
  /** Why the service does not take what waits here (`plan.*` and the like); it stays here. Absent: it does. */
  readonly refused?: string;
}

export interface QuotaView {
  /** Chats that are active, and how many may be; null: no limit. */
  readonly active: number;
  readonly activeLimit: number | null;
  readonly bytes: number;
  readonly bytesLimit: number | null;
}

/** A text that gave way to one from another device, and waits for the person's word. */
export interface OfferView {
  readonly key: string;
  readonly chat: string | null;
  readonly field: string;
  readonly text: string;
}

/** Everything beside the open chat. */
export interface Overview {
  readonly chats: readonly ChatRow[];
  readonly folders: readonly FolderRow[];
  readonly prompts: readonly PromptRow[];
  readonly settings: SettingsView;
  readonly sync: SyncView;
  readonly quota: QuotaView;
  readonly offers: readonly OfferView[];
}

export interface Found {
  readonly chat: string;
  readonly message: string | null;
  readonly title: string;
  readonly folder: string | null;
  readonly time: number;
  /** Words around the place; `from` and `to` are offsets in it (UTF-16). */
  readonly context: string;
  readonly from: number;
  readonly to: number;
}

export interface ShareRow {
  readonly id: string;
  readonly chat: string;
  readonly title: string;
  readonly link: string;
  /** Unix seconds. */
  readonly expiry: number;
  readonly revoked: boolean;
}

export interface SharedView {
  readonly title: string;
  readonly expiry: number;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
}

/** What the service promised when it erased something, signed by its key. */
export interface ErasureView {
  /** The whole account, or some of its chats. */
  readonly what: "account" | "chats";
  /** SHA-256 of the erased ids, hexadecimal. */
  readonly ids: string;
  /** The page of the log that deleted, or the last one. */
  readonly n: number;
  /** Unix milliseconds of the day on which it was erased. */
  readonly day: number;
  /** Days until the last backup that still holds it is gone. */
  readonly backupDays: number;
  /** Receipt and signature as one file, for whoever wants to hold the service to it. */
  readonly data: Bytes;
}

/** What an import would add, or has added. */
export interface ImportReport {
  readonly source: "chatgpt" | "claude" | "privity";
  readonly chats: number;
  readonly messages: number;
  readonly folders: number;
  readonly attachments: number;
  /** Chats that are here already. */
  readonly known: number;
  /** What was left out, in plain words' keys: a catalog key and how often. */
  readonly left: readonly { readonly what: string; readonly count: number }[];
  readonly titles: readonly string[];
}

/** Who this browser is for the service. */
export type AccountState =
  | { readonly state: "guest" }
  /** Known, locked; `opens` are the ways that its keyring has. */
  | { readonly state: "locked"; readonly opens: readonly ("passkey" | "words" | "code" | "device")[] }
  /** Made, but its recovery code was not typed yet: nothing is saved. */
  | { readonly state: "unproven" }
  | { readonly state: "open" };
