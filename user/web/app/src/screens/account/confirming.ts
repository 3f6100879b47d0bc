/** What must be typed before something is deleted for good. */

/** Whether it was typed, however it was capitalised. */
export function agrees(typed: string, phrase: string): boolean {
  const tidy = (text: string): string => text.trim().replace(/\s+/g, " ").toLocaleLowerCase();
  return tidy(typed) === tidy(phrase);
}
