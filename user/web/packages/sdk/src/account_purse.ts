/**
 * Pays with an account's tokens, which the program draws and keeps for itself: ahead of need, or at once when none is left.
 *
 * Source: specs/wallet.md. What counts as spent is stored before a token leaves, and a drawing before its request does. Every
 * step begins from what is stored, so that processes that share a store spend nothing twice.
 */

import { type Ground, patient } from "@privity/channel/ground";
import { RID } from "@privity/channel/request";
import { DOCUMENT_SECONDS } from "@privity/channel/sdk";
import { type Access, json } from "@privity/history/http";
import { ServiceError } from "@privity/history/service";
import { type Bytes, equal, fromHex, toHex } from "@privity/protocol/bytes";
import { base64urlEncode } from "@privity/protocol/canonical";
import { type Issuers } from "@privity/tlog/leaves/issuers";
import { expanded, isOver } from "@privity/vault/drawing";
import { AHEAD_S, claimDelay, drawMoment, isShared, LEAST_LEFT, LOW } from "@privity/vault/wallet";

import { drawn } from "./drawing.ts";
import { type Home, homeOf } from "./home.ts";
import { held, keyOf } from "./issuer.ts";
import { countOf, planOf } from "./plan.ts";
import { decode, encode, type Held, type Pocket, type Started } from "./pocket.ts";
import { type Counting, DAY_S, gone, type Payer, type Purse, WalletError } from "./purse.ts";

/** Drawings for one request at most. */
const STEPS = 16;
/** Seconds after which a request that came to no end has none any more: an answer takes ten minutes, a lease three. */
const ABANDONED = 900;
const NEVER = new AbortController().signal;

/** An account at one server. Tokens are asked of its service itself, whoever carries the channel. */
export class AccountPurse implements Purse {
  readonly #server: Counting;
  readonly #ground: Ground;
  readonly #access: Access;
  readonly #store: Payer["store"];
  #home: Home | null = null;
  /** Drawings follow each other: two at once would take twice what is needed. */
  #last: Promise<unknown> = Promise.resolve();
  /** Tokens of a day below which more are drawn. */
  #least = LEAST_LEFT;
  /** Days for which a drawing ahead of need waits, and those that had no more to draw. */
  readonly #waiting = new Set<number>();
  readonly #none = new Set<number>();

  constructor(server: Counting, { access, store }: Payer) {
    this.#server = server;
    this.#ground = server.ground;
    this.#store = store;
    const fetch = patient({ fetch: access.fetch, sleep: server.ground.sleep }, DOCUMENT_SECONDS);
    this.#access = { origin: access.origin, fetch, token: () => access.token() };
  }

  async requestId(): Promise<Bytes> {
    const [now, day] = [this.#ground.clock(), this.#day];
    const fresh = this.#ground.entropy(RID);
    let id = fresh;
    await this.#change((pocket) => {
      id = fresh;
      const found = pocket.tokens.find((one) => one.day === day && one.rid !== "" && one.at <= now - ABANDONED);
      if (found === undefined || stockOf(pocket, day) > 0) return pocket;
      id = fromHex(found.rid) ?? fresh;
      // Nobody else is given it while it is under way.
      return { ...pocket, tokens: pocket.tokens.map((one) => (one.rid === found.rid ? { ...one, at: now } : one)) };
    });
    return id;
  }

  async pay(rid: Bytes, count: number): Promise<readonly Bytes[]> {
    for (let step = 0; step < STEPS; step += 1) {
      const taken = await this.#take(toHex(rid), count);
      if (taken !== null) return taken;
      await this.#alone(async () => {
        const enough = offered(await this.#kept(), this.#day, toHex(rid), count) !== null;
        if (!enough) await this.#draw(this.#day, true);
      });
    }
    throw gone(this.#ground.clock());
  }

  refused(rid: Bytes): Promise<void> {
    return this.ended(rid);
  }

  async ended(rid: Bytes): Promise<void> {
    await this.#change((pocket) => ({ ...pocket, tokens: pocket.tokens.filter((one) => one.rid !== toHex(rid)) }));
  }

  get #day(): number {
    return Math.floor(this.#ground.clock() / DAY_S);
  }

  /** Tokens of today for a request, which count as spent once this resolves; null when there are not enough. */
  async #take(rid: string, count: number): Promise<readonly Bytes[] | null> {
    const [at, day] = [this.#ground.clock(), this.#day];
    const taken: (readonly Held[] | null)[] = [];
    const pocket = await this.#change((before) => {
      const own = offered(before, day, rid, count);
      taken.push(own);
      const used = new Set(own);
      const tokens = before.tokens.filter((one) => one.day >= day - 1);
      return { ...before, tokens: tokens.map((one) => (used.has(one) ? { ...one, rid, at } : one)) };
    });
    const found = taken.at(-1) ?? null;
    if (found !== null) this.#ahead(pocket);
    return found?.map(({ token }) => token) ?? null;
  }

  /** Draw tokens of a day, or bring to its end what was begun. `urgent`: there are not enough, however many are left. */
  async #draw(day: number, urgent: boolean): Promise<void> {
    const home = await this.#found();
    const { meter } = this.#server;
    const issuers = held(meter, (await this.#kept()).issuers);
    const { started } = await this.#change((pocket) => ({ ...pocket, issuers }));
    if (started === null) {
      await this.#finish(home, issuers, await this.#start(issuers, day, urgent));
      return;
    }
    try {
      if (started.day < this.#day) await this.#settle(started, []);
      else await this.#finish(home, issuers, started);
    } catch (error) {
      // It is forgotten, and the next drawing is another one.
      if (!isFinal(error)) throw error;
    }
  }

  /** Keep what a drawing will be before anything of it leaves. Raises WalletError, ServiceError. */
  async #start(issuers: Issuers, day: number, urgent: boolean): Promise<Started> {
    const { clock, entropy } = this.#ground;
    const plan = await planOf(this.#access);
    this.#least = isShared(plan.daily) ? LEAST_LEFT : LOW;
    const stock = stockOf(await this.#kept(), day);
    const count = countOf(plan, day, urgent ? Math.min(stock, LOW - 1) : stock);
    if (count === 0) throw gone(clock());
    keyOf(this.#server.meter, issuers, plan.name, day, clock());
    const fresh = { plan: plan.name, day, count, seed: entropy(32), key: entropy(16) };
    // Whoever shares the store may have begun one meanwhile: both then ask for that one.
    const { started } = await this.#change((pocket) => ({ ...pocket, started: pocket.started ?? fresh }));
    return started ?? fresh;
  }

  /** Ask for what was begun, and keep it. What is refused for good is forgotten. Raises WalletError, ServiceError. */
  async #finish({ challenge }: Home, issuers: Issuers, started: Started): Promise<void> {
    const { plan, day, count, seed, key } = started;
    const headers = { "idempotency-key": base64urlEncode(key) };
    const now = this.#ground.clock();
    let made: readonly Bytes[];
    try {
      const signer = keyOf(this.#server.meter, issuers, plan, day, now);
      made = await drawn({ key: signer, challenge, day, count, entropy: expanded(seed) }, (asked) => (
        json(this.#access, "POST", "/v1/tokens", { plan, ...asked }, headers)));
    } catch (error) {
      if (isFinal(error)) await this.#settle(started, []);
      throw error instanceof ServiceError && error.reason === "tokens.daily" ? gone(now) : error;
    }
    await this.#settle(started, made);
    this.#none.delete(day);
  }

  /** Keep what a drawing brought, and forget it, in one step. Whoever else settled it before has its tokens already. */
  async #settle({ key, day }: Started, made: readonly Bytes[]): Promise<void> {
    const fresh = made.map((token) => ({ day, token, rid: "", at: 0 }));
    await this.#change((pocket) => {
      if (pocket.started === null || !equal(pocket.started.key, key)) return pocket;
      return { ...pocket, started: null, tokens: [...pocket.tokens, ...fresh] };
    });
  }

  /** Where the account's tokens are good. */
  async #found(): Promise<Home> {
    const home = this.#home ??= await homeOf(this.#server);
    if (new URL(this.#access.origin).origin === home.account) return home;
    throw new WalletError("issuer_refused", `The account is not one of ${new URL(home.account).host}, where this server's are.`);
  }

  /** Draw ahead of need, at moments that say nothing about a question's. */
  #ahead(pocket: Pocket): void {
    const { clock, entropy } = this.#ground;
    const [now, day] = [clock(), this.#day];
    if (stockOf(pocket, day) < this.#least) void this.#later(day, claimDelay(entropy(8)));
    const opens = Math.max(now, (day + 1) * DAY_S - AHEAD_S);
    void this.#later(day + 1, (drawMoment(day, opens, entropy(8)) ?? opens) - now);
  }

  /** Draw for a day after a wait. What fails is tried after the next payment, or told to whoever needs a token at once. */
  async #later(day: number, seconds: number): Promise<void> {
    if (this.#waiting.has(day) || this.#none.has(day)) return;
    this.#waiting.add(day);
    try {
      await this.#ground.sleep(seconds, NEVER);
      await this.#alone(async () => {
        const wanted = day >= this.#day && stockOf(await this.#kept(), day) < this.#least;
        if (wanted) await this.#draw(day, false);
      });
    } catch (error) {
      if (error instanceof WalletError && error.reason === "tokens_gone") this.#none.add(day);
    } finally {
      this.#waiting.delete(day);
    }
  }

  #alone(step: () => Promise<void>): Promise<void> {
    const next = this.#last.then(step);
    this.#last = next.catch(() => undefined);
    return next;
  }

  #kept(): Promise<Pocket> {
    return this.#change((pocket) => pocket);
  }

  /** What is kept once `step` changed it. Raises TrustError `memory_unusable`, and what the store raises. */
  async #change(step: (pocket: Pocket) => Pocket): Promise<Pocket> {
    const changed: Pocket[] = [];
    await this.#store.update((kept) => Promise.resolve(kept).then((data) => {
      const pocket = step(decode(data));
      changed.push(pocket);
      return encode(pocket);
    }));
    return changed.at(-1) ?? decode(null);
  }
}

/** Tokens of today under one key for a request, those first that went with it before; null when there are not enough. */
function offered({ tokens }: Pocket, day: number, rid: string, count: number): readonly Held[] | null {
  const own = tokens.filter((one) => one.day === day && (one.rid === rid || one.rid === ""))
    .sort((one, other) => Number(other.rid === rid) - Number(one.rid === rid));
  for (const first of own) {
    const same = own.filter(({ token }) => equal(keyIdOf(token), keyIdOf(first.token)));
    if (same.length >= count) return same.slice(0, count);
  }
  return null;
}

/** Which key signed a token. Source: specs/token.md, "Bytes". */
function keyIdOf(token: Bytes): Bytes {
  return token.subarray(66, 98);
}

/** How many tokens of a day are free to be spent. */
function stockOf({ tokens }: Pocket, day: number): number {
  return tokens.filter((one) => one.day === day && one.rid === "").length;
}

function isFinal(error: unknown): boolean {
  return error instanceof WalletError || (error instanceof ServiceError && isOver(error.reason));
}
