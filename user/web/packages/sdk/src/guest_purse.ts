/** Tokens for whoever has no account: drawn when a request needs them, in memory only. Source: specs/wallet.md. */

import { type Ground, patient } from "@privity/channel/ground";
import { DOCUMENT_SECONDS } from "@privity/channel/sdk";
import { type Access, json, list, octets } from "@privity/history/http";
import { ServiceError } from "@privity/history/service";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed, NotAuthentic } from "@privity/protocol/errors";
import { begin, challenge, encode, MODULUS, type PublicKey } from "@privity/protocol/token";
import { type Issuers } from "@privity/tlog/leaves/issuers";
import { decode, MAX_WELL_KNOWN } from "@privity/trust/discovery";
import { TrustError } from "@privity/trust/errors";
import { type Fetch, get } from "@privity/trust/http";

import { held, keyOf, type Meter } from "./issuer.ts";
import { DAY_S, gone, type Purse, spelled, WalletError } from "./purse.ts";

const PLAN = "free";
/** Tokens of one drawing. */
const BATCH = 5;
const ORIGIN = /^https?:\/\/[A-Za-z0-9.:[\]-]{1,250}$/;
const NONE_LEFT: readonly string[] = ["tokens.daily", "tokens.off"];

/** A guest of the server of `origin`. `hidden`: a relay hides from where the program asks, which drawing would show. */
export interface Guest {
  readonly origin: string;
  readonly ground: Ground;
  readonly meter: Meter;
  readonly hidden: boolean;
}

interface Home {
  readonly access: Access;
  /** What tokens answer. */
  readonly challenge: Bytes;
}

/** One program's guest. Tokens are asked of the service itself. */
export class GuestPurse implements Purse {
  readonly #guest: Guest;
  readonly #given = new Map<string, readonly Bytes[]>();
  #before: Issuers | null = null;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  async pay(rid: Bytes, count: number): Promise<readonly Bytes[]> {
    const name = toHex(rid);
    let given = this.#given.get(name) ?? [];
    if (given.length < count) {
      const home = await this.#home();
      while (given.length < count) {
        given = [...given, ...await this.#drawn(home, Math.min(BATCH, count - given.length))];
        this.#given.set(name, given);
      }
    }
    return given.slice(0, count);
  }

  refused(rid: Bytes): void {
    this.#given.delete(toHex(rid));
  }

  ended(rid: Bytes): void {
    this.#given.delete(toHex(rid));
  }

  /** Where tokens are drawn and what they answer: by the operator's own word, never a relay's. */
  async #home(): Promise<Home> {
    const { ground, origin, hidden } = this.#guest;
    if (hidden) throw new TrustError("relay_bypassed", `A guest draws tokens at ${new URL(origin).host}.`);
    const fetch: Fetch = patient(ground, DOCUMENT_SECONDS);
    const data = await get(fetch, `${origin}/.well-known/privity`, MAX_WELL_KNOWN);
    const account = accountIn(data);
    if (account === null) throw gone(ground.clock(), "This server keeps no accounts and gives guests none.");
    const access = { origin: account.origin, fetch, token: () => Promise.resolve(null) };
    return { access, challenge: challenge(account.host, new URL(decode(data).run).host) };
  }

  async #drawn(home: Home, count: number): Promise<readonly Bytes[]> {
    const { meter, ground } = this.#guest;
    const now = ground.clock();
    const day = Math.floor(now / DAY_S);
    this.#before = held(meter, this.#before);
    const key = keyOf(meter, this.#before, PLAN, day, now);
    try {
      return await drawn(home, key, { day: spelled(day), count }, ground);
    } catch (error) {
      if (!(error instanceof ServiceError) || !NONE_LEFT.includes(error.reason)) throw error;
      throw gone(now, "Guests of one network share a few a day; an account has its own.");
    }
  }
}

/** All that was asked for, or none. Raises ServiceError, and WalletError for what the logged key did not sign. */
async function drawn(
  { access, challenge: answered }: Home, key: PublicKey, asked: { readonly day: string; readonly count: number },
  { entropy }: Pick<Ground, "entropy">,
): Promise<readonly Bytes[]> {
  const begun = Array.from({ length: asked.count }, () => begin(key, answered, entropy));
  const requests = begun.map(([, request]) => canonical.base64urlEncode(request));
  const answer = await json(access, "POST", "/v1/tokens/guest", { day: asked.day, requests });
  const signatures = list(answer["signatures"]).map((one) => octets(one, MODULUS));
  if (signatures.length !== asked.count) throw new ServiceError("service.malformed", 200);
  const made: Bytes[] = [];
  try {
    for (const [at, [pending]] of begun.entries()) made.push(encode(await pending.finish(signatures[at] ?? new Uint8Array(0))));
  } catch (error) {
    if (!(error instanceof NotAuthentic) && !(error instanceof Malformed)) throw error;
    throw new WalletError("issuer_refused", "the key in the log did not sign what the service answered");
  }
  return made;
}

function accountIn(document: Bytes): URL | null {
  const said = canonical.decode(document, MAX_WELL_KNOWN);
  const account = said !== null && typeof said === "object" && "account" in said ? said["account"] : null;
  return account === null ? null : new URL(canonical.text(account, "well-known.account", 260, ORIGIN));
}
