/** A service that cheats, one trick at a time, and the reason under which a device sees it. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import * as stored from "@privity/protocol/stored/page";
import { VaultError } from "@privity/vault/errors";
import * as keyring from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";
import { Secret } from "@privity/vault/secret";
import type * as signing from "@privity/vault/signer";
import { beforeAll, describe, expect, test } from "vitest";

import { readText } from "../../protocol/test/vectors.ts";
import { Halted } from "../src/errors.ts";
import { ServiceError } from "../src/service.ts";
import type { Identity } from "../src/session.ts";
import { ACCOUNT, device, draw, founded, Honest, kem, kept, type Name } from "./account.ts";
import { BOX, chat, Device, message } from "./device.ts";

let identities: ReadonlyMap<Name, Identity>;
let first: Honest;
const SPECIFICATION = (await readText("specs", "history.md")) ?? "";

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
  ["the whole log is an older one", ({ service }) => void service.log.pop(), "log.rolled_back"],
  ["another page at a known number", async ({ service }) => {
    service.log.pop();
    await written(service, "three");
  }, "log.forked"],
  ["a page that continues another history", async ({ service }) => {
    service.log.pop();
    await written(service, "three");
    await written(service, "four");
  }, "log.forked"],
  ["a page in the middle is left out", async ({ service, laptop }) => {
    await more(laptop, "three", "four");
    const pages = service.pages.bind(service);
    service.pages = async (after) => {
      const answer = await pages(after);
      return { ...answer, pages: answer.pages.filter((_, at) => at !== 0) };
    };
  }, "log.omitted"],
  ["a head whose pages do not come", async ({ service, laptop }) => {
    await more(laptop, "three");
    const pages = service.pages.bind(service);
    service.pages = async (after) => ({ ...(await pages(after)), pages: [] });
  }, "log.omitted"],
  ["a page that its device did not sign", async ({ service, laptop }) => {
    await more(laptop, "three");
    const last = service.log.at(-1);
    if (last === undefined) throw new Error("no page");
    const signature = last.signature.slice();
    signature[0] = (signature[0] ?? 0) ^ 1;
    service.log[service.log.length - 1] = { ...last, signature };
  }, "log.bad_signature"],
  ["a page by a stranger", async ({ service, phone }) => {
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
  ["an older list of devices", ({ service }) => {
    service.keyrings = () => Promise.resolve({ newest: 0, revisions: [], openers: first.openers });
  }, "keyring.rolled_back"],
  ["another list of devices under a known revision", async ({ service }) => {
    const before = first.revisions[0];
    if (before === undefined) throw new Error("no keyring");
    const read = ring.decode(before.claim.public);
    const laptop = await device("laptop");
    const keys = new Map([[1, await kept("account key", "account key")]]);
    service.revisions[0] = { ...before, claim: await keyring.write({ ...read, day: read.day + 1 }, keys, laptop.signer, false) };
  }, "keyring.rolled_back"],
  ["a device that nobody linked", async ({ service, phone }) => {
    const [thief, next] = [await device("thief"), await withStranger(phone)];
    const foreign = new Map([[1, await kept("account key", "the service's own key")]]);
    const claim = await keyring.write({ ...next, signer: thief.id }, foreign, thief.signer, false);
    service.revisions.push({ claim, private: first.revisions[0]?.private ?? null });
  }, "keyring.bad_mac"],
  ["a device added with a stolen account key", async ({ service, phone }) => {
    await revised(service, await withStranger(phone), await device("thief"));
  }, "keyring.bad_signature"],
  ["a list of devices that continues nothing", async ({ service, phone }) => {
    const { keyring: known } = phone.history.session.trusted;
    await revised(service, { ...known, revision: 2, previous: draw("elsewhere") }, await device("laptop"));
  }, "keyring.broken_chain"],
  ["the end is left out", async ({ service, laptop }) => {
    await more(laptop, "three", "four");
    const pages = service.pages.bind(service);
    service.pages = async (after) => {
      const answer = await pages(after);
      return { ...answer, pages: answer.pages.slice(0, -1) };
    };
  }, "log.omitted"],
  ["a deleted object returns", async ({ service, laptop, phone }) => {
    await laptop.history.remove([draw("one", 16)]);
    await laptop.history.sync();
    await phone.history.sync();
    await forged(service, phone, 3);
  }, "log.resurrected"],
  ["an invented conflict", ({ service, phone }) => forged(service, phone, 3), "log.version"],
];

/** A list with a device that nobody linked, which follows the known one. */
async function withStranger({ history }: Device): Promise<ring.Keyring> {
  const [thief, { trusted }] = [await device("thief"), history.session];
  const read = trusted.keyring;
  const added = { id: thief.id, key: thief.signer.publicKey, lastSeq: null, introducedBy: read.openers[0]?.id ?? draw("", 16) };
  const devices = [...read.devices, added].sort((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1));
  return { ...read, revision: 2, previous: trusted.hash, devices };
}

/** The next list of devices, under the account key and signed by `by`. */
async function revised(service: Honest, next: ring.Keyring, by: { readonly signer: signing.Signer }): Promise<void> {
  const claim = await keyring.write(next, new Map([[1, await kept("account key", "account key")]]), by.signer, false);
  service.revisions.push({ claim, private: first.revisions[0]?.private ?? null });
}

/** A page that no honest client writes: "one" in this version. The tablet signs it, which was broken into. */
async function forged(service: Honest, { store, history }: Device, version: number): Promise<void> {
  const [state, one, tablet] = [await store.state(), await store.row(draw("two", 16)), identities.get("tablet")];
  if (state === null || one === null || tablet === undefined) throw new Error("no state");
  const { device: id, signer } = tablet;
  const data = stored.encode({
    account: ACCOUNT, n: state.position.n + 1, parent: state.position.head, device: id, deviceSeq: 1, devicePrev: null,
    keyring: history.session.trusted.hash, day: 1,
    entries: [{ op: stored.Op.PUT, object: draw("one", 16), version, lane: draw("lane", 16), body: one.known.body }],
  });
  service.log.push({ data, signature: await signer.sign(await stored.signedBytes(data)) });
}

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

const FOREIGN = "an account key of the service's own";

/** The rows of one table of the specification: trick and reason. */
function promised(heading: string): readonly (readonly string[])[] {
  const rows = SPECIFICATION.split(`| ${heading} | |\n|---|---|\n`)[1]?.split("\n\n")[0] ?? "";
  return [...rows.matchAll(/^\| (.+) \| `([a-z._]+)` \|$/gm)].map(([, what = "", code = ""]) => [what, code]).sort();
}

function told(table: readonly (readonly [what: string, trick: unknown, expected: string])[]): readonly (readonly string[])[] {
  return table.map(([what, , expected]) => [what, expected]).sort();
}

describe("a service that lies", () => {
  test.each(LOG)("%s: the device sees it, and writes no more", async (_what, trick, expected) => {
    const set = await scene();
    await trick(set);
    const before = await set.phone.shows();
    expect(await reason(set.phone.history.sync())).toBe(expected);
    expect(await reason(set.phone.history.add(message("more"), BOX))).toBe(expected);
    expect([...(await set.phone.shows())]).toEqual(expect.arrayContaining([...before]));
    expect(await reason((await Device.join("phone", identities, first, set.phone.store)).history.edit(
      { id: draw("chat", 16), box: BOX, content: chat("Chat") }, { title: "x" },
    ))).toBe(expected);
  });

  const BODIES: readonly (readonly [what: string, trick: (service: Honest, hash: string) => void, expected: string])[] = [
    ["a body that is kept back", (service, hash) => void service.stored.delete(hash), "object.missing"],
    ["another object's body", (service, hash) => void service.stored.set(hash, draw("foreign", 4164)), "object.swapped"],
    ["a body one bit of which is another", (service, hash) => {
      const body = (service.stored.get(hash) ?? draw("", 4164)).slice();
      body[100] = (body[100] ?? 0) ^ 1;
      service.stored.set(hash, body);
    }, "object.swapped"],
  ];
  test.each(BODIES)("%s: that item alone is lost", async (_what, trick, expected) => {
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

  test("a conflict without end only delays: everything still waits", async () => {
    const { service, phone } = await scene();
    service.post = () => Promise.reject(new ServiceError("log.moved", 409));
    await phone.history.add(message("patience"), BOX, draw("patience", 16));
    await phone.history.sync();
    expect((await phone.store.waiting()).map((one) => toHex(one.id))).toEqual([toHex(draw("patience", 16))]);
    expect([...(await phone.shows()).values()]).toContain("patience");
  });

  test("the tricks and reasons are those of the specification", () => {
    expect(told(LOG)).toEqual(promised("After this nothing is written any more"));
    expect(told(BODIES)).toEqual(promised("This loses that item alone"));
    expect([[FOREIGN, "opener.foreign"]]).toEqual(promised("This opens nothing on a fresh device"));
  });

  test(`${FOREIGN}: a fresh device opens nothing`, async () => {
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
