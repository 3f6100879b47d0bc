/**
 * Tokens: drawn ahead of need, marked durably before one leaves this worker, and the same ones for the same request. What is
 * due is decided in an annex (`annex/purse`); this asks, writes and keeps for it. One tab at a time.
 */

import { json } from "@privity/history/http";
import { ascii, type Bytes } from "@privity/protocol/bytes";
import type { JsonObject } from "@privity/protocol/canonical";

import { reasonOf, Refusal } from "../bridge/line.ts";
import type { AllowanceView, Own, Round } from "../bridge/tokens.ts";
import type { Accounts } from "./accounts.ts";
import { guestPocket, type Pocket, savedPocket } from "./pocket.ts";
import type { Saved } from "./saved.ts";

const LOCK = "privity-purse";
const STATE = "state";
const DAY_MS = 86_400_000;
/** Looks until what is due is done: ask, write, agree, and the same for a claim. */
const LOOKS = 8;
const SPENT = "spent/";
const PAID = "paid/";
/** Milliseconds until the next look after one that failed. */
const AGAIN = 300_000;

/** `rid`: the request's own id, or that of one that came to no end, whose tokens are good for no other. */
interface Taken {
  readonly rid: string;
  readonly tokens: readonly Bytes[];
  readonly allowance: AllowanceView;
}

export class Purse {
  readonly #accounts: Accounts;
  #of: Saved | null = null;
  #pocket: Pocket | null = null;
  #round: Round | null = null;
  #timer = (): void => undefined;

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  /** What is left; from now on more are drawn ahead of need. `meter` is JSON that the annex reads (`bridge/tokens.ts`). */
  allowance(meter: string): Promise<AllowanceView> {
    return this.#alone(async (pocket) => (await this.#tend(pocket, meter, 0)).allowance);
  }

  /**
   * Tokens for a request: those that went with it before unless `fresh`, then others of today, then those of a request that
   * came to no end. `fresh` with a count of 0: its answer has come. Raises Refusal `tokens_gone`, `issuer_refused`, and what
   * the service says.
   */
  tokens(meter: string, rid: string, count: number, fresh: boolean): Promise<Taken> {
    return this.#alone(async (pocket) => {
      if (fresh) await this.#note(pocket, rid, []);
      const paid = await this.#paid(pocket, meter, rid);
      if (paid.length === count) return this.#taken(pocket, rid, paid);
      let [id, found] = [rid, await this.#unspent(pocket, count)];
      if (found === null) {
        const { own, refused } = await this.#tend(pocket, meter, count);
        found = await this.#unspent(pocket, count);
        if (found === null) {
          id = own.find((one) => one.rid !== "")?.rid ?? "";
          if (fresh || id === "") throw new Refusal(refused);
          found = own.filter((one) => one.rid === id);
        }
      }
      return this.#taken(pocket, id, found, count);
    });
  }

  get #day(): number {
    return Math.floor(this.#accounts.desk.edges.now() / DAY_MS);
  }

  #alone<T>(step: (pocket: Pocket) => Promise<T>): Promise<T> {
    const { desk: { edges }, premises: { outside: { origin, fetch } } } = this.#accounts;
    return edges.locks.hold(LOCK, () => {
      const { saved } = this.#accounts.desk;
      if (this.#pocket === null || this.#of !== saved) {
        [this.#of, this.#round] = [saved, null];
        this.#pocket = saved === null
          ? guestPocket(edges.random(16), { origin, fetch, token: () => Promise.resolve(null) }) : savedPocket(saved);
      }
      return step(this.#pocket);
    });
  }

  /** Hand over what is marked first; `counted` of it were among what is left. */
  async #taken(pocket: Pocket, rid: string, found: readonly Own[], counted = 0): Promise<Taken> {
    await this.#note(pocket, rid, found);
    const round = this.#round;
    if (round === null) throw new Refusal("page.order");
    const { allowance: { left, ...rest } } = round;
    const allowance = { ...rest, left: left === null ? null : Math.max(0, left - counted) };
    this.#round = { ...round, allowance };
    return { rid, tokens: found.map(({ token }) => token), allowance };
  }

  /** Mark tokens as spent and as those of a request, from now on; none: they go with it no longer. */
  #note({ marks }: Pocket, rid: string, found: readonly Own[]): Promise<void> {
    const names = found.map(({ name }) => name);
    return marks.put([
      ...names.map((name) => [SPENT + name, ascii("")] as const),
      [`${PAID}${String(this.#day)}/${rid}`, ascii([this.#accounts.desk.edges.now(), ...names].join())],
    ]);
  }

  /** The tokens that went with this request before, none if there were none or they are over. */
  async #paid(pocket: Pocket, meter: string, rid: string): Promise<readonly Own[]> {
    const names = (await this.#marks(pocket)).findLast((one) => one.startsWith(rid))?.split(",") ?? [];
    if (names.length === 0) return [];
    const { own } = this.#round ?? await this.#tend(pocket, meter, 0);
    return own.filter((one) => names.includes(one.name));
  }

  /** Marks of requests, each as `RID,MILLISECONDS,NAME,...`: when it was paid, and the names of its tokens. */
  async #marks({ marks }: Pocket): Promise<readonly string[]> {
    return Promise.all((await marks.names(PAID)).map(async (name) => {
      return `${name.slice(-32)},${new TextDecoder().decode(await marks.get(name) ?? undefined)}`;
    }));
  }

  /** So many tokens of today under one key, none of them marked; null when there are fewer. */
  async #unspent({ marks }: Pocket, count: number): Promise<readonly Own[] | null> {
    const spent = await marks.names(SPENT);
    const free = this.#round?.own.filter(({ name }) => name.startsWith(`${String(this.#day)}/`) && !spent.includes(SPENT + name));
    const found = free?.map(({ issuer }) => free.filter((other) => other.issuer === issuer)) ?? [];
    return found.find((one) => one.length >= count)?.slice(0, count) ?? null;
  }

  /** Look until nothing is due. Raises Refusal where a person waits and the service cannot be asked. */
  async #tend(pocket: Pocket, meter: string, wanted: number): Promise<Round> {
    const { edges } = this.#accounts.desk;
    const annex = await edges.annexes.open();
    const ask = (post: Round["post"]): Promise<string> => this.#ask(pocket, post);
    let next = edges.now() + AGAIN;
    try {
      const usage = pocket.guest ? "" : await ask({ method: "GET", path: "/v1/usage", content: "", key: "" });
      let answer = "";
      for (let looks = 1; ; looks += 1) {
        const spent = await pocket.marks.names(SPENT);
        const round = await annex.line.ask("tend", {
          now: edges.now(), entropy: edges.random(32), device: pocket.device, guest: pocket.guest, usage, meter, wanted, answer,
          state: (await pocket.kept.all()).get(STATE) ?? "", wallets: await pocket.wallets(),
          spent: spent.map((name) => name.slice(SPENT.length)),
          paid: await this.#marks(pocket),
        });
        const over = [...spent, ...await pocket.marks.names(PAID)].filter((one) => Number(one.split("/")[1]) < this.#day - 1);
        await pocket.marks.put(over.map((name) => [name, null] as const));
        await pocket.kept.put(STATE, round.state);
        await pocket.write(round);
        if (round.agree) await this.#accounts.sync.now();
        answer = await ask(round.post);
        [this.#round, next] = [round, round.again];
        if ((round.write.length === 0 && round.post === null && !round.agree) || looks === LOOKS) return round;
      }
    } finally {
      annex.end();
      this.#timer();
      this.#timer = edges.after(Math.max(1000, next - edges.now()), () => {
        if (this.#of === this.#accounts.desk.saved) void this.allowance(meter).catch(() => undefined);
      });
    }
  }

  /** What the service answers, as JSON; a refusal is {"reason"}. */
  async #ask(pocket: Pocket, post: Round["post"]): Promise<string> {
    if (post === null) return "";
    const { method, path, content, key } = post;
    try {
      return JSON.stringify(await pocket.online(() => json(
        pocket.way, method, path, content === "" ? undefined : JSON.parse(content) as JsonObject, { "idempotency-key": key },
      )));
    } catch (error) {
      return JSON.stringify(reasonOf(error));
    }
  }
}
