/** Locking, arriving, proving oneself and the ceremony, without a document. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { DeviceView } from "../../src/bridge/views.ts";
import { account, chat, overview, record, screen } from "../../src/state/app.ts";
import { takeAddress, wantedOf } from "../../src/state/arriving.ts";
import { creating } from "../../src/state/beginning.ts";
import { codeKept, leaveCreate, resumeCreate, typeCode, typeWords, wordsKept } from "../../src/state/creating.ts";
import { arrivals, listed } from "../../src/state/devices.ts";
import { typed } from "../../src/state/drafts.ts";
import { ownName } from "../../src/state/entering.ts";
import { heardState, lock, watchIdleness } from "../../src/state/locking.ts";
import { ports } from "../../src/state/ports.ts";
import { leaveProof, proving, withProof } from "../../src/state/proving.ts";
import { renewWith } from "../../src/state/renewal.ts";
import { shared } from "../../src/state/sharing.ts";
import { agrees } from "../../src/screens/account/confirming.ts";
import { FarEnd, settle } from "../chat/far_end.ts";

let far: FarEnd;

beforeEach(() => {
  far = new FarEnd();
  vi.stubGlobal("getSelection", () => null);
  vi.stubGlobal("location", new URL("https://privity.test/"));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function device(id: string, part: Partial<DeviceView> = {}): DeviceView {
  return { id, label: id, active: true, here: false, added: 0, addedBy: null, heard: null, ...part };
}

describe("a lock", () => {
  beforeEach(() => {
    far.chats.set("c", { title: "Planted", nodes: [], leaf: null });
    chat.value = far.view("c");
    listed.value = { devices: [device("Planted")], openers: [] };
    shared.value = { at: "shown", view: { title: "Planted", expiry: 1, messages: [] } };
  });

  const shown = (): string => JSON.stringify([chat, overview, record, listed, shared, creating].map(({ value }) => value));

  test("seals what was typed, tells the vault, starts workers anew and leaves nothing to be drawn", async () => {
    const steps: string[] = [];
    renewWith({
      start: () => {
        steps.push("start");
        return ports();
      },
      prove: () => {
        steps.push("prove");
        return Promise.resolve();
      },
    });
    far.refuses.set("start", "page.started");
    expect(shown()).toContain("Planted");
    typed("half a thought");
    await lock();
    expect(far.asked.map(({ name }) => name).filter((name) => ["compose", "lock", "start"].includes(name)))
      .toEqual(["compose", "lock", "start"]);
    expect(steps).toEqual(["start", "prove"]);
    expect(account.value).toMatchObject({ state: "locked" });
    expect(screen.value).toBe("unlock");
    expect(shown()).not.toContain("Planted");
  });

  test("of another tab clears this one too, without asking a vault that is gone", async () => {
    renewWith({ start: ports, prove: () => Promise.resolve() });
    far.refuses.set("start", "page.started");
    await heardState({ state: "locked", opens: ["passkey"] });
    expect(far.of("lock")).toEqual([]);
    expect(shown()).not.toContain("Planted");
  });

  test("waits for a vault that does not answer no longer than two seconds", async () => {
    vi.useFakeTimers();
    renewWith({ start: ports, prove: () => Promise.resolve() });
    far.refuses.set("start", "page.started");
    far.waits.set("lock", new Promise(() => undefined));
    const locked = lock();
    await vi.advanceTimersByTimeAsync(2100);
    expect(shown()).not.toContain("Planted");
    await vi.advanceTimersByTimeAsync(2100);
    await locked;
  });
});

describe("idleness", () => {
  const target = new EventTarget();
  let now = 0;
  let look = (): void => undefined;
  let locks = 0;
  let stop = (): void => undefined;

  beforeEach(() => {
    [now, locks] = [0, 0];
    stop = watchIdleness({
      now: () => now, target,
      look: (then) => {
        look = then;
        return () => undefined;
      },
    }, () => {
      locks += 1;
      return Promise.resolve();
    });
  });
  afterEach(() => stop());

  const at = (seconds: number, sign?: string): number => {
    now = seconds * 1000;
    if (sign === undefined) look();
    else target.dispatchEvent(new Event(sign));
    return locks;
  };

  test("locks after the seconds of the settings, counted from the last sign of a person", () => {
    expect([at(899), at(899, "keydown"), at(1700), at(1798)]).toEqual([0, 0, 0, 0]);
    expect(at(1799)).toBe(1);
  });

  test("is not forgiven by the sign that wakes a device which slept longer", () => {
    at(5000, "pointermove");
    expect(at(5001)).toBe(1);
  });

  test("locks nothing where a person chose never, or is a guest", () => {
    if (overview.value !== null) overview.value = { ...overview.value, settings: { ...overview.value.settings, lock: null } };
    expect(at(90_000)).toBe(0);
    account.value = { state: "guest" };
    expect(at(180_000)).toBe(0);
  });
});

describe("an address", () => {
  const ID = "a".repeat(22);

  test.each([
    [`/s/${ID}#key`, "shared"], ["/link#1.a.b.c", "link"], ["/devices", "devices"], ["/", null], ["/#x", null],
    [`/s/${ID}`, null], ["/s/short#key", null], [`/link#${"x".repeat(1100)}`, null], [`/s/${ID}/more#key`, null],
  ])("%s asks for %s", (path, kind) => {
    expect(wantedOf(new URL(`https://privity.test${path}`))?.kind ?? null).toBe(kind);
  });

  test("loses what stands behind its # before anybody else can read it", () => {
    const shownAddresses: string[] = [];
    vi.stubGlobal("location", new URL(`https://privity.test/s/${ID}#key`));
    const replaceState = (_state: unknown, _title: string, to: string): void => void shownAddresses.push(to);
    vi.stubGlobal("history", { state: null, replaceState });
    expect(takeAddress()).toEqual({ kind: "shared", link: `https://privity.test/s/${ID}#key` });
    expect(shownAddresses).toEqual(["/"]);
  });
});

describe("devices that another one added", () => {
  const DAY = 86_400_000;
  const here = device("here", { here: true, added: 10 * DAY, addedBy: "there" });
  const told = (part: Partial<DeviceView>): readonly string[] => {
    const one = device("x", { added: 11 * DAY, addedBy: "there", ...part });
    return arrivals({ devices: [here, one], openers: [] }, 12 * DAY).map(({ id }) => id);
  };

  test("are told of for three days", () => {
    expect(told({})).toEqual(["x"]);
    expect(told({ added: 8 * DAY })).toEqual([]);
    expect(told({ active: false })).toEqual([]);
    expect(told({ addedBy: "here" })).toEqual([]);
    expect(told({ addedBy: null })).toEqual([]);
  });
});

describe("a step that needs a fresh proof", () => {
  test("is done without one where the vault asks for none, and its refusal is passed on", async () => {
    expect(await withProof(() => Promise.resolve(1))).toBe(1);
    far.refuses.set("revoke", "passkeys.last");
    const step = withProof(() => ports().vault.ask("revoke", { device: "d" }));
    await expect(step).rejects.toMatchObject({ reason: "passkeys.last" });
    expect(proving.value).toBeNull();
  });

  test("is not done when the person leaves the question", async () => {
    far.refuses.set("revoke", "access.stale");
    const step = withProof(() => ports().vault.ask("revoke", { device: "d" }));
    await settle();
    expect(proving.value).toMatchObject({ fault: { reason: "passkey.unsupported" } });
    leaveProof();
    await expect(step).rejects.toMatchObject({ reason: "passkey.cancelled" });
    expect(far.of("revoke")).toHaveLength(1);
  });
});

describe("the ceremony", () => {
  const WORDS = "fede dele nole roke jemo gido tima";

  test("shows the code only after words 3 and 7 were typed as they were shown", async () => {
    creating.value = { at: "words", words: WORDS };
    wordsKept();
    for (const [third, seventh] of [["nole", "gido"], ["dele", "tima"], ["", ""]] as const) {
      await typeWords(third, seventh);
      expect(creating.value).toMatchObject({ at: "words_typed", differs: true });
    }
    expect(far.of("ceremony")).toEqual([]);
    await typeWords(" Nole ", "TIMA");
    expect(far.of("ceremony")).toHaveLength(1);
  });

  test("stays where it is when other groups were typed, and leaves a guest when it is left", async () => {
    account.value = { state: "unproven" };
    creating.value = { at: "begin", fault: null };
    await resumeCreate();
    creating.value = { at: "code", shown: "AAAA-BBBB" };
    codeKept();
    far.refuses.set("typed", "ceremony.differs");
    await typeCode("XXXX", "YYYY");
    expect(creating.value).toMatchObject({ at: "code_typed", fault: { reason: "ceremony.differs" }, busy: false });
    expect(account.value).toEqual({ state: "unproven" });
    await leaveCreate().catch(() => undefined);
    expect(far.of("abandon")).toHaveLength(1);
    expect(screen.value).toBe("chat");
  });
});

test("what is deleted for good is confirmed by its own words alone", () => {
  expect(agrees("  Delete my  ACCOUNT ", "delete my account")).toBe(true);
  const others = ["", "delete", "delete my accounts", "delete my accoun"];
  expect(others.filter((one) => agrees(one, "delete my account"))).toEqual([]);
});

test("a device is named by browser and system, as far as they say", () => {
  expect(ownName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"))
    .toEqual({ browser: "Chrome", system: "Linux" });
  expect(ownName("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"))
    .toEqual({ browser: "Edge", system: "Windows" });
  expect(ownName("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19 Safari/604"))
    .toEqual({ browser: "Safari", system: "iPhone" });
  expect(ownName("curl")).toEqual({ browser: "", system: "" });
});
