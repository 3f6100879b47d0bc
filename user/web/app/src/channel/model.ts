/** Models as people choose them. */

import { type Model } from "@privity/attest/release";
import { sha256 } from "@noble/hashes/sha2.js";
import { EFFORTS } from "@privity/channel/request";
import { type VerifiedNode } from "@privity/channel/nodes";
import { concat, fromHex, toHex } from "@privity/protocol/bytes";

import type { ModelView } from "../bridge/channel.ts";

/** Engines that know how much a model is to think (specs/engine-profiles.md). */
const THINKING = /^(?:vllm|sglang)\b/;
/** Engines that take pictures; whether the model behind one sees them, its operator knows. */
const SEEING = /^(?:llama-server|vllm|sglang)\b/;

/** The models of verified nodes, each once, in the order in which they are met. */
export function modelsOf(nodes: readonly Pick<VerifiedNode, "models">[]): readonly ModelView[] {
  const found = new Map<string, ModelView>();
  for (const model of nodes.flatMap(({ models }) => models)) if (!found.has(model.id)) found.set(model.id, viewOf(model));
  return [...found.values()];
}

/** One digest for a model's weights: that of its file, or the SHA-256 of the sorted digests of its files. */
export function digestOf({ sha256: files }: Pick<Model, "sha256">): string {
  const [only, ...more] = files;
  if (only !== undefined && more.length === 0) return only;
  return toHex(sha256(concat(...[...files].sort().map((one) => fromHex(one) ?? new Uint8Array(0)))));
}

function viewOf(model: Model): ModelView {
  return {
    id: model.id, name: model.display, digest: digestOf(model), context: model.context,
    efforts: THINKING.test(model.engine) ? EFFORTS : [],
    vision: SEEING.test(model.engine),
  };
}
