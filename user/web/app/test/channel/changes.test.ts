/** What changed between two releases, and which models a person can choose. */

import { type Model } from "@privity/attest/release";
import { EFFORTS } from "@privity/channel/request";
import { ascii } from "@privity/protocol/bytes";
import * as evidence from "@privity/protocol/evidence";
import { describe, expect, test } from "vitest";

import { FakeNode } from "../../../packages/channel/test/node.ts";
import { changed } from "../../../packages/trust/test/web.ts";
import { changesOf } from "../../src/channel/changes.ts";
import { digestOf, modelsOf } from "../../src/channel/model.ts";
import { HONEST } from "./desk.ts";

const RELEASE = evidence.decode(HONEST.bundle).items.get("release")?.data ?? ascii("");

describe("changes", () => {
  test("are none between equal releases, after nothing, and from what cannot be read", async () => {
    expect(await changesOf(RELEASE, RELEASE)).toEqual([]);
    expect(await changesOf(null, RELEASE)).toEqual([]);
    expect(await changesOf(ascii("{}"), RELEASE)).toEqual([]);
    expect(await changesOf(RELEASE, changed(RELEASE, { not_before: 7 }))).toEqual([]);
  });

  test("name each thing that differs, before and after", async () => {
    const other = changed(RELEASE, {
      version: "9.9.9", source: "ab".repeat(20), models: ["cd".repeat(32)], configuration: ["ef".repeat(32)],
      flags: ["emergency"],
      platforms: { nitro: { pcrs: { 0: ["00".repeat(48)] } } },
    });
    const found = await changesOf(RELEASE, other);
    expect(found.map(({ what }) => what)).toEqual(
      ["version", "source", "models", "configuration", "platforms", "measurements", "flags"],
    );
    expect(found[0]).toEqual({ what: "version", before: "privity-local 0.1.0", after: "privity-local 9.9.9" });
    expect(found.find(({ what }) => what === "platforms")).toMatchObject({ before: "simulated", after: "nitro" });
  });
});

describe("models", () => {
  const model: Model = {
    id: "a", display: "A", sha256: ["ab".repeat(32)], engine: "xllamacpp 0.2", settings: "00".repeat(32), context: 512,
    demonstration: false,
  };

  test("are told once each; only some engines know an effort", async () => {
    const node = (await FakeNode.make()).verified();
    const nodes = [{ ...node, models: [model, { ...model, id: "b", engine: "vllm >=0.33.0" }] }, { ...node, models: [model] }];
    expect(modelsOf(nodes).map(({ id, efforts }) => [id, efforts])).toEqual([["a", []], ["b", EFFORTS]]);
  });

  test("have one digest, whatever the order of their files", () => {
    expect(digestOf(model)).toBe("ab".repeat(32));
    const [one, two] = ["ab".repeat(32), "cd".repeat(32)];
    expect(digestOf({ sha256: [one, two] })).toBe(digestOf({ sha256: [two, one] }));
    expect(digestOf({ sha256: [one, two] })).toMatch(/^[0-9a-f]{64}$/);
  });
});
