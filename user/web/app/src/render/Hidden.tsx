/** Text with marks where a character cannot be seen. */

import type { ComponentChild, JSX } from "preact";

import { t } from "../text/text.ts";

import { type Hidden, notation, reveal } from "./characters.ts";

/** A text as it is drawn; `code` is stricter about what may stay hidden. */
export function shown(text: string, code = false): ComponentChild {
  const pieces = reveal(text, code);
  if (pieces.length === 1 && typeof pieces[0] === "string") return pieces[0];
  return pieces.map((piece) => typeof piece === "string" ? piece : <HiddenMark hidden={piece} />);
}

function HiddenMark({ hidden: { code, count } }: { readonly hidden: Hidden }): JSX.Element {
  const name = code === null ? "" : notation(code);
  const said = code === null ? t("answer.hidden.several", { count }) : t("answer.hidden", { count, name });
  return (
    <span class="hidden-mark" role="img" aria-label={said} title={said}>
      {code === null ? `+${String(count)}` : count === 1 ? name : `${name}×${String(count)}`}
    </span>
  );
}
