/**
 * One server held to its logs: fetch the bulletin, judge it, remember it, and say what it means for each node.
 *
 * Source: specs/trust.md. `fetch`, time and storage are arguments.
 */

import { type Logged } from "@privity/attest/logged";
import { type Policy } from "@privity/attest/policy";
import { type Seen } from "@privity/protocol/application";
import { type Bytes } from "@privity/protocol/bytes";
import { type Node } from "@privity/protocol/directory";
import { Malformed } from "@privity/protocol/errors";
import { type LogReason, TlogError } from "@privity/tlog/errors";
import * as head from "@privity/tlog/head";
import { MAX_BULLETIN } from "@privity/tlog/limits";
import * as views from "@privity/tlog/view";
import { type View } from "@privity/tlog/view";

import * as discovery from "./discovery.ts";
import { TrustError } from "./errors.ts";
import { type Fetch, get } from "./http.ts";
import { type Accepted, challenged, isEmergency, judge, type Paths, releaseOf, sizes } from "./judgement.ts";
import * as pins from "./pins.ts";
import { type Pin } from "./pins.ts";
import * as remembered from "./remembered.ts";
import { type Evidence, NOTHING, type Remembered } from "./remembered.ts";
import { basePolicy, establish, type Path, remember, type Standing, viewsOf } from "./standing.ts";
import { type SavedEvidence } from "./saved_evidence.ts";
import { Tiles } from "./tiles.ts";

/** Seconds for which a judgement counts: a release or key that is withdrawn is used no longer than this. */
export const LOG_SECONDS = 1800;
/** Reasons for which both notes are kept: together they convict the log. */
const CONVICTS: readonly LogReason[] = ["split_view", "consistency", "checkpoint_rollback"];

/** Where the caller keeps what belongs to one server. */
export interface Store {
  /**
   * Give `step` the document that is kept (null when there is none), and keep what it returns, before anything resolves.
   *
   * Nobody else may change it meanwhile: two tabs that advance at once would forget what one of them saw. When `step`
   * fails, what was kept stays.
   */
  update(step: (kept: Bytes | null) => Promise<Bytes>): Promise<void>;

  /** Keep signed notes that contradict each other. */
  convict(evidence: Evidence): Promise<void>;
}

/** Where the server is (origin, without a slash at its end), how to ask it, and where to remember. */
export interface Access {
  readonly origin: string;
  readonly fetch: Fetch;
  readonly store: Store;
}

/** What the logs say about one server. `refresh` before anything is judged; one value for each visit. */
export class Server {
  readonly pin: Pin;
  readonly #access: Access;
  #standing: Standing | null = null;
  #known: Remembered = NOTHING;
  #refreshed = 0;
  #bulletin: Bytes = new Uint8Array(0);
  #run = "";
  #tiles: Tiles;

  /** A server under the pin in `pinned`. Raises TrustError `not_pinned` (null), `pin_unusable`, `no_quorum`. */
  constructor(access: Access, pinned: Uint8Array | null) {
    if (pinned === null) throw new TrustError("not_pinned", access.origin);
    this.pin = pins.decode(pinned);
    this.#access = access;
    this.#tiles = new Tiles(access.fetch, new Map());
  }

  /** What the last `refresh` established. */
  get standing(): Standing {
    if (this.#standing === null) throw new Error("refresh comes first");
    return this.#standing;
  }

  /** Where the server says that its nodes are reached (an origin): a hint, trusted for nothing. After `refresh`. */
  get run(): string {
    return this.#run;
  }

  /** The heads that this client holds, to be shown to nodes: who sees another history can say so. */
  get seen(): readonly Seen[] {
    return viewsOf(this.standing).map(({ head: { origin, size, root } }) => ({ origin, size, root }));
  }

  /** The notes of these heads by their logs' origins, to be shown to the account's other devices. */
  get checkpoints(): readonly (readonly [origin: string, note: Bytes])[] {
    return viewsOf(this.standing).map(({ head, note }) => [head.origin, note] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /**
   * Hold the heads that other devices of the account believed, read before `refresh`, against this client's.
   *
   * Raises TlogError `split_view`, `consistency`, `checkpoint_rollback`: the server shows its devices different logs, both
   * notes are kept as evidence, and nothing of it may be used; what fetching tiles raises. Heads that this client's pin does
   * not vouch for say nothing.
   */
  async compare(seen: readonly (readonly [origin: string, note: Bytes])[], now: number): Promise<void> {
    for (const [origin, note] of seen) {
      const ours = viewsOf(this.standing).find(({ head }) => head.origin === origin);
      const theirs = ours === undefined ? null : await believed(note, this.pin, origin);
      if (ours === undefined || theirs === null) continue;
      const [from, to] = [theirs.head.size, ours.head.size];
      const path = from < to ? await this.#tiles.consistency(origin, from, to) : null;
      const reason = contradiction(theirs, ours, path);
      if (reason === null) continue;
      await this.#access.store.convict({ reason, origin, time: now, notes: [theirs.note, ours.note] });
      this.#standing = null;
      throw new TlogError(reason, `another device of this account saw another history of ${origin}`);
    }
  }

  /** Keep this client's heads beside the `document` of a node that says it saw another history (specs/trust.md). */
  async contradicted(document: Uint8Array, now: number): Promise<void> {
    const notes = viewsOf(this.standing).map(({ note }) => note);
    await this.#access.store.convict({ reason: "view_conflict", origin: this.#access.origin, time: now, notes, node: document });
  }

  /** The time (Unix seconds) until which a judgement counts that by itself would count until `until`. */
  validUntil(until: number): number {
    return Math.min(until, this.#refreshed + LOG_SECONDS);
  }

  /**
   * Fetch and judge the bulletin at `now` (Unix seconds), and remember what it showed; evidence of a lie is kept.
   *
   * Raises TrustError, TlogError, Malformed: then nothing of the server may be used.
   */
  async refresh(now: number): Promise<Standing> {
    const { origin, fetch, store } = this.#access;
    // What was judged before may have been withdrawn since.
    this.#standing = null;
    const hints = discovery.decode(await get(fetch, `${origin}/.well-known/privity`, discovery.MAX_WELL_KNOWN));
    this.#run = hints.run;
    this.#tiles = new Tiles(fetch, hints.logs);
    const data = await get(fetch, `${origin}/v1/bulletin`, MAX_BULLETIN);
    const found = await establish(data, this.pin, now);
    await store.update(async (kept) => {
      const known = kept === null ? NOTHING : remembered.decode(kept);
      const paths = await this.#continuations(known, found);
      this.#known = await this.#advanced(known, found, paths, now);
      return remembered.encode(this.#known);
    });
    this.#refreshed = now;
    this.#bulletin = data;
    this.#standing = found;
    return found;
  }

  /** Every leaf of the release log, as of the head that the last `refresh` established. Raises what `Tiles.entries` raises. */
  async releaseLeaves(): Promise<readonly Bytes[]> {
    const [release] = viewsOf(this.standing);
    return this.#tiles.entries(release.head);
  }

  /** A bundle with all that judging it again takes. Raises what fetching tiles raises. */
  async saved(bundle: Bytes, now: number): Promise<SavedEvidence> {
    const paths = await this.#paths(bundle);
    return { server: this.#access.origin, time: now, bundle, bulletin: this.#bulletin, paths };
  }

  /**
   * What the logs say about a listed node's bundle.
   *
   * Raises TrustError `held_back`, `auditor_missing` (the person's own rules), and what fetching tiles raises.
   */
  async logged(bundle: Uint8Array, listed: Node, now: number): Promise<Logged> {
    const logged = await judge(this.standing, bundle, listed, now, await this.#paths(bundle));
    if (Array.isArray(logged.release) && logged.release.length === 0) await this.#checkOwnRules(bundle, now);
    return logged;
  }

  /** What the logs say about the answer to a challenge by the node `accepted`. Raises what fetching tiles raises. */
  async challenged(bundle: Uint8Array, accepted: Accepted): Promise<Logged> {
    return challenged(this.standing, bundle, accepted, await this.#paths(bundle));
  }

  /** The operator's logged policy, with the development roots (hexadecimal) that the person accepts. */
  policy(roots: ReadonlySet<string>): Policy {
    return basePolicy(this.standing, roots);
  }

  async #checkOwnRules(bundle: Uint8Array, now: number): Promise<void> {
    const { release, head } = await releaseOf(this.standing, bundle);
    const since = this.#known.releases.get(release) ?? now;
    const left = since + this.pin.holdBack * 3600 - now;
    if (since > 0 && left > 0) {
      const named = isEmergency(bundle) ? "an emergency release, " : "";
      throw new TrustError("held_back", `${named}for another ${String(Math.ceil(left / 3600))} h`);
    }
    const missing = this.pin.auditors.find((name) => head?.witnesses.has(name) !== true);
    if (missing !== undefined) throw new TrustError("auditor_missing", missing);
  }

  async #paths(bundle: Uint8Array): Promise<Paths> {
    const { origin, size: newest } = this.standing.releaseView.head;
    const paths = new Map<number, Path>();
    for (const size of sizes(bundle)) {
      if (size < newest) paths.set(size, await this.#tiles.consistency(origin, size, newest));
    }
    return paths;
  }

  async #continuations(known: Remembered, found: Standing): Promise<ReadonlyMap<string, Path>> {
    const paths = new Map<string, Path>();
    for (const { head: { origin, size } } of viewsOf(found)) {
      const before = known.views.get(origin)?.head.size ?? size;
      if (before < size) paths.set(origin, await this.#tiles.consistency(origin, before, size));
    }
    return paths;
  }

  /** What to remember; a log that lied leaves evidence, and its error goes on. */
  async #advanced(
    known: Remembered, found: Standing, paths: ReadonlyMap<string, Path>, now: number,
  ): Promise<Remembered> {
    try {
      return remember(known, found, paths, now);
    } catch (error) {
      for (const fresh of viewsOf(found)) {
        const { origin } = fresh.head;
        const before = known.views.get(origin);
        const reason = contradiction(before ?? null, fresh, paths.get(origin) ?? null);
        if (before !== undefined && reason !== null) {
          await this.#access.store.convict({ reason, origin, time: now, notes: [before.note, fresh.note] });
        }
      }
      throw error;
    }
  }
}

/** What a note establishes under a pin, null when nothing. */
async function believed(data: Bytes, pin: Pin, origin: string): Promise<View | null> {
  try {
    return { head: (await head.verify(data, pins.witnesses(pin), origin)).checkpoint, note: data };
  } catch (error) {
    if (error instanceof TlogError || error instanceof Malformed) return null;
    throw error;
  }
}

/** How two heads of one log contradict each other, null when they do not. */
function contradiction(before: View | null, fresh: View, path: Path | null): LogReason | null {
  try {
    views.advance(before, fresh, path);
    return null;
  } catch (error) {
    if (error instanceof TlogError && CONVICTS.includes(error.reason)) return error.reason;
    throw error;
  }
}
