/**
 * From a bundle to a verified node: the verifier judges, this module binds the verdict to what was listed.
 *
 * Source: specs/appraise.md. The consent to a test enclave is a value that is given, never found.
 */

import { appraise } from "@privity/attest/appraise";
import { Refused } from "@privity/attest/errors";
import { type Logged } from "@privity/attest/logged";
import * as memory from "@privity/attest/memory";
import { type Memory } from "@privity/attest/memory";
import { type Policy } from "@privity/attest/policy";
import { decodePrices } from "@privity/attest/release";
import { type Appraisal, type SimulatedAppraisal, toJson } from "@privity/attest/result";
import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import * as evidence from "@privity/protocol/evidence";
import { sha256 } from "@privity/protocol/kdf";
import { type Node } from "@privity/protocol/directory";

import { ChannelError, EvidenceRefused } from "./errors.ts";
import { type VerifiedNode } from "./nodes.ts";

/** Set by the bundler of a release, which knows no imitation of hardware; it exists nowhere else. */
declare const PRIVITY_RELEASE: true | undefined;

/** Where the caller keeps what acceptance told the client to remember (specs/policy.md). */
export interface Memories {
  /**
   * Give `step` what is kept (null when nothing is), and keep what it returns, before anything resolves.
   *
   * Nobody else may change it meanwhile. When `step` fails, what was kept stays.
   */
  update(step: (kept: Bytes | null) => Promise<Bytes>): Promise<void>;
}

/** What one appraisal is about: `nonce` holds our 32 bytes when the bundle answers a challenge. */
export interface Held {
  readonly now: number;
  readonly nonce: Bytes | null;
  readonly logged: Logged;
  readonly policy: Policy;
}

/** Judges bundles under one consent: `roots` are the development roots (hexadecimal) that the person accepts. */
export class Appraiser {
  readonly roots: ReadonlySet<string>;
  readonly #memories: Memories;
  #forgot = false;

  constructor(roots: ReadonlySet<string>, memories: Memories) {
    this.roots = typeof PRIVITY_RELEASE === "undefined" ? roots : new Set();
    this.#memories = memories;
  }

  /** Whether what was kept could not be read, so that a rollback before this visit would go unseen. */
  get forgot(): boolean {
    return this.#forgot;
  }

  /**
   * The verified node of `bundle`, which must be the one listed as `listed`, reached at `origin`.
   *
   * Raises EvidenceRefused with the record, ChannelError `refused`.
   */
  async judge(bundle: Bytes, held: Held, listed: Node, origin: string): Promise<VerifiedNode> {
    const result = await this.appraise(bundle, held);
    const digest = await sha256(result.nodeDocument);
    if (!equal(digest, listed.nd)) {
      throw new ChannelError("refused", "the evidence is not that of the node the directory names");
    }
    return verified(result, bundle, { digest: toHex(digest), weight: listed.w, origin });
  }

  /** What appraisal established, kept in mind for the next one. Raises EvidenceRefused. */
  async appraise(bundle: Bytes, held: Held): Promise<Appraisal | SimulatedAppraisal> {
    const found: (Appraisal | SimulatedAppraisal)[] = [];
    await this.#memories.update(async (kept) => {
      const result = await judged(bundle, held, this.#remembered(kept));
      found.push(result);
      return memory.encode(result.record.memoryAfter);
    });
    const [result] = found;
    if (result === undefined) throw new Error("the memories were updated without their step");
    return result;
  }

  #remembered(kept: Bytes | null): Memory {
    if (kept === null) return memory.EMPTY;
    try {
      return memory.decode(kept);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#forgot = true;
      return memory.EMPTY;
    }
  }
}

async function judged(bundle: Bytes, held: Held, known: Memory): Promise<Appraisal | SimulatedAppraisal> {
  try {
    return await appraise(bundle, { ...held, memory: known });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { reasons, record } = error;
    const consent = reasons.length === 1 && reasons[0] === "simulated";
    throw new EvidenceRefused(consent ? "simulated_not_allowed" : "refused", reasons.join(", "), toJson(record), bundle);
  }
}

function verified(
  result: Appraisal | SimulatedAppraisal, bundle: Bytes, found: Pick<VerifiedNode, "digest" | "origin" | "weight">,
): VerifiedNode {
  const { document, models, nodeDocument, record, release } = result;
  const json = toJson(record);
  return {
    ...found,
    document: nodeDocument,
    key: document.pk,
    profiles: document.prof,
    models,
    // The appraisal held the item's hash against what the hardware signed.
    prices: decodePrices(evidence.decode(bundle).items.get("models")?.data ?? new Uint8Array(0)),
    release: `${release.name} ${release.version}`,
    releaseLeaf: release.leafHash,
    kind: document.plat.type,
    simulated: result.outcome === "accepted_as_simulated",
    validUntil: record.validUntil ?? document.exp,
    appraisedAt: record.appraisedAt,
    expires: document.exp,
    bundle,
    record: json,
    appraisal: canonical.encode(json),
  };
}
