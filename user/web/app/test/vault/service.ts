/** The strict service of the account's tests, with what the vault worker asks beside: shares, usage, erasure, large bodies. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { base64urlDecode } from "@privity/protocol/canonical";

import { Strict } from "../../../packages/account/test/service.ts";

import type { Issuer } from "./issuer.ts";

interface ShareRow { readonly owner: string; readonly expiry: number; readonly body: string }
type Answer = readonly [status: number, content: unknown];

export class Service {
  readonly strict = new Strict();
  readonly shares = new Map<string, ShareRow>();
  /** How many chats may be active; null: no limit. */
  activeLimit: number | null = null;
  /** Who issues tokens; null: nobody. */
  issuer: Issuer | null = null;
  /** Until this is over no answer to a request for tokens arrives, although it was heard. */
  lost: Promise<void> = Promise.resolve();
  /** The network is down. */
  down = false;
  /** Until this is over nothing is answered. */
  slow: Promise<void> = Promise.resolve();
  /** Streams of events that are open. */
  readonly streams = new Set<ReadableStreamDefaultController<Uint8Array>>();

  get accounts(): Strict["accounts"] {
    return this.strict.accounts;
  }

  get seen(): Strict["seen"] {
    return this.strict.seen;
  }

  /** All streams hear that the log has grown. */
  grown(n: number): void {
    for (const one of this.streams) one.enqueue(new TextEncoder().encode(`{"n":${String(n)}}\n`));
  }

  readonly fetch = async (address: string, options: RequestInit): Promise<Response> => {
    await this.slow;
    if (this.down) throw new TypeError("Failed to fetch");
    const { pathname } = new URL(address);
    const method = options.method ?? "GET";
    const found = this.#own(method, pathname, options);
    if (found === "stream") return this.#stream(options.signal ?? null);
    if (found === null) return this.strict.fetch(address, options);
    this.seen.push({ method, path: pathname, body: bodyOf(options) });
    if (pathname.startsWith("/v1/tokens")) await this.lost;
    const [status, content] = found;
    return new Response(content === null ? null : JSON.stringify(content), { status });
  };

  #own(method: string, path: string, options: RequestInit): Answer | "stream" | null {
    const headers = options.headers as Readonly<Record<string, string>> | undefined;
    const token = this.strict.tokens.get((headers?.["authorization"] ?? "").replace("Bearer ", ""));
    const [, , what, id = ""] = path.split("/");
    if (what === "shares") return this.#share(method, id, options, token?.account ?? null);
    if (what === "tokens" && this.issuer !== null && (token !== undefined || id === "guest")) {
      const account = id === "guest" ? null : token?.account ?? null;
      return this.issuer.answer(path, account, bodyOf(options), headers?.["idempotency-key"] ?? "");
    }
    if (token === undefined) return null;
    if (what === "usage") return [200, this.#usage(token.account)];
    if (what === "events") return "stream";
    if (what === "objects" && method === "PUT") {
      this.accounts.get(token.account)?.bodies.set(toHex(sha256(options.body as Bytes)), options.body as Bytes);
      return [200, {}];
    }
    if (what === "bodies" && method === "PUT") {
      const data = options.body as Bytes;
      const hash = toHex(sha256(data));
      if (hash !== toHex(base64urlDecode(id) ?? new Uint8Array(0))) return refused(422, "body.hash");
      this.accounts.get(token.account)?.bodies.set(hash, data);
      return [201, {}];
    }
    return null;
  }

  #share(method: string, id: string, options: RequestInit, account: string | null): Answer {
    const found = this.shares.get(id);
    if (method === "GET") {
      return found === undefined ? refused(404, "share.unknown") : [200, { expiry: found.expiry, body: found.body }];
    }
    if (account === null) return refused(401, "access.required");
    if (method === "DELETE") {
      if (found?.owner !== account) return refused(404, "share.unknown");
      this.shares.delete(id);
      return [204, null];
    }
    const asked = JSON.parse(bodyOf(options)) as { readonly id: string; readonly expiry: number; readonly body: string };
    this.shares.set(asked.id, { owner: account, expiry: asked.expiry, body: asked.body });
    return [201, { id: asked.id, expiry: asked.expiry }];
  }

  #usage(account: string): unknown {
    const size = [...(this.accounts.get(account)?.bodies.values() ?? [])].reduce((sum, one) => sum + one.length, 0);
    const { plan, daily, drawn } = { plan: "free", daily: null, drawn: [], ...this.issuer?.usage(account) };
    return {
      plan, until: null, grace_until: null, active_chats: 0, archived_chats: 0, bytes: size, shares: this.shares.size,
      limits: { active_chats: this.activeLimit, bytes: null, daily, shares: 100 }, drawn, reset: 64_800, day: 1,
    };
  }

  #stream(signal: AbortSignal | null): Response {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (made) => {
        controller = made;
        this.streams.add(made);
      },
    });
    signal?.addEventListener("abort", () => {
      if (this.streams.delete(controller)) controller.close();
    });
    return new Response(stream);
  }
}

function refused(status: number, reason: string): Answer {
  return [status, { reason, detail: "", retry_after: null }];
}

function bodyOf({ body }: RequestInit): string {
  return typeof body === "string" ? body : "";
}
