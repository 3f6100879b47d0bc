/** A policy may be stricter than its floor in any field and looser in none. */

import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { describe, expect, test } from "vitest";

import { defaultDocument, floorDocument } from "../src/defaults.ts";
import { itemPolicy } from "../src/item_policy.ts";
import { belowFloor, decode, localPolicy, trustAnchors } from "../src/policy.ts";
import { builtIn, isProduction, isPublished } from "../src/roots/pins.ts";
import { Unchecked } from "../src/schema.ts";
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

describe("which of two values is looser", () => {
  const digests = ["00".repeat(32)];
  const open = new Unchecked("a reason");
  const abi = (...numbers: readonly number[]): unknown => new Map([["genoa", numbers]]);

  test.each<[string, unknown, unknown, boolean]>([
    ["challenge", "on_demand", "first_contact", true],
    ["challenge", "always", "first_contact", false],
    ["configuration", open, "from_release", true],
    ["configuration", digests, "from_release", false],
    ["configuration", "from_release", digests, false],
    ["kinds", ["tdx", "nitro"], ["nitro"], true],
    ["kinds", [], ["nitro"], false],
    ["clock_skew", 2, 1, true],
    ["clock_skew", 1, 1, false],
    ["allow_simulated", true, false, true],
    ["allow_simulated", false, true, false],
    ["require_crl.tdx", false, true, true],
    ["require_crl.tdx", true, false, false],
    ["snp.min_abi", abi(1, 54), abi(1, 55), true],
    ["snp.min_abi", abi(1), abi(1, 55), true],
    ["snp.min_abi", abi(2, 0), abi(1, 55), false],
    ["snp.min_abi", abi(1, 55, 1), abi(1, 55), false],
    ["snp.min_abi", new Map(), abi(1, 55), true],
    ["snp.min_tcb", new Map([["genoa", new Map([["snp", 1]])]]), new Map([["genoa", new Map([["snp", 2]])]]), true],
    ["snp.min_tcb", new Map([["genoa", new Map()]]), new Map([["genoa", new Map([["snp", 2]])]]), true],
    ["snp.min_tcb", new Map([["genoa", new Map([["snp", 2]])]]), new Map([["genoa", new Map()]]), false],
    ["tdx.xfam_allowed", "03", "01", true],
    ["tdx.xfam_allowed", "01", "03", false],
    ["tdx.rtmr1", open, "from_release", true],
    ["tdx.rtmr1", "from_release", open, false],
    ["sgx.signers", [{ mrsigner: "00", prodid: 1, min_isvsvn: 1 }], [{ mrsigner: "00", prodid: 1, min_isvsvn: 2 }], true],
    ["nitro.pcrs", new Map([["0", open]]), new Map([["0", "from_release"]]), true],
    ["nitro.pcrs", new Map<string, unknown>([["0", "from_release"], ["1", open]]), new Map([["0", "from_release"]]), false],
  ])("%s: %j against %j", (name, value, least, found) => {
    const [section = "", field] = name.split(".");
    const changedTo = (one: unknown): object => {
      const inner = field === undefined ? one : { ...(policy as unknown as Record<string, object>)[section], [field]: one };
      return { ...policy, [section]: inner };
    };
    expect(looser(changedTo(value), changedTo(least))).toEqual(found ? [name] : []);
  });
});

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
