/** Which answer's evidence is open. */

import { signal } from "@preact/signals";

import type { MessageView } from "../bridge/views.ts";

/** The answer whose evidence is open; null: none. */
export const shownReceipt = signal<MessageView | null>(null);
