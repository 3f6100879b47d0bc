/** The claims of a record: values that passed checks vouch for, each with the item it comes from. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";

import { type Case } from "./case.ts";
import { type ClaimOf, genuine, type Kind } from "./kind.ts";
import { type Claim } from "./result.ts";

const ND = ["node_document", "report_data"] as const;
const RELEASED = [...ND, "release_form", "release_bound"] as const;

function digest(data: Bytes): string {
  return toHex(sha256(data));
}

function ofDocument(value: ClaimOf["value"], ...more: readonly string[]): ClaimOf {
  return { item: "node-document", needs: [...ND, ...more], value };
}

/** What each kind claims beyond its own: vouched for by genuine evidence and these checks. */
const BOUND: Readonly<Record<string, ClaimOf>> = {
  platform: ofDocument(({ found }) => toHex(found.nodeDocument.plat.id), "platform_bound"),
  key: ofDocument(({ found }) => digest(found.nodeDocument.pk)),
  deployment: ofDocument(({ found }) => found.nodeDocument.deploy),
  egress: ofDocument(({ found }) => found.nodeDocument.egress),
  profiles: ofDocument(({ found }) => found.nodeDocument.prof),
  not_before: ofDocument(({ found }) => found.nodeDocument.nbf),
  expires: ofDocument(({ found }) => found.nodeDocument.exp),
  release: {
    item: "release", needs: RELEASED, value: ({ found }) => `${found.release.name} ${found.release.version}`,
  },
  release_leaf: { item: "release", needs: RELEASED, value: ({ found }) => found.release.leafHash },
  source: { item: "release", needs: RELEASED, value: ({ found }) => found.release.source },
  configuration: {
    item: "configuration", needs: [...ND, "configuration_bound"], value: (at) => digest(at.item("configuration")),
  },
  models: {
    item: "models", needs: [...ND, "models_form", "models_bound"], value: ({ found }) => found.models.map(({ id }) => id),
  },
};

/** The claims whose checks all are in `passed`. */
export function claimsOf(at: Case, kind: Kind | undefined, passed: ReadonlySet<string>): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>();
  if (passed.has("labels")) claims.set("kind", { value: at.kind, item: "cpu" });
  if (kind === undefined) return claims;
  const bound = genuine(kind).every((name) => passed.has(name)) ? valuesOf(at, BOUND, passed) : [];
  return new Map([...claims, ...valuesOf(at, kind.claims, passed), ...bound]);
}

/** The values of `claims` whose checks all are in `passed`. */
export function valuesOf(
  at: Case, claims: Readonly<Record<string, ClaimOf>>, passed: ReadonlySet<string>,
): ReadonlyMap<string, Claim> {
  const vouched = Object.entries(claims).filter(([, one]) => one.needs.every((name) => passed.has(name)));
  return new Map(vouched.map(([name, { value, item }]) => [name, { value: value(at), item }]));
}
