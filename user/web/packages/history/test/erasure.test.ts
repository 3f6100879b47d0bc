/** What the service promises to have erased: held against its first key and against what was deleted, and kept. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { base64urlDecode } from "@privity/protocol/canonical";
import * as erasure from "@privity/protocol/stored/erasure";
import { beforeAll, describe, expect, test } from "vitest";

import { type Signed, written } from "../src/erasure.ts";
import { ServiceError } from "../src/service.ts";
import type { Identity } from "../src/session.ts";
import { ACCOUNT, device, draw, founded, Honest, type Name } from "./account.ts";
import { BOX, chat, Device, message } from "./device.ts";

let identities: ReadonlyMap<Name, Identity>;
let first: Honest;

beforeAll(async () => {
  ({ service: first, identities } = await founded());
});

async function begun(): Promise<{ readonly service: Honest; readonly laptop: Device }> {
  const service = new Honest(first.revisions, first.openers);
  const laptop = await Device.join("laptop", identities, service);
  await laptop.history.addBox(BOX);
  await laptop.history.add(chat("Chat"), BOX, draw("chat", 16));
  await laptop.history.add(message("one"), BOX, draw("one", 16));
  await laptop.history.sync();
  return { service, laptop };
}

const CHAT_IDS = [BOX, draw("chat", 16), draw("one", 16)];

async function deleted(laptop: Device): Promise<void> {
  await laptop.history.remove(CHAT_IDS);
  await laptop.history.sync();
}

test("a promise is kept with all that it takes to check it elsewhere", async () => {
  const { laptop } = await begun();
  expect(await laptop.history.erasures()).toEqual([]);
  await deleted(laptop);
  const [kept] = await laptop.history.erasures();
  if (!kept?.promise) throw new Error("no promise");
  expect([kept.n, kept.ids.map(toHex), kept.promise.backupDays]).toEqual([2, CHAT_IDS.map(toHex), 30]);
  const file = JSON.parse(written(kept, kept.promise)) as Readonly<Record<"receipt" | "signature" | "key", string>>;
  const read = (name: keyof typeof file): Bytes => base64urlDecode(file[name]) ?? draw("");
  await erasure.verify(read("receipt"), read("signature"), read("key"));
  expect(erasure.decode(read("receipt")).ids).toEqual(erasure.idsHash(ACCOUNT, CHAT_IDS));
});

describe("no promise that holds", () => {
  const changed = (signed: Signed | null, receipt: Partial<erasure.Receipt>): Promise<Signed | null> => {
    return signed === null ? Promise.resolve(null) : (async () => {
      const data = erasure.encode({ ...erasure.decode(signed.receipt), ...receipt });
      return { receipt: data, signature: await (await device("the service")).signer.sign(erasure.signedBytes(data)) };
    })();
  };
  const TRICKS: readonly (readonly [what: string, trick: (signed: Signed | null) => Promise<Signed | null>])[] = [
    ["none at all", () => Promise.resolve(null)],
    ["one by another key", (signed) => Promise.resolve(signed === null ? null : { ...signed, signature: draw("signature", 64) })],
    ["one for other ids", (signed) => changed(signed, { ids: erasure.idsHash(ACCOUNT, CHAT_IDS.slice(1)) })],
    ["one for another page", (signed) => changed(signed, { n: 1 })],
    ["bytes that are no receipt", (signed) => Promise.resolve(signed === null ? null : { ...signed, receipt: draw("receipt") })],
  ];
  test.each(TRICKS)("is %s: it is deleted all the same, and that is told", async (_what, trick) => {
    const { service, laptop } = await begun();
    const post = service.post.bind(service);
    service.post = async (...given) => trick(await post(...given));
    await deleted(laptop);
    expect((await laptop.history.erasures()).map(({ n, promise }) => [n, promise])).toEqual([[2, null]]);
    expect(await laptop.store.waiting()).toEqual([]);
  });

  test("a key that the service changed afterwards signs nothing: the first one counts", async () => {
    const { service, laptop } = await begun();
    await laptop.history.remove([draw("one", 16)]);
    await laptop.history.sync();
    const post = service.post.bind(service);
    const other = (await device("another key")).signer;
    service.erasureKey = () => Promise.resolve(other.publicKey);
    service.post = async (...given) => {
      const signed = await post(...given);
      return signed === null ? null : { ...signed, signature: await other.sign(erasure.signedBytes(signed.receipt)) };
    };
    // It is remembered over a restart.
    laptop.history = (await laptop.restarted(service)).history;
    await laptop.history.remove([BOX, draw("chat", 16)]);
    await laptop.history.sync();
    expect((await laptop.history.erasures()).map(({ promise }) => promise !== null)).toEqual([true, false]);
  });
});

test("when the answer was lost, the promise is asked for again", async () => {
  const { service, laptop } = await begun();
  const post = service.post.bind(service);
  service.post = async (...given) => {
    await post(...given);
    throw new ServiceError("service.unreachable", 0);
  };
  await laptop.history.remove([draw("one", 16)]);
  await expect(laptop.history.sync()).rejects.toThrow("service.unreachable");
  service.post = post;
  await laptop.history.sync();
  expect((await laptop.history.erasures()).map(({ n, promise }) => [n, promise !== null])).toEqual([[2, true]]);
  expect(service.log).toHaveLength(2);
});
