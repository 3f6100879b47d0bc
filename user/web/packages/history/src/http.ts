/**
 * The account service over HTTP. Source: specs/service-api.md.
 *
 * Answers are bounded and strictly read; `fetch` is an argument, so that a worker, a test or Node can give its own.
 */

import { type Bytes, concat, readUint } from "@privity/protocol/bytes";
import { base64urlDecode, base64urlEncode, type Json, type JsonObject } from "@privity/protocol/canonical";
import type { SignedPage } from "@privity/vault/page";

import type { Signed } from "./erasure.ts";
import { type Keyrings, type Pages, type Revision, type Service, ServiceError } from "./service.ts";

/** Bytes of one answer; the service stays below 4 MiB of pages or keyrings in base64url, and 8 MiB of bodies. */
export const MAX_ANSWER = 16 * 1024 * 1024;
/** Hashes of one fetch, and bytes of bodies inside one page's request. */
export const MAX_FETCH = 200;
const KEY = 32;
const SIGNATURE = 64;
const HEADER = 5;
const FOUND = 0;
const ABSENT = 1;
const LATER = 2;

export type Fetch = (address: string, options: RequestInit) => Promise<Response>;

/** Where the service is, how to ask it, and the access token to ask with, null for a call that needs none. */
export interface Access {
  readonly origin: string;
  readonly fetch: Fetch;
  token(): Promise<string | null>;
}

type Headers = Readonly<Record<string, string>>;

/** The calls of an account over HTTP. */
export function overHttp(access: Access): Service {
  return {
    keyrings: async (from) => readKeyrings(await json(access, "GET", `/v1/keyring?from=${String(from)}`)),
    pages: async (after) => readPages(await json(access, "GET", `/v1/pages?after=${String(after)}`)),
    post: async (page, bodies) => {
      const content = { page: encoded(page.data), signature: encoded(page.signature), bodies: bodies.map(encoded) };
      return readErasure((await json(access, "POST", "/v1/pages", content))["erasure"]);
    },
    put: async (hash, body) => {
      await ask(access, "PUT", `/v1/bodies/${encoded(hash)}`, body, "application/octet-stream");
    },
    bodies: (hashes) => fetched(access, hashes),
    giveBack: async (object, body) => {
      await ask(access, "PUT", `/v1/objects/${encoded(object)}/body`, body, "application/octet-stream");
    },
    erasureKey: async () => octets((await json(access, "GET", "/v1/service"))["erasure_key"], KEY),
  };
}

/** A receipt of erasure, null where there is none. Raises ServiceError `service.malformed`. */
export function readErasure(value: Json | undefined): Signed | null {
  if (value === null || value === undefined) return null;
  const row = members(value);
  return { receipt: octets(row["receipt"]), signature: octets(row["signature"], SIGNATURE) };
}

function encoded(data: Bytes): string {
  return base64urlEncode(data);
}

/** The JSON that is answered to JSON. Raises ServiceError. */
export async function json(
  access: Access, method: string, path: string, content?: JsonObject, headers: Headers = {},
): Promise<JsonObject> {
  const body = content === undefined ? null : JSON.stringify(content);
  const answer = await ask(access, method, path, body, "application/json", headers);
  return members(parsed(answer));
}

/** The octets that are answered. Raises ServiceError. */
export async function ask(
  access: Access, method: string, path: string, body: Bytes | string | null, type: string, more: Headers = {},
): Promise<Bytes> {
  const token = await access.token();
  const headers: Record<string, string> = token === null ? { ...more } : { ...more, authorization: `Bearer ${token}` };
  if (body !== null) headers["content-type"] = type;
  let response: Response;
  let answer: Bytes;
  try {
    response = await access.fetch(access.origin + path, {
      method, headers, body, cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
    });
    answer = await bounded(response);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError("service.unreachable", 0);
  }
  if (!response.ok) throw problem(response.status, answer);
  return answer;
}

async function bounded(response: Response): Promise<Bytes> {
  if (response.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(...parts);
    size += value.length;
    if (size > MAX_ANSWER) {
      await reader.cancel();
      throw new ServiceError("service.malformed", response.status);
    }
    parts.push(value);
  }
}

function problem(status: number, answer: Bytes): ServiceError {
  try {
    const { reason, retry_after: after } = members(parsed(answer)) as Readonly<Record<string, Json | undefined>>;
    if (typeof reason === "string" && /^[a-z]+\.[a-z_]+$/.test(reason) && reason.length <= 64) {
      return new ServiceError(reason, status, typeof after === "number" ? after : null);
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
  return new ServiceError("service.failed", status);
}

function parsed(answer: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer)) as unknown;
  } catch {
    throw malformed();
  }
}

/** An answer that is none. */
export function malformed(): ServiceError {
  return new ServiceError("service.malformed", 200);
}

/** The members of an answer. Raises ServiceError `service.malformed`, as the readers below. */
export function members(value: unknown): JsonObject {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw malformed();
  return value as JsonObject;
}

export function integer(value: Json | undefined): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw malformed();
  return value;
}

export function octets(value: Json | undefined, size?: number): Bytes {
  const data = typeof value === "string" ? base64urlDecode(value) : null;
  if (data === null || (size !== undefined && data.length !== size)) throw malformed();
  return data;
}

function optional(value: Json | undefined, size?: number): Bytes | null {
  return value === null || value === undefined ? null : octets(value, size);
}

export function list(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw malformed();
  return value as readonly Json[];
}

function readKeyrings(answer: JsonObject): Keyrings {
  const revisions = list(answer["keyrings"]).map((one): Revision => {
    const row = members(one);
    const claim = {
      public: octets(row["public"]), mac: octets(row["mac"], 32), macBefore: optional(row["mac_before"], 32),
      signature: octets(row["signature"], 64),
    };
    return { claim, private: optional(row["private"]) };
  });
  return { newest: integer(answer["newest"]), revisions, openers: list(answer["openers"]).map((one) => octets(one)) };
}

function readPages(answer: JsonObject): Pages {
  const pages = list(answer["pages"]).map((one): SignedPage => {
    const row = members(one);
    return { data: octets(row["page"]), signature: octets(row["signature"], 64) };
  });
  return { n: integer(answer["n"]), head: octets(answer["head"], 32), pages };
}

/** Ask again for what an answer had no room for; each answer holds at least one body more, or ends it. */
async function fetched(access: Access, hashes: readonly Bytes[]): Promise<readonly (Bytes | null)[]> {
  const found = new Map<number, Bytes | null>();
  let open = hashes.map((_, at) => at);
  while (open.length > 0) {
    const asked = open.slice(0, MAX_FETCH);
    const request = JSON.stringify({ hashes: asked.map((at) => encoded(hashes[at] ?? new Uint8Array(0))) });
    const answer = await ask(access, "POST", "/v1/bodies/fetch", request, "application/json");
    const before = found.size;
    readBodies(answer, asked, found);
    if (found.size === before) throw malformed();
    open = open.filter((at) => !found.has(at));
  }
  return hashes.map((_, at) => found.get(at) ?? null);
}

function readBodies(answer: Bytes, asked: readonly number[], found: Map<number, Bytes | null>): void {
  let position = 0;
  for (const at of asked) {
    const [state, length] = [answer[position], readUint(answer, position + 1, 4)];
    const start = position + HEADER;
    position = start + length;
    if (position > answer.length) throw malformed();
    if (state === FOUND) found.set(at, answer.slice(start, position));
    else if (state === ABSENT) found.set(at, null);
    else if (state !== LATER) throw malformed();
  }
  if (position !== answer.length) throw malformed();
}
