/**
 * How this browser is let in: by a passkey, a recovery code, or its own key once the keyring lists it. Source:
 * specs/access.md, specs/service-api.md.
 *
 * Tokens stay in the memory of whoever asked; the device's is renewed by its key, a fresh one only by a person.
 */

import type { Access } from "@privity/history/http";
import type { Identity } from "@privity/history/session";
import type { Assertion } from "@privity/passkeys/passkey";
import { equal } from "@privity/protocol/bytes";
import * as access from "@privity/protocol/stored/access";
import { VaultError } from "@privity/vault/errors";
import type { Secret } from "@privity/vault/secret";

import * as calls from "./calls.ts";
import type { Challenge, Token } from "./calls.ts";
import { AccountError } from "./errors.ts";
import * as keys from "./keys.ts";
import type { Place } from "./place.ts";

/** Milliseconds before its end at which a token is not begun with any more. */
const MARGIN = 30_000;
const UNAUTHORIZED = 401;

/** What a passkey is to sign. */
export function beginPasskey(place: Place): Promise<Challenge> {
  return calls.beginAccess(calls.asking(place, null), "passkey");
}

/** Let in by a passkey's answer: what may open, fresh for five minutes. Raises ServiceError `access.refused`. */
export function withPasskey(place: Place, { session }: Challenge, assertion: Assertion): Promise<Token> {
  return calls.finishAccess(calls.asking(place, null), session, { kind: "passkey", assertion }, place.world.now());
}

/** The same by a recovery code, which is not wiped. */
export async function withCode(place: Place, letters: Secret<"recovery">): Promise<Token> {
  const way = calls.asking(place, null);
  const { session, challenge } = await calls.beginAccess(way, "recovery");
  const { sheet: { finder }, signer } = await keys.ofCode(letters, place.world);
  const signature = await signer.sign(access.recoveryBytes(finder, { origin: place.origin, challenge }));
  return calls.finishAccess(way, session, { kind: "recovery", finder, signature }, place.world.now());
}

/** Let in as a device that the keyring lists. Raises ServiceError `access.refused` for one that was revoked. */
export async function withDevice(place: Place, { account, device, signer }: Identity): Promise<Token> {
  const way = calls.asking(place, null);
  const { session, challenge } = await calls.beginAccess(way, "device");
  const signature = await signer.sign(access.deviceBytes(account, device, { origin: place.origin, challenge }));
  return calls.finishAccess(way, session, { kind: "device", account, device, signature }, place.world.now());
}

/** The tokens of an unlocked account. */
export class Tokens {
  readonly #place: Place;
  readonly #identity: Identity;
  #full: Token | null = null;
  #fresh: Token | null = null;
  #asked: Promise<Token> | null = null;

  constructor(place: Place, identity: Identity, fresh: Token | null) {
    this.#place = place;
    this.#identity = identity;
    this.#fresh = fresh;
  }

  /** A person proved a passkey or code just now. Raises VaultError `keyring.foreign` for another account's. */
  prove(token: Token): void {
    if (!equal(token.account, this.#identity.account)) throw new VaultError("keyring.foreign", "a proof of another account");
    this.#fresh = token;
  }

  /** Whether a person proved themselves in the last five minutes. */
  get isFresh(): boolean {
    return this.#fresh !== null && this.#fresh.freshUntil > this.#place.world.now();
  }

  /** The token of what a person proved in the last five minutes. Raises AccountError `access.stale`. */
  fresh(): Token {
    const now = this.#place.world.now();
    if (this.#fresh === null || this.#fresh.freshUntil <= now) throw new AccountError("access.stale");
    return this.#fresh;
  }

  /** A way to ask as this device: signed in when needed, and once more when the service no longer knows the token. */
  way(): Access {
    const { origin, fetch } = this.#place;
    return {
      origin,
      token: async () => (await this.#current()).text,
      fetch: async (address, options) => {
        const answer = await fetch(address, options);
        if (answer.status !== UNAUTHORIZED) return answer;
        this.#full = null;
        const { text } = await this.#current();
        const headers = { ...options.headers as Readonly<Record<string, string>>, authorization: `Bearer ${text}` };
        return fetch(address, { ...options, headers });
      },
    };
  }

  /** A way to ask with the fresh token alone. Raises AccountError `access.stale`. */
  freshWay(): Access {
    return calls.asking(this.#place, this.fresh());
  }

  /** Forget them, and tell the service if it can be told. */
  async end(): Promise<void> {
    const held = [this.#full, this.#fresh].flatMap((one) => (one === null ? [] : [one]));
    [this.#full, this.#fresh] = [null, null];
    for (const token of held) await calls.endAccess(calls.asking(this.#place, token)).catch(() => undefined);
  }

  async #current(): Promise<Token> {
    if (this.#full !== null && this.#full.ends - MARGIN > this.#place.world.now()) return this.#full;
    // One signature for all that wait for it.
    this.#asked ??= withDevice(this.#place, this.#identity).finally(() => {
      this.#asked = null;
    });
    this.#full = await this.#asked;
    return this.#full;
  }
}
