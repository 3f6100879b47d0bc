/** The appraisal beyond what a file of bundles can say: policies, memory, proofs, and kinds that are not simulated. */

import { sha256 } from "@noble/hashes/sha2.js";
import * as binding from "@privity/protocol/binding";
import { toHex } from "@privity/protocol/bytes";
import * as evidence from "@privity/protocol/evidence";
import { afterEach, describe, expect, test } from "vitest";

import { appraise } from "../src/appraise.ts";
import { KINDS as OF_MEDIA_TYPES, type Run } from "../src/case.ts";
import { Fault } from "../src/errors.ts";
import { type Kind } from "../src/kind.ts";
import { KINDS } from "../src/kinds.ts";
import { type Logged, NOTHING_LOGGED, NotProved, PROVED } from "../src/logged.ts";
import { EMPTY, FORGET_AFTER, withChallenge, withPolicy, withSeen } from "../src/memory.ts";
import { type Policy } from "../src/policy.ts";
import { type Appraisal, type Record, toJson } from "../src/result.ts";
import { Unchecked } from "../src/schema.ts";
import { SIMULATED } from "../src/simulated/table.ts";
import { GIVEN, HONEST, ITEMS, NOW, POLICY, reasonsUnder, recordOf } from "./honest.ts";

const DAY = 86_400;
const NODE = binding.decode(ITEMS.get("node-document")?.data ?? HONEST);
const KEY = toHex(sha256(NODE.pk));
const OTHER = "ab".repeat(32);
const unchecked = new Unchecked("a reason");

describe("acceptance", () => {
  test("ends with the first of key, certificates and policy", async () => {
    expect((await recordOf()).validUntil).toBe(NODE.exp);
    expect((await recordOf({ policy: { ...POLICY, expires_at: NOW + 30 } })).validUntil).toBe(NOW + 30);
  });

  test("is remembered, and refusal is not", async () => {
    const accepted = await recordOf();
    expect(accepted.memoryAfter.policy_versions).toEqual(new Map([["local", 1]]));
    const memory = withPolicy(EMPTY, "local", 7);
    const refused = await recordOf({ memory });
    expect(refused.reasons).toEqual(["policy_rollback"]);
    expect(refused.memoryAfter).toBe(memory);
    expect(refused.validUntil).toBeNull();
    expect((await recordOf({ memory: withPolicy(EMPTY, "local", 1) })).reasons).toEqual([]);
  });

  test("is written as JSON with the simulation said", async () => {
    const json = toJson(await recordOf());
    expect(json).toMatchObject({ outcome: "accepted_as_simulated", simulated: true, hardware_backed: false, reasons: [] });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });
});

describe("policies", () => {
  const expired: Partial<Policy> = { expires_at: NOW };
  test.each<[Partial<Policy>, readonly string[]]>([
    [{ digest: "" }, ["policy_malformed"]],
    [expired, ["policy_expired"]],
    [{ issued_at: NOW + 301, expires_at: NOW + DAY }, ["policy_expired:not_yet_issued"]],
    [{ issued_at: NOW - 90 * DAY, expires_at: NOW + 1 }, ["policy_below_floor:expires_at"]],
    [{ clock_skew: 301 }, ["policy_below_floor:clock_skew"]],
    [{ max_collateral_age: unchecked }, ["policy_below_floor:max_collateral_age"]],
    [{ release_allow: [OTHER] }, ["release_unknown"]],
    [{ models: [OTHER] }, ["model_not_allowed:privity/demonstration"]],
    [{ configuration: [OTHER] }, ["configuration_not_allowed"]],
    [{ egress: ["web"] }, ["egress_not_allowed"]],
    [{ deployment: "another" }, ["deployment_mismatch"]],
    [{ max_key_lifetime: 60 }, ["key_lifetime"]],
    [{ gpu: { ...POLICY.gpu, count: 1 } }, ["device_missing:gpu"]],
    [{ gpu: { ...POLICY.gpu, switches: 1 } }, ["device_missing:switch"]],
    [{ gpu: { ...POLICY.gpu, count: "from_release" } }, []],
    [{ challenge: "first_contact" }, ["challenge_required"]],
    [{ challenge: "always" }, ["challenge_required"]],
    [{ egress: unchecked, release_allow: unchecked }, []],
    [{ configuration: unchecked }, ["policy_below_floor:configuration"]],
    [{ trust_anchors: { ...POLICY.trust_anchors, simulated: [OTHER] } }, ["root_not_pinned:cpu"]],
  ])("%#: %j", async (changed, reasons) => {
    expect(await reasonsUnder(changed)).toEqual(reasons);
  });

  test("without simulation nothing is compared with a root, and foreign roots are below the floor", async () => {
    const foreign = { ...POLICY, allow_simulated: false, trust_anchors: { ...POLICY.trust_anchors, tdx: [OTHER] } };
    const { reasons, checks } = await recordOf({ policy: foreign });
    expect(reasons).toEqual(["policy_below_floor:trust_anchors.tdx", "simulated"]);
    expect(checks.find((one) => one.check === "root")?.reasons).toEqual(["blocked_by:kind"]);
  });

  test("what a policy leaves unchecked is said", async () => {
    const { checks } = await recordOf({ policy: { ...POLICY, egress: unchecked } });
    const egress = checks.find((one) => one.check === "egress");
    expect([egress?.outcome, egress?.reasons]).toEqual(["not_checked", ["unchecked_by_policy:a reason"]]);
  });
});

describe("memory", () => {
  test.each([["first_contact", 9000], ["first_contact", 0], ["always", 300], ["always", 0]] as const)(
    "a key that answered satisfies %s after %i seconds", async (challenge, ago) => {
      const memory = withChallenge(EMPTY, KEY, NOW - ago);
      expect((await recordOf({ memory, policy: { ...POLICY, challenge } })).reasons).toEqual([]);
    },
  );

  test("an answer of long ago does not satisfy always", async () => {
    const memory = withChallenge(EMPTY, KEY, NOW - 301);
    const { reasons } = await recordOf({ memory, policy: { ...POLICY, challenge: "always" } });
    expect(reasons).toEqual(["challenge_required"]);
  });

  test("keeps the highest numbers and forgets old answers", () => {
    const seen = withSeen(EMPTY, [["crl_numbers", "a", 3], ["crl_numbers", "a", 2], ["issue_dates", "b", 9]]);
    expect([seen.crl_numbers.get("a"), seen.issue_dates.get("b")]).toEqual([3, 9]);
    expect(withPolicy(withPolicy(EMPTY, "p", 3), "p", 2).policy_versions.get("p")).toBe(3);
    const later = withChallenge(withChallenge(EMPTY, "a", NOW), "b", NOW + FORGET_AFTER);
    expect([...later.challenged.keys()]).toEqual(["a", "b"]);
    expect([...withChallenge(later, "c", NOW + FORGET_AFTER + 1).challenged.keys()]).toEqual(["b", "c"]);
  });
});

/** What would send messages to hardware: the compiler refuses an imitation, so the comments below must be needed. */
const send = (appraisal: Appraisal): string => appraisal.outcome;

test("a simulated appraisal cannot be passed where an appraisal is wanted", async () => {
  const result = await appraise(HONEST, GIVEN);
  // @ts-expect-error -- it may be simulated
  expect(send(result)).toBe("accepted_as_simulated");
  // @ts-expect-error -- it is simulated
  if (result.outcome === "accepted_as_simulated") expect(send(result)).toBe("accepted_as_simulated");
  else send(result);
});

test("a person may look back before the build of this verifier", async () => {
  const early = NOW - 400 * DAY;
  const at = (logged: Logged): Promise<Record> => recordOf({ now: early, logged });
  expect((await at(NOTHING_LOGGED)).reasons).toContain("clock_behind_build");
  expect((await at({ ...NOTHING_LOGGED, earliest: 0 })).reasons).not.toContain("clock_behind_build");
});

const kinds = KINDS as Map<string, Kind>;
const ofMediaTypes = OF_MEDIA_TYPES as Map<string, string>;
const built = kinds.get("nitro");
const passes: Run = () => [];
const proved: Logged = {
  ...NOTHING_LOGGED, policy: PROVED, release: PROVED, endorsement: PROVED, directory: PROVED, anchor: PROVED,
};
const policy: Policy = { ...POLICY, kinds: ["nitro"], fleet: { platforms: [toHex(NODE.plat.id)], keys: [] } };

/** The honest bundle judged as if it were of a hardware kind, with some of its checks replaced. */
function imitate(run: Kind["run"], changed: { policy?: Policy; logged?: Logged } = {}): Promise<Record> {
  const replaced = { ...SIMULATED.run, revocation: passes, tcb: passes, platform_bound: passes, ...run };
  kinds.set("nitro", { ...SIMULATED, name: "nitro", run: replaced });
  ofMediaTypes.set("sim-document", "nitro");
  return recordOf({ policy, logged: proved, ...changed });
}

test("a kind that is not built is refused, whatever the policy allows", async () => {
  const imitation = kinds.get("sim_tpm");
  kinds.delete("sim_tpm");
  const cpu = { mediaType: "sim-tpm-quote+cbor", data: ITEMS.get("cpu")?.data ?? HONEST };
  const { reasons } = await recordOf({ data: evidence.encode(new Map([...ITEMS, ["cpu", cpu]])) });
  if (imitation !== undefined) kinds.set("sim_tpm", imitation);
  expect(reasons).toEqual(["tee_not_allowed:sim_tpm"]);
});

describe("a kind that is not simulated", () => {
  afterEach(() => {
    ofMediaTypes.set("sim-document", "simulated");
    if (built === undefined) kinds.delete("nitro");
    else kinds.set("nitro", built);
  });

  test("is accepted when everything is proved, and is no simulation", async () => {
    const record = await imitate({});
    expect([record.outcome, record.simulated, record.hardwareBacked]).toEqual(["accepted", false, false]);
  });

  test("is hardware only under a production root, and a simulation under a foreign one", async () => {
    const production: Run = (at) => {
      at.production = true;
      return [];
    };
    expect((await imitate({ root: production })).hardwareBacked).toBe(true);
    const broken = await imitate({ root: production, document_signature: () => ["document_signature:cpu"] });
    expect(broken.hardwareBacked).toBe(false);
    const foreign = await imitate({
      root: (at) => {
        at.foreignRoot = true;
        return [];
      },
    });
    expect([foreign.outcome, foreign.simulated]).toEqual(["accepted_as_simulated", true]);
  });

  test("has no allowance: without proofs it is refused", async () => {
    const record = await imitate({}, { logged: NOTHING_LOGGED });
    const missing = ["policy_signature", "release_logged", "endorsement", "directory", "anchor"];
    expect(record.reasons).toEqual(missing.map((name) => `check_missing:${name}`));
    expect(record.checks.flatMap((one) => one.reasons)).not.toContain("not_applicable:simulated");
  });

  test("is refused for what the client failed to prove, and for why nothing was", async () => {
    const logged = { ...proved, release: ["release_revoked"], anchor: new NotProved("network") };
    const record = await imitate({}, { logged });
    expect(record.reasons).toEqual(["release_revoked"]);
    expect(record.checks.find((one) => one.check === "anchor")?.reasons).toEqual(["blocked_by:network"]);
  });

  test("must be wanted, listed, and complete", async () => {
    expect((await imitate({}, { policy: { ...policy, kinds: ["tdx"] } })).reasons).toEqual(["tee_not_allowed:nitro"]);
    const unlisted = { ...policy, fleet: { platforms: [OTHER], keys: [] } };
    expect((await imitate({}, { policy: unlisted })).reasons).toEqual(["platform_not_listed"]);
    kinds.set("nitro", { ...SIMULATED, name: "nitro", run: { ...SIMULATED.run, platform_bound: passes } });
    ofMediaTypes.set("sim-document", "nitro");
    const { reasons } = await recordOf({ policy, logged: proved });
    expect(reasons).toEqual(["check_missing:revocation", "check_missing:tcb"]);
  });

  test("cannot give another check's reason", async () => {
    await expect(imitate({ tcb: () => ["debug_enabled"] })).rejects.toThrow(Fault);
  });

  test("is called hardware only by its own checks: what a check remembers is kept after acceptance alone", async () => {
    const remembers: Run = (at) => {
      at.seen.push(["crl_numbers", "root", 5]);
      at.ends.push(NOW + 10);
      return [];
    };
    const accepted = await imitate({ revocation: remembers });
    expect([accepted.memoryAfter.crl_numbers.get("root"), accepted.validUntil]).toEqual([5, NOW + 10]);
    const refused = await imitate({ revocation: remembers, tcb: () => ["tcb_status:OutOfDate"] });
    expect(refused.memoryAfter).toBe(EMPTY);
  });
});
