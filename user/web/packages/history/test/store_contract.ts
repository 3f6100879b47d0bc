/** What every store must do: one contract for the one in memory and the one in a browser. */

import type { SignedPage } from "@privity/vault/page";
import { expect, test } from "vitest";

import type { Row, State, Store, Waiting } from "../src/store.ts";
import { ACCOUNT, draw } from "./account.ts";

const STATE: State = {
  position: { account: ACCOUNT, n: 3, head: draw("head"), keyring: 1 }, keyrings: [{ revision: 1, public: draw("public") }],
  privateHalf: draw("half"), posting: null, halted: null,
};

function row(name: string): Row {
  const known = { version: 1, deleted: false, box: false, body: { hash: draw(`hash ${name}`), size: 4164 } };
  return { id: draw(name, 16), box: draw("box", 16), known, op: 0, kind: 2, fault: null };
}

function waiting(name: string, order: number): Waiting {
  return { id: draw(name, 16), order, op: 0, box: draw("box", 16), kind: 2, version: 1, body: draw("body", 4164), base: null };
}

/** Run the contract on stores that `open` makes; `again` opens what was written. */
export function storeContract(open: () => Promise<Store>, again: (store: Store) => Promise<Store>): void {
  test("an empty store has nothing", async () => {
    const store = await open();
    expect(await Promise.all([store.state(), store.chain(draw("d", 16)), store.row(draw("r", 16)), store.body(draw("b"))]))
      .toEqual([null, null, null, null]);
    expect(await Promise.all([store.rows(), store.waiting(), store.drafts()])).toEqual([[], [], []]);
    expect((await store.offers()).size).toBe(0);
  });

  test("a batch is there after the store was opened again", async () => {
    const store = await open();
    const offer = { id: draw("o", 16), box: draw("box", 16), version: 2, body: draw("offered", 4164), members: ["title"] };
    const waits = [[draw("w2", 16), waiting("w2", 2)], [draw("w1", 16), waiting("w1", 1)]] as const;
    await store.commit({
      state: STATE, chains: [[draw("d", 16), { seq: 2, hash: draw("chain") }]], rows: [row("one"), row("two")],
      bodies: [[draw("hash one"), draw("body one", 100)]], waiting: waits,
      drafts: [[draw("a", 16), { id: draw("a", 16), box: draw("box", 16), body: draw("draft", 4164) }]], offers: [["key", offer]],
    });
    const read = await again(store);
    expect(await read.state()).toEqual(STATE);
    expect(await read.chain(draw("d", 16))).toEqual({ seq: 2, hash: draw("chain") });
    expect(await read.row(draw("one", 16))).toEqual(row("one"));
    expect((await read.rows()).length).toBe(2);
    expect(await read.body(draw("hash one"))).toEqual(draw("body one", 100));
    expect((await read.waiting()).map((one) => one.order)).toEqual([1, 2]);
    expect(await read.waitingFor(draw("w2", 16))).toEqual(waiting("w2", 2));
    expect((await read.drafts()).length).toBe(1);
    expect((await read.offers()).get("key")).toEqual(offer);
  });

  test("pages come in the order of their numbers, and go with rows and chains when another branch is taken over", async () => {
    const store = await open();
    const page = (n: number): SignedPage => ({ data: draw(`page ${String(n)}`), signature: draw(`s ${String(n)}`, 64) });
    await store.commit({ pages: [10, 2, 1].map((n) => [n, page(n)]), rows: [row("one")], state: STATE });
    expect((await store.pages(1)).map(([n, one]) => [n, one])).toEqual([1, 2, 10].map((n) => [n, page(n)]));
    expect((await store.pages(3)).map(([n]) => n)).toEqual([10]);
    await store.commit({ afresh: true, chains: [[draw("d", 16), { seq: 1, hash: draw("chain") }]], pages: [[1, page(9)]] });
    const read = await again(store);
    expect(await read.pages(1)).toEqual([[1, page(9)]]);
    expect([await read.rows(), await read.chain(draw("d", 16))]).toEqual([[], { seq: 1, hash: draw("chain") }]);
    expect(await read.state()).toEqual(STATE);
  });

  test("null erases, and a later value replaces", async () => {
    const store = await open();
    await store.commit({ bodies: [[draw("h"), draw("b", 10)]], waiting: [[draw("w", 16), waiting("w", 1)]], state: STATE });
    await store.commit({
      bodies: [[draw("h"), null]], waiting: [[draw("w", 16), null]], state: { ...STATE, halted: "log.forked" },
    });
    expect(await store.body(draw("h"))).toBeNull();
    expect(await store.waiting()).toEqual([]);
    expect((await store.state())?.halted).toBe("log.forked");
  });

  test("a batch that cannot be stored leaves nothing of itself", async () => {
    const store = await open();
    await store.commit({ state: STATE });
    const uncloneable = { ...row("bad"), fault: (() => null) as never };
    await expect(store.commit({ rows: [row("good"), uncloneable], state: { ...STATE, halted: "log.forked" } })).rejects.toThrow();
    expect(await store.rows()).toEqual([]);
    expect((await store.state())?.halted).toBeNull();
  });
}
