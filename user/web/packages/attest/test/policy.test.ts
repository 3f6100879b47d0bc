/** A policy may be stricter than its floor in any field and looser in none. */

import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { describe, expect, test } from "vitest";

import { defaultDocument, floorDocument } from "../src/defaults.ts";
import { itemPolicy } from "../src/item_policy.ts";
import { belowFloor, decode, localPolicy, trustAnchors } from "../src/policy.ts";
import { builtIn, isProduction, isPublished } from "../src/roots/pins.ts";
import { FIELDS, looser } from "../src/strictness.ts";

const NOW = 1_800_000_000;
const DEFAULT = defaultDocument({ now: NOW, deployment: "local", allowSimulated: false, roots: [] });
const policy = decode(canonical.encode(DEFAULT));
const floor = decode(canonical.encode(floorDocument()));
/** Sections that are judged as one field. */
const WHOLE = ["trust_anchors", "fleet", "nitro.pcrs", "tdx.min_module_isvsvn"];

function leaves(document: JsonObject, prefix = ""): readonly string[] {
  return Object.entries(document).flatMap(([name, value]: [string, Json]) => {
    const inner = value !== null && typeof value === "object" && !Array.isArray(value) && !("unchecked" in value);
    return inner && !WHOLE.includes(prefix + name) ? leaves(value as JsonObject, `${prefix}${name}.`) : [prefix + name];
  });
}

test("there is a rule for every field of the policy", () => {
  expect([...FIELDS].sort()).toEqual([...leaves(DEFAULT)].sort());
});

test("the default and the item policy say what they are", () => {
  expect([belowFloor(policy), looser(policy, policy)]).toEqual([[], []]);
  expect(belowFloor(itemPolicy(NOW)).length).toBeGreaterThan(3);
  expect(localPolicy({ now: NOW, deployment: "local", allowSimulated: false, roots: [] })).toEqual(policy);
});

describe("the floor", () => {
  test("is itself at the floor", () => {
    expect(looser(floor, floor)).toEqual([]);
  });

  test("a field that is left unchecked is looser wherever the floor checks", () => {
    const unchecked = FIELDS.filter((name) => looser(policy, withUnchecked(name)).includes(name));
    expect(unchecked).toEqual([]);
  });
});

/** The default policy as a floor of which one field is unchecked: nothing is looser than that. */
function withUnchecked(name: string): object {
  const [first = "", second] = name.split(".");
  const open = { unchecked: "a reason" };
  const changed = second === undefined ? { [first]: open } : { [first]: { ...(DEFAULT[first] as JsonObject), [second]: open } };
  try {
    return decode(canonical.encode({ ...DEFAULT, ...changed }));
  } catch {
    return policy;
  }
}

describe("roots", () => {
  test("built-in pins are production pins of their kind alone", () => {
    const [intel = ""] = builtIn("tdx");
    expect(["tdx", "nitro", "psa"].map((kind) => isProduction(kind, intel))).toEqual([true, false, false]);
    expect([builtIn("psa").size, builtIn("sev_snp").size]).toEqual([0, 3]);
    expect(trustAnchors(policy, "sev_snp")).toEqual(builtIn("sev_snp"));
    const named = { ...policy, trust_anchors: { ...policy.trust_anchors, sev_snp: ["00"] } };
    expect(trustAnchors(named, "sev_snp")).toEqual(new Set(["00"]));
  });

  test("a key of which nobody published the private half is not said to be published", () => {
    expect(isPublished(new Uint8Array(91))).toBe(false);
  });
});
