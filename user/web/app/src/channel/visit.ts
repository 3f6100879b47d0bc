/**
 * One service, as the channel worker knows it: which logs count, what was judged, and what follows for sending.
 *
 * Nothing is sent unless a node was verified, by logs that were looked at in the last half hour. A node that answered a
 * challenge wrongly is doubted, and with it the service, until a challenge is answered well.
 */

import { EvidenceRefused, isDocumented } from "@privity/channel/errors";
import { patient } from "@privity/channel/ground";
import { type VerifiedNode } from "@privity/channel/nodes";
import { turned } from "@privity/channel/relayed";
import { Connection, DOCUMENT_SECONDS } from "@privity/channel/sdk";
import type { Bytes } from "@privity/protocol/bytes";
import type { JsonObject } from "@privity/protocol/canonical";
import { MAX_BUNDLE } from "@privity/protocol/limits";
import * as discovery from "@privity/trust/discovery";
import { get } from "@privity/trust/http";
import { encodeEvidence } from "@privity/trust/remembered";
import { encode as encodeSaved } from "@privity/trust/saved_evidence";

import type { BuildView, ChannelAnswers, RecordView, RelayView } from "../bridge/channel.ts";
import { Refusal } from "../bridge/line.ts";
import type { Metering } from "../bridge/tokens.ts";
import { buildOf, pageOf } from "./build.ts";
import { changesOf } from "./changes.ts";
import { encodeRoots, rootsIn } from "./consent.ts";
import type { Cabinet, Edges } from "./edges.ts";
import { faultOf } from "./fault.ts";
import { keep, type Pinned, pinnedFor } from "./pin.ts";
import { type Around, type Judged, releaseOf, unbelieved, viewOf } from "./record.ts";
import { type Choice, choiceIn, encodeChoice, guestMayAsk, NO_RELAY, offersIn, relayView, runBehind } from "./relay.ts";

/** Seconds before a judgement ends at which it is made anew, while the page is open. */
export const RENEWED_BEFORE = 60;
/** Reasons that say nothing about the server: it was not there, or the network was not. */
const ABSENT: readonly string[] = ["unreachable", "not_privity"];

/** What the page brings: the pin and the relay of the person's own machine, null without them, and what a turn ends. */
export interface Brought {
  readonly pin: Bytes | null;
  readonly relay: string | null;
  /** Requests go another way from now on: nothing that was begun on the old one may go on. */
  readonly turned: () => void;
}

export class Visit {
  readonly #service: string;
  readonly #edges: Edges;
  readonly #cabinet: Cabinet;
  readonly #given: Brought;
  #choice: Choice | null = null;
  /** The release that was accepted before this visit. */
  readonly #before: Bytes | null;
  #roots: ReadonlySet<string>;
  #pinned: Pinned | null = null;
  #connection: Connection | null = null;
  #judged: Judged | null = null;
  #doubt: EvidenceRefused | null = null;
  /** The relay that the page was shown last. */
  #shown: string | null = null;
  #renewal = (): void => undefined;

  private constructor(
    service: string, given: Brought, edges: Edges,
    kept: { readonly cabinet: Cabinet; readonly roots: ReadonlySet<string>; readonly release: Bytes | null },
  ) {
    this.#service = service;
    this.#given = given;
    this.#edges = edges;
    this.#cabinet = kept.cabinet;
    this.#roots = kept.roots;
    this.#before = kept.release;
  }

  /** A visit to `service`, with what this browser keeps of it. */
  static async begin(service: string, given: Brought, edges: Edges): Promise<Visit> {
    const cabinet = await edges.cabinet(service);
    const roots = rootsIn(await cabinet.get("consent"));
    return new Visit(service, given, edges, { cabinet, roots, release: await cabinet.get("release") });
  }

  /**
   * The bundle that was judged last, with the bulletin that it was judged by, as one file; the bundle alone where no log was
   * believed, null before anything was judged.
   */
  async saved(): Promise<Bytes | null> {
    const bundle = this.#judged?.bundle ?? null;
    return bundle === null ? null : this.#withLogs(bundle);
  }

  /** The evidence of a node as it is kept with an answer: as `saved`, and the bundle alone where its logs cannot be reached. */
  async evidence({ bundle }: VerifiedNode): Promise<Bytes> {
    const saved = await this.#withLogs(bundle).catch(() => bundle);
    return saved.length <= MAX_BUNDLE ? saved : bundle;
  }

  async #withLogs(bundle: Bytes): Promise<Bytes> {
    const { source, server } = this.#connection ?? {};
    if (server === undefined || (source?.standing ?? null) === null) return bundle;
    return encodeSaved(await server.saved(bundle, this.#edges.ground.clock()));
  }

  /** What the release log says about a build of the page, null being the one that the service sends now. */
  async build(digest: string | null): Promise<BuildView> {
    // The server is asked for its page directly, as the browser asks for it with each visit.
    const fetch = patient(this.#edges.ground, DOCUMENT_SECONDS);
    return buildOf(digest ?? await pageOf(this.#service, fetch), async () => {
      const connection = await this.#connected();
      // Its nodes may be refused: of the logs that says nothing.
      await this.#found(connection, "", false).catch((error: unknown) => {
        if (connection.source.standing === null) throw error;
      });
      return connection.server.releaseLeaves();
    });
  }

  /** Nothing of this visit happens by itself any longer. */
  end(): void {
    this.#renewal();
  }

  /** Erase what this browser keeps of the service but the relay, or its operator would learn the address by that. */
  async forget(): Promise<void> {
    this.end();
    const relay = await this.#cabinet.get("relay");
    await this.#cabinet.erase();
    if (relay !== null) await this.#cabinet.put("relay", relay);
  }

  /** The relay in use, and those that may be chosen: with one, the operator is not asked for others. Raises Refusal. */
  async relays(): Promise<ChannelAnswers["relays"]> {
    try {
      const { relay } = this.#given;
      const chosen = relayView(this.#service, relay ?? choiceIn(await this.#cabinet.get("relay"))?.relay ?? null);
      const offers = chosen === null ? offersIn(await this.#discovered(), this.#service) : [];
      return { chosen, offers, given: relay !== null };
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Go through `relay` from now on, one of those that are offered; null: through none. Raises Refusal. */
  async choose(relay: string | null): Promise<void> {
    if (this.#given.relay !== null) throw new Refusal("page.malformed", "relay");
    if (relay === null) return this.#cabinet.put("relay", NO_RELAY);
    try {
      if (choiceIn(await this.#cabinet.get("relay")) !== null) throw new Refusal("page.order", "relay");
      const document = await this.#discovered();
      const { run } = discovery.decode(document);
      if (!offersIn(document, this.#service).some(({ url }) => url === relay)) throw new Refusal("page.malformed", "relay");
      await this.#cabinet.put("relay", encodeChoice({ relay, run }));
    } catch (error) {
      throw refusalOf(error);
    }
  }

  #discovered(): Promise<Bytes> {
    const fetch = patient(this.#edges.ground, DOCUMENT_SECONDS);
    return get(fetch, `${this.#service}/.well-known/privity`, discovery.MAX_WELL_KNOWN);
  }

  get #relay(): RelayView | null {
    return relayView(this.#service, this.#given.relay ?? this.#choice?.relay ?? null);
  }

  /** The reason where nobody is there: the relay, where one stands before the server. */
  get absent(): string {
    return this.#relay === null ? "unreachable" : "relay.unreachable";
  }

  /** Accept the test enclaves of these development roots, and of no others, from now on. Raises Refusal. */
  async consent(roots: readonly string[]): Promise<void> {
    const kept = encodeRoots(roots);
    await this.#cabinet.put("consent", kept);
    this.#roots = rootsIn(kept);
    this.#connection = null;
  }

  /**
   * Look at logs and evidence anew; `fresh` with a challenge of our own. Returns what is shown of it, refusals included.
   *
   * Raises Refusal where the server cannot be reached: then what was known before stays as it is, until it ends.
   */
  async look(fresh: boolean): Promise<RecordView> {
    try {
      const connection = await this.#connected();
      const [node] = await this.#found(connection, "", true);
      this.#judged = judgedBy(node, node.record);
      if (fresh) await this.#challenge(connection, node);
      return await this.#view();
    } catch (error) {
      return await this.#refused(error);
    }
  }

  /** Verified nodes that offer `model`, and the connection to ask them by. Raises why nothing may be sent. */
  async ready(model: string): Promise<{ readonly connection: Connection; readonly nodes: Found }> {
    try {
      const connection = await this.#connected();
      const nodes = await this.#found(connection, model, false);
      if (this.#doubt !== null) throw this.#doubt;
      return { connection, nodes };
    } catch (error) {
      await this.#tellRefusal(error);
      throw this.#isAway(error) ? new Refusal(this.absent) : error;
    }
  }

  /**
   * What questions cost, and the keys of tokens as the verified log lists them; null: nodes take none. Raises as `ready`, and
   * Refusal for a guest behind a relay.
   */
  async metering(guest: boolean): Promise<Metering | null> {
    const { connection: { source: { standing }, server }, nodes: [{ prices }] } = await this.ready("");
    if (prices === null) return null;
    if (guest) guestMayAsk(this.#relay, prices.chat);
    const { deploy } = server.pin;
    const run = await this.#runFor(server.run);
    const meter = {
      deploy, issuer: new URL(this.#service).host, origin: new URL(run).host,
      issuers: standing?.posted.issuers ?? { deploy, time: 0, keys: [] },
    };
    return { prices, meter };
  }

  /** The run origin by which tokens know the server, whoever stands before it. */
  async #runFor(named: string): Promise<string> {
    const { carried, ground } = this.#edges;
    return carried ? runBehind(patient(ground, DOCUMENT_SECONDS), this.#service) : this.#choice?.run ?? named;
  }

  /** A node has taken a request: the page is shown what was proven of this one. */
  async used(node: VerifiedNode): Promise<void> {
    const shown = this.#judged?.node;
    const same = shown?.digest === node.digest && shown.appraisedAt === node.appraisedAt;
    if (same && this.#shown === (this.#relay?.url ?? null)) return;
    this.#judged = judgedBy(node, node.record);
    this.#edges.tell({ kind: "record", record: await this.#view() });
  }

  /** The notes of a log that lied, null when none did. */
  async conviction(): Promise<Bytes | null> {
    return this.#cabinet.get("conviction");
  }

  /** Challenge `node`; one that answers wrongly is doubted. A node that does not answer proves nothing either way. */
  async #challenge(connection: Connection, node: VerifiedNode): Promise<void> {
    try {
      const record = await connection.challenge(node);
      this.#doubt = null;
      this.#judged = judgedBy(node, record);
    } catch (error) {
      if (error instanceof EvidenceRefused) this.#doubt = error;
      if (error instanceof EvidenceRefused || !isDocumented(error)) throw error;
      this.#edges.tell({ kind: "record", record: await this.#view() });
      throw new Refusal(error.reason, error.detail);
    }
  }

  /** Whether nobody was there behind a relay. */
  #isAway(error: unknown): boolean {
    return this.#relay !== null && isDocumented(error) && ABSENT.includes(error.reason);
  }

  /** The way as it was chosen last, in whichever tab. */
  async #connected(): Promise<Connection> {
    const choice = this.#given.relay === null ? choiceIn(await this.#cabinet.get("relay")) : null;
    if (choice?.relay !== this.#choice?.relay) {
      [this.#choice, this.#connection] = [choice, null];
      this.#given.turned();
    }
    if (this.#connection !== null) return this.#connection;
    const { ground: direct } = this.#edges;
    const ground = choice === null ? direct : { ...direct, fetch: turned(direct.fetch, this.#service, choice.relay) };
    this.#pinned ??= await pinnedFor(this.#service, this.#given.pin, this.#cabinet, patient(ground, DOCUMENT_SECONDS));
    const cabinet = this.#cabinet;
    this.#connection = new Connection({
      origin: this.#service,
      pin: this.#pinned.pin,
      store: {
        update: (step) => cabinet.update("remembered", step),
        convict: (evidence) => cabinet.put("conviction", encodeEvidence(evidence)),
      },
      memories: { update: (step) => cabinet.update("memory", step) },
      roots: this.#roots,
      ground,
    });
    return this.#connection;
  }

  /** Verified nodes, at least one. A pin that was met is kept once its logs were believed under it. */
  async #found(connection: Connection, model: string, refresh: boolean): Promise<Found> {
    try {
      const [first, ...more] = await connection.source.nodes(model, refresh);
      if (first === undefined) throw new Error("a search gives at least one node");
      return [first, ...more];
    } finally {
      if (connection.source.standing !== null && this.#pinned?.origin === "met") await keep(this.#cabinet, this.#pinned);
    }
  }

  async #view(): Promise<RecordView> {
    const judged = this.#judged;
    if (judged === null) throw new Error("nothing was judged");
    const release = releaseOf(judged.bundle);
    const changes = release === null ? [] : await changesOf(this.#before, release);
    if (judged.node !== null && release !== null) await this.#cabinet.put("release", release);
    this.#renewLater(judged.node);
    this.#shown = this.#relay?.url ?? null;
    return viewOf(judged, { ...this.#around(), changes });
  }

  #around(): Around {
    const { standing = null } = this.#connection?.source ?? {};
    return {
      standing, pinOrigin: this.#pinned?.origin ?? null, route: this.#connection?.server.run ?? "", relay: this.#relay,
      changes: [], now: this.#edges.ground.clock(),
    };
  }

  /** What is shown of a refusal. Raises Refusal where the server was not there, and what no specification describes. */
  async #refused(error: unknown): Promise<RecordView> {
    if (error instanceof EvidenceRefused) {
      this.#judged = { record: error.record, bundle: error.bundle, node: null };
      return this.#view();
    }
    if (!isDocumented(error)) throw error;
    const { reason, detail } = faultOf(error);
    if (ABSENT.includes(reason)) throw new Refusal(this.#isAway(error) ? this.absent : reason, detail);
    this.#judged = null;
    return unbelieved(detail === "" ? reason : `${reason}:${detail}`, this.#around());
  }

  async #tellRefusal(error: unknown): Promise<void> {
    if (!isDocumented(error) || ABSENT.includes(error.reason) || error.reason === "no_node") return;
    this.#edges.tell({ kind: "record", record: await this.#refused(error) });
  }

  /** A page that stays open does not wait with a question for the logs to be looked at. */
  #renewLater(node: VerifiedNode | null): void {
    this.#renewal();
    if (node === null) return;
    const seconds = Math.max(node.validUntil - this.#edges.ground.clock() - RENEWED_BEFORE, RENEWED_BEFORE);
    this.#renewal = this.#edges.after(seconds, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    try {
      this.#edges.tell({ kind: "record", record: await this.look(false) });
    } catch {
      // The next question looks again, and says what is wrong.
    }
  }
}

/** At least one verified node. */
export type Found = readonly [VerifiedNode, ...VerifiedNode[]];

function refusalOf(error: unknown): unknown {
  if (!isDocumented(error)) return error;
  const { reason, detail } = faultOf(error);
  return new Refusal(reason, detail);
}

function judgedBy(node: VerifiedNode, record: JsonObject): Judged {
  return { record, bundle: node.bundle, node };
}
