/** Operations of the vectors of policy, memory, release and models documents. */

import { toHex } from "@privity/protocol/bytes";

import { type Inputs, type Outcome } from "../../protocol/test/operations/case.ts";
import { equal } from "../../protocol/src/bytes.ts";
import { Malformed } from "@privity/protocol/errors";
import { PolicyMalformed } from "../src/errors.ts";
import * as memory from "../src/memory.ts";
import * as policy from "../src/policy.ts";
import * as release from "../src/release.ts";

function decodePolicy(input: Inputs): unknown {
  const read = policy.decode(input.bytes("data"));
  return { digest: read.digest, below_floor: policy.belowFloor(read) };
}

function userPolicy(input: Inputs): unknown {
  return { digest: policy.userPolicy(input.bytes("data"), policy.decode(input.bytes("base"))).digest };
}

function decodeMemory(input: Inputs): unknown {
  const data = input.bytes("data");
  const read = memory.decode(data);
  if (!equal(memory.encode(read), data)) throw new Error(`encoding gives other bytes: ${toHex(memory.encode(read))}`);
  return memory.members(read);
}

function decodeRelease(input: Inputs): unknown {
  const { leafHash, name, flags } = release.decode(input.bytes("data"));
  return { leaf_hash: leafHash, name, flags };
}

function decodeModels(input: Inputs): unknown {
  return { ids: release.decodeModels(input.bytes("data")).map(({ id }) => id) };
}

function decodePrices(input: Inputs): unknown {
  return { prices: release.decodePrices(input.bytes("data")) };
}

const OPERATIONS: ReadonlyMap<string, (input: Inputs) => unknown> = new Map([
  ["decode_policy", decodePolicy],
  ["user_policy", userPolicy],
  ["decode_memory", decodeMemory],
  ["decode_release", decodeRelease],
  ["decode_models", decodeModels],
  ["decode_prices", decodePrices],
]);

/** What the operation gives, or the reason of the documented error; any other error fails the test. */
export function outcomeOf(name: string, input: Inputs): Outcome {
  const operation = OPERATIONS.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  try {
    return { ok: operation(input) };
  } catch (error) {
    if (error instanceof Malformed || error instanceof PolicyMalformed) return { error: error.reason };
    throw error;
  }
}
