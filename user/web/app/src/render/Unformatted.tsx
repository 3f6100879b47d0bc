/** Text as it was written, without formatting: in pieces, so that only those in sight cost anything. */

import type { JSX } from "preact";

import { shown } from "./Hidden.tsx";
import { PLAIN_PIECE } from "./limits.ts";

export function Plain({ text }: { readonly text: string }): JSX.Element {
  return <>{pieces(text).map((piece) => <div class="plain">{shown(piece)}</div>)}</>;
}

/** The text cut at line ends, which then belong to no piece, or inside a line that is too long. */
export function pieces(text: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (text.length - at > PLAIN_PIECE) {
    const end = text.slice(at, at + PLAIN_PIECE + 1).lastIndexOf("\n");
    const cut = end > 0 ? at + end : whole(text, at + PLAIN_PIECE);
    found.push(text.slice(at, cut));
    at = end > 0 ? cut + 1 : cut;
  }
  return [...found, text.slice(at)];
}

/** Not between the two halves of a character. */
function whole(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}
