/** The annex: what goes over arrives as it was, what is no library does not, and nobody waits for one that is gone. */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import { Role, State } from "@privity/vault/contents/chat";
import { Kind } from "@privity/vault/contents/schema";
import { BLANK, type Library, unwritten } from "@privity/vault/export/library";
import { expect, test, vi } from "vitest";

import { annexCommands } from "../../src/annex/commands.ts";
import { libraryOf, parcelOf } from "../../src/annex/parcel.ts";
import { ANNEX, ANNEX_ASIDE, type AnnexAnswers, type AnnexNews } from "../../src/bridge/annex.ts";
import { serve } from "../../src/bridge/line.ts";
import { Annexes } from "../../src/vault/annexes.ts";

const [BOX, NODE, FILE] = [new Uint8Array(16).fill(1), "02".repeat(16), "03".repeat(16)];
const LIBRARY: Library = {
  time: 1_795_600_000,
  chats: [{
    id: BOX, archived: true, chat: { ...BLANK, title: unwritten("Sea") },
    nodes: new Map([[NODE, {
      kind: Kind.NODE, chat: BOX, parent: null, role: Role.USER, time: 5, parts: [{ type: "text", text: "How deep?" }],
      model: null, usage: null, state: State.COMPLETE,
    }]]),
    files: new Map([[FILE, { name: "a.txt", type: "text/plain", extracted: null, path: "" }]]),
  }],
  folders: new Map(), settings: null, memories: new Map(), prompts: new Map(), receipts: new Map(),
  evidence: new Map([[NODE, { kind: Kind.EVIDENCE, document: new Uint8Array(32), bundle: ascii("{}"), appraisal: ascii("{}") }]]),
};
const COST = { memory: 65_536, passes: 3, salt: new Uint8Array(16) };

/** Annexes in this process; each of them is told of, and its port. */
function annexes(argon2id = (words: Bytes): Promise<Bytes> => Promise.resolve(words.slice())): Annexes {
  const made: Annexes = new Annexes(() => {
    const { port1, port2 } = new MessageChannel();
    const tell: (news: AnnexNews) => void = serve<typeof ANNEX, AnnexAnswers>(
      port1, ANNEX, annexCommands((news) => tell(news), () => port1.close(), argon2id), ANNEX_ASIDE,
    );
    port1.start();
    made.arrived(port2);
  });
  return made;
}

test("a library arrives as it was", () => {
  expect(libraryOf(structuredClone(parcelOf(LIBRARY)))).toEqual(LIBRARY);
});

test.each([
  ["nothing", null], ["a member more", { ...parcelOf(LIBRARY), key: "" }],
  ["an id that is none", { ...parcelOf(LIBRARY), home: [{ id: "x", kind: Kind.EVIDENCE, content: new Uint8Array(1) }] }],
  ["bytes that are no content", { ...parcelOf(LIBRARY), home: [{ id: NODE, kind: Kind.EVIDENCE, content: new Uint8Array(1) }] }],
  ["a box that is none", { ...parcelOf(LIBRARY), chats: [{ ...parcelOf(LIBRARY).chats[0], id: new Uint8Array(15) }] }],
  ["a file elsewhere", {
    ...parcelOf(LIBRARY),
    chats: [{ ...parcelOf(LIBRARY).chats[0], files: [{ id: "../x", name: "", type: "", extracted: null, path: "" }] }],
  }],
])("%s is no library", (_, parcel) => {
  const reason = expect.stringMatching(/^(?:export|object)\.malformed$/) as string;
  expect(() => libraryOf(parcel)).toThrow(expect.objectContaining({ reason }));
});

test("an archive asks for its attachments, and one that cannot be had ends it", async () => {
  const annex = await annexes().open((news) => {
    if (news.kind === "wants") void annex.line.ask("give", { id: news.id, data: null });
  });
  await expect(annex.line.ask("pack", { library: parcelOf(LIBRARY), words: null, ...COST }))
    .rejects.toMatchObject({ reason: "object.missing" });
});

test("words are stretched by an annex of their own", async () => {
  const argon2id = vi.fn((words: Bytes) => Promise.resolve(words.slice(0, 4)));
  expect(await annexes(argon2id).argon2id(ascii("seven words"), COST)).toEqual(ascii("seve"));
  expect(argon2id).toHaveBeenCalledOnce();
});

test("an attachment before any file was read, or a strange command, is refused", async () => {
  const { line } = await annexes().open();
  await expect(line.ask("attachment", { id: FILE })).rejects.toMatchObject({ reason: "export.malformed" });
  const strange = { data: "text" as never, words: null, key: BOX };
  await expect(line.ask("unpack", strange)).rejects.toMatchObject({ reason: "page.command" });
});

test("when one cannot be had or breaks, nobody waits for any", async () => {
  const none: Annexes = new Annexes(() => none.arrived(null));
  await expect(none.open()).rejects.toMatchObject({ reason: "page.annex" });
  const ports: MessagePort[] = [];
  const broken: Annexes = new Annexes(() => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    broken.arrived(port2);
  });
  const waiting = broken.argon2id(ascii("seven words"), COST);
  const refusal = expect(waiting).rejects.toMatchObject({ reason: "page.annex" });
  await vi.waitFor(() => expect(ports).toHaveLength(1));
  await Promise.resolve();
  broken.arrived(null);
  await refusal;
  for (const port of ports) port.close();
});
