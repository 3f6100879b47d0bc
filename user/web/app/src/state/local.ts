/** What `privity web` says of itself at an address that no server answers. Source: specs/web-delivery.md. */

import type { Bytes } from "@privity/protocol/bytes";
import { base64urlDecode } from "@privity/protocol/canonical";

import { provenance } from "./page.ts";

const MOST = 65_536;

export interface LocalMode {
  /** The server behind this page's own origin. */
  readonly server: string;
  /** Which logs count there, from this machine's disk; null: nothing was pinned. */
  readonly pin: Bytes | null;
  /** The origin of the relay that carries what names no account; null: none does. */
  readonly relay: string | null;
}

let adopted: LocalMode | null = null;

/** Remember what `privity web` said, before any worker is asked. */
export function adopt(mode: LocalMode | null): void {
  adopted = mode;
  if (mode !== null) provenance.value = { ...provenance.value, source: "disk" };
}

/** The server that this page is for: where it came from, or in local mode the one that it was started for. */
export function service(): string {
  return adopted?.server ?? location.origin;
}

/** Which logs count there, from this machine's disk; null: nobody has said so. */
export function givenPin(): Bytes | null {
  return adopted?.pin ?? null;
}

/** The relay that this machine asks through, as it says itself; null: none. */
export function givenRelay(): string | null {
  return adopted?.relay ?? null;
}

/** The statement in `text`; null for what is none. */
export function readStatement(text: string | null): LocalMode | null {
  if (text === null || text.length > MOST) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== "object" || !("v" in value) || value.v !== 1) return null;
  if (!("server" in value) || typeof value.server !== "string" || !isOrigin(value.server)) return null;
  if (!("pin" in value) || (value.pin !== null && typeof value.pin !== "string")) return null;
  if (!("relay" in value) || (value.relay !== null && (typeof value.relay !== "string" || !isOrigin(value.relay)))) return null;
  const pin = value.pin === null ? null : base64urlDecode(value.pin);
  return value.pin !== null && pin === null ? null : { server: value.server, pin, relay: value.relay };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}
