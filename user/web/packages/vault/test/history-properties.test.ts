/** Any bytes at all are a content of their kind, or give a listed reason; devices that merge hold the same in the end. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import * as clock from "../src/clock.ts";
import { type Node, Role, State } from "../src/contents/chat.ts";
import type { Prompt } from "../src/contents/home.ts";
import * as kinds from "../src/contents/kinds.ts";
import { type Field, Kind } from "../src/contents/schema.ts";
import * as deletion from "../src/deletion.ts";
import { VaultError } from "../src/errors.ts";
import * as merge from "../src/merge.ts";
import * as order from "../src/order.ts";
import * as title from "../src/title.ts";
import * as tree from "../src/tree.ts";
import { ACCOUNT, draw, kept, NONCE } from "./account.ts";
import { type CaseFile, Given } from "./given.ts";
import { idOf } from "./history.ts";
import { readVector } from "./vectors.ts";

const file = await readVector<CaseFile>("own", "contents/cases.json");
const good = (file?.cases ?? []).filter((one) => one.op === "decode_content" && "ok" in one.expect).map((one) => {
  const given = new Given(one.input, file?.blobs ?? {});
  return [given.number("kind"), given.bytes("data")] as const;
});

/** `good` with a byte changed, put in or taken away, or with its end cut off. */
function nearly(data: Bytes): fc.Arbitrary<Bytes> {
  return fc.tuple(fc.nat(Math.min(data.length - 1, 400)), fc.nat(255), fc.nat(3)).map(([at, value, how]) => {
    const rest = [[value, ...data.slice(at + 1)], [value, ...data.slice(at)], [...data.slice(at + 1)], []][how] ?? [];
    return Uint8Array.from([...data.slice(0, at), ...rest]);
  });
}

test("there is a content of every kind", () => {
  expect(new Set(good.map(([kind]) => kind))).toEqual(new Set(Object.values(Kind)));
});

describe.each(Object.entries(Kind))("%s", (_name, kind) => {
  test("accepts only what it would write, and fails as documented", () => {
    const data = good.find(([one, found]) => one === kind && found.length < 5_000)?.[1] ?? new Uint8Array(1);
    fc.assert(fc.property(nearly(data), (tried) => {
      try {
        expect(equal(cbor.encode(kinds.encode(kinds.decode(kind, cbor.decode(tried)))), tried)).toBe(true);
      } catch (error) {
        expect(error instanceof VaultError || error instanceof Malformed).toBe(true);
      }
    }), { numRuns: 80 });
  });
});

const field = <T>(value: T): Field<T> => ({ value, stamp: clock.NEVER });
const prompt: Prompt = { kind: Kind.PROMPT, title: field(""), text: field(""), shortcut: field("") };
const DEVICES = ["a", "b", "c"].map((name) => ({ name, id: idOf(name) }));
const change = fc.record({
  device: fc.nat(2), member: fc.constantFrom("title", "text", "shortcut"), value: fc.constantFrom("", "one", "two", "é"),
  skew: fc.integer({ min: -2 * clock.MAX_DRIFT_MS, max: 2 * clock.MAX_DRIFT_MS }), goes: fc.boolean(),
});

/** Each text that was typed since `base` stands in what is written, or is offered. */
function checkKept(base: Prompt, edited: readonly Prompt[], written: Prompt, lost: readonly merge.Lost[]): void {
  for (const one of edited) {
    for (const member of ["title", "text", "shortcut"] as const) {
      const { value } = one[member];
      if (value === "" || value === base[member].value || value === written[member].value) continue;
      expect(lost).toContainEqual({ member, text: value });
    }
  }
}

test("devices that read the log to its end hold the same, and no typed text is lost without an offer", () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 14 }), (changes) => {
    const log: Prompt[] = [prompt];
    const newest = (): Prompt => log.at(-1) ?? prompt;
    const held = DEVICES.map(({ id }) => ({ clock: clock.start(id), base: prompt, mine: prompt }));
    const write = (at: number, now: number): void => {
      const one = held[at];
      if (one === undefined) return;
      const theirs = newest();
      const merged = merge.merge(one.base, one.mine, theirs, now);
      if (merged.content !== null) log.push(merged.content);
      checkKept(one.base, [one.mine, theirs], newest(), merged.lost);
      held[at] = { clock: merge.observeAll(one.clock, newest(), now), base: newest(), mine: newest() };
    };
    changes.forEach(({ device, member, value, skew, goes }, step) => {
      const one = held[device];
      if (one === undefined) return;
      const now = 10_000_000_000 + 1_000 * step + skew;
      const edited = merge.edit(one.mine, one.clock, now, { [member]: value });
      held[device] = { ...one, clock: edited.clock, mine: edited.content };
      if (goes) write(device, now);
    });
    for (const at of [0, 1, 2, 0, 1, 2]) write(at, 10_000_100_000);
    const ends = held.map(({ mine }) => toHex(cbor.encode(kinds.encode(mine))));
    expect(new Set(ends).size).toBe(1);
  }), { numRuns: 120 });
});

test("stamps of one clock rise, whatever the wall says", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -10, max: 2 ** 48 }), { minLength: 2, maxLength: 12 }), (walls) => {
    let at = clock.start(idOf("a"));
    const stamps = walls.map((now) => {
      const ticked = clock.tick(at, now);
      at = ticked.clock;
      return ticked.stamp;
    });
    stamps.slice(1).forEach((stamp, place) => expect(clock.compare(stamp, stamps[place] ?? clock.NEVER)).toBeGreaterThan(0));
  }), { numRuns: 60 });
});

test("a place fits between any two", () => {
  fc.assert(fc.property(fc.array(fc.nat(20), { maxLength: 30 }), (moves) => {
    const places = [...order.spread(3)];
    for (const move of moves) {
      const at = move % (places.length + 1);
      places.splice(at, 0, order.between(places[at - 1] ?? null, places[at] ?? null));
    }
    expect([...places].sort()).toEqual(places);
    expect(places.every(order.isPlace)).toBe(true);
  }), { numRuns: 80 });
});

function message(parent: string | null, time: number): Node {
  return {
    kind: Kind.NODE, chat: idOf("chat"), parent: parent === null ? null : idOf(parent), role: Role.USER,
    parts: [{ type: "text", text: "x" }], model: null, usage: null, state: State.COMPLETE, time,
  };
}

const key = (name: string): tree.Id => toHex(idOf(name));
const someMessages = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 10 }).map((rows) => {
  return rows.map(([parent, time], at) => [key(String(at)), message(parent >= at ? null : String(parent), time)] as const);
});

test("in which order messages arrive changes nothing, and a branch runs from a beginning to an end", () => {
  fc.assert(fc.property(someMessages, fc.nat(9), (messages, leaf) => {
    const [one, other] = [tree.build(new Map(messages)), tree.build(new Map([...messages].reverse()))];
    const branch = tree.shown(one, key(String(leaf)));
    expect(tree.shown(other, key(String(leaf)))).toEqual(branch);
    expect(one.children.get(null)).toContain(branch[0]);
    expect(one.children.has(branch.at(-1) ?? null)).toBe(false);
    expect(one.detached.size).toBe(0);
  }), { numRuns: 80 });
});

test("nothing that a person wrote is swept before it was offered; an answer lets it go", () => {
  fc.assert(fc.property(someMessages, (messages) => {
    const contents: deletion.Contents = new Map(messages.slice(1));
    const gone = new Set([key("0")]);
    const { deletes, offers } = deletion.sweep(contents, { ids: gone, box: false, answered: new Set() });
    expect(deletes).toEqual([]);
    const answered = new Set(offers.flatMap((offer) => offer.nodes));
    const after = deletion.sweep(contents, { ids: gone, box: false, answered });
    expect(after.offers).toEqual([]);
    expect(new Set(after.deletes)).toEqual(answered);
    for (const offer of offers) {
      const ids = new Map(offer.nodes.map((id) => [id, toHex(draw(id, 16))]));
      const moved = deletion.asChat(offer, new Map(messages), ids, idOf("new"));
      expect(tree.build(moved).detached.size).toBe(0);
      expect(moved.size).toBe(offer.nodes.length);
    }
  }), { numRuns: 80 });
});

test("a content is sealed where it belongs", async () => {
  const place = { account: ACCOUNT, box: ACCOUNT, object: draw("prompt", 16), version: 3 };
  const under = { place, key: await kept("chat key", "home key"), generation: 1 };
  const body = await kinds.seal(prompt, under, NONCE);
  expect(await kinds.openObject(body, under)).toEqual(prompt);
  await expect(kinds.seal(message(null, 1), under, NONCE)).rejects.toThrow("object.wrong_kind");
  const half = { ...prompt, title: field("\ud800") };
  await expect(kinds.seal(half, under, NONCE)).rejects.toThrow("object.malformed");
  expect(() => merge.edit(prompt, clock.start(ACCOUNT), 1, { kind: 3 } as never)).toThrow("object.malformed");
});

test("any text has a title of at most sixty characters, and blank ones have none", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
    const found = title.ofText(text);
    expect(Array.from(found).length).toBeLessThanOrEqual(title.MAX_LETTERS + 1);
    if (title.isBlank(text)) expect(found).toBe("");
  }), { numRuns: 150 });
});
