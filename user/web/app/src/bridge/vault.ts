/** What page and vault worker may say to each other. No key but what a passkey answered goes over, and that not in the clear. */

import type {
  AccountState, ChatView, DeviceView, ErasureView, Found, ImportReport, MemoryRow, OpenerView, Overview, SharedView, ShareRow,
} from "./views.ts";
import type { AllowanceView } from "./tokens.ts";
import type { Bytes } from "@privity/protocol/bytes";

export const VAULT = {
  /** `service` is the origin of the account service. First of all. */
  start: { service: "text" },

  // Becoming, and coming back as, a person with an account.
  create: { invitation: "text?" },
  created: {
    id: "octets", clientDataJson: "octets", attestationObject: "octets", material: "key?", label: "text",
    passkeyLabel: "text", keepUnlocked: "flag",
  },
  ceremony: {},
  typed: { third: "text", seventh: "text" },
  /** Leave an account that is `unproven`: back to a guest, whose chats are as they were. */
  abandon: {},
  proof: {},
  /** `purpose`: "enter" an account on a new browser, "unlock" a known one, "prove" oneself again, "add" a passkey. */
  proved: {
    id: "octets", clientDataJson: "octets", authenticatorData: "octets", signature: "octets", userHandle: "octets",
    material: "key?", purpose: "text", words: "text?", label: "text", keepUnlocked: "flag",
  },
  code: { typed: "text", label: "text" },
  unlock: {},
  lock: {},
  forget: {},
  deleteAccount: {},

  // Linking: `offer` or `offerCode`, `answered`, `granted` on the new device; `scan`, `revealed`, `digits`, `grant` on the old.
  offer: {},
  /** A code instead of the link, to be typed where there is no camera: then only the six digits protect. */
  offerCode: {},
  answered: {},
  granted: {},
  scan: { link: "text" },
  revealed: {},
  digits: { digits: "text" },
  grant: { label: "text" },

  devices: {},
  revoke: { device: "text" },
  rename: { device: "text", label: "text" },
  addPasskey: {},
  addedPasskey: {
    id: "octets", clientDataJson: "octets", attestationObject: "octets", material: "key?", passkeyLabel: "text",
  },
  removeOpener: { opener: "text" },

  // Chats. `chat: null` in `write` begins one; in a guest's browser every chat is temporary. `parent` is the message that the
  // new one follows; null: a beginning, beside the chat's others. `attachments` wait here (`attach`), or lie in the chat already.
  overview: {},
  open: { chat: "text" },
  write: {
    chat: "text?", parent: "text?", text: "text", attachments: ["text"], temporary: "flag", folder: "text?",
    model: "text?", effort: "text?",
  },
  /** Begin an answer to a message: what the model is given, oldest first, and the id under which the answer is kept. */
  answer: { chat: "text", message: "text" },
  /** Keep an answer as far as it has come; at most twice a second. */
  draft: { chat: "text", answer: "text", text: "text", reasoning: "text" },
  /** The answer as it ended. `state`: "complete", "stopped", "cut", "failed". */
  finish: {
    chat: "text", answer: "text", text: "text", reasoning: "text", state: "text", model: "text?", prompt: "number",
    cached: "number", completion: "number", proof: "text", document: "octets?", bundle: "octets?", appraisal: "octets?",
    receipt: "octets?",
  },
  /** Show the branch that goes through this message. */
  branch: { chat: "text", message: "text" },
  setTitle: { chat: "text", title: "text" },
  setPinned: { chat: "text", pinned: "flag" },
  setArchived: { chat: "text", archived: "flag" },
  setFolder: { chat: "text", folder: "text?" },
  setModel: { chat: "text", model: "text?", effort: "text?" },
  setInstructions: { chat: "text", text: "text" },
  deleteChats: { chats: ["text"] },
  deleteAll: {},
  /** A guest's or temporary chat becomes one that is saved. */
  keep: { chat: "text" },
  evidence: { evidence: "text" },

  addFolder: { title: "text" },
  editFolder: { folder: "text", title: "text", instructions: "text", order: "text", colour: "number" },
  savePrompt: { prompt: "text?", title: "text", text: "text", shortcut: "text" },
  saveSettings: {
    theme: "text", language: "text?", model: "text?", instructions: "text", lock: "number?", titles: "flag", atOnce: "flag",
    memory: "flag",
  },
  memories: {},
  /** `memory` null: a new one. `source` is its chat, null for none or a temporary one; only marks name that. */
  saveMemory: { memory: "text?", text: "text", source: "text?", active: "flag" },
  /** A folder, a prompt or a memory. */
  removeItem: { item: "text" },
  /** What is in the composer, sealed, so that a lock or a crash loses no letter. `chat` null: the new chat's. */
  compose: { chat: "text?", text: "text" },
  composed: { chat: "text?" },

  /** A file as it goes to the model: its bytes and the text taken from it. Returns its id; it is saved with the message. */
  attach: { fileName: "text", type: "text", data: "octets", text: "text" },
  attachment: { attachment: "text" },

  search: { words: "text", folder: "text?", since: "number?", until: "number?" },

  sync: {},
  repair: {},
  answerOffer: { key: "text", take: "flag" },
  hide: { chat: "text", object: "text" },

  /** All, or the chats named, as a zip; `words` encrypts it with seven fresh words. */
  exportAll: { chats: ["text"], encrypted: "flag" },
  /** Read a file without adding anything. */
  preview: { data: "octets", words: "text?" },
  /** Add what the last `preview` read. */
  adopt: {},

  /** The way to an annex that was asked for (news `annex`); null: there is none, or one broke. */
  annex: { port: "port?" },

  // Only where the enclave takes tokens; `meter` as in TEND (bridge/tokens.ts).
  /** Tokens for one request, `rid` as in `ask` of the channel: the same ones when it is sent again, others with `fresh`. */
  tokens: { meter: "text", rid: "text", count: "number", fresh: "flag" },
  /** What is left; from now on more are drawn ahead of need. */
  allowance: { meter: "text" },
  /** What the service says of plans, and what a person does about theirs; JSON of specs/service-api.md. */
  plan: { what: "text", content: "text?" },

  share: { chat: "text", lifetime: "number" },
  shares: {},
  revokeShare: { share: "text" },
  openShare: { link: "text" },
  /** The shared chat that was opened becomes one of this person's. */
  adoptShare: {},
} as const;

export type VaultCommands = typeof VAULT;

/** A message as the model is given it. */
export interface Given {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  /** Data URLs of images. */
  readonly images: readonly string[];
}

export interface Challenge {
  readonly challenge: Bytes;
  readonly account: Bytes;
  readonly rpId: string;
  /** Credentials that the account has already: not made again, and asked for before others. */
  readonly exclude: readonly Bytes[];
}

interface Own {
  readonly start: AccountState;
  readonly create: Challenge;
  /** Seven words where the passkey opens nothing, else null. */
  readonly created: string | null;
  /** The recovery code in groups. */
  readonly ceremony: string;
  readonly proof: Challenge;
  readonly proved: AccountState;
  readonly code: AccountState;
  readonly typed: AccountState;
  readonly unlock: AccountState;
  readonly abandon: AccountState;
  readonly forget: AccountState;
  readonly deleteAccount: AccountState;
  readonly offer: string;
  readonly offerCode: string;
  /** The digits to show, null: nobody answered yet. */
  readonly answered: string | null;
  readonly granted: AccountState | null;
  /** Tries that are left, null: not revealed yet. */
  readonly revealed: number | null;
  readonly digits: { readonly matched: boolean; readonly left: number };
  readonly devices: { readonly devices: readonly DeviceView[]; readonly openers: readonly OpenerView[] };
  readonly addPasskey: Challenge;
  readonly overview: Overview;
  readonly open: ChatView;
  readonly write: { readonly chat: string; readonly message: string };
  readonly answer: { readonly answer: string; readonly given: readonly Given[] };
  readonly addFolder: string;
  readonly savePrompt: string;
  readonly memories: readonly MemoryRow[];
  readonly composed: string;
  readonly attach: string;
  readonly attachment: { readonly fileName: string; readonly type: string; readonly data: Bytes };
  readonly evidence: { readonly bundle: Bytes; readonly appraisal: Bytes; readonly receipt: Bytes | null };
  readonly search: { readonly found: readonly Found[]; readonly more: boolean };
  readonly exportAll: { readonly fileName: string; readonly data: Bytes; readonly words: string | null };
  readonly preview: ImportReport;
  readonly adopt: ImportReport;
  readonly tokens: { readonly rid: string; readonly tokens: readonly Bytes[]; readonly allowance: AllowanceView };
  readonly allowance: AllowanceView;
  readonly plan: string;
  readonly share: ShareRow;
  readonly shares: readonly ShareRow[];
  readonly openShare: SharedView;
  readonly adoptShare: string;
  readonly keep: string;
}

/** What each command is answered with; those without an answer of their own: nothing. */
export type VaultAnswers = { readonly [Name in keyof VaultCommands]: Name extends keyof Own ? Own[Name] : null };

/** What the worker says unasked: `changed` names chats whose content is new, null meaning all. */
export type VaultNews =
  | { readonly kind: "overview"; readonly overview: Overview }
  | { readonly kind: "changed"; readonly chats: readonly string[] | null }
  | { readonly kind: "state"; readonly state: AccountState }
  | { readonly kind: "progress"; readonly done: number; readonly of: number }
  /** Start an annex, and hand over the port to it. */
  | { readonly kind: "annex" }
  /** The service signed that it erased chats, or the whole account: a promise, and shown as one. */
  | { readonly kind: "erased"; readonly receipt: ErasureView };

/**
 * Commands that wait for none before them: the worker takes turns where it must. The others are steps of one way, and wait.
 */
export const VAULT_ASIDE: ReadonlySet<keyof VaultCommands> = new Set([
  "overview", "open", "write", "answer", "draft", "finish", "branch", "setTitle", "setPinned", "setArchived", "setFolder",
  "setModel", "setInstructions", "deleteChats", "deleteAll", "keep", "evidence", "addFolder", "editFolder", "savePrompt",
  "saveSettings", "memories", "saveMemory", "removeItem", "compose", "composed", "attach", "attachment", "search", "sync", "hide",
  "exportAll", "annex", "share", "shares", "revokeShare", "openShare", "lock", "tokens", "allowance", "plan",
]);
