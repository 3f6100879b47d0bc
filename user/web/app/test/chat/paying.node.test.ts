/** What questions cost: tokens go from the vault to the channel, and only where the enclave takes some. */

import { beforeEach, expect, test, vi } from "vitest";

import { record } from "../../src/state/app.ts";
import { send, tryAgain } from "../../src/state/asking.ts";
import { judged } from "../../src/state/news.ts";
import { allowance } from "../../src/state/paying.ts";
import { failures } from "../../src/state/runs.ts";
import { FarEnd, RECORD, settle } from "./far_end.ts";

const METERING = {
  prices: { chat: 1, embed: 1 },
  meter: { deploy: "d", issuer: "a.test", origin: "r.test", issuers: { deploy: "d", time: 1, keys: [] } },
};
const QUESTION = { text: "How deep?", attachments: [] };
let far: FarEnd;

/** A module that is loaded when it is needed first takes its time. */
async function until(step: () => void): Promise<void> {
  await vi.waitFor(step, { timeout: 20_000, interval: 5 });
  await settle();
}

beforeEach(() => {
  far = new FarEnd();
});

test("where nothing costs anything the vault is asked for no token", async () => {
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(1));
  expect(far.question.tokens).toEqual([]);
  expect([...far.of("tokens"), ...far.of("allowance")]).toEqual([]);
  expect(allowance.value).toBeNull();
});

test("a question takes the tokens of its request, and what is left is known", async () => {
  far.metering = METERING;
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(1));
  expect(far.of("tokens")).toMatchObject([{ rid: far.question.rid, count: 1, fresh: false }]);
  expect(far.question.tokens).toEqual([Uint8Array.of(19)]);
  expect(allowance.value?.left).toBe(19);
});

test.each(["token_spent", "token_expired"])("after %s the same request goes out with another token, once", async (reason) => {
  far.metering = METERING;
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(1));
  far.end("failed", reason);
  await until(() => expect(far.of("ask")).toHaveLength(2));
  const [first, second] = far.of("ask");
  expect(second).toEqual({ ...first, tokens: [Uint8Array.of(18)] });
  expect(far.of("tokens").at(-1)).toMatchObject({ rid: first?.rid, fresh: true });
  far.end("failed", reason);
  await until(() => expect(failures.value.size).toBe(1));
  expect(far.of("ask")).toHaveLength(2);
});

test("what failed is tried again as the same request", async () => {
  far.metering = METERING;
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(1));
  far.end("failed", "internal");
  await until(() => expect(failures.value.size).toBe(1));
  await tryAgain([...failures.value.keys()][0] ?? "");
  await until(() => expect(far.of("ask")).toHaveLength(2));
  const [first, second] = far.of("tokens");
  expect(second).toEqual(first);
});

test("a request that takes over another's tokens goes out under its id, and whoever tries that one again asks anew", async () => {
  far.metering = METERING;
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(1));
  far.end("failed", "internal");
  await until(() => expect(failures.value.size).toBe(1));
  const { rid } = far.question;
  far.tookOver = rid;
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(2));
  expect(far.of("tokens").at(-1)?.rid).not.toBe(rid);
  expect(far.of("ask")[1]).toMatchObject({ rid });
  expect([...failures.value.values()]).toEqual([expect.objectContaining({ rid: expect.not.stringMatching(rid) as string })]);
});

test.each(["complete", "stopped"] as const)("the tokens of an answer that is %s go with no other request", async (state) => {
  far.metering = METERING;
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(1));
  far.end(state);
  await until(() => expect(far.of("tokens")).toHaveLength(2));
  expect(far.of("tokens")[1]).toMatchObject({ rid: far.question.rid, count: 0, fresh: true });
});

test("the last token's question is asked; the next one stays in the composer until there is one again", async () => {
  [far.metering, far.left] = [METERING, 1];
  await send(QUESTION);
  await until(() => expect(far.of("ask")).toHaveLength(1));
  far.end("complete");
  await until(() => expect(far.of("finish")).toHaveLength(1));
  expect(await send(QUESTION)).toBe(false);
  expect(far.of("write")).toHaveLength(1);
  far.left = 20;
  expect(await send(QUESTION)).toBe(true);
  await until(() => expect(far.of("ask")).toHaveLength(2));
});

test("a question that finds no token is kept with the reason, and asked of nobody", async () => {
  [far.metering, far.left] = [METERING, 0];
  await send(QUESTION);
  await until(() => expect(failures.value.size).toBe(1));
  expect([...failures.value.values()][0]).toMatchObject({ reason: "tokens_gone", answer: null });
  expect(far.of("ask")).toEqual([]);
  expect(allowance.value?.left).toBe(0);
});

test("what costs are is learnt with an appraisal, and not with a refusal, which would be told again for it", async () => {
  far.metering = METERING;
  record.value = { ...RECORD, verdict: "refused", reasons: ["simulated_not_allowed"] };
  await judged();
  await settle();
  expect(far.of("metering")).toEqual([]);
  record.value = RECORD;
  await judged();
  await until(() => expect(allowance.value).not.toBeNull());
  expect(far.of("metering")).toHaveLength(1);
});
