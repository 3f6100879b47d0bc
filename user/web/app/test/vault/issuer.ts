/** The issuer behind the tests' service, strict as the real one: it counts, it signs what it does not see, it repeats itself. */

import { constants, generateKeyPairSync, type KeyObject, privateDecrypt } from "node:crypto";

import { type Bytes, concat, fromHex, toHex } from "@privity/protocol/bytes";
import { base64urlDecode, base64urlEncode } from "@privity/protocol/canonical";
import * as token from "@privity/protocol/token";

import { spelled } from "../../src/state/purse.ts";

const HOUR = 3600;
const DAY = 86_400;
const HASH = "0609608648016503040202";
const BEFORE = `30820152303d06092a864886f70d01010a3030a00d300b${HASH}a11a301806092a864886f70d010108300b${HASH}`
  + "a2030201300382010f003082010a0282010100";

interface Key { readonly secret: KeyObject; readonly spki: Bytes }
interface Asked { readonly plan?: string; readonly day: string; readonly requests: readonly string[] }
type Answer = readonly [status: number, content: unknown];

/** Making one takes longer than a test: all issuers of a file have the same ones. */
const known = new Map<string, Key>();

/** An RSA key as a leaf spells it, the same for the same name. */
function made(name: string): Key {
  const found = known.get(name) ?? fresh();
  known.set(name, found);
  return found;
}

function fresh(): Key {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const n = base64urlDecode((privateKey.export({ format: "jwk" }) as { readonly n: string }).n);
  const [before, after] = [BEFORE, "0203010001"].map((digits) => fromHex(digits) ?? new Uint8Array(0));
  return { secret: privateKey, spki: concat(before ?? new Uint8Array(0), n ?? new Uint8Array(0), after ?? new Uint8Array(0)) };
}

/** What a plan allows a day, null for any number. */
export type Plans = Readonly<Record<string, number | null>>;

export class Issuer {
  /** Under which tokens are signed, by `PLAN DAY`; those of the log may be others. */
  readonly keys = new Map<string, Key>();
  readonly counts = new Map<string, number>();
  /** Bodies that were asked with, by Idempotency-Key; each request counts once. */
  readonly asked: { readonly path: string; readonly key: string; readonly body: string }[] = [];
  /** Plans of accounts, `free` unless named. */
  readonly plan = new Map<string, string>();
  readonly plans: Plans;
  /** What is answered in place of signatures, or never answered. */
  fails: string | null = null;
  /** Answer with what no key of the log signed. */
  forges = false;
  readonly #now: () => number;

  constructor(now: () => number, plans: Plans = { free: 20 }) {
    this.#now = now;
    this.plans = plans;
  }

  /** Keys of a day, for every plan. */
  day(at: number): string {
    const text = new Date(at * DAY * 1000).toISOString().slice(0, 10);
    for (const plan of Object.keys(this.plans)) {
      if (!this.keys.has(`${plan} ${text}`)) this.keys.set(`${plan} ${text}`, made(`${plan} ${text}`));
    }
    return text;
  }

  get today(): number {
    return Math.floor(this.#now() / (1000 * DAY));
  }

  /** The meter that the channel worker reads from the verified log; `without` leaves a plan out, `other` exchanges its key. */
  meter({ without = "", other = "" } = {}): string {
    const days = [this.today - 1, this.today, this.today + 1];
    const keys = days.flatMap((at) => {
      const day = this.day(at);
      return Object.keys(this.plans).filter((plan) => plan !== without).sort().map((plan) => {
        const spki = plan === other ? made("other").spki : (this.keys.get(`${plan} ${day}`)?.spki ?? new Uint8Array(0));
        return { plan, day, nbf: at * DAY - 6 * HOUR, exp: (at + 1) * DAY + 6 * HOUR, spki };
      });
    });
    const issuers = { deploy: "d", time: Math.floor(this.#now() / 1000), keys };
    return spelled({ prices: { chat: 1, embed: 1 }, meter: { deploy: "d", issuer: "a.test", origin: "r.test", issuers } });
  }

  usage(account: string): object {
    const plan = this.plan.get(account) ?? "free";
    const drawn = [...this.counts].flatMap(([name, count]) => {
      const [of, by, day] = name.split(" ");
      return of === account && by === plan ? [{ day, count }] : [];
    });
    return { plan, daily: this.plans[plan] ?? null, drawn };
  }

  /** `POST /v1/tokens`, or of a guest. */
  answer(path: string, account: string | null, body: string, key: string): Answer {
    const before = this.asked.find((one) => one.key === key && account !== null);
    if (before !== undefined && before.body !== body) return refused(422, "request.key_reused");
    this.asked.push({ path, key, body });
    if (this.fails !== null) return refused(503, this.fails);
    const { plan = "free", day, requests } = JSON.parse(body) as Asked;
    const found = this.keys.get(`${plan} ${day}`);
    const seconds = this.#now() / 1000;
    const begins = Date.parse(`${day}T00:00:00Z`) / 1000;
    if (found === undefined || seconds < begins - 6 * HOUR || seconds >= begins + DAY) return refused(422, "tokens.day");
    if (account !== null && plan !== (this.plan.get(account) ?? "free")) return refused(402, "plan.tokens");
    const name = `${account ?? "guests"} ${plan} ${day}`;
    const count = (this.counts.get(name) ?? 0) + (before === undefined ? requests.length : 0);
    const limit = account === null ? 5 : this.plans[plan] ?? null;
    if (limit !== null && count > limit) return refused(429, "tokens.daily");
    this.counts.set(name, count);
    if (this.forges) return [200, { signatures: requests.map(() => base64urlEncode(new Uint8Array(256).fill(1))) }];
    return [200, { signatures: requests.map((one) => signed(found, one)) }];
  }

  /** Whether the key of a plan and day signed this token. Raises what `token.verify` raises. */
  async verify(data: Bytes, plan = "free", day = this.day(this.today)): Promise<string> {
    const spki = this.keys.get(`${plan} ${day}`)?.spki ?? new Uint8Array(0);
    const { sha256 } = await import("@noble/hashes/sha2.js");
    return toHex((await token.verify(data, [token.decodeKey(spki)], sha256(token.challenge("a.test", "r.test")))).nonce);
  }
}

function signed({ secret, spki }: Key, request: string): string {
  const blinded = token.decodeRequest(base64urlDecode(request) ?? new Uint8Array(0), token.decodeKey(spki));
  return base64urlEncode(new Uint8Array(privateDecrypt({ key: secret, padding: constants.RSA_NO_PADDING }, blinded)));
}

function refused(status: number, reason: string): Answer {
  return [status, { reason, detail: "", retry_after: null }];
}
