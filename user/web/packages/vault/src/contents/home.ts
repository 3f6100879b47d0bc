/** Kinds 3, 6, 7, 11 and 12: what belongs to no chat. Source: specs/contents.md. */

import type { Bytes } from "@privity/protocol/bytes";
import type { Value } from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";
import * as m from "@privity/protocol/stored/members";
import { COUNT, U32 } from "@privity/protocol/stored/members";

import { isPlace, MAX_PLACE } from "../order.ts";
import type { Secret } from "../secret.ts";
import { MAX_INSTRUCTIONS, MAX_MODEL, MAX_TITLE } from "./chat.ts";
import {
  choice, type Field, flag, ID, Kind, lww, nullable, number, octets, rising, row, rows, type Rule, Schema, secret, text,
} from "./schema.ts";

export const MAX_COLOUR = 15;
/** Characters of a language tag (RFC 5646 section 4.4.1). */
export const MAX_LANGUAGE = 35;
export const MAX_CONSENTS = 64;
export const MAX_CONSENT = 64;
export const MAX_LOCK_S = 604_800;
export const MAX_MEMORY = 8192;
export const MAX_EMBEDDING = 16_384;
export const MAX_SHORTCUT = 64;

/** A folder; `order` is a place among folders (`order.between`), `colour` one of sixteen. */
export interface Folder {
  readonly kind: typeof Kind.FOLDER;
  readonly name: Field<string>;
  readonly instructions: Field<string>;
  readonly order: Field<string>;
  readonly colour: Field<number>;
}

/** How the client looks. */
export const Theme = { SYSTEM: 0, LIGHT: 1, DARK: 2 } as const;
export type Theme = (typeof Theme)[keyof typeof Theme];
/** Name, and version of its text. */
export type Consent = readonly [name: string, version: number];

/**
 * One per account. `consents` are in rising order; `lock` in seconds, null: never.
 *
 * `titles` asks the model for a title, one question more. `atOnce` uploads without waiting; it ties the account to the
 * moment of a question.
 */
export interface Settings {
  readonly kind: typeof Kind.SETTINGS;
  readonly theme: Field<Theme>;
  readonly language: Field<string | null>;
  readonly model: Field<string | null>;
  readonly instructions: Field<string>;
  readonly consents: Field<readonly Consent[]>;
  readonly lock: Field<number | null>;
  readonly titles: Field<boolean>;
  readonly atOnce: Field<boolean>;
}

/** Something to remember in other chats; `source` is the chat that it comes from. */
export interface Memory {
  readonly kind: typeof Kind.MEMORY;
  readonly text: Field<string>;
  readonly source: Field<Bytes | null>;
  readonly active: Field<boolean>;
  readonly embedding: Field<Bytes>;
}

/** A link that was handed out; `expiry` in Unix seconds. */
export interface Share {
  readonly kind: typeof Kind.SHARE;
  readonly share: Bytes;
  readonly key: Secret<"share key">;
  readonly chat: Bytes;
  readonly expiry: number;
  readonly revoked: Field<boolean>;
}

/** A text to begin a message with. */
export interface Prompt {
  readonly kind: typeof Kind.PROMPT;
  readonly title: Field<string>;
  readonly text: Field<string>;
  readonly shortcut: Field<string>;
}

const place: Rule<string> = {
  read: (value: Value, name: string) => {
    const found = m.text(value, name, MAX_PLACE);
    if (!isPlace(found)) throw new Malformed("member_value", `${name}: not a place`);
    return found;
  },
  write: (member) => member,
};

export const FOLDER = new Schema<Folder>(Kind.FOLDER, {
  name: lww(text(MAX_TITLE)),
  instructions: lww(text(MAX_INSTRUCTIONS)),
  order: lww(place),
  colour: lww(number(MAX_COLOUR)),
});

export const SETTINGS = new Schema<Settings>(Kind.SETTINGS, {
  theme: lww(choice(Theme)),
  language: lww(nullable(text(MAX_LANGUAGE, 1))),
  model: lww(nullable(text(MAX_MODEL, 1))),
  instructions: lww(text(MAX_INSTRUCTIONS)),
  consents: lww(rising(rows(row<Consent>(text(MAX_CONSENT, 1), number(U32)), MAX_CONSENTS))),
  lock: lww(nullable(number(MAX_LOCK_S))),
  titles: lww(flag),
  atOnce: lww(flag),
});

export const MEMORY = new Schema<Memory>(Kind.MEMORY, {
  text: lww(text(MAX_MEMORY)),
  source: lww(nullable(ID)),
  active: lww(flag),
  embedding: lww(octets(0, MAX_EMBEDDING)),
});

export const SHARE = new Schema<Share>(Kind.SHARE, {
  share: ID,
  key: secret("share key"),
  chat: ID,
  expiry: number(COUNT),
  revoked: lww(flag),
});

export const PROMPT = new Schema<Prompt>(Kind.PROMPT, {
  title: lww(text(MAX_TITLE)),
  text: lww(text(MAX_INSTRUCTIONS)),
  shortcut: lww(text(MAX_SHORTCUT)),
});
