/** What a person may write into one field, so that it is refused before anything is changed. */

import { ascii } from "@privity/protocol/bytes";
import { MAX_INSTRUCTIONS, MAX_TITLE } from "@privity/vault/contents/chat";
import { MAX_MEMORY, MAX_SHORTCUT } from "@privity/vault/contents/home";
import { VaultError } from "@privity/vault/errors";

import { wellFormed } from "./message.ts";

/** UTF-8 bytes of each. */
const MOST = { title: MAX_TITLE, instructions: MAX_INSTRUCTIONS, shortcut: MAX_SHORTCUT, memory: MAX_MEMORY } as const;

/** The text as it is kept: well-formed, a name without space around it. Raises VaultError `object.too_large`. */
export function kept(text: string, as: keyof typeof MOST): string {
  const whole = as === "instructions" ? wellFormed(text) : wellFormed(text).trim();
  if (ascii(whole).length > MOST[as]) throw new VaultError("object.too_large", as);
  return whole;
}
