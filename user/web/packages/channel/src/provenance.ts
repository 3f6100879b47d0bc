/** What can be shown of an answer later: which evidence it came under, and what that evidence was worth. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";

import { type VerifiedNode } from "./nodes.ts";

/** A model as the node's measured document names it; the digests of its weight files in hexadecimal. */
export interface AnsweringModel {
  readonly id: string;
  readonly display: string;
  readonly sha256: readonly string[];
}

/**
 * The line at an answer's margin. `proof`: "verified" on hardware when it was made, "test" in a test enclave.
 *
 * `bundle` is the evidence, which `privity verify-bundle` judges again; `appraisal` is the record in canonical JSON, and
 * `appraisalDigest` its SHA-256. `node` is the SHA-256 of the node document. Digests in hexadecimal, times in Unix seconds.
 */
export interface Provenance {
  readonly proof: "verified" | "test";
  readonly node: string;
  readonly release: string;
  readonly releaseLeaf: string;
  readonly model: AnsweringModel | null;
  readonly appraisedAt: number;
  readonly validUntil: number;
  readonly bundle: Bytes;
  readonly appraisal: Bytes;
  readonly appraisalDigest: string;
}

/** What can be shown of an answer that `node` gives with `model`; the empty name means the node's first one. */
export function provenanceOf(node: VerifiedNode, model: string): Provenance {
  const found = node.models.find(({ id }) => model === "" || id === model);
  return {
    proof: node.simulated ? "test" : "verified",
    node: node.digest,
    release: node.release,
    releaseLeaf: node.releaseLeaf,
    model: found === undefined ? null : { id: found.id, display: found.display, sha256: found.sha256 },
    appraisedAt: node.appraisedAt,
    validUntil: node.validUntil,
    bundle: node.bundle,
    appraisal: node.appraisal,
    appraisalDigest: toHex(sha256(node.appraisal)),
  };
}
