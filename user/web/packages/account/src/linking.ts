/**
 * Linking a browser, both sides, over the service. What is shown and typed between the steps is the caller's. Source:
 * specs/pairing.md.
 *
 * New: `Offer` or `CodeOffer`, `Shown`, then an account. Existing: `scan`, `Asked`, `Typing`, `Matched`. A step of the
 * other side that is not there yet is null: ask again after a while.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { overHttp } from "@privity/history/http";
import type { Service } from "@privity/history/service";
import { everything, resume, type Session } from "@privity/history/session";
import { type Bytes, equal } from "@privity/protocol/bytes";
import * as keyrings from "@privity/protocol/stored/keyring";
import * as pages from "@privity/protocol/stored/page";
import { reading, VaultError } from "@privity/vault/errors";
import * as keyring from "@privity/vault/keyring";
import * as pairing from "@privity/vault/pairing";
import { readCode, writeCode } from "@privity/vault/pairing/code";
import { type Grant, MAX_STEP, readLink, writeLink } from "@privity/vault/pairing/steps";
import { Secret } from "@privity/vault/secret";
import * as signing from "@privity/vault/signer";

import { Tokens } from "./access.ts";
import { Account, moved, TRIES } from "./account.ts";
import * as calls from "./calls.ts";
import { knownDevice, ownOpener } from "./creation.ts";
import * as keys from "./keys.ts";
import type { DeviceKeys, NewOpener } from "./keys.ts";
import type { Place } from "./place.ts";
import { next } from "./revision.ts";

const SECOND = 1000;

/** New browser: the card is posted. */
class Posted {
  readonly #place: Place;
  readonly #device: DeviceKeys;
  readonly #offered: pairing.Offered;
  readonly #channel: Bytes;

  constructor({ place, device, offered, channel }: Card) {
    this.#place = place;
    this.#device = device;
    this.#offered = offered;
    this.#channel = channel;
  }

  /** Once the existing device answered, reveal, and show six digits. Raises VaultError `pairing.malformed`; ServiceError. */
  async answered(): Promise<Shown | null> {
    const way = calls.asking(this.#place, null);
    const answer = await calls.step(way, this.#channel, "answer");
    if (answer === null) return null;
    const answered = this.#offered.answered(bounded(answer));
    await calls.putStep(way, this.#channel, "reveal", answered.reveal);
    return new Shown(this.#place, this.#device, answered, this.#channel);
  }
}

/** What lies behind a card. */
interface Card {
  readonly place: Place;
  readonly device: DeviceKeys;
  readonly offered: pairing.Offered;
  readonly channel: Bytes;
}

/** New browser: the link is shown, as text and to be scanned. */
export class Offer extends Posted {
  readonly link: string;

  private constructor(card: Card, link: string) {
    super(card);
    this.link = link;
  }

  /** Raises ServiceError. */
  static async make(place: Place): Promise<Offer> {
    const secret = Secret.take("link secret", place.world.random(16));
    const card = await postedCard(place, secret);
    return new Offer(card, writeLink(place.origin, card.channel, card.offered.card, secret));
  }
}

/**
 * New browser, where the other one has no camera and nothing can be sent to it: the code is typed there. The service could
 * put another card in its place, so that only the six digits protect; a link is better.
 */
export class CodeOffer extends Posted {
  /** The channel as letters, in groups of four. */
  readonly code: string;

  private constructor(card: Card) {
    super(card);
    this.code = writeCode(card.channel);
  }

  /** Raises ServiceError. */
  static async make(place: Place): Promise<CodeOffer> {
    return new CodeOffer(await postedCard(place, null));
  }
}

async function postedCard(place: Place, secret: Secret<"link secret"> | null): Promise<Card> {
  const { world } = place;
  const device = await keys.newDevice(world);
  const offering = { linkSeed: world.random(32), deviceKey: device.signing.publicKey, nonce: world.random(32), secret };
  const offered = await pairing.offer(offering, seconds(place), world.kem);
  return { place, device, offered, channel: await calls.postCard(calls.asking(place, null), offered.card) };
}

/** New browser: `digits` are shown, to be typed on the existing device. */
export class Shown {
  readonly digits: string;
  readonly #place: Place;
  readonly #device: DeviceKeys;
  readonly #answered: pairing.Answered;
  readonly #channel: Bytes;

  constructor(place: Place, device: DeviceKeys, answered: pairing.Answered, channel: Bytes) {
    this.#place = place;
    this.#device = device;
    this.#answered = answered;
    this.#channel = channel;
    this.digits = answered.code;
  }

  /**
   * Once the grant is there: verify the keyring, add this browser's own opener, and read the log up to the granted head.
   *
   * Raises VaultError `pairing.foreign`, `keyring.*`, `log.rolled_back`, `log.forked`; ServiceError.
   */
  async granted(): Promise<Account | null> {
    const place = this.#place;
    const sealed = await calls.step(calls.asking(place, null), this.#channel, "grant");
    if (sealed === null) return null;
    const grant = await this.#answered.granted(sealed, place.origin);
    const held = new Held(grant);
    const account = await this.#entered(grant, held).finally(() => {
      grant.key.wipe();
    });
    try {
      await account.sync();
      held.check((await account.position()).n);
    } catch (error) {
      if (error instanceof VaultError) await account.forget();
      throw error;
    }
    return account;
  }

  async #entered(grant: Grant, held: Held): Promise<Account> {
    const [place, device] = [this.#place, this.#device];
    const signer = signing.signer(device.signing);
    const unopened = { id: device.id, material: device.material };
    const tokens = new Tokens(place, { account: grant.account, device: device.id, signer, opener: unopened }, null);
    const service = overHttp(tokens.way());
    for (let tries = 1; ; tries += 1) {
      const { session, own } = await this.#listed(grant, service);
      const known = knownDevice(place, grant.account, device, own.record, true);
      await place.devices.put(known);
      try {
        const posted = await next(session, { openers: [own] }, place.world);
        await calls.putKeyring(tokens.way(), session.trusted.keyring.revision, posted);
      } catch (error) {
        if (moved(error) && tries < TRIES) continue;
        await place.devices.remove(grant.account);
        throw error;
      }
      return await Account.unlock(place, known, { watch: (given) => held.over(given) });
    }
  }

  /** The account as the granted key shows it, and an opener for this browser. Raises VaultError `keyring.*`. */
  async #listed(grant: Grant, service: Service): Promise<{ readonly session: Session; readonly own: NewOpener }> {
    const { revisions } = await everything(service, 1);
    const newest = revisions.at(-1);
    if (newest === undefined || newest.private === null) {
      throw new VaultError("keyring.broken_chain", "no keyring, or no private half");
    }
    const { epoch } = reading("keyring.malformed", () => keyrings.decode(newest.claim.public));
    const key = await grant.key.copy().keep();
    await keyring.acceptAll(revisions.map((one) => one.claim), grant.account, new Map([[epoch, key]]));
    const hashes = revisions.map((one) => sha256(one.claim.public));
    if (!hashes.some((one) => equal(one, grant.keyring))) {
      throw new VaultError("keyring.rolled_back", "the keyring that the other device named is not there");
    }
    const own = await ownOpener(this.#place, this.#device, grant.key, { account: grant.account, epoch });
    const opener = { id: own.record.id, material: this.#device.material };
    const identity = { account: grant.account, device: this.#device.id, signer: signing.signer(this.#device.signing), opener };
    const rings = revisions.map(({ claim }, at) => ({ revision: at + 1, public: claim.public }));
    return { session: await resume(identity, rings, newest.private, key), own };
  }
}

/** The granted head, held against the very pages that are read. */
export class Held {
  readonly #n: number;
  readonly #head: Bytes;

  constructor({ n, head }: Pick<Grant, "n" | "head">) {
    this.#n = n;
    this.#head = head;
  }

  /** The service, with what it delivers looked at. Raises VaultError `log.forked` where the granted page is another. */
  over(service: Service): Service {
    return {
      ...service,
      pages: async (after) => {
        const answer = await service.pages(after);
        const page = answer.pages[this.#n - 1 - after];
        if (page !== undefined && !equal(await pages.head(page.data), this.#head)) {
          throw new VaultError("log.forked", `another page ${String(this.#n)} than the other device named`);
        }
        return answer;
      },
    };
  }

  /** Raises VaultError `log.rolled_back` when fewer pages were read than the other device knew. */
  check(n: number): void {
    if (n < this.#n) throw new VaultError("log.rolled_back", `page ${String(n)}, the other device was at ${String(this.#n)}`);
  }
}

/**
 * Existing browser: fetch the card that the link names, or the code that was typed instead of one, and answer.
 *
 * Raises VaultError `pairing.malformed`, `.foreign` (a link to another service), `.card_changed`, `.expired`; ServiceError.
 */
export async function scan(account: Account, text: string): Promise<Asked> {
  const { place, session: { identity } } = account;
  const link = text.includes("#") ? readLink(text.trim()) : null;
  if (link !== null && link.origin !== place.origin) throw new VaultError("pairing.foreign", "a link to another service");
  const channel = link === null ? readCode(text) : link.channel;
  const card = await calls.step(calls.asking(place, null), channel, "card");
  const scanned = pairing.scanned(bounded(card ?? new Uint8Array(0)), link, seconds(place));
  const answer = { nonce: place.world.random(32), account: identity.account, deviceKey: identity.signer.publicKey };
  const replied = scanned.answer(answer);
  await calls.putStep(account.tokens.way(), channel, "answer", replied.raw);
  return new Asked(account, replied, channel);
}

/** Existing browser: the answer is posted. */
export class Asked {
  readonly #account: Account;
  readonly #replied: pairing.Replied;
  readonly #channel: Bytes;

  constructor(account: Account, replied: pairing.Replied, channel: Bytes) {
    this.#account = account;
    this.#replied = replied;
    this.#channel = channel;
  }

  /** Once the new device revealed its nonce, the digits can be typed. Raises VaultError `pairing.commitment`, `.expired`. */
  async revealed(): Promise<Typing | null> {
    const { place } = this.#account;
    const reveal = await calls.step(calls.asking(place, null), this.#channel, "reveal");
    if (reveal === null) return null;
    return new Typing(this.#account, this.#replied.revealed(bounded(reveal), seconds(place)), this.#channel);
  }
}

/** Existing browser: waits for the digits that the new one shows. */
export class Typing {
  /** Tries that are left. */
  readonly left: number;
  readonly #account: Account;
  readonly #comparing: pairing.Comparing;
  readonly #channel: Bytes;

  constructor(account: Account, comparing: pairing.Comparing, channel: Bytes) {
    this.#account = account;
    this.#comparing = comparing;
    this.#channel = channel;
    this.left = comparing.left;
  }

  /** The third wrong code burns the channel. Raises VaultError `pairing.burnt`, `.expired`; ServiceError. */
  async type(digits: string): Promise<Matched | Typing> {
    try {
      const then = this.#comparing.typed(digits, seconds(this.#account.place));
      if (then instanceof pairing.Comparing) return new Typing(this.#account, then, this.#channel);
      return new Matched(this.#account, then, this.#channel);
    } catch (error) {
      if (error instanceof VaultError && error.reason === "pairing.burnt") {
        await calls.burn(this.#account.tokens.way(), this.#channel);
      }
      throw error;
    }
  }
}

/** Existing browser: a person compared the digits. */
export class Matched {
  readonly #account: Account;
  readonly #confirmed: pairing.Confirmed;
  readonly #channel: Bytes;

  constructor(account: Account, confirmed: pairing.Confirmed, channel: Bytes) {
    this.#account = account;
    this.#confirmed = confirmed;
    this.#channel = channel;
  }

  /**
   * Behind a fresh proof: list the new device, then give it the account key. Can be repeated after a failure.
   *
   * Raises AccountError `access.stale`; VaultError; ServiceError.
   */
  async grant(label: string): Promise<void> {
    await this.#account.withRaw((raw) => this.#given(raw, label));
  }

  async #given(raw: Secret<"account key">, label: string): Promise<void> {
    const [account, { deviceKey }] = [this.#account, this.#confirmed.card];
    const { place } = account;
    const id = keys.deviceId(deviceKey);
    await account.sync();
    if (keyrings.deviceOf(account.session.trusted.keyring, id) === null) {
      await account.change((session) => {
        const entering = { id, key: deviceKey, label, introducedBy: session.identity.device };
        return next(session, { devices: [entering] }, place.world);
      });
    }
    const { session } = account;
    const state = await account.store.state();
    if (state === null) throw new VaultError("log.omitted", "this device has read nothing");
    const { n, head } = state.position;
    const given = {
      key: raw, account: session.identity.account, keyring: session.trusted.hash, head, n, origin: place.origin,
    };
    const sealed = await this.#confirmed.grant(given, seconds(place), place.world.kem.encapsulate);
    await calls.putStep(account.tokens.freshWay(), this.#channel, "grant", sealed);
  }
}

function seconds({ world }: Place): number {
  return Math.floor(world.now() / SECOND);
}

/** A step as far as anybody reads one. Raises VaultError `pairing.malformed`. */
function bounded(data: Bytes): Bytes {
  if (data.length > MAX_STEP) throw new VaultError("pairing.malformed", `a step of ${String(data.length)} bytes`);
  return data;
}
