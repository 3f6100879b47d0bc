/** What page and vault worker may say to each other: closed lists, checked on receipt. No key but a passkey's goes over. */

import type { Bytes } from "@privity/protocol/bytes";

/** What a member of a message is. */
type Shape = "text" | "text?" | "flag" | "octets" | "key?";
interface Types {
  readonly text: string;
  readonly "text?": string | null;
  readonly flag: boolean;
  readonly octets: Bytes;
  readonly "key?": CryptoKey | null;
}

/** What the page asks for, and what each request carries. */
export const COMMANDS = {
  start: { service: "text" },
  create: {},
  created: {
    id: "octets", clientDataJson: "octets", attestationObject: "octets", material: "key?", label: "text", keepUnlocked: "flag",
  },
  ceremony: {},
  typed: { third: "text", seventh: "text" },
  proof: {},
  proved: {
    id: "octets", clientDataJson: "octets", authenticatorData: "octets", signature: "octets", userHandle: "octets",
    material: "key?", purpose: "text", words: "text?", label: "text",
  },
  code: { typed: "text", label: "text" },
  unlock: {},
  write: { text: "text" },
  sync: {},
  offer: {},
  answered: {},
  granted: {},
  scan: { link: "text" },
  revealed: {},
  digits: { digits: "text" },
  grant: { label: "text" },
  revoke: { device: "text" },
  lock: {},
  forget: {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, Shape>>>>;

export type Name = keyof typeof COMMANDS;
type Members<Shapes> = { readonly [Member in keyof Shapes]: Shapes[Member] extends Shape ? Types[Shapes[Member]] : never };
export type Command = { [One in Name]: { readonly name: One } & Members<(typeof COMMANDS)[One]> }[Name];

export interface MessageView {
  readonly id: string;
  readonly parent: string | null;
  readonly text: string;
}

export interface DeviceView {
  readonly id: string;
  readonly label: string;
  readonly active: boolean;
  readonly here: boolean;
}

/** What is shown of an unlocked account. */
export interface View {
  readonly saved: boolean;
  readonly messages: readonly MessageView[];
  readonly devices: readonly DeviceView[];
  readonly n: number;
  readonly fingerprint: string;
  readonly unsent: number;
}

/** Where this browser stands: knows no account, is locked (and by what it opens), or shows one. */
export type State = "none" | "asks_passkey" | "opens_itself";

/** What the worker answers; null is "nothing yet". */
export type Answer =
  | { readonly kind: "state"; readonly state: State }
  | { readonly kind: "challenge"; readonly challenge: Bytes; readonly account: Bytes; readonly rpId: string }
  | { readonly kind: "words"; readonly words: string }
  | { readonly kind: "code"; readonly shown: string }
  | { readonly kind: "link"; readonly link: string }
  | { readonly kind: "digits"; readonly digits: string }
  | { readonly kind: "left"; readonly left: number }
  | { readonly kind: "matched" }
  | { readonly kind: "view"; readonly view: View }
  | null;

export interface Asked {
  readonly number: number;
  readonly command: Command;
}

export type Replied =
  | { readonly number: number; readonly answer: Answer }
  | { readonly number: number; readonly reason: string };

/** The command of a message from the page, null for anything else. */
export function readAsked(data: unknown): Asked | null {
  if (!isMembers(data) || !isMembers(data["command"]) || typeof data["number"] !== "number") return null;
  const { name, ...members } = data["command"];
  if (typeof name !== "string" || !Object.hasOwn(COMMANDS, name)) return null;
  const shapes: Readonly<Record<string, Shape>> = COMMANDS[name as Name];
  const fits = Object.entries(shapes).every(([member, shape]) => isShape(members[member], shape));
  const same = Object.keys(members).length === Object.keys(shapes).length;
  return fits && same ? (data as unknown as Asked) : null;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}

function isShape(value: unknown, shape: Shape): boolean {
  switch (shape) {
    case "text": return typeof value === "string";
    case "text?": return value === null || typeof value === "string";
    case "flag": return typeof value === "boolean";
    case "octets": return value instanceof Uint8Array;
    case "key?": return value === null || (value instanceof CryptoKey && !value.extractable);
  }
}
