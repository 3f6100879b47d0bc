/** Where a link leads, and whether a person is asked before it is followed. An address can carry away what was said. */

import { LONG_ADDRESS } from "./limits.ts";

/**
 * "open": followed at once. "ask": shown in full first, because it is long or holds a query. `href` is the address in its one
 * spelling; `host` is who is asked, or who is written to, with foreign letters spelt out (xn--).
 */
export interface Destination {
  readonly kind: "open" | "ask";
  readonly href: string;
  readonly host: string;
}

const SCHEMES: ReadonlySet<string> = new Set(["https:", "http:", "mailto:"]);

/**
 * The destination of an address that a model wrote; null when it is not one that is followed: another scheme, a relative one,
 * one with a name and password in it, which only serve to look like another host. `written`: what the person wrote.
 */
export function destination(address: string, written: string): Destination | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !SCHEMES.has(url.protocol) || url.username !== "" || url.password !== "") return null;
  const host = url.protocol === "mailto:" ? decoded(url.pathname) : url.host;
  if (host === "") return null;
  const foreign = url.search !== "" && !written.includes(address);
  return { kind: foreign || url.href.length > LONG_ADDRESS ? "ask" : "open", href: url.href, host };
}

const HOST = /^(?:[a-z]+:\/\/)?((?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24})(?=[:/?#]|$)/iu;

/** Whether a link's words name a host, and another one than it leads to. */
export function misleads(words: string, host: string): boolean {
  const named = HOST.exec(words.trim().slice(0, 300))?.[1];
  return named !== undefined && bare(named) !== bare(host.replace(/:\d+$/, "").replace(/^.*@/, ""));
}

/** A host in its one spelling. */
function bare(host: string): string {
  const address = `https://${host}`;
  return (URL.canParse(address) ? new URL(address).host : host.toLowerCase()).replace(/^www\./, "");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
