/** What goes out comes back, importing twice changes nothing, and any document is read or gives a listed reason. */

import { ascii, type Bytes, equal, toHex } from "@privity/protocol/bytes";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { importIds } from "../src/box.ts";
import { dateOf, dayOf } from "../src/calendar.ts";
import { NEVER } from "../src/clock.ts";
import { type Node, type Part, Role, State } from "../src/contents/chat.ts";
import { Kind } from "../src/contents/schema.ts";
import { VaultError } from "../src/errors.ts";
import * as archive from "../src/export/archive.ts";
import { distinct } from "../src/export/file_name.ts";
import { adopt, BLANK, type Library, ofBox, stamped, toBox, unwritten } from "../src/export/library.ts";
import * as chatgpt from "../src/importers/chatgpt.ts";
import * as claude from "../src/importers/claude.ts";
import * as v from "../src/importers/values.ts";
import { compareText } from "../src/typed.ts";
import { ACCOUNT, draw, kept } from "./account.ts";

const ids = await importIds(await kept("account key", "account key"), ACCOUNT, "privity");
const words = fc.string({ unit: "grapheme", maxLength: 12 });
const part = fc.oneof<fc.Arbitrary<Part>[]>(
  words.map((text) => ({ type: "text", text })),
  words.map((text) => ({ type: "reasoning", text })),
  fc.constant({ type: "attached", attachment: draw("file", 16) }),
  fc.tuple(words, words).map(([name, text]) => ({ type: "tool call", call: "", name, arguments: text })),
  words.map((text) => ({ type: "tool result", call: "c", text })),
);

const messages = fc.array(fc.tuple(fc.nat(4), fc.array(part, { maxLength: 3 })), { maxLength: 5 });
const library = fc.tuple(words, messages, fc.boolean()).map(([title, rows, archived]): Library => {
  const chat = draw("chat", 16);
  const id = (at: number): Bytes => draw(`message ${String(at)}`, 16);
  const nodes = new Map(rows.map(([parent, parts], at): readonly [string, Node] => [toHex(id(at)), {
    kind: Kind.NODE, chat, parent: parent < at ? id(parent) : null, role: Role.TOOL, parts, model: null, usage: [1, 2, 3],
    state: State.CUT, time: at,
  }]));
  const file = { name: "a.txt", type: "text/plain", extracted: null, path: archive.pathOf(toHex(draw("file", 16)), "a.txt") };
  const files = new Map([[toHex(draw("file", 16)), file]]);
  const saved = { id: chat, archived, chat: { ...BLANK, title: unwritten(title) }, nodes: new Map([...nodes].sort()), files };
  return {
    time: 7, chats: [saved], folders: new Map(), settings: null, memories: new Map(), prompts: new Map(),
    receipts: new Map(), evidence: new Map(),
  };
});

async function written(of: Library): Promise<ReadonlyMap<string, Bytes>> {
  const files = new Map<string, Bytes>();
  for await (const [name, data] of archive.write(of, () => Promise.resolve(ascii("data")))) files.set(name, data);
  return files;
}

async function read(files: ReadonlyMap<string, Bytes>): Promise<Library> {
  const found = await archive.read(new Set(files.keys()), (name) => Promise.resolve(files.get(name) ?? new Uint8Array(0)));
  return found.library;
}

test("what is exported is read and exported the same; taken over twice it is the same", async () => {
  await fc.assert(fc.asyncProperty(library, async (made) => {
    const files = await written(made);
    const back = await read(files);
    expect(back).toEqual(made);
    const [one, other] = [await written(adopt(made, ids)), await written(adopt(back, ids))];
    expect([...one.keys()]).toEqual([...other.keys()]);
    for (const [name, data] of one) expect(equal(other.get(name) ?? new Uint8Array(0), data)).toBe(true);
    expect((await read(one)).chats[0]?.archived).toBe(true);
  }), { numRuns: 40 });
});

test("a changed archive is refused, or gives the same chats where only the list of files changed", async () => {
  const [made] = fc.sample(library, { numRuns: 1, seed: 3 });
  if (made === undefined) throw new Error("absent");
  const files = await written(made);
  const place = fc.tuple(fc.nat(files.size - 1), fc.nat(1_000), fc.integer({ min: 1, max: 255 }));
  await fc.assert(fc.asyncProperty(place, async ([which, at, bits]) => {
    const [name = "", data = new Uint8Array(0)] = [...files][which] ?? [];
    fc.pre(!name.endsWith(".md") && !name.startsWith("attachments/"));
    const copy = data.slice();
    copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ bits;
    const found = read(new Map([...files, [name, copy]]));
    if (name !== "manifest.json") await expect(found).rejects.toThrow(VaultError);
    else {
      const kept = await found.catch((error: unknown) => {
        expect(error).toBeInstanceOf(VaultError);
        return made;
      });
      expect({ ...kept, time: made.time }).toEqual(made);
    }
  }), { numRuns: 60 });
});

test("a chat goes into its box and out again", () => {
  const [made] = fc.sample(library, { numRuns: 1, seed: 5 });
  const saved = made?.chats[0];
  if (saved === undefined) throw new Error("absent");
  const contents = toBox(saved, "00", { millis: 1, counter: 2, device: draw("laptop", 16) });
  expect(ofBox(saved.id, true, contents).nodes).toEqual(saved.nodes);
  const chat = ofBox(saved.id, true, contents).chat;
  expect(chat.title.stamp.counter).toBe(2);
  expect(stamped(chat, NEVER)).toEqual(saved.chat);
});

const json = fc.oneof(fc.json({ maxDepth: 4 }), fc.string({ unit: "binary", maxLength: 60 })).map((text) => ascii(text));
const shaped = fc.array(fc.record({
  id: fc.constantFrom("a", "b", 3), uuid: fc.constantFrom("a", "b", null), title: fc.jsonValue(),
  mapping: fc.dictionary(fc.constantFrom("x", "y", "__proto__", "constructor"), fc.jsonValue()),
  chat_messages: fc.array(fc.record({ uuid: fc.constantFrom("m", "n", "__proto__"), text: words, content: fc.jsonValue() })),
}), { maxLength: 3 }).map((value) => ascii(JSON.stringify(value)));

describe.each([["ChatGPT", chatgpt.read], ["Claude", claude.read]] as const)("%s", (_name, take) => {
  test("any document is read or gives a reason, and twice the same", () => {
    fc.assert(fc.property(fc.oneof(json, shaped), (data) => {
      try {
        expect(take([data], ids)).toEqual(take([data], ids));
      } catch (error) {
        expect(error).toBeInstanceOf(VaultError);
      }
    }), { numRuns: 200 });
  });
});

test("days and dates are those of the calendar", () => {
  fc.assert(fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
    const date = new Date(days * 86_400_000);
    const due = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    expect(dateOf(days)).toEqual(due);
    expect(dayOf(due)).toBe(days);
  }), { numRuns: 400 });
  const none = [[2026, 2, 29], [2026, 13, 1], [2026, 0, 1], [2026, 4, 31], [0, 1, 1], [2026, 1, 0]] as const;
  for (const [year, month, day] of none) expect(dayOf({ year, month, day })).toBeNull();
  expect(v.moment("2024-02-29T23:59:60.999-00:30")).toBe(Date.UTC(2024, 2, 1, 0, 30, 0, 999));
});

test("no two file names are alike, and texts are in the order of UTF-8", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 8 }), (titles) => {
    const names = [...distinct(titles.map((title, at) => [String(at), title])).values()].map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(titles.length);
    const hexed = titles.map((one) => toHex(ascii(one)));
    expect([...titles].sort(compareText).map((one) => toHex(ascii(one)))).toEqual([...hexed].sort());
  }), { numRuns: 150 });
});
