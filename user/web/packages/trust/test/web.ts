/** The public files of a deployment behind a `fetch`, and a store in memory; the scenes are those of the vectors. */

import { type Bytes, concat } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Node } from "@privity/protocol/directory";
import * as bulletins from "@privity/tlog/bulletin";
import { leafHash } from "@privity/tlog/merkle";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { type Evidence } from "../src/remembered.ts";
import { type Store } from "../src/trust.ts";
import { nodeOf } from "./operations.ts";
import { readVector } from "./vectors.ts";

const file = await readVector<VectorFile>("own", "trust/cases.json");
export const ORIGIN = "https://service.test";
export const RELEASE = "log.test/release";
export const KEYS = "log.test/keys";

/** One case of the vectors: a deployment at a moment. */
export interface Scene {
  readonly now: number;
  readonly pin: Bytes;
  readonly bulletin: Bytes;
  readonly bundle: Bytes;
  readonly listed: Node;
  readonly roots: ReadonlySet<string>;
}

/** The scene of the case with this title. */
export function scene(id: string): Scene {
  const input = new Inputs(file?.cases.find((one) => one.id === `judge-${id}`)?.input ?? {}, file?.blobs ?? {});
  return {
    now: input.number("now"),
    pin: input.bytes("pin"),
    bulletin: input.bytes("bulletin"),
    bundle: input.bytes("bundle"),
    listed: nodeOf(input.list("listed")),
    roots: new Set(input.list("roots") as readonly string[]),
  };
}

/** A pin or a memory with other members. */
export function changed(document: Bytes, members: canonical.JsonObject): Bytes {
  return canonical.encode({ ...(canonical.decode(document, 1024 * 1024) as canonical.JsonObject), ...members });
}

/** What the server hands out, and what was asked for. Leaves that a bulletin posted stay in their log. */
export class Web {
  readonly asked: string[] = [];
  logs: readonly string[] = [RELEASE, KEYS];
  status = 200;
  tile: (data: Bytes) => Bytes = (data) => data;
  bulletin: Bytes = new Uint8Array(0);
  readonly #leaves = new Map<string, Bytes>();

  constructor(bulletin: Bytes) {
    this.post(bulletin);
  }

  /** Hand out another bulletin from now on. */
  post(bulletin: Bytes): void {
    this.bulletin = bulletin;
    const read = bulletins.decode(bulletin);
    for (const [name, section] of [["release", read.release], ["keys", read.keys]] as const) {
      for (const { leaf, index } of section.entries) this.#leaves.set(`${name} ${String(index)}`, leaf);
    }
  }

  readonly fetch = (address: string): Promise<Response> => {
    const path = address.slice(ORIGIN.length);
    this.asked.push(path);
    return Promise.resolve(new Response(this.#answer(path), { status: this.status }));
  };

  #answer(path: string): Bytes {
    if (path === "/.well-known/privity") return this.#hints();
    if (path === "/v1/bulletin") return this.bulletin;
    const [, name = "", width] = /^\/log\/(release|keys)\/tile\/0\/000\.p\/(\d+)$/.exec(path) ?? [];
    const leaves = Array.from({ length: Number(width) }, (_, at) => this.#leaves.get(`${name} ${String(at)}`));
    return this.tile(concat(...leaves.map((leaf) => leafHash(leaf ?? new Uint8Array(0)))));
  }

  #hints(): Bytes {
    const logs = this.logs.map((origin) => ({ origin, url: `${ORIGIN}/${origin.replace(".test", "")}` }));
    return canonical.encode({ v: 1, account: null, deploy: "local", logs, plans: false, relays: [], run: "https://relay.test" });
  }
}

/** What a browser keeps. */
export class Kept implements Store {
  document: Bytes | null = null;
  readonly evidence: Evidence[] = [];

  async update(step: (kept: Bytes | null) => Promise<Bytes>): Promise<void> {
    this.document = await step(this.document);
  }

  convict(evidence: Evidence): Promise<void> {
    this.evidence.push(evidence);
    return Promise.resolve();
  }
}
