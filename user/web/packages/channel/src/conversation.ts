/** What was said, as the messages of a request, and files that travel inside a message. */

import { type Message } from "./request.ts";

/** A question and what was answered; an answer without text is not repeated to the model. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly text: string;
}

/** A file as text, which travels inside a message. */
export interface Attachment {
  readonly name: string;
  readonly text: string;
}

/** The messages of a request that asks `text` after everything said so far; `system` may be empty. */
export function messages(system: string, turns: readonly Turn[], text: string): readonly Message[] {
  const opening: readonly Message[] = system === "" ? [] : [{ role: "system", content: system }];
  const said = turns.filter((turn) => turn.text !== "").map((turn): Message => ({ role: turn.role, content: turn.text }));
  return [...opening, ...said, { role: "user", content: text }];
}

/** The message with its files in front, each between named marks. */
export function compose(text: string, attachments: readonly Attachment[]): string {
  const files = attachments.map((one) => `[File: ${one.name}]\n${one.text.trimEnd()}\n[End of file: ${one.name}]`);
  return [...files, text].join("\n\n");
}
