/** One answer as the page is told of it: pieces, notices, and exactly one end. */

import { Chain } from "@privity/channel/chain";
import { Channel } from "@privity/channel/channel";
import { type Line } from "@privity/protocol/lines";
import { describe, expect, test } from "vitest";

import { Bench } from "../../../packages/channel/test/bench.ts";
import { FakeNode, HELLO_YOU, type Script, script } from "../../../packages/channel/test/node.ts";
import type { ChannelNews, Ended } from "../../src/bridge/channel.ts";
import { Run, STOP_PATIENCE } from "../../src/channel/run.ts";

const LONG: readonly Line[] = [
  ...Array.from({ length: 20 }, (): Line => ({ t: "text", d: "word ".repeat(40) })), { t: "done", reason: "stop" },
];

class Page {
  readonly news: ChannelNews[] = [];
  readonly later: { readonly seconds: number; readonly step: () => void }[] = [];
  readonly bench: Bench;
  readonly run: Run;
  /** Is told each thing that the page hears. */
  heard: (news: ChannelNews) => void = () => undefined;

  constructor(node: FakeNode, prepare?: () => Promise<never>) {
    this.bench = new Bench(node);
    const channel = new Channel(this.bench.ground, this.bench.source);
    this.run = new Run({
      name: "r", chain: new Chain(),
      prepare: prepare ?? (() => Promise.resolve({ request: this.bench.request(), channel })),
      after: (seconds, step) => {
        this.later.push({ seconds, step });
        return () => undefined;
      },
      tell: (news) => {
        this.news.push(news);
        this.heard(news);
      },
      accepted: () => undefined, absent: () => "relay.unreachable",
      evidence: ({ bundle }) => Promise.resolve(new Uint8Array([...bundle, 0])),
    });
  }

  get text(): string {
    return this.news.map((one) => (one.kind === "piece" ? one.text : "")).join("");
  }

  get ends(): readonly Ended[] {
    return this.news.flatMap((one) => (one.kind === "ended" ? [one.ended] : []));
  }

  get heardKinds(): readonly string[] {
    return this.news.map((one) => (one.kind === "notice" ? one.what : one.kind));
  }
}

async function page(changed: Partial<Script> = {}): Promise<Page> {
  return new Page(await FakeNode.make("node", script(changed)));
}

test("an answer is told in pieces, then its end with what can be shown of it", async () => {
  const lines: readonly Line[] = [{ t: "reasoning", d: "Hm." }, ...HELLO_YOU];
  const node = await FakeNode.make("node", script({ lines }));
  const at = new Page(node);
  await at.run.go();
  expect(at.heardKinds).toEqual(["accepted", "piece", "piece", "piece", "ended"]);
  expect(at.news[1]).toMatchObject({ request: "r", text: "", reasoning: "Hm." });
  expect(at.text).toBe("Hello you.");
  const { bundle, appraisal } = node.verified();
  expect(at.ends).toMatchObject([{
    state: "complete", reason: "", usage: [5, 0, 2], proof: "test", model: "ab".repeat(32), appraisal, receipt: null,
    bundle: new Uint8Array([...bundle, 0]),
  }]);
});

test("a cut that is mended is told and changes nothing; the end comes once", async () => {
  const at = await page({ lines: LONG, cuts: [3], runStatuses: [503] });
  await at.run.go();
  expect(at.heardKinds.filter((kind) => kind !== "piece")).toEqual(["retrying", "accepted", "resuming", "accepted", "ended"]);
  expect([at.text, at.ends[0]?.state]).toEqual(["word ".repeat(800), "complete"]);
});

test("what cannot be mended begins anew, and the page is told before", async () => {
  const at = await page({ lines: LONG, cuts: [2], inner: [null, [10, "gone"]] });
  await at.run.go();
  const anew = at.heardKinds.indexOf("restarted");
  expect(anew).toBeGreaterThan(0);
  expect(at.news.slice(anew).map((one) => (one.kind === "piece" ? one.text : "")).join("")).toBe("word ".repeat(800));
  expect(at.ends).toMatchObject([{ state: "complete" }]);
});

test("cut for good is cut; without a word it has failed", async () => {
  const cut = await page({ lines: LONG, cuts: Array.from({ length: 99 }, () => 2) });
  await cut.run.go();
  expect(cut.ends).toMatchObject([{ state: "cut", reason: "answer_cut", proof: "test" }]);
  const failed = await page({ inner: [[7, "restarting"]] });
  await failed.run.go();
  expect(failed.ends).toMatchObject([{ state: "failed", reason: "model_unavailable", detail: "restarting", usage: null }]);
});

test("a fault of the other side's bytes is one reason, and no answer that came before is complete", async () => {
  const at = await page({ lines: LONG, tamperRecord: 2 });
  await at.run.go();
  expect(at.ends).toMatchObject([{ state: "failed", reason: "bad_answer", detail: "not_authentic" }]);
  expect(at.text).not.toBe("");
});

test("what cannot be prepared was never sent", async () => {
  const node = await FakeNode.make();
  const at = new Page(node, () => Promise.reject(new TypeError("a fault of ours")));
  await at.run.go();
  expect(at.ends).toMatchObject([{ state: "failed", reason: "page.TypeError", detail: "", proof: "none", document: null }]);
  expect(at.bench.network.asked).toEqual([]);
});

describe("stopping", () => {
  test("tells the node and waits for it to end the answer, for three seconds", async () => {
    const node = await FakeNode.make("node", script({ lines: LONG, silentAfter: 2100, chunk: 2100 }));
    const at = new Page(node);
    let stopping: Promise<void> | null = null;
    at.heard = ({ kind }) => {
      if (kind === "piece") stopping ??= at.run.stop();
    };
    const going = at.run.go();
    while (at.later.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(at.ends).toEqual([]);
    expect(at.later.map(({ seconds }) => seconds)).toEqual([STOP_PATIENCE]);
    at.later[0]?.step();
    await going;
    expect(at.ends).toMatchObject([{ state: "stopped", reason: "", proof: "test" }]);
    expect(at.text).not.toBe("");
    await at.run.stop();
    expect(at.ends).toHaveLength(1);
  });

  test("ends at once what no node has taken", async () => {
    const at = await page();
    const going = at.run.go();
    await at.run.stop();
    await going;
    expect(at.ends).toMatchObject([{ state: "stopped", proof: "none" }]);
  });

  test("an answer that the node ended so is stopped, and what it used is known", async () => {
    const at = await page({ lines: [...HELLO_YOU.slice(0, 3), { t: "done", reason: "stopped" }] });
    await at.run.go();
    expect(at.ends).toMatchObject([{ state: "stopped", usage: [5, 0, 2] }]);
  });

  test("changes nothing after the end", async () => {
    const at = await page();
    await at.run.go();
    await at.run.stop();
    expect(at.ends).toMatchObject([{ state: "complete" }]);
    expect(at.bench.network.runs).toHaveLength(1);
  });
});
