/** A service that cheats, one trick at a time, and the reason under which a device sees it. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import * as stored from "@privity/protocol/stored/page";
import { VaultError } from "@privity/vault/errors";
import * as keyring from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";
import { Secret } from "@privity/vault/secret";
import { beforeAll, describe, expect, test } from "vitest";

import { Halted } from "../src/errors.ts";
import { ServiceError } from "../src/service.ts";
import type { Identity } from "../src/session.ts";
import { ACCOUNT, device, draw, founded, Honest, kem, kept, type Name } from "./account.ts";
import { BOX, chat, Device, message } from "./device.ts";

let identities: ReadonlyMap<Name, Identity>;
let first: Honest;

beforeAll(async () => {
  ({ service: first, identities } = await founded());
});

interface Scene {
  readonly service: Honest;
  readonly laptop: Device;
  readonly phone: Device;
}

/** Two devices that agree about a chat with two messages, in three pages. */
async function scene(): Promise<Scene> {
  const service = new Honest(first.revisions, first.openers);
  const laptop = await Device.join("laptop", identities, service);
  await laptop.history.addBox(BOX);
  await laptop.history.add(chat("Chat"), BOX, draw("chat", 16));
  await laptop.history.sync();
  for (const text of ["one", "two"]) {
    await laptop.history.add(message(text), BOX, draw(text, 16));
    await laptop.history.sync();
  }
  const phone = await Device.join("phone", identities, service);
  await phone.history.sync();
  return { service, laptop, phone };
}

async function reason(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome;
  } catch (error) {
    if (error instanceof VaultError || error instanceof ServiceError || error instanceof Halted) return error.reason;
    throw error;
  }
  return "nothing was refused";
}

type Trick = (scene: Scene) => Promise<void> | void;

const LOG: readonly (readonly [what: string, trick: Trick, expected: string])[] = [
  ["goes back to an older head", ({ service }) => void service.log.pop(), "log.rolled_back"],
  ["shows another page at a known place", async ({ service }) => {
    service.log.pop();
    await written(service, "three");
  }, "log.forked"],
  ["continues another past", async ({ service }) => {
    service.log.pop();
    await written(service, "three");
    await written(service, "four");
  }, "log.forked"],
  ["leaves a page out", async ({ service, laptop }) => {
    await more(laptop, "three", "four");
    const pages = service.pages.bind(service);
    service.pages = async (after) => {
      const answer = await pages(after);
      return { ...answer, pages: answer.pages.filter((_, at) => at !== 0) };
    };
  }, "log.omitted"],
  ["promises pages and delivers none", async ({ service, laptop }) => {
    await more(laptop, "three");
    const pages = service.pages.bind(service);
    service.pages = async (after) => ({ ...(await pages(after)), pages: [] });
  }, "log.omitted"],
  ["changes one bit of a page", async ({ service, laptop }) => {
    await more(laptop, "three");
    const last = service.log.at(-1);
    if (last === undefined) throw new Error("no page");
    const signature = last.signature.slice();
    signature[0] = (signature[0] ?? 0) ^ 1;
    service.log[service.log.length - 1] = { ...last, signature };
  }, "log.bad_signature"],
  ["writes a page itself", async ({ service, phone }) => {
    const thief = await device("thief");
    const position = await phone.store.state();
    if (position === null) throw new Error("no state");
    const data = stored.encode({
      account: ACCOUNT, n: 4, parent: position.position.head, device: thief.id, deviceSeq: 1, devicePrev: null,
      keyring: phone.history.session.trusted.hash, day: 1,
      entries: [{ op: stored.Op.DELETE, object: draw("one", 16), version: 2, lane: null, body: null }],
    });
    service.log.push({ data, signature: await thief.signer.sign(await stored.signedBytes(data)) });
  }, "log.device"],
  ["says that the newest keyring is an older one", ({ service }) => {
    service.keyrings = () => Promise.resolve({ newest: 0, revisions: [], openers: first.openers });
  }, "keyring.rolled_back"],
  ["gives the devices another keyring of the same number", async ({ service }) => {
    const before = first.revisions[0];
    if (before === undefined) throw new Error("no keyring");
    const read = ring.decode(before.claim.public);
    const laptop = await device("laptop");
    const keys = new Map([[1, await kept("account key", "account key")]]);
    service.revisions[0] = { ...before, claim: await keyring.write({ ...read, day: read.day + 1 }, keys, laptop.signer, false) };
  }, "keyring.rolled_back"],
  ["adds a device of its own", async ({ service, phone }) => {
    const [thief, { trusted }] = [await device("thief"), phone.history.session];
    const read = trusted.keyring;
    const added = { id: thief.id, key: thief.signer.publicKey, lastSeq: null, introducedBy: read.openers[0]?.id ?? draw("", 16) };
    const devices = [...read.devices, added].sort((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1));
    const foreign = new Map([[1, await kept("account key", "the service's own key")]]);
    const next = { ...read, revision: 2, previous: trusted.hash, devices, signer: thief.id };
    const claim = await keyring.write(next, foreign, thief.signer, false);
    service.revisions.push({ claim, private: first.revisions[0]?.private ?? null });
  }, "keyring.bad_mac"],
];

async function written(service: Honest, text: string): Promise<void> {
  const copy = new Honest(service.revisions, service.openers);
  for (const page of service.log) copy.log.push(page);
  const tablet = await Device.join("tablet", identities, service);
  await tablet.history.sync();
  await tablet.history.add(message(text), BOX, draw(text, 16));
  await tablet.history.sync();
}

async function more(who: Device, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await who.history.add(message(text), BOX, draw(text, 16));
    await who.history.sync();
  }
}

describe("a service that", () => {
  test.each(LOG)("%s is seen, and the device writes no more", async (_what, trick, expected) => {
    const set = await scene();
    const before = await set.phone.shows();
    await trick(set);
    expect(await reason(set.phone.history.sync())).toBe(expected);
    expect(await reason(set.phone.history.add(message("more"), BOX))).toBe(expected);
    expect(await set.phone.shows()).toEqual(before);
    expect(await reason((await Device.join("phone", identities, first, set.phone.store)).history.edit(
      { id: draw("chat", 16), box: BOX, content: chat("Chat") }, { title: "x" },
    ))).toBe(expected);
  });

  const BODIES: readonly (readonly [what: string, trick: (service: Honest, hash: string) => void, expected: string])[] = [
    ["keeps a body back", (service, hash) => void service.stored.delete(hash), "object.missing"],
    ["gives another body", (service, hash) => void service.stored.set(hash, draw("foreign", 4164)), "object.swapped"],
    ["gives a body one bit of which changed", (service, hash) => {
      const body = (service.stored.get(hash) ?? draw("", 4164)).slice();
      body[100] = (body[100] ?? 0) ^ 1;
      service.stored.set(hash, body);
    }, "object.swapped"],
  ];
  test.each(BODIES)("%s loses that item alone", async (_what, trick, expected) => {
    const { service, laptop } = await scene();
    const row = await laptop.store.row(draw("two", 16));
    trick(service, toHex(row?.known.body?.hash ?? draw("", 32)));
    const tablet = await Device.join("tablet", identities, service);
    await tablet.history.sync();
    const faults = (await tablet.history.faults()).map((one) => [toHex(one.id), one.reason]);
    expect(faults).toEqual([[toHex(draw("two", 16)), expected]]);
    expect([...(await tablet.shows()).values()].sort()).toEqual(["Chat", "one"]);
    await more(tablet, "three");
    expect([...(await tablet.shows()).values()].sort()).toEqual(["Chat", "one", "three"]);
  });

  test("invents conflicts only delays: everything still waits", async () => {
    const { service, phone } = await scene();
    service.post = () => Promise.reject(new ServiceError("log.moved", 409));
    await phone.history.add(message("patience"), BOX, draw("patience", 16));
    await phone.history.sync();
    expect((await phone.store.waiting()).map((one) => toHex(one.id))).toEqual([toHex(draw("patience", 16))]);
    expect([...(await phone.shows()).values()]).toContain("patience");
  });

  test("brings a deleted item back is refused", async () => {
    const { service, laptop, phone } = await scene();
    const one = await laptop.store.row(draw("one", 16));
    await laptop.history.remove([draw("one", 16)]);
    await laptop.history.sync();
    await phone.history.sync();
    // The page is signed by a device of the account: a service and a broken device together.
    const { device: id, signer } = phone.history.session.identity;
    const state = await phone.store.state();
    if (state === null || one === null) throw new Error("no state");
    const data = stored.encode({
      account: ACCOUNT, n: state.position.n + 1, parent: state.position.head, device: id, deviceSeq: 1, devicePrev: null,
      keyring: phone.history.session.trusted.hash, day: 1,
      entries: [{ op: stored.Op.PUT, object: draw("one", 16), version: 3, lane: draw("lane", 16), body: one.known.body }],
    });
    service.log.push({ data, signature: await signer.sign(await stored.signedBytes(data)) });
    expect(await reason(laptop.history.sync())).toBe("log.resurrected");
  });

  test("gives a fresh device an account key of its own is refused", async () => {
    const { service } = await scene();
    const own = toHex(draw("opener tablet", 16));
    const record = service.openers.map((one) => opener.decode(one)).find((one) => toHex(one.id) === own);
    if (record === undefined) throw new Error("no record");
    const foreign = new Secret("account key", draw("the service's own key"));
    const absent: { readonly publicKey: Bytes; readonly lock: Secret<"lock"> } = {
      publicKey: (await kem.fromSeed(draw("not the seed"))).publicKey, lock: new Secret("lock", draw("not the lock")),
    };
    const sealed = await opener.sealAgain(record, absent, foreign, { account: ACCOUNT, epoch: 1, encapsulate: kem.encapsulate });
    service.openers.splice(0, service.openers.length, opener.encode(sealed));
    expect(await reason(Device.join("tablet", identities, service))).toBe("opener.foreign");
  });
});
