/**
 * From an address to verified nodes: logs, directory, bundles, appraisal. Nothing here chooses for the server.
 *
 * Source: specs/trust.md, specs/directory.md. What was judged counts until its evidence ends, and half an hour at most.
 */

import { type Seen } from "@privity/protocol/application";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { type Node } from "@privity/protocol/directory";
import { MAX_BUNDLE } from "@privity/protocol/limits";
import { get } from "@privity/trust/http";
import { type Standing } from "@privity/trust/standing";
import { type Server } from "@privity/trust/trust";

import { type Appraiser } from "./appraisal.ts";
import { choose } from "./choice.ts";
import { ChannelError, type Documented, isDocumented } from "./errors.ts";
import { type Ground } from "./ground.ts";
import { offers, type VerifiedNode } from "./nodes.ts";
import { type NodeSource } from "./wire.ts";

/** Nodes whose evidence is fetched in one search; a larger fleet is sampled by weight. */
export const MOST_APPRAISED = 16;

/** Whose nodes are looked for, and by whom they are judged. `fetch` gives up by itself when an answer takes too long. */
export interface Search {
  readonly origin: string;
  readonly server: Server;
  readonly appraiser: Appraiser;
  readonly ground: Pick<Ground, "clock" | "entropy" | "fetch">;
  readonly judged?: Judged | undefined;
}

/** Is told how many of a search's nodes were judged; some of them may have been refused. Must return at once. */
export type Judged = (done: number, of: number) => void;

/** Finds and verifies the nodes of one server. One for each visit. */
export class Discovery implements NodeSource {
  readonly #search: Search;
  #found: readonly VerifiedNode[] = [];
  #searches = 0;
  #last: Promise<unknown> = Promise.resolve();
  #standing: Standing | null = null;

  constructor(search: Search) {
    this.#search = search;
  }

  /** What the logs established at the last search; null when they were not believed, or not asked yet. */
  get standing(): Standing | null {
    return this.#standing;
  }

  /** The heads of the logs that the last search established, to be shown to nodes. */
  get seen(): readonly Seen[] {
    return this.#standing === null ? [] : this.#search.server.seen;
  }

  /**
   * The verified nodes that offer `model`, at least one; the empty name means any.
   *
   * Raises ChannelError `no_node`, EvidenceRefused when every candidate was refused, and what logs and fetching raise.
   */
  nodes(model: string, refresh: boolean): Promise<readonly VerifiedNode[]> {
    const before = this.#searches;
    return this.alone(async () => {
      const now = this.#search.ground.clock();
      this.#found = this.#found.filter(({ validUntil }) => now < validUntil);
      // A search that another caller began meanwhile is as fresh as one of our own.
      const due = refresh && this.#searches === before;
      if (due || !this.#found.some((node) => offers(node, model))) await this.#look(model, now);
      const offering = this.#found.filter((node) => offers(node, model));
      if (offering.length === 0) throw new ChannelError("no_node", named(model));
      return offering;
    });
  }

  /** Keep what contradicts each other, and believe no node until the logs are read again. */
  async contradicted({ document }: VerifiedNode): Promise<void> {
    this.#found = [];
    await this.#search.server.contradicted(document, this.#search.ground.clock());
  }

  /** Run `step` while nobody else searches: what the server said does not change under it. */
  alone<Result>(step: () => Promise<Result>): Promise<Result> {
    const next = this.#last.then(step);
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #look(model: string, now: number): Promise<void> {
    const { server } = this.#search;
    // Whatever ends this search, nothing that was judged before it is used again: it may have been withdrawn since.
    this.#found = [];
    this.#standing = null;
    this.#searches += 1;
    this.#standing = await server.refresh(now);
    const candidates = this.#standing.directory.nodes.filter(({ cap }) => model === "" || cap.includes(model));
    const judged = await this.#judgeAll(this.#sample(candidates), now);
    const verified = judged.filter((one): one is VerifiedNode => !isDocumented(one));
    const failure = judged.find(isDocumented);
    if (verified.length === 0) throw failure ?? new ChannelError("no_node", named(model));
    this.#found = verified;
  }

  #sample(candidates: readonly Node[]): readonly Node[] {
    const pool = candidates.map((node) => ({ node, weight: node.w }));
    const sampled: Node[] = [];
    while (pool.length > 0 && sampled.length < MOST_APPRAISED) {
      const drawn = choose(pool, this.#search.ground.entropy);
      pool.splice(pool.indexOf(drawn), 1);
      sampled.push(drawn.node);
    }
    return sampled;
  }

  /** Bundles are fetched together and judged one after another: each leaves something to remember to the next. */
  async #judgeAll(sampled: readonly Node[], now: number): Promise<readonly (Documented | VerifiedNode)[]> {
    const fetched = sampled.map((listed) => documented(this.#bundle(listed)));
    const judged: (Documented | VerifiedNode)[] = [];
    for (const [at, listed] of sampled.entries()) {
      const bundle = await fetched[at];
      if (bundle === undefined) continue;
      judged.push(isDocumented(bundle) ? bundle : await documented(this.#judge(bundle, listed, now)));
      this.#search.judged?.(judged.length, sampled.length);
    }
    return judged;
  }

  async #judge(bundle: Bytes, listed: Node, now: number): Promise<VerifiedNode> {
    const { appraiser, server } = this.#search;
    const logged = await server.logged(bundle, listed, now);
    const held = { now, nonce: null, logged, policy: server.policy(appraiser.roots) };
    const node = await appraiser.judge(bundle, held, listed, server.run);
    return { ...node, validUntil: server.validUntil(node.validUntil) };
  }

  #bundle(listed: Node): Promise<Bytes> {
    const { ground: { fetch }, origin } = this.#search;
    return get(fetch, `${origin}/v1/nodes/${toHex(listed.nd)}`, MAX_BUNDLE);
  }
}

function named(model: string): string {
  return model === "" ? "" : `model ${model}`;
}

/** The result, or the documented error that came instead. */
async function documented<Result>(step: Promise<Result>): Promise<Documented | Result> {
  try {
    return await step;
  } catch (error) {
    if (isDocumented(error)) return error;
    throw error;
  }
}
