/**
 * One look at the purse: what is held, what is due, what to do about it. It asks and writes nothing by itself, so that a tab
 * may die between any two steps: the next look, of whichever tab, begins with what was kept. Source: specs/wallet.md.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import { base64urlDecode, base64urlEncode } from "@privity/protocol/canonical";
import { Malformed, NotAuthentic } from "@privity/protocol/errors";
import type { Entropy } from "@privity/protocol/xwing";
import type { IssuerKey } from "@privity/tlog/leaves/issuers";
import { expanded, isOver } from "@privity/vault/drawing";
import { BATCH, claim, claimDelay, drawMoment, drawn, isShared, LEAST_LEFT, MAX_DELAY_S, toDraw } from "@privity/vault/wallet";

import type { Facts, Meter, Own, Round } from "../../bridge/tokens.ts";
import { begun, finished } from "./drawing.ts";
import { countOf, type Held, heldOf, overOf, ownOf, remembered, unfinishedOf, written } from "./held.ts";
import { DAY_MS, Keys, spelled } from "./keys.ts";
import { type Draw, meterOf, read, type State, written as kept } from "./state.ts";
import { OF_GUESTS, type Plan, planOf } from "./usage.ts";

/** Longest wait between two looks, and before a drawing that the service refused is tried again, in milliseconds. */
const LONGEST = 3_600_000;
/** Milliseconds until a request whose answer was lost goes out again by itself. */
const AGAIN = 60_000;
const REFUSED = "issuer_refused";
const GONE = "tokens_gone";

/** What to do now. Raises Malformed for a meter that is none. */
export async function look(facts: Facts): Promise<Round> {
  const [state, meter] = [read(facts.state), meterOf(facts.meter)];
  const believed = keysOf(state, meter, facts.now);
  if (believed === null) return refusing(facts, state);
  const look = new Look(facts, { ...state, issuers: meter.issuers }, meter, believed);
  await look.decide();
  return look.round();
}

/** Null where the list contradicts the one that is kept, which stays. */
function keysOf({ issuers }: State, meter: Meter, now: number): Keys | null {
  try {
    return new Keys(issuers, meter, now);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** Neither the list before nor this one is used. */
function refusing({ now }: Facts, state: State): Round {
  return {
    state: kept(state), write: [], remove: [], agree: false, post: null, own: [], refused: REFUSED,
    allowance: { left: 0, limit: null, others: 0, reset: resetOf(now) }, again: now + LONGEST,
  };
}

function resetOf(now: number): number {
  return (Math.floor(now / DAY_MS) + 1) * (DAY_MS / 1000);
}

class Look {
  readonly #facts: Facts;
  readonly #meter: Meter;
  readonly #keys: Keys;
  readonly #entropy: Entropy;
  readonly #day: number;
  readonly #plan: Plan | null;
  readonly #held: readonly Held[];
  readonly #own: readonly Own[];
  readonly #spent: ReadonlySet<string>;
  readonly #write: Round["write"][number][] = [];
  #state: State;
  #agree = false;
  #post: Round["post"] = null;
  #refused = "";

  constructor(facts: Facts, state: State, meter: Meter, keys: Keys) {
    this.#facts = facts;
    this.#meter = meter;
    this.#keys = keys;
    this.#entropy = expanded(facts.entropy);
    this.#day = Math.floor(facts.now / DAY_MS);
    this.#plan = facts.guest ? OF_GUESTS : planOf(facts.usage);
    this.#held = heldOf(facts.wallets, state.accepted);
    this.#own = ownOf(this.#held, facts.device, keys, unfinishedOf(facts));
    this.#spent = new Set(facts.spent);
    this.#state = { ...state, accepted: remembered(this.#held) };
  }

  async decide(): Promise<void> {
    const { draw } = this.#state;
    if (draw !== null && await this.#continue(draw)) return;
    this.#claim();
    if (this.#write.length > 0) return;
    for (const day of this.#facts.guest ? [this.#day] : [this.#day, this.#day + 1]) {
      if (this.#state.draw === null) this.#begin(day);
    }
    if (this.#post !== null || !this.#isWanted) return;
    if (this.#waits) this.#agree = true;
    else if (this.#refused === "") this.#refused = this.#plan === null ? "service.malformed" : GONE;
  }

  round(): Round {
    const { now } = this.#facts;
    const [over, due] = [overOf(this.#held, this.#day), Object.values(this.#state.due)];
    const later = this.#state.draw === null || this.#post !== null ? [] : [now + AGAIN];
    return {
      state: kept(this.#state), write: this.#write, remove: over,
      agree: this.#agree, post: this.#post, own: this.#own, allowance: this.#allowance(),
      again: Math.max(now, Math.min(now + LONGEST, (this.#day + 1) * DAY_MS, ...due, ...later)), refused: this.#refused,
    };
  }

  /** Unspent tokens of this device for a day. */
  #stockOf(day: number): number {
    return this.#own.filter(({ name }) => name.startsWith(`${String(day)}/`) && !this.#spent.has(name)).length;
  }

  get #stock(): number {
    return this.#stockOf(this.#day);
  }

  /** Whether a person waits for more than there is. */
  get #isWanted(): boolean {
    return this.#facts.wanted > this.#stock;
  }

  /** Whether a wallet of today is on its way to the log. */
  get #waits(): boolean {
    return this.#held.some(({ day, waits }) => waits && day === this.#day);
  }

  /** A draw that is under way: ask, ask again, or write what the answer holds. Returns whether that is to be done first. */
  async #continue(draw: Draw): Promise<boolean> {
    const { reason, signatures } = answerOf(this.#facts.answer);
    const meter = this.#meter;
    const key = this.#keys.named(draw.issuer, dayOf(draw.day));
    const there = this.#held.some(({ id }) => id === draw.id);
    if (there || key === null || isOver(reason)) {
      this.#state = { ...this.#state, draw: null };
      if (!there && reason !== "") this.#none(draw, reason === "tokens.daily" ? GONE : reason);
      return false;
    }
    if (reason !== "") {
      this.#refused = reason;
      return false;
    }
    if (signatures === null) {
      this.#post = this.#requestOf(draw, key);
      return true;
    }
    try {
      this.#received(draw, await finished(draw, key.spki, meter, signatures));
      return true;
    } catch (error) {
      if (!(error instanceof NotAuthentic) && !(error instanceof Malformed)) throw error;
      this.#state = { ...this.#state, draw: null };
      this.#none(draw, REFUSED);
      return false;
    }
  }

  #received(draw: Draw, tokens: readonly Bytes[]): void {
    const fresh = { issuer: fromHex(draw.issuer) ?? new Uint8Array(0), day: dayOf(draw.day), tokens };
    const shared = !this.#facts.guest && isShared(this.#plan?.daily ?? null);
    const wallet = drawn(fresh, this.#facts.device, this.#entropy(8), shared);
    this.#write.push({ id: draw.id, content: written(wallet) });
    this.#agree = this.#isWanted && !this.#facts.guest && fresh.day === this.#day;
  }

  /** The service gives none of this plan and day: not asked again for a while. */
  #none({ plan, day }: Pick<Draw, "plan" | "day">, reason: string): void {
    this.#state = { ...this.#state, none: { ...this.#state.none, [`${plan} ${day}`]: this.#facts.now + LONGEST } };
    this.#refused = reason;
  }

  /** Claim a block ahead of need, or at once for a person who waits. */
  #claim(): void {
    const open = this.#held.filter((one) => {
      return one.day === this.#day && !one.waits && this.#keys.named(one.issuer, one.day) !== null
        && countOf(one, this.#facts.device).free > 0;
    });
    const [first] = open.sort((one, other) => (one.id < other.id ? -1 : 1));
    if (first === undefined || first.logged === null || (this.#stock >= LEAST_LEFT && !this.#isWanted)) {
      this.#settled("claim");
      return;
    }
    if (!this.#isWanted && !this.#isDue("claim", () => 1000 * claimDelay(this.#entropy(8)), MAX_DELAY_S * 1000)) return;
    const claimed = claim(first.logged, this.#facts.device, this.#entropy(8));
    if (claimed === null) return;
    this.#settled("claim");
    this.#write.push({ id: first.id, content: written(claimed.wallet) });
    this.#agree = this.#isWanted;
  }

  /** Begin to draw tokens of a day, where they are due. */
  #begin(day: number): void {
    const plan = this.#plan;
    const key = plan === null ? null : this.#keys.of(plan.name, day);
    const count = plan === null || key === null ? 0 : this.#countOf(plan, key, day);
    const name = `draw ${spelled(day)}`;
    const atOnce = day === this.#day && this.#isWanted;
    if (plan === null || key === null || count === 0) {
      this.#settled(name);
      if (plan !== null && key === null && atOnce) this.#refused = REFUSED;
      return;
    }
    if (!atOnce && (this.#facts.guest || !this.#isDue(name, () => this.#delayOf(day), 6 * 3_600_000))) return;
    this.#settled(name);
    const draw: Draw = {
      plan: plan.name, day: spelled(day), issuer: toHex(sha256(key.spki)), seed: toHex(this.#entropy(32)),
      key: toHex(this.#entropy(16)), id: toHex(this.#entropy(16)), count,
    };
    this.#state = { ...this.#state, draw };
    this.#post = this.#requestOf(draw, key);
  }

  #requestOf(draw: Draw, key: IssuerKey): Round["post"] {
    const { guest } = this.#facts;
    const requests = begun(draw, key.spki, this.#meter).map(([, request]) => base64urlEncode(request));
    const { plan, day } = draw;
    return {
      method: "POST", path: guest ? "/v1/tokens/guest" : "/v1/tokens",
      key: base64urlEncode(fromHex(draw.key) ?? new Uint8Array(0)),
      content: JSON.stringify(guest ? { day, requests } : { plan, day, requests }),
    };
  }

  /** How many tokens of a day to ask for. */
  #countOf(plan: Plan, key: IssuerKey, day: number): number {
    if ((this.#state.none[`${plan.name} ${spelled(day)}`] ?? 0) > this.#facts.now) return 0;
    if (this.#facts.guest) return Math.max(0, this.#facts.wanted - this.#stock);
    const issuer = toHex(sha256(key.spki));
    const held = this.#held.filter((one) => one.issuer === issuer && one.day === day);
    const before = Math.max(plan.drawn(day), held.reduce((sum, { size }) => sum + size, 0));
    // A batch of one's own lies in the log unless it waits there: until then it is no stock, and no reason for another.
    if (held.some(({ waits, logged }) => waits && logged === null)) return 0;
    return Math.min(BATCH, toDraw(plan.daily, before, this.#stockOf(day)));
  }

  #delayOf(day: number): number {
    const seconds = Math.floor(this.#facts.now / 1000);
    if (day === this.#day) return 1000 * claimDelay(this.#entropy(8));
    return 1000 * ((drawMoment(this.#day, seconds, this.#entropy(8)) ?? seconds + LONGEST / 1000) - seconds);
  }

  /** Whether its moment has come; the first look sets it, and a clock that was set back sets it anew. */
  #isDue(name: string, delay: () => number, most: number): boolean {
    const { now } = this.#facts;
    const at = this.#state.due[name];
    if (at !== undefined && at <= now + most) return at <= now;
    this.#state = { ...this.#state, due: { ...this.#state.due, [name]: now + delay() } };
    return false;
  }

  #settled(name: string): void {
    const due = Object.entries(this.#state.due).filter(([one]) => one !== name);
    this.#state = { ...this.#state, due: Object.fromEntries(due) };
  }

  #allowance(): Round["allowance"] {
    const limit = this.#facts.guest ? null : this.#plan?.daily ?? null;
    const today = this.#held.filter(({ day }) => day === this.#day);
    const counts = today.map((one) => countOf(one, this.#facts.device));
    const [free, others] = [sumOf(counts.map((one) => one.free)), sumOf(counts.map((one) => one.others))];
    const coming = sumOf(today.map(({ logged, size }) => (logged === null ? size : 0)));
    const before = Math.max(this.#plan?.drawn(this.#day) ?? 0, sumOf(today.map(({ size }) => size)));
    const again = this.#own.filter(({ rid }) => rid !== "").length;
    const left = limit === null ? null : again + this.#stock + free + coming + Math.max(0, limit - before);
    return { left, limit, others, reset: resetOf(this.#facts.now) };
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

function dayOf(text: string): number {
  return Date.parse(`${text}T00:00:00Z`) / DAY_MS;
}

/** What the service answered: a reason, or signatures, or (to no question) neither. */
function answerOf(text: string): { readonly reason: string; readonly signatures: readonly Bytes[] | null } {
  const { reason = "", signatures = null } = text === "" ? {} : JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (typeof reason !== "string") return { reason: "service.malformed", signatures: null };
  return { reason, signatures: Array.isArray(signatures) ? signatures.map(octetsOf) : reason === "" && text !== "" ? [] : null };
}

function octetsOf(value: unknown): Bytes {
  return (typeof value === "string" ? base64urlDecode(value) : null) ?? new Uint8Array(0);
}
