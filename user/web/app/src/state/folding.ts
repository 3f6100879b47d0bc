/** What is folded in the list of chats: kept by this browser, as ids of folders and names of parts. */

import { remember, remembered } from "./remembered.ts";

/** `usual`: what it is before anybody said anything. */
export function isFolded(id: string, usual: boolean): boolean {
  return remembered.value.folded.includes(id) !== usual;
}

export function setFolded(id: string, folded: boolean, usual: boolean): void {
  const others = remembered.value.folded.filter((one) => one !== id);
  remember({ folded: folded === usual ? others : [...others, id] });
}
