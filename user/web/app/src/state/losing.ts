/** What would be gone if the page were closed now. */

import { account, overview } from "./app.ts";
import { isEmpty } from "./drafts.ts";
import { runs } from "./runs.ts";

/** Whether somebody should be asked first: a guest's chats and words are nowhere else, and an answer that comes is not whole. */
export function wouldLose(): boolean {
  const isGuest = account.value?.state === "guest" || account.value?.state === "unproven";
  const words = !isEmpty.value || (overview.value?.chats.length ?? 0) > 0;
  return (isGuest && words) || runs.value.size > 0;
}

/** Have the browser ask before it leaves the page. */
export function askBeforeLeaving(): void {
  addEventListener("beforeunload", (event) => { if (wouldLose()) event.preventDefault(); });
}
