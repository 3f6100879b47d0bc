/**
 * After a `log.*` reason, when a person asks for it: what the two branches are, and going on with one of them without losing
 * what the other holds. Source: specs/repair.md.
 */

import { type Bytes, equal, fromHex, toHex } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import * as stored from "@privity/protocol/stored/page";
import { VaultError } from "@privity/vault/errors";
import * as page from "@privity/vault/page";
import type { SignedPage } from "@privity/vault/page";
import * as repairs from "@privity/vault/repair";
import type { Branch, Fork } from "@privity/vault/repair";

import { type Ground, stateOf } from "./ground.ts";
import { ServiceError } from "./service.ts";
import { takeOver, type Taken } from "./takeover.ts";

/** Pages that a service may say an account has, before it is not listened to any more. */
const MAX_PAGES = 1_000_000;

/** Which branch goes on: this device's, where the service only lost its end, or the service's. */
export type Choice = "ours" | "theirs";

/** Number and fingerprint of a branch's newest page, and how many lie behind the last common one. */
export interface Spot {
  readonly n: number;
  readonly fingerprint: string;
  readonly pages: number;
}

/**
 * What a person sees before choosing: the number of the last common page, and both ends.
 *
 * `doubled` are ids of devices that signed on both branches: they were copied or set back, and should be revoked.
 */
export interface Comparison {
  readonly common: number;
  readonly ours: Spot;
  readonly theirs: Spot;
  readonly doubled: readonly Bytes[];
  /** Empty when the service now continues what this device has: nothing to repair. */
  readonly choices: readonly Choice[];
}

/** What a repair did: pages that were posted again, and what became of what the kept branch lacked. */
export interface Repaired extends Taken {
  readonly reposted: number;
}

/** Both branches, verified. */
export interface Compared {
  readonly shown: Comparison;
  readonly fork: Fork;
  readonly pages: readonly SignedPage[];
}

/**
 * Verify what the service shows now and what this device accepted, and say where they part.
 *
 * Raises VaultError `log.*`, `page.malformed`: a sequence that does not verify is no branch; ServiceError.
 */
export async function compare(ground: Ground): Promise<Compared> {
  const { session, store } = ground;
  const theirs = await everyPage(ground);
  const [state, kept] = [await stateOf(store), await store.pages(1)];
  const first = kept[0]?.[0] ?? state.position.n + 1;
  // A device that kept no pages once takes the service's for them: their hashes must lead to its own.
  const ours = [...theirs.slice(0, first - 1), ...kept.map(([, signed]) => signed)];
  const log = new page.Memory(await page.start(session.identity.account), session.trusted);
  for (const one of session.keyrings) log.keyrings.set(toHex(await ring.digest(one.public)), ring.decode(one.public));
  const fork = await repairs.compare(log, ours, theirs);
  if (!equal(fork.ours.position.head, state.position.head)) {
    throw new VaultError("log.omitted", "the pages on this device do not lead to where it stands");
  }
  const doubled = [...fork.doubled].flatMap((id) => fromHex(id) ?? []);
  const ends = { ours: spot(fork.ours), theirs: spot(fork.theirs) };
  const shown = { common: fork.common.n, ...ends, doubled, choices: await choicesOf(ground, fork) };
  return { shown, fork, pages: theirs };
}

/** All pages of the service. Raises ServiceError `service.malformed` for more than an account can have. */
async function everyPage({ service }: Ground): Promise<readonly SignedPage[]> {
  const found: SignedPage[] = [];
  for (;;) {
    const answer = await service.pages(found.length);
    found.push(...answer.pages);
    if (answer.pages.length === 0 || found.length >= answer.n) return found;
    if (found.length > MAX_PAGES) throw new ServiceError("service.malformed", 200);
  }
}

function spot({ position, pages }: Branch): Spot {
  return { n: position.n, fingerprint: page.fingerprint(position), pages: pages.length };
}

async function choicesOf(ground: Ground, { ours, theirs }: Fork): Promise<readonly Choice[]> {
  if (ours.pages.length === 0) return [];
  return theirs.pages.length === 0 && (await isWhole(ground, ours)) ? ["ours", "theirs"] : ["theirs"];
}

/** Whether every body that the branch's pages name is still here: without one the service would not take its page again. */
async function isWhole({ store }: Ground, { pages }: Branch): Promise<boolean> {
  for (const hash of pages.flatMap(hashesOf)) {
    if ((await store.body(hash)) === null) return false;
  }
  return true;
}

function hashesOf({ data }: SignedPage): readonly Bytes[] {
  return stored.decode(data).entries.flatMap(({ body }) => (body === null ? [] : [body.hash]));
}

/**
 * Go on with a branch, and write what it lacks of the other: afterwards this device writes again.
 *
 * Raises VaultError `log.forked` for a choice that `compare` does not offer; ServiceError, with nothing lost: repeat it.
 */
export async function repair(ground: Ground, compared: Compared, choice: Choice): Promise<Repaired> {
  if (!compared.shown.choices.includes(choice)) throw new VaultError("log.forked", "this branch cannot go on");
  if (choice === "theirs") return { reposted: 0, ...(await takeOver(ground, compared.fork, compared.pages)) };
  const { store } = ground;
  const { repost } = repairs.plan(compared.fork, true, ground.session.names.lane);
  for (const signed of repost) await post(ground, signed);
  await store.commit({ state: { ...(await stateOf(store)), halted: null } });
  return { reposted: repost.length, taken: 0, merged: 0, deleted: 0, offered: 0, unreadable: 0 };
}

async function post({ store, service }: Ground, signed: SignedPage): Promise<void> {
  for (const hash of hashesOf(signed)) {
    const body = await store.body(hash);
    if (body !== null) await service.put(hash, body);
  }
  await service.post(signed, []);
}
