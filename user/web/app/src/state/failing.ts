/** What did not work, as people are told it: never silently, never with content. */

import { type Action, actionText, reasonText } from "../text/reasons.ts";
import { faultOf } from "./faults.ts";
import { tell } from "./notices.ts";

/** What can be done where something failed, by the name that the reason's text gives it. */
export type Remedies = Readonly<Partial<Record<Action, () => void>>>;

/** Tell what failed; of the remedies that its reason names, the first that is at hand is offered. */
export function failed(error: unknown, remedies: Remedies = {}): void {
  const { reason, detail } = faultOf(error);
  const { text, actions, code } = reasonText(reason, detail);
  const offered = actions.find((one) => remedies[one] !== undefined);
  const run = offered === undefined ? undefined : remedies[offered];
  tell(text, {
    urgent: true, details: code,
    ...(offered === undefined || run === undefined ? {} : { action: { label: actionText(offered), run } }),
  });
}

/** Do it, and tell when it fails. Returns whether it was done. */
export async function tried(step: () => Promise<unknown>, remedies: Remedies = {}): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    failed(error, remedies);
    return false;
  }
}
