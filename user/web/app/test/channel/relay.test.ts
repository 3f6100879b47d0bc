/** A relay that a person chose: everything without an account goes through it, nothing past it, and no operator chooses it. */

import { turned } from "@privity/channel/relayed";
import { ascii } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import type { Json } from "@privity/protocol/canonical";
import { beforeEach, describe, expect, test } from "vitest";

import { refusal } from "../../../packages/channel/test/bench.ts";
import { KEYS, ORIGIN, RELEASE } from "../../../packages/trust/test/web.ts";
import type { RecordView } from "../../src/bridge/channel.ts";
import { choiceIn, guestMayAsk, offersIn, relayView, runIn } from "../../src/channel/relay.ts";
import { Desk, Drawer, HONEST, ROOT } from "./desk.ts";

const RELAY = "https://relay.example";
const OFFERED = { kind: "forward", name: "Relay of Example", url: RELAY };
const HINTS = `${ORIGIN}/.well-known/privity`;
const RUN = "https://run.test";
const LOGS = [`${RELAY}/logs/0`, `${RELAY}/logs/1`];

function hints(run: string, logs: readonly string[], relays: readonly Json[]): Response {
  const [release = "", keys = ""] = logs;
  const named = [{ origin: RELEASE, url: release }, { origin: KEYS, url: keys }];
  return new Response(canonical.encode({ v: 1, account: ORIGIN, deploy: "local", logs: named, plans: false, relays, run }));
}

const document = (...relays: readonly Json[]): Uint8Array => canonical.encode({ relays });

/** The operator behind one relay, as a browser reaches both. */
class Place {
  readonly desk: Desk;
  /** Where the relay's own document leads. */
  leads: { readonly run: string; readonly logs: readonly string[] } = { run: RELAY, logs: LOGS };
  away = false;

  constructor(drawer = new Drawer()) {
    this.desk = new Desk(HONEST, drawer);
    this.desk.before = (address) => {
      if (address === HINTS) return hints(RUN, [`${ORIGIN}/log/release`, `${ORIGIN}/log/keys`], [OFFERED]);
      if (!address.startsWith(`${RELAY}/`)) return address;
      if (this.away) return null;
      const path = address.slice(RELAY.length);
      if (path === "/.well-known/privity") return hints(this.leads.run, this.leads.logs, []);
      return `${ORIGIN}${path.replace("/logs/0/", "/log/release/").replace("/logs/1/", "/log/keys/")}`;
    };
  }

  choose(relay: string | null): Promise<unknown> {
    return this.desk.handlers.choose({ name: "choose", relay });
  }

  relays(): ReturnType<Desk["handlers"]["relays"]> {
    return this.desk.handlers.relays({ name: "relays" });
  }

  /** Origins that were reached since the last call. */
  reached(): readonly string[] {
    return [...new Set(this.desk.reached.splice(0).map((address) => new URL(address).origin))];
  }
}

const routeOf = (record: RecordView | null): RecordView["route"]["relay"] | undefined => record?.route.relay;

describe("a choice", () => {
  let place: Place;

  beforeEach(async () => {
    place = new Place();
    await place.desk.start();
    await place.desk.consent(ROOT);
    const offers = [{ name: OFFERED.name, url: RELAY, hides: true }];
    expect(await place.relays()).toEqual({ chosen: null, offers, given: false });
    await place.choose(RELAY);
    place.reached();
  });

  test("leads everything to the relay: documents, evidence, logs, challenge and questions", async () => {
    const record = await place.desk.verify();
    expect([record.verdict, routeOf(record)]).toEqual(["test", { url: RELAY, hides: true }]);
    place.desk.answer = new Response(HONEST.bundle);
    await place.desk.verify(true);
    place.desk.posted.splice(0);
    await place.desk.verify();
    expect(place.reached()).toEqual([RELAY]);
    expect(await place.relays()).toEqual({ chosen: { url: RELAY, hides: true }, offers: [], given: false });
    expect(place.reached()).toEqual([]);
  });

  test("has no other way: where the relay fails nothing is asked of the operator, and it is said", async () => {
    place.away = true;
    expect(await refusal(place.desk.verify())).toBe("relay.unreachable");
    expect(await place.desk.ask()).toMatchObject({ state: "failed", reason: "relay.unreachable" });
    expect(place.reached()).toEqual([RELAY]);
  });

  test.each([RUN, ORIGIN])("is kept although its document leads to %s", async (run) => {
    place.leads = { run, logs: LOGS };
    expect((await place.desk.verify()).verdict).toBe("test");
    place.desk.answer = new Response(HONEST.bundle);
    expect((await place.desk.verify(true).catch(() => ({ reasons: ["relay_bypassed"] }))).reasons).toEqual(["relay_bypassed"]);
    expect([place.reached(), place.desk.posted]).toEqual([[RELAY], []]);
  });

  test("is that of every tab, from the next request on", async () => {
    const other = new Place(place.desk.drawer);
    await other.desk.start();
    expect(other.reached()).toEqual([RELAY]);
    await place.choose(null);
    expect(routeOf(await other.desk.verify())).toBeNull();
    expect(other.reached()).not.toContain(RELAY);
  });

  test("stays when the service is forgotten: its operator would learn the address by that", async () => {
    await place.desk.verify();
    await place.desk.handlers.forget({ name: "forget" });
    expect([...place.desk.drawer.kept.keys()]).toEqual(["relay"]);
    place.reached();
    expect(routeOf(await place.desk.start())).toEqual({ url: RELAY, hides: true });
    expect(place.reached()).toEqual([RELAY]);
  });

  test("is not taken for none when it cannot be read, and can be taken back", async () => {
    place.desk.drawer.kept.set("relay", ascii("{}"));
    expect((await place.desk.verify()).reasons).toEqual(["memory_unusable:relay"]);
    expect(await refusal(place.relays())).toBe("memory_unusable");
    expect(await refusal(place.choose(RELAY))).toBe("memory_unusable");
    expect(place.reached()).toEqual([]);
    await place.choose(null);
    expect((await place.desk.verify()).verdict).toBe("test");
  });

  test("changes by way of none: behind a relay nobody asks the operator for others", async () => {
    expect(await refusal(place.choose(RELAY))).toBe("page.order");
    expect(place.reached()).toEqual([]);
  });
});

test("nobody but the person chooses: an offer changes nothing, and what is not offered cannot be chosen", async () => {
  const place = new Place();
  expect(routeOf(await place.desk.start())).toBeNull();
  for (const other of ["https://evil.example", ORIGIN, "", `${RELAY}/`]) {
    expect(await refusal(place.choose(other))).toBe("page.malformed");
  }
  expect(place.desk.drawer.kept.has("relay")).toBe(false);
  expect(place.reached()).not.toContain(RELAY);
});

test("what this machine asks through is shown, asked for nothing, and not chosen here", async () => {
  const place = new Place();
  const record = await place.desk.start(null, RELAY);
  expect(routeOf(record)).toEqual({ url: RELAY, hides: true });
  place.reached();
  expect(await place.relays()).toEqual({ chosen: { url: RELAY, hides: true }, offers: [], given: true });
  expect(await refusal(place.choose(null))).toBe("page.malformed");
  expect(await refusal(place.desk.start(null, `${RELAY}/to`))).toBe("page.malformed");
  expect(place.reached()).toEqual([]);
});

describe("an offer", () => {
  test("of another kind, or that a browser would refuse, is left out", () => {
    const sealed = { kind: "ohttp", name: "A", url: `${RELAY}/to`, keys: "ab".repeat(32) };
    expect(offersIn(document(sealed, { ...OFFERED, url: "http://relay.example" }, OFFERED), ORIGIN)).toHaveLength(1);
    expect(offersIn(document({ ...OFFERED, url: "http://relay.example" }), "http://localhost:8080")).toHaveLength(1);
  });

  test.each([
    { ...OFFERED, url: `${RELAY}/` }, { ...OFFERED, url: "javascript:1" }, { ...OFFERED, name: "" }, { ...OFFERED, keys: "" },
    { ...OFFERED, name: "a".repeat(81) }, { ...OFFERED, url: `${RELAY}; script-src *` }, { ...OFFERED, url: "https://[" },
  ])("that is malformed is none: %j", (offer) => {
    expect(() => offersIn(document(offer), ORIGIN)).toThrow();
  });

  test("is one of eight at most", () => {
    expect(() => offersIn(document(...Array.from({ length: 9 }, () => OFFERED)), ORIGIN)).toThrow();
    expect(() => offersIn(canonical.encode([]), ORIGIN)).toThrow();
  });

  test("on the operator's own host hides nothing", () => {
    expect(relayView(ORIGIN, `${ORIGIN}:8443`)).toEqual({ url: `${ORIGIN}:8443`, hides: false });
    expect(relayView(ORIGIN, null)).toBeNull();
  });
});

test("through a relay go the public files alone, by their path alone", async () => {
  const asked: string[] = [];
  const way = turned((address) => {
    asked.push(address);
    return Promise.resolve(new Response());
  }, ORIGIN, RELAY);
  for (const path of ["/.well-known/privity", "/v1/bulletin?who=1", "/v1/nodes/ab"]) await way(`${ORIGIN}${path}`, {});
  await way(`${RELAY}/logs/0/checkpoint`, {});
  const paths = ["/.well-known/privity", "/v1/bulletin", "/v1/nodes/ab", "/logs/0/checkpoint"];
  expect(asked).toEqual(paths.map((path) => `${RELAY}${path}`));
  for (const past of [`${ORIGIN}/v1/pages`, `${ORIGIN}/ec1/run`, `${RUN}/ec1/run`, `${ORIGIN}.evil.example/v1/bulletin`]) {
    expect(await refusal(way(past, {}))).toBe("relay_bypassed");
  }
  expect(asked).toHaveLength(4);
});

test("tokens are for the run origin that the server itself names, and for no other text", () => {
  expect(runIn(canonical.encode({ run: RUN, v: 1 }))).toBe(RUN);
  for (const other of [{ run: RUN, v: 2 }, { run: `${RUN}/`, v: 1 }, { run: 1, v: 1 }, { v: 1 }, [], "run"]) {
    expect(() => runIn(canonical.encode(other))).toThrow();
  }
});

test("a guest behind a relay asks where a question costs nothing", () => {
  const relay = relayView(ORIGIN, RELAY);
  expect(() => guestMayAsk(relay, 1)).toThrow("relay.guest");
  expect(() => guestMayAsk(relay, 0)).not.toThrow();
  expect(() => guestMayAsk(null, 1)).not.toThrow();
});

test.each([
  "[]", "{}", `{"relay":"${RELAY}","run":"x","v":1}`, `{"relay":"${RELAY}/","run":"${RUN}","v":1}`,
])("%s is no choice", (text) => {
  expect(() => choiceIn(ascii(text))).toThrow("memory_unusable");
});
