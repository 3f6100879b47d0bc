/** A service that signs tokens, the store of a program that draws them, and the time that both have. */

import { constants, generateKeyPairSync, type KeyObject, privateDecrypt } from "node:crypto";

import { type Memories } from "@privity/channel/appraisal";
import { type Ground } from "@privity/channel/ground";
import { type Access } from "@privity/history/http";
import { type Bytes, concat, fromHex, toHex } from "@privity/protocol/bytes";
import { base64urlDecode, base64urlEncode, encode } from "@privity/protocol/canonical";
import { sha256 } from "@privity/protocol/kdf";
import { challenge, decodeKey, verify } from "@privity/protocol/token";
import { type Issuers } from "@privity/tlog/leaves/issuers";

import { Bench } from "../../channel/test/bench.ts";
import { type Counting } from "../src/purse.ts";

export const ORIGIN = "http://chat.test:8080";
export const DAY = 86_400;
const HOUR = 3600;
const HASH = "0609608648016503040202";
const BEFORE = `30820152303d06092a864886f70d01010a3030a00d300b${HASH}a11a301806092a864886f70d010108300b${HASH}`
  + "a2030201300382010f003082010a0282010100";

interface Key {
  readonly secret: KeyObject;
  readonly n: Bytes;
  readonly spki: Bytes;
}

/** Keys take long to make; those of one name are alike in all tests. */
const made = new Map<string, Key>();

export function keyNamed(name: string): Key {
  const found = made.get(name);
  if (found !== undefined) return found;
  const { privateKey: secret } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const n = base64urlDecode((secret.export({ format: "jwk" }) as { readonly n: string }).n) ?? new Uint8Array(0);
  const key = { secret, n, spki: concat(fromHex(BEFORE) ?? new Uint8Array(0), n, fromHex("0203010001") ?? new Uint8Array(0)) };
  made.set(name, key);
  return key;
}

/** What the key answers to a request; to one for another key that it cannot sign, something. */
export function signed({ secret, n }: Key, request: string): string {
  const blinded = base64urlDecode(request)?.subarray(3) ?? new Uint8Array(0);
  if (toHex(blinded) >= toHex(n)) return base64urlEncode(new Uint8Array(256).fill(1));
  return base64urlEncode(privateDecrypt({ key: secret, padding: constants.RSA_NO_PADDING }, blinded));
}

/** The operator's word for where everything is. */
export function wellKnown(): Response {
  return new Response(encode({
    account: ORIGIN, deploy: "test", logs: [], plans: null, relays: [], run: "https://run.test", v: 1,
  }));
}

interface Asked {
  readonly plan: string;
  readonly day: string;
  readonly requests: readonly string[];
}

/** One account at one service, and the clock. */
export class Service {
  now = 1_790_000_000;
  plan = "free";
  daily: number | null = 20;
  /** The keys of today and tomorrow have this name beside plan and day. */
  keys = "first";
  /** What the log lists instead of them, null for the same. */
  logged: string | null = null;
  /** Sign with a key that no log holds. */
  forges = false;
  /** Answer nothing: from the request with this number on it is lost before it arrives, or its answer is. */
  lost: { readonly from: number; readonly answers: boolean } | null = null;
  losses = 0;
  /** What was drawn, by plan and day. */
  readonly counts = new Map<string, number>();
  readonly asked: { readonly path: string; readonly body: string; readonly key: string; readonly token: string }[] = [];
  readonly #waits: { readonly until: number; readonly wake: () => void }[] = [];
  readonly #chance = new Bench().entropy;

  get day(): number {
    return Math.floor(this.now / DAY);
  }

  get drawings(): readonly string[] {
    return this.asked.filter(({ path }) => path.startsWith("/v1/tokens")).map(({ path }) => path);
  }

  get drawn(): number {
    return [...this.counts.values()].reduce((sum, one) => sum + one, 0);
  }

  get ground(): Ground {
    return {
      ...new Bench().ground, fetch: (address, options) => this.#fetch(address, options), clock: () => this.now,
      entropy: this.#chance,
      sleep: (seconds, signal) => new Promise((wake) => {
        this.#waits.push({ until: this.now + seconds, wake });
        signal.addEventListener("abort", () => wake());
      }),
    };
  }

  get server(): Counting {
    return { origin: ORIGIN, ground: this.ground, meter: { deploy: "test", listed: () => this.#listed() } };
  }

  get access(): Access {
    const fetch: Access["fetch"] = (address, options) => this.#fetch(address, options);
    return { origin: ORIGIN, fetch, token: () => Promise.resolve("secret") };
  }

  /** Let time pass; whoever waited for less goes on. */
  async pass(seconds: number): Promise<void> {
    this.now += seconds;
    for (const { until, wake } of this.#waits.splice(0)) {
      if (until <= this.now) wake();
      else this.#waits.push({ until, wake });
    }
    await new Promise((done) => { setTimeout(done, 0); });
  }

  /** The nonce of a token of today that its key signed. Raises what `verify` raises. */
  async nonce(token: Bytes): Promise<string> {
    const keys = ["free", "plus"].map((plan) => decodeKey(this.#key(plan, spelled(this.day)).spki));
    return toHex((await verify(token, keys, await sha256(challenge("chat.test:8080", "run.test")))).nonce);
  }

  #key(plan: string, day: string, name = this.keys): Key {
    // Two days that follow each other have different ones.
    return keyNamed(`${name} ${plan} ${String(Date.parse(`${day}T00:00:00Z`) / 1000 / DAY % 2)}`);
  }

  #listed(): Issuers | null {
    if (this.logged === "nothing") return null;
    const keys = [this.day - 1, this.day, this.day + 1].flatMap((at) => ["free", "plus"].map((plan) => ({
      plan, day: spelled(at), nbf: at * DAY - 6 * HOUR, exp: (at + 1) * DAY + 6 * HOUR,
      spki: this.#key(plan, spelled(at), this.logged ?? this.keys).spki,
    })));
    return { deploy: "test", time: this.now, keys: keys.filter(({ plan }) => this.logged !== "no free" || plan !== "free") };
  }

  async #fetch(address: string, options: RequestInit | undefined): Promise<Response> {
    const { pathname: path } = new URL(address);
    const headers = new Headers(options?.headers);
    const body = await new Response(options?.body ?? "").text();
    const key = headers.get("idempotency-key") ?? "";
    const lost = this.lost !== null && this.asked.length >= this.lost.from;
    if (lost) this.losses += 1;
    if (lost && this.lost?.answers === false) throw new TypeError("lost");
    const before = this.asked.find((one) => key !== "" && one.key === key);
    this.asked.push({ path, body, key, token: headers.get("authorization") ?? "" });
    const answer = path.startsWith("/.well-known/") ? wellKnown() : this.#answer(path, body, before?.body ?? null);
    if (lost) throw new TypeError("lost");
    return answer;
  }

  #answer(path: string, body: string, before: string | null): Response {
    if (path === "/v1/usage") {
      const drawn = [...this.counts].filter(([name]) => name.startsWith(`${this.plan} `))
        .map(([name, count]) => ({ day: name.slice(-10), count }));
      return Response.json({ plan: this.plan, limits: { daily: this.daily }, drawn });
    }
    if (before !== null && before !== body) return Response.json({ reason: "request.key_reused" }, { status: 422 });
    const { plan, day, requests } = JSON.parse(body) as Asked;
    const begins = Date.parse(`${day}T00:00:00Z`) / 1000;
    if (this.now < begins - 6 * HOUR || this.now >= begins + DAY) return Response.json({ reason: "tokens.day" }, { status: 422 });
    const name = `${plan} ${day}`;
    const count = (this.counts.get(name) ?? 0) + (before === null ? requests.length : 0);
    if (this.daily !== null && count > this.daily) return Response.json({ reason: "tokens.daily" }, { status: 429 });
    this.counts.set(name, count);
    const own = this.forges ? keyNamed("forged") : this.#key(plan, day);
    return Response.json({ signatures: requests.map((one) => signed(own, one)) });
  }
}

function spelled(day: number): string {
  return new Date(day * DAY * 1000).toISOString().slice(0, 10);
}

/** A store that dies with one of its writings, which is `lost` or `kept`; nothing is written after it. */
export class Store implements Memories {
  kept: Bytes | null = null;
  writings = 0;
  dies: { readonly at: number; readonly as: "kept" | "lost" } | null = null;
  #last: Promise<unknown> = Promise.resolve();

  update(step: (kept: Bytes | null) => Promise<Bytes>): Promise<void> {
    const next = this.#last.then(async () => {
      const data = await step(this.kept);
      const number = this.writings;
      const { at, as } = this.dies ?? { at: Infinity, as: "lost" };
      this.writings += 1;
      if (number < at || (number === at && as === "kept")) this.kept = data;
      if (number >= at) throw new Error(as);
    });
    this.#last = next.catch(() => undefined);
    return next;
  }
}
