/** Which logs count, what the page is shown, and that nothing is sent unless all of it was proven. */

import { fromHex, toHex } from "@privity/protocol/bytes";
import * as bulletins from "@privity/tlog/bulletin";
import * as trust from "@privity/tlog/leaves/trust";
import * as savedEvidence from "@privity/trust/saved_evidence";
import { LOG_SECONDS } from "@privity/trust/trust";
import { describe, expect, test } from "vitest";

import { refusal } from "../../../packages/channel/test/bench.ts";
import { KEYS, RELEASE, scene } from "../../../packages/trust/test/web.ts";
import { modelsOf } from "../../src/channel/model.ts";
import { firstPin } from "../../src/channel/pin.ts";
import { RENEWED_BEFORE } from "../../src/channel/visit.ts";
import { Desk, HONEST, ROOT } from "./desk.ts";

const SPLIT = scene("a-second-history");

async function agreed(desk = new Desk()): Promise<Desk> {
  await desk.start();
  await desk.consent(ROOT);
  expect((await desk.verify()).verdict).toBe("test");
  return desk;
}

describe("the logs that count", () => {
  test("are at the first contact those of the server, which is shown as not checked, and kept", async () => {
    const desk = new Desk();
    const record = await desk.start();
    const shown = { name: "log_policy", group: "log", outcome: "not_checked", reason: "first_contact" };
    expect(record?.checks.at(-1)).toMatchObject(shown);
    expect(desk.drawer.kept.get("pin")).toEqual(HONEST.pin);
  });

  test("are those that were given, before those that were met", async () => {
    const desk = new Desk();
    const record = await desk.start(HONEST.pin);
    expect(record?.checks.at(-1)).toMatchObject({ name: "log_policy", outcome: "passed", reason: "" });
    const again = await new Desk(HONEST, desk.drawer).start();
    expect(again?.checks.at(-1)).toMatchObject({ outcome: "passed" });
    expect(desk.web.asked.filter((path) => path === "/v1/bulletin")).toHaveLength(1);
  });

  test("stay what they were, whatever the server says later", async () => {
    const { drawer } = await agreed();
    const foreign = new Desk(scene("foreign-witness-in-the-place-of-one"), drawer);
    const record = await foreign.start();
    expect([record?.verdict, record?.reasons[0]?.split(":")[0]]).toEqual(["refused", "witness_quorum"]);
    expect(drawer.kept.get("pin")).toEqual(HONEST.pin);
  });

  test("are not taken up where nobody watches them", () => {
    const posted = bulletins.decode(HONEST.bulletin);
    const entries = posted.release.entries.map((entry) => {
      if (!new TextDecoder().decode(entry.leaf).includes('"t":"policy"')) return entry;
      const leaf = trust.decode(entry.leaf);
      const alone = leaf.witnessPolicy.split("\n").filter((line) => line.startsWith("log "));
      return { ...entry, leaf: trust.encode({ ...leaf, witnessPolicy: `${alone.join("\n")}\nquorum none\n` }) };
    });
    const changed = bulletins.encode({ ...posted, release: { ...posted.release, entries } });
    expect(() => firstPin(changed)).toThrow("no_quorum");
    expect(firstPin(HONEST.bulletin)).toEqual(HONEST.pin);
  });

  test("are not kept where they were not believed", async () => {
    const desk = new Desk(scene("heads-of-two-hours-ago"));
    expect((await desk.start())?.reasons[0]).toContain("checkpoint_stale");
    expect(desk.drawer.kept.size).toBe(0);
  });
});

describe("a test enclave", () => {
  test("is refused, with the root that a person would have to accept, and nothing is sent", async () => {
    const desk = new Desk();
    expect(await desk.start()).toMatchObject({ verdict: "refused", reasons: ["simulated"], roots: [ROOT], until: 0 });
    expect(await desk.ask()).toMatchObject({ state: "failed", reason: "simulated_not_allowed", proof: "none", bundle: null });
    expect(desk.posted).toEqual([]);
    expect(desk.news.map(({ kind }) => kind)).toEqual(["record", "ended"]);
  });

  test("is shown as one after consent, which this browser keeps for the service", async () => {
    const desk = await agreed();
    const record = await new Desk(HONEST, desk.drawer).start();
    expect(record).toMatchObject({
      verdict: "test", reasons: [], release: "privity-local 0.1.0", kind: "simulated", profile: "p1", roots: [ROOT],
      time: HONEST.now, until: HONEST.now + LOG_SECONDS, route: { origin: "https://relay.test", relay: null },
    });
    const logs = record?.logs.map(({ origin, size, witnesses }) => [origin, size, witnesses.length]);
    expect(logs).toEqual([[RELEASE, 4, 2], [KEYS, 1, 2]]);
    expect(record?.entry).toEqual({ origin: RELEASE, index: 3 });
    expect(record?.measurements.map(({ name }) => name)).toContain("registers.0");
    expect(record?.checks.find(({ name }) => name === "release_logged")).toMatchObject({ group: "log", outcome: "passed" });
  });

  test("is refused again when the consent is taken back", async () => {
    const desk = await agreed();
    await desk.consent();
    expect((await desk.verify()).reasons).toEqual(["simulated"]);
    expect(await refusal(desk.consent("no root"))).toBe("page.malformed");
  });

  test("whose consent cannot be read has none", async () => {
    const { drawer } = await agreed();
    drawer.kept.set("consent", fromHex("ff") ?? HONEST.pin);
    expect((await new Desk(HONEST, drawer).start())?.reasons).toEqual(["simulated"]);
  });
});

describe("a log that lied", () => {
  test("is refused under its reason; its notes can be saved", async () => {
    const { drawer } = await agreed();
    const desk = new Desk(SPLIT, drawer);
    const record = await desk.start();
    expect([record?.verdict, record?.reasons[0]?.split(":")[0], record?.release]).toEqual(["refused", "split_view", ""]);
    const saved = await desk.handlers.saveConviction({ name: "saveConviction" });
    expect(new TextDecoder().decode(saved?.data)).toContain('"reason":"split_view"');
    expect(await desk.ask()).toMatchObject({ state: "failed", reason: "split_view" });
    expect(desk.posted).toEqual([]);
  });

  test("is not accused before", async () => {
    expect(await (await agreed()).handlers.saveConviction({ name: "saveConviction" })).toBeNull();
  });
});

describe("a server that is not there", () => {
  test("gives no record, and none is taken away", async () => {
    const desk = new Desk();
    desk.up = false;
    expect(await desk.start()).toBeNull();
    expect(await refusal(desk.verify())).toBe("unreachable");
    expect(await desk.ask()).toMatchObject({ state: "failed", reason: "unreachable" });
    expect(desk.news.filter(({ kind }) => kind === "record")).toEqual([]);
    desk.up = true;
    expect((await desk.verify()).reasons).toEqual(["simulated"]);
  });
});

describe("a challenge", () => {
  test("that is answered wrongly blocks sending until one is answered well", async () => {
    const desk = await agreed();
    desk.answer = new Response(HONEST.bundle);
    expect(await desk.verify(true)).toMatchObject({ verdict: "refused", reasons: ["nonce_mismatch"] });
    expect((await desk.verify()).verdict).toBe("test");
    expect(await desk.ask()).toMatchObject({ state: "failed", reason: "refused" });
    expect(desk.posted).toEqual(["/ec1/challenge"]);
  });

  test("that nobody answers changes nothing, and says so", async () => {
    const desk = await agreed();
    desk.answer = new Response(null, { status: 429 });
    expect(await refusal(desk.verify(true))).toBe("refused");
    expect(desk.news.at(-1)).toMatchObject({ kind: "record", record: { verdict: "test" } });
    expect(await desk.handlers.models({ name: "models" })).toHaveLength(1);
  });
});

test("what was judged is judged anew before it ends", async () => {
  const desk = await agreed();
  const [renewal, ...more] = desk.later;
  expect([renewal?.seconds, more]).toEqual([LOG_SECONDS - RENEWED_BEFORE, []]);
  desk.web.post(scene("release-that-was-withdrawn").bulletin);
  desk.now += LOG_SECONDS - RENEWED_BEFORE;
  renewal?.step();
  for (let turn = 0; turn < 50 && desk.news.length === 0; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(desk.news).toMatchObject([{ kind: "record", record: { verdict: "refused", reasons: ["release_revoked"] } }]);
});

test("pictures go to engines that take them (specs/engine-profiles.md)", () => {
  const model = { display: "", sha256: ["00"], settings: "", context: 1, demonstration: false };
  const engines = ["xllamacpp 0.2.5", "llama-server b1", "vllm >=0.33.0", "sglang >=0.5.23", "ollama"];
  const nodes = engines.map((engine) => ({ models: [{ ...model, id: engine, engine }] }));
  expect(modelsOf(nodes).map(({ vision }) => vision)).toEqual([false, true, true, true, false]);
});

test("models, and the evidence for the command line, come from what was verified", async () => {
  const desk = await agreed();
  const [model] = await desk.handlers.models({ name: "models" });
  expect(model).toMatchObject({ id: "privity/demonstration", efforts: [], vision: false });
  expect(model?.digest).toMatch(/^[0-9a-f]{64}$/);
  const { fileName, data } = await desk.handlers.saveEvidence({ name: "saveEvidence" });
  const { bundle, bulletin, time } = savedEvidence.decode(data);
  expect(fileName).toMatch(/^privity-evidence-[0-9a-f]{12}\.json$/);
  expect([toHex(bundle), toHex(bulletin), time]).toEqual([toHex(HONEST.bundle), toHex(HONEST.bulletin), HONEST.now]);
});

test("before a start nothing is done, and there is nothing to save", async () => {
  const desk = new Desk();
  const { handlers } = desk;
  expect(await refusal(Promise.resolve().then(() => handlers.verify({ name: "verify", fresh: false })))).toBe("page.malformed");
  for (const service of ["", "localhost", "ftp://a.example", "https://a.example/", "https://a.example/path", "javascript:1"]) {
    expect(await refusal(handlers.start({ name: "start", service, pin: null, relay: null }))).toBe("page.malformed");
  }
  desk.up = false;
  await desk.start();
  expect(await refusal(handlers.saveEvidence({ name: "saveEvidence" }))).toBe("no_record");
});

test("what is forgotten is not kept, and nothing goes on without a new start", async () => {
  const desk = await agreed();
  await desk.handlers.forget({ name: "forget" });
  expect([desk.drawer.kept.size, desk.later]).toEqual([0, []]);
  expect(await refusal(Promise.resolve().then(() => desk.verify()))).toBe("page.malformed");
  expect((await desk.start())?.reasons).toEqual(["simulated"]);
});

describe("a question", () => {
  test.each([
    ["", "not JSON"], ["[]", "messages"], ['[{"content":"a","role":"robot"}]', "messages[0].role"],
    ['[{"content":"a","name":"b","role":"user"}]', "messages[0].name"], ['[{"content":7,"role":"user"}]', "messages[0].content"],
    ['[{"content":[{"image_url":{"url":"data:"},"type":"image_url"}],"role":"user"}]', "messages[0].content[0].text"],
  ])("%s is not sent", async (messages, place) => {
    const desk = await agreed();
    const end = await desk.ask(messages);
    expect([end.state, end.reason]).toEqual(["failed", "bad_request"]);
    expect(end.detail).toContain(place);
    expect(desk.posted).toEqual([]);
  });

  test("is sealed to the verified key: one that is none ends it before anything is sent", async () => {
    const desk = await agreed();
    expect(await desk.ask()).toMatchObject({ state: "failed", reason: "bad_answer", detail: "key" });
    expect(desk.posted).toEqual([]);
  });

  test("has a request id of 16 bytes", async () => {
    const desk = await agreed();
    const asked = { request: "r2", conversation: "c", model: "", effort: null, messages: "[]", receipt: false, tokens: [] };
    const handled = Promise.resolve().then(() => desk.handlers.ask({ name: "ask", ...asked, rid: "00" }));
    expect(await refusal(handled)).toBe("page.malformed");
  });
});
