/** An account's way in one browser: made, its code kept, locked, unlocked, and what a wrong opener changes (nothing). */

import { toHex } from "@privity/protocol/bytes";
import type { JsonObject } from "@privity/protocol/canonical";
import * as recovery from "@privity/vault/recovery";
import { describe, expect, test } from "vitest";

import { readText } from "../../protocol/test/vectors.ts";
import { beginPasskey } from "../src/access.ts";
import { Account } from "../src/account.ts";
import { Ceremony } from "../src/ceremony.ts";
import { begin, finish } from "../src/creation.ts";
import { withCode, withPasskey } from "../src/entry.ts";
import { REASONS } from "../src/errors.ts";
import { ofPasskey } from "../src/keys.ts";
import { Browser, draw, Passkey } from "./browser.ts";
import { BOX, CHAT, created, message, saved, texts, typed } from "./steps.ts";

async function write(account: Account, text: string): Promise<void> {
  await account.history.addBox(BOX);
  await account.history.add(CHAT, BOX);
  await account.history.add(message(text), BOX);
  await account.sync();
}

const entering = { label: "Desk", keepUnlocked: true };

describe("making an account", () => {
  test("lists the passkey and this browser, introduced by it", async () => {
    const { account, passkey } = await created();
    const { keyring } = account.session.trusted;
    expect(keyring.openers.map((one) => one.kind).sort()).toEqual([1, 3]);
    expect(keyring.devices.map((one) => one.id)).toEqual([account.session.identity.device]);
    const { openers } = await account.service.keyrings(1);
    expect(openers.some((one) => toHex(one).includes(toHex(passkey.id)))).toBe(true);
  });

  test("nothing is saved before the ceremony of the recovery code", async () => {
    const { account } = await created();
    expect(() => account.history).toThrow("ceremony.open");
    const ceremony = Ceremony.begin(account);
    await ceremony.finish(typed(ceremony.shown));
    await write(account, "Hello");
    expect(await texts(account)).toEqual(["Hello"]);
  });

  test("what opens it lies here before the service keeps it, and goes when the service refuses", async () => {
    const { service, laptop } = await created();
    const again = new Browser("other", service);
    let known = 0;
    const challenge = await begin(again);
    service.before = (_, path) => {
      if (path === "/v1/account/finish") void again.devices.all().then((all) => (known = all.length));
    };
    const passkey = new Passkey("other");
    const registration = { ...(await passkey.registration(challenge.challenge)), clientDataJson: draw("another challenge") };
    const opening = { kind: "passkey" as const, material: ofPasskey(await passkey.answer()) };
    const outcome = finish(again, challenge, registration, opening, { label: "", passkeyLabel: "", keepUnlocked: true });
    await expect(outcome).rejects.toThrow("access.refused");
    expect([known, (await again.devices.all()).length, (await laptop.devices.all()).length]).toEqual([1, 0, 1]);
  });

  test("an answer that was lost is asked for again under the same key", async () => {
    const { laptop } = await created();
    const sent: string[] = [];
    const place = new Browser("lossy", (await created()).service);
    const lossy = Object.assign(Object.create(place) as Browser, {
      fetch: async (address: string, options: RequestInit): Promise<Response> => {
        if (!address.endsWith("/account/finish")) return place.fetch(address, options);
        sent.push((options.headers as Record<string, string>)["idempotency-key"] ?? "");
        if (sent.length === 1) throw new Error("network");
        return place.fetch(address, options);
      },
    });
    const challenge = await begin(lossy);
    const passkey = new Passkey("lossy");
    const opening = { kind: "passkey" as const, material: ofPasskey(await passkey.answer()) };
    await finish(lossy, challenge, await passkey.registration(challenge.challenge), opening, {
      label: "", passkeyLabel: "", keepUnlocked: true,
    });
    expect([sent.length, new Set(sent).size, (await laptop.devices.all()).length]).toEqual([2, 1, 1]);
  });
});

describe("the ceremony", () => {
  test("wants groups 3 and 7 as they are shown, and forgives how they are typed", async () => {
    const { account, service } = await created();
    const ceremony = Ceremony.begin(account);
    const before = service.rows();
    const [third, seventh] = typed(ceremony.shown);
    for (const wrong of [[seventh, third], [third, ""], ["", seventh], [third, third]] as const) {
      await expect(ceremony.finish(wrong)).rejects.toThrow("ceremony.differs");
    }
    expect(service.rows()).toBe(before);
    await ceremony.finish([` ${third.toLowerCase()} `, seventh.replace("0", "o").replace("1", "l")]);
    expect(account.isRecoverable).toBe(true);
  });

  test("opens the record that the service keeps, and says so when that is another", async () => {
    const { account, service } = await created();
    const ceremony = Ceremony.begin(account);
    service.after = (path, answer) => {
      if (path !== "/v1/keyring" || answer === null || answer instanceof Uint8Array || !account.isRecoverable) return answer;
      return { ...answer, openers: (answer["openers"] as string[]).slice(1) } satisfies JsonObject;
    };
    await expect(ceremony.finish(typed(ceremony.shown))).rejects.toThrow("opener.unlisted");
  });

  test("needs a proof of the last five minutes", async () => {
    const { account, laptop } = await created();
    const ceremony = Ceremony.begin(account);
    laptop.world.time += 300_000;
    await expect(ceremony.finish(typed(ceremony.shown))).rejects.toThrow("access.stale");
  });
});

describe("unlocking", () => {
  test("with this browser's own key, without a network", async () => {
    const { account, laptop, service } = await saved();
    await write(account, "Hello");
    await account.lock();
    const asked = service.seen.length;
    const again = await Account.unlock(laptop, await laptop.known());
    expect([await texts(again), service.seen.length]).toEqual([["Hello"], asked]);
    await again.sync();
  });

  test("with the passkey, where the browser keeps no key of its own", async () => {
    const { laptop, passkey } = await saved({ keepUnlocked: false });
    const known = await laptop.known();
    expect(known.opener.key).toBeNull();
    await expect(Account.unlock(laptop, known)).rejects.toThrow("device.absent");
    const again = await Account.unlock(laptop, known, { material: ofPasskey(await passkey.answer()) });
    await again.sync();
    expect(again.isRecoverable).toBe(true);
  });

  test("with another passkey it fails, and nothing is written anywhere", async () => {
    const { laptop, service } = await saved({ keepUnlocked: false });
    const [before, known] = [service.rows(), await laptop.known()];
    const wrong = Account.unlock(laptop, known, { material: ofPasskey(await new Passkey("other").answer()) });
    await expect(wrong).rejects.toThrow("opener.wrong_key");
    expect([service.rows(), await laptop.known()]).toEqual([before, known]);
  });

  test("an older keyring than was remembered shows", async () => {
    const { account, laptop, service } = await saved();
    await account.sync();
    const [row] = [...service.accounts.values()];
    row?.rings.pop();
    const again = await Account.unlock(laptop, await laptop.known());
    await expect(again.sync()).rejects.toThrow("keyring.rolled_back");
  });

  test("a token that the service forgot is asked for again", async () => {
    const { account, service, laptop } = await saved();
    service.tokens.clear();
    await account.sync();
    laptop.world.time += 3_600_000;
    await account.sync();
    service.tokens.clear();
    service.accounts.clear();
    await expect(account.sync()).rejects.toThrow("access.refused");
  });

  test("keys that this browser keeps cannot be read", async () => {
    const { laptop } = await saved();
    const { opener: { key }, signing } = await laptop.known();
    if (key === null || signing.kind !== "native") throw new Error("no key");
    await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("pkcs8", signing.key)).rejects.toThrow();
  });

  test("a forgotten device keeps nothing", async () => {
    const { account, laptop } = await saved();
    await account.history.addBox(BOX);
    expect(await account.unsent()).toBe(2);
    await account.forget();
    expect([(await laptop.devices.all()).length, laptop.stores.size]).toEqual([0, 0]);
  });
});

describe("coming back on another browser", () => {
  test("with the passkey: the same chats, and a device more", async () => {
    const { account, service, passkey } = await saved();
    await write(account, "Hello");
    const desk = new Browser("desk", service);
    const challenge = await beginPasskey(desk);
    const assertion = await passkey.assertion(challenge.challenge, account.session.identity.account);
    const again = await withPasskey(desk, challenge, { assertion, material: await passkey.answer() }, null, entering);
    await again.sync();
    expect([await texts(again), again.session.trusted.keyring.devices.length]).toEqual([["Hello"], 2]);
  });

  test("a passkey that answers differently opens nothing and writes nothing", async () => {
    const { account, service, passkey } = await saved();
    const desk = new Browser("desk", service);
    const before = service.rows();
    const challenge = await beginPasskey(desk);
    const assertion = await passkey.assertion(challenge.challenge, account.session.identity.account);
    const other = await new Passkey("other").answer();
    const outcome = withPasskey(desk, challenge, { assertion, material: other }, null, entering);
    await expect(outcome).rejects.toThrow("opener.wrong_key");
    expect([service.rows(), (await desk.devices.all()).length]).toEqual([before, 0]);
  });

  test("with the recovery code alone", async () => {
    const { account, service, code } = await saved();
    await write(account, "Hello");
    const again = await withCode(new Browser("desk", service), code.toLowerCase().replaceAll("-", " "), entering);
    await again.sync();
    expect(await texts(again)).toEqual(["Hello"]);
  });

  test("a code that was mistyped is not sent, and one of nobody's lets nobody in", async () => {
    const { service, code } = await saved();
    const desk = new Browser("desk", service);
    const asked = service.seen.length;
    await expect(withCode(desk, "0000", entering)).rejects.toThrow("recovery.malformed");
    const mistyped = (code.startsWith("0") ? "1" : "0") + code.slice(1);
    await expect(withCode(desk, mistyped, entering)).rejects.toThrow("recovery.mistyped");
    expect(service.seen.length).toBe(asked);
    const others = recovery.written(recovery.make(draw("another code", recovery.ENTROPY)));
    await expect(withCode(desk, others, entering)).rejects.toThrow("access.refused");
  });
});

test("the closed list is the specification's", async () => {
  const spec = (await readText("specs", "account.md")) ?? "";
  const named = [...spec.matchAll(/^\| `([a-z]+\.[a-z_]+)`/gm)].map(([, reason]) => reason);
  expect(named).toEqual([...REASONS]);
});
