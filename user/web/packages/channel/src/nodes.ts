/** A node that has been verified: the only thing the channel accepts. */

import { type Model, type Prices } from "@privity/attest/release";
import { type ProfileName } from "@privity/protocol/binding";
import { type Bytes } from "@privity/protocol/bytes";
import { type JsonObject } from "@privity/protocol/canonical";
import { type PlatformType } from "@privity/protocol/platform";

/**
 * What appraisal established about one key of one node. Times in Unix seconds, digests in hexadecimal.
 *
 * `digest` is the SHA-256 of the node document; `record` says every check, and `appraisal` is its canonical JSON, to be
 * kept beside `bundle`. `prices` in tokens, null where requests cost none. After `validUntil` nothing may be sent to it.
 */
export interface VerifiedNode {
  readonly digest: string;
  readonly document: Bytes;
  readonly key: Bytes;
  readonly profiles: readonly ProfileName[];
  readonly models: readonly Model[];
  readonly prices: Prices | null;
  readonly release: string;
  readonly releaseLeaf: string;
  readonly kind: PlatformType;
  readonly simulated: boolean;
  readonly validUntil: number;
  readonly appraisedAt: number;
  readonly expires: number;
  readonly weight: number;
  readonly origin: string;
  readonly bundle: Bytes;
  readonly record: JsonObject;
  readonly appraisal: Bytes;
}

/** Whether the node serves `model`; the empty name means whichever comes first. */
export function offers(node: VerifiedNode, model: string): boolean {
  return model === "" || node.models.some(({ id }) => id === model);
}

/** The traffic profile to ask for: p1, the default, where the node offers it; p0 hides nothing and comes last. */
export function usualProfile({ profiles }: VerifiedNode): ProfileName {
  return (["p1", "p2"] as const).find((name) => profiles.includes(name)) ?? "p0";
}
