/** Files that travel inside a message. */

/** A file as text, which travels inside a message. */
export interface Attachment {
  readonly name: string;
  readonly text: string;
}

/** The message with its files in front, each between named marks. */
export function compose(text: string, attachments: readonly Attachment[]): string {
  const files = attachments.map((one) => `[File: ${one.name}]\n${one.text.trimEnd()}\n[End of file: ${one.name}]`);
  return [...files, text].join("\n\n");
}
