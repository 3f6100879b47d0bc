/** From an address to verified nodes: logs, consent, bounds, and what is used no longer. */

import { sha256 } from "@noble/hashes/sha2.js";
import * as memory from "@privity/attest/memory";
import { PROVED } from "@privity/attest/logged";
import { ascii, type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { MAX_BUNDLE } from "@privity/protocol/limits";
import { LOG_SECONDS } from "@privity/trust/trust";
import { afterEach, describe, expect, test, vi } from "vitest";

import { Kept, ORIGIN, type Scene, scene, Web } from "../../trust/test/web.ts";
import { type Memories } from "../src/appraisal.ts";
import { EvidenceRefused } from "../src/errors.ts";
import { type Ground } from "../src/ground.ts";
import { usualProfile, type VerifiedNode } from "../src/nodes.ts";
import { provenanceOf } from "../src/provenance.ts";
import { Connection } from "../src/sdk.ts";
import { refusal } from "./bench.ts";
import { chance, xwing } from "./node.ts";

const HONEST = scene("an-honest-node");
const WITHDRAWN = scene("release-that-was-withdrawn");
const NODE = `/v1/nodes/${toHex(HONEST.listed.nd)}`;

afterEach(() => vi.unstubAllGlobals());

class Remembered implements Memories {
  document: Bytes | null = null;

  async update(step: (kept: Bytes | null) => Promise<Bytes>): Promise<void> {
    this.document = await step(this.document);
  }
}

/** One visit to the server of a scene, and all that was asked of it. */
class Visiting {
  readonly web: Web;
  readonly kept = new Kept();
  readonly memories = new Remembered();
  readonly posted: { readonly address: string; readonly options: RequestInit }[] = [];
  readonly connection: Connection;
  bundle: Bytes;
  /** The answer to what is posted; an error stands for a network that is not there. */
  answer: Response | Error = new Response(null, { status: 503 });
  now: number;

  constructor(at: Scene, roots = at.roots) {
    this.web = new Web(at.bulletin);
    this.bundle = at.bundle;
    this.now = at.now;
    const { kept: store, memories, ground } = this;
    this.connection = new Connection({ origin: ORIGIN, pin: at.pin, store, memories, roots, ground });
  }

  get ground(): Ground {
    return {
      fetch: (address, options) => this.#fetch(address, options), clock: () => this.now, entropy: chance(5), xwing,
      sleep: (_seconds, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
    };
  }

  async nodes(model = "", refresh = false): Promise<readonly VerifiedNode[]> {
    return this.connection.source.nodes(model, refresh);
  }

  async #fetch(address: string, options: RequestInit): Promise<Response> {
    if (options.method === "POST") {
      this.posted.push({ address, options });
      if (this.answer instanceof Error) throw this.answer;
      return this.answer;
    }
    const path = address.slice(ORIGIN.length);
    if (!path.startsWith("/v1/nodes/")) return this.web.fetch(address);
    this.web.asked.push(path);
    return path === NODE ? new Response(this.bundle) : new Response(null, { status: 404 });
  }
}

test("a listed node is verified once, and what it was judged by can be kept", async () => {
  const at = new Visiting(HONEST);
  const [node] = await at.nodes();
  await at.nodes();
  expect(at.web.asked).toEqual(["/.well-known/privity", "/v1/bulletin", NODE]);
  expect(node).toMatchObject({
    digest: toHex(HONEST.listed.nd), origin: "https://relay.test", simulated: true, kind: "simulated", weight: 1,
    validUntil: HONEST.now + LOG_SECONDS, appraisedAt: HONEST.now, bundle: HONEST.bundle,
  });
  expect(node?.record).toMatchObject({ outcome: "accepted_as_simulated", reasons: [] });
  if (node === undefined) throw new Error("no node");
  expect(canonical.decode(node.appraisal, 65_536)).toEqual(node.record);
  expect(provenanceOf(node, "")).toMatchObject({
    proof: "test", node: node.digest, release: node.release, model: { id: node.models[0]?.id },
    appraisalDigest: toHex(sha256(node.appraisal)),
  });
  expect(provenanceOf({ ...node, simulated: false }, "another")).toMatchObject({ proof: "verified", model: null });
  expect(at.connection.source.seen.map(({ size }) => size)).toEqual([4, 1]);
  expect(memory.decode(at.memories.document ?? ascii("")).policy_versions.size).toBe(1);
});

test("a node that saw another history is kept beside our heads, and the logs are read again", async () => {
  const at = new Visiting(HONEST);
  const [node] = await at.nodes();
  if (node === undefined) throw new Error("no node");
  await at.connection.source.contradicted(node);
  const notes = at.connection.server.checkpoints.map(([, note]) => note);
  expect(at.kept.evidence).toMatchObject([{ reason: "view_conflict", origin: ORIGIN, time: HONEST.now, node: node.document }]);
  expect(new Set(at.kept.evidence[0]?.notes)).toEqual(new Set(notes));
  at.web.asked.length = 0;
  await at.nodes();
  expect(at.web.asked).toContain("/v1/bulletin");
});

describe("a test enclave is refused", () => {
  test("without consent: the record says why, and nothing is sent", async () => {
    const at = new Visiting(HONEST, new Set());
    const caught: unknown = await at.nodes().catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(EvidenceRefused);
    expect(caught).toMatchObject({
      reason: "simulated_not_allowed", bundle: HONEST.bundle, record: { outcome: "refused", reasons: ["simulated"] },
    });
    expect([at.posted, at.memories.document]).toEqual([[], null]);
  });

  test("with consent to another root only", async () => {
    expect(await refusal(new Visiting(HONEST, new Set(["ab".repeat(32)])).nodes())).toBe("simulated_not_allowed");
  });

  test("by a release, whatever consent it is given", async () => {
    vi.stubGlobal("PRIVITY_RELEASE", true);
    const at = new Visiting(HONEST);
    expect(at.connection.appraiser.roots.size).toBe(0);
    expect(await refusal(at.nodes())).toBe("simulated_not_allowed");
  });
});

test("a server without a pin is refused before anything is asked", async () => {
  const { kept: store, memories, ground } = new Visiting(HONEST);
  const given = { origin: ORIGIN, pin: null, store, memories, roots: HONEST.roots, ground };
  expect(await refusal(Promise.resolve().then(() => new Connection(given)))).toBe("not_pinned");
});

test("evidence of another node than the listed one is refused", async () => {
  const at = new Visiting(HONEST);
  await at.nodes();
  const { appraiser, server } = at.connection;
  const logged = { ...await server.logged(HONEST.bundle, HONEST.listed, at.now), directory: PROVED };
  const held = { now: at.now, nonce: null, logged, policy: server.policy(appraiser.roots) };
  const listed = { ...HONEST.listed, nd: new Uint8Array(32) };
  expect(await refusal(appraiser.judge(HONEST.bundle, held, listed, ORIGIN))).toBe("refused");
  expect((await appraiser.judge(HONEST.bundle, held, HONEST.listed, ORIGIN)).digest).toBe(toHex(HONEST.listed.nd));
});

describe("what was judged", () => {
  test("counts for half an hour: then what was withdrawn is refused", async () => {
    const at = new Visiting(HONEST);
    await at.nodes();
    at.web.post(WITHDRAWN.bulletin);
    at.now += LOG_SECONDS - 1;
    expect(await at.nodes()).toHaveLength(1);
    at.now += 1;
    const caught: unknown = await at.nodes().catch((error: unknown) => error);
    expect(caught).toMatchObject({ reason: "refused", record: { reasons: ["release_revoked"] } });
  });

  test("is used no longer once a look at the logs has failed", async () => {
    const at = new Visiting(HONEST);
    await at.nodes();
    at.web.status = 503;
    expect(await refusal(at.nodes("", true))).toBe("not_privity");
    expect(await refusal(at.nodes())).toBe("not_privity");
    expect(at.connection.source.seen).toEqual([]);
  });

  test("is looked up once for all who ask at the same time", async () => {
    const at = new Visiting(HONEST);
    const found = await Promise.all([at.nodes(), at.nodes("", true), at.nodes("", true)]);
    expect(found.map(([node]) => node?.digest)).toEqual(found.map(() => toHex(HONEST.listed.nd)));
    expect(at.web.asked.filter((path) => path === "/v1/bulletin")).toHaveLength(1);
  });
});

test("a memory that cannot be read is begun anew, and that is said", async () => {
  const at = new Visiting(HONEST);
  at.memories.document = ascii("{}");
  expect(at.connection.appraiser.forgot).toBe(false);
  await at.nodes();
  expect(at.connection.appraiser.forgot).toBe(true);
  expect(memory.decode(at.memories.document).policy_versions.size).toBe(1);
});

test("a policy older than the one remembered is refused, and the memory stays", async () => {
  const at = new Visiting(HONEST);
  const kept = memory.encode(memory.withPolicy(memory.EMPTY, "local", 2));
  at.memories.document = kept;
  expect(await refusal(at.nodes())).toBe("refused");
  expect(at.memories.document).toBe(kept);
});

test("a model that no node offers is named", async () => {
  const caught: unknown = await new Visiting(HONEST).nodes("other").catch((error: unknown) => error);
  expect(caught).toMatchObject({ reason: "no_node", detail: "model other" });
});

test("bundles are bounded, and nonsense is refused with a record", async () => {
  const at = new Visiting(HONEST);
  at.bundle = new Uint8Array(MAX_BUNDLE + 1);
  expect(await refusal(at.nodes())).toBe("too_much");
  for (const bundle of [ascii(""), ascii("{}"), ascii("<html>"), HONEST.bundle.slice(0, -1)]) {
    at.bundle = bundle;
    const caught: unknown = await at.nodes().catch((error: unknown) => error);
    expect(caught).toMatchObject({ reason: "refused", record: { outcome: "refused" } });
  }
});

describe("a challenge", () => {
  test("names the key and brings a nonce of ours; old evidence is no answer", async () => {
    const at = new Visiting(HONEST);
    at.answer = new Response(HONEST.bundle);
    const caught: unknown = await at.connection.checkAgain("").catch((error: unknown) => error);
    expect(caught).toMatchObject({ reason: "refused", record: { reasons: ["nonce_mismatch"] } });
    const [{ address, options } = { address: "", options: {} }] = at.posted;
    const body = options.body as Bytes;
    expect([address, body.length]).toEqual(["https://relay.test/ec1/challenge", 40]);
    expect(body.slice(0, 8)).toEqual(HONEST.listed.nd.slice(0, 8));
    expect(options).toMatchObject({ credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" });
  });

  test.each([
    ["refused by the node", new Response(null, { status: 429 }), "refused"],
    ["without end", new Response(new Uint8Array(MAX_BUNDLE + 1)), "too_much"],
    ["that nobody answers", new TypeError("down"), "unreachable"],
  ])("%s verifies nothing", async (_what, answer, reason) => {
    const at = new Visiting(HONEST);
    at.answer = answer;
    expect(await refusal(at.connection.checkAgain(""))).toBe(reason);
  });
});

test("the usual profile is the paced one; the one that hides nothing comes last", async () => {
  const [node] = await new Visiting(HONEST).nodes();
  if (node === undefined) throw new Error("no node");
  const asked = [["p0", "p1", "p2"], ["p0", "p2"], ["p0"]] as const;
  expect(asked.map((profiles) => usualProfile({ ...node, profiles }))).toEqual(["p1", "p2", "p0"]);
});
