/** What verified nodes offer, as `GET /v1/models` tells it. */

import { type VerifiedNode } from "@privity/channel/nodes";

import { ApiError } from "./errors.ts";
import { type JsonObject } from "./reading.ts";

/** The list of models, each once. */
export function models(nodes: readonly VerifiedNode[]): JsonObject {
  return { object: "list", data: [...offered(nodes).values()] };
}

/** One model. Raises ApiError 404. */
export function model(nodes: readonly VerifiedNode[], name: string): JsonObject {
  const found = offered(nodes);
  const wanted = found.get(name);
  if (wanted !== undefined) return wanted;
  const message = `No verified node offers this model; there are: ${[...found.keys()].sort().join(", ")}.`;
  throw new ApiError({ status: 404, message, type: "invalid_request_error", code: "model_not_found", param: "model" });
}

function offered(nodes: readonly VerifiedNode[]): ReadonlyMap<string, JsonObject> {
  return new Map(nodes.flatMap(({ models: listed, appraisedAt }) => listed.map((one) => {
    const { id, display, context, demonstration } = one;
    return [id, {
      id, object: "model", created: appraisedAt, owned_by: "privity", privity: { display, context, demonstration, id },
    }] as const;
  })));
}
