/** A failure as the page is told it: a reason that has a text, and what people see who look closer. */

import { isDocumented } from "@privity/channel/errors";
import { PrivityError } from "@privity/protocol/errors";

import { reasonOf } from "../bridge/line.ts";

export interface Fault {
  readonly reason: string;
  readonly detail: string;
}

/** The fault of an error. Whatever is wrong with the other side's bytes is `bad_answer`, with what exactly as its detail. */
export function faultOf(error: unknown): Fault {
  if (error instanceof PrivityError) return { reason: "bad_answer", detail: error.reason };
  return isDocumented(error) ? { reason: error.reason, detail: error.detail } : reasonOf(error);
}
