/** What a caller is told while a request is under way. */

import { type Line } from "@privity/protocol/lines";
import { type ReceiptFile } from "@privity/protocol/receipt";

import { type VerifiedNode } from "./nodes.ts";
import { type Again } from "./reaction.ts";

/**
 * `accepted`: the node has taken the request. `line`: one authenticated line of an answer that is not yet complete.
 *
 * `retrying`: a try failed and the same request goes out again after `wait` seconds. `resuming`: the connection was lost,
 * the rest is asked for, lines go on where they stopped. `restarted`: the rest is gone and the answer begins anew;
 * everything shown so far is void. `complete`: END was authenticated; with the receipt, checked, where the request
 * asked for one. What follows it on the wire is padding.
 */
export type Event =
  | { readonly kind: "accepted"; readonly node: VerifiedNode }
  | { readonly kind: "line"; readonly value: Line }
  | { readonly kind: "retrying"; readonly reason: Again["reason"]; readonly wait: number }
  | { readonly kind: "resuming" | "restarted" }
  | { readonly kind: "complete"; readonly receipt?: ReceiptFile };
