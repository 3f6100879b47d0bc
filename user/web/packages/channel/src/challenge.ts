/**
 * A fresh quote over a node's key with 32 random bytes of ours: proof that the evidence is not a replay.
 *
 * Source: specs/ec1.md, specs/appraise.md. The challenge confirms the key of the listed node document.
 */

import { toJson } from "@privity/attest/result";
import * as binding from "@privity/protocol/binding";
import { type Bytes, concat, fromHex } from "@privity/protocol/bytes";
import { type JsonObject } from "@privity/protocol/canonical";
import { KID, MAX_BUNDLE } from "@privity/protocol/limits";
import { TrustError } from "@privity/trust/errors";
import { bounded } from "@privity/trust/http";
import { type Server } from "@privity/trust/trust";

import { type Appraiser } from "./appraisal.ts";
import { ChannelError } from "./errors.ts";
import { type Ground, within } from "./ground.ts";
import { type VerifiedNode } from "./nodes.ts";
import { posting } from "./wire.ts";

export const NONCE = 32;
/** Seconds for hardware to quote; it may be asked several times in between. */
export const CHALLENGE_SECONDS = 30;

/** The answer to a challenge, and the record of its appraisal. */
export interface Answered {
  readonly bundle: Bytes;
  readonly record: JsonObject;
}

/** Challenge `node`. Raises EvidenceRefused, ChannelError `refused`, `unreachable`, and what fetching tiles raises. */
export async function challenge(
  node: VerifiedNode, server: Server, appraiser: Appraiser, ground: Ground,
): Promise<Answered> {
  const nonce = ground.entropy(NONCE);
  const kid = (fromHex(node.digest) ?? new Uint8Array(0)).slice(0, KID);
  const bundle = await quoted(node, concat(kid, nonce), ground);
  const accepted = { trafficKey: node.key, release: binding.decode(node.document).rel };
  const logged = await server.challenged(bundle, accepted);
  const held = { now: ground.clock(), nonce, logged, policy: server.policy(appraiser.roots) };
  return { bundle, record: toJson((await appraiser.appraise(bundle, held)).record) };
}

async function quoted(node: VerifiedNode, body: Bytes, { fetch, sleep }: Ground): Promise<Bytes> {
  const given = new AbortController();
  const asked = async (): Promise<Bytes> => {
    const response = await fetch(`${node.origin}/ec1/challenge`, posting(body, given.signal, null));
    if (response.status !== 200) throw new ChannelError("refused", `the challenge was answered by ${String(response.status)}`);
    return bounded(response, MAX_BUNDLE);
  };
  try {
    const bundle = await within(asked(), CHALLENGE_SECONDS, sleep);
    if (bundle !== null) return bundle;
  } catch (error) {
    if (error instanceof ChannelError || error instanceof TrustError) throw error;
  } finally {
    given.abort();
  }
  throw new ChannelError("unreachable", "challenge");
}
