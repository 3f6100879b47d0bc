/**
 * The rules of specs/service-api.md over maps, as far as an account's way needs them: closed requests, scopes, signatures,
 * compare-and-set. What it keeps can be read, to see that nothing was written.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal, toHex, uint } from "@privity/protocol/bytes";
import { base64urlEncode as text, type Json, type JsonObject } from "@privity/protocol/canonical";
import * as access from "@privity/protocol/stored/access";
import * as erasure from "@privity/protocol/stored/erasure";
import * as ring from "@privity/protocol/stored/keyring";
import * as pages from "@privity/protocol/stored/page";
import * as signature from "@privity/protocol/stored/signature";
import * as opener from "@privity/vault/opener";
import { Secret } from "@privity/vault/secret";
import * as signing from "@privity/vault/signer";

import { type AccountRow, admitted, type Members, octets, readRing, Refused } from "./service_rules.ts";

export const ORIGIN = "http://localhost:8080";

interface TokenRow { readonly account: string; readonly device: string | null; readonly fresh: boolean }
interface Pairing { readonly steps: Map<string, Bytes>; account: string | null; burnt: boolean }

type Handler = (call: Call) => Promise<JsonObject | Bytes | null>;
interface Call {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Members;
  readonly raw: Bytes;
  readonly token: TokenRow | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything that was asked, for tests that look for what must not be there. */
export interface Seen { readonly method: string; readonly path: string; readonly body: string }

export class Strict {
  readonly accounts = new Map<string, AccountRow>();
  readonly tokens = new Map<string, TokenRow>();
  readonly pairings = new Map<string, Pairing>();
  readonly seen: Seen[] = [];
  /** Called before a request is answered, by method and path: a test's way to interfere. */
  before: (method: string, path: string) => void = () => undefined;
  /** Called with an answer before it leaves. */
  after: (path: string, answer: JsonObject | Bytes | null) => JsonObject | Bytes | null = (_, answer) => answer;
  readonly #sessions = new Map<string, { readonly challenge: Bytes; readonly account: string | null }>();
  #drawn = 0;

  readonly fetch = async (address: string, options: RequestInit): Promise<Response> => {
    const url = new URL(address);
    const [method, path] = [options.method ?? "GET", url.pathname];
    const written = typeof options.body === "string" ? options.body : null;
    const raw = written === null ? ((options.body as Bytes | null) ?? new Uint8Array(0)) : new TextEncoder().encode(written);
    this.seen.push({ method, path, body: written ?? text(raw) });
    const headers = options.headers as Readonly<Record<string, string>>;
    try {
      this.before(method, path);
      const body = written === null ? {} : (JSON.parse(written) as Members);
      const token = this.tokens.get((headers["authorization"] ?? "").replace("Bearer ", "")) ?? null;
      if (headers["authorization"] !== undefined && token === null) throw new Refused(401, "access.required");
      const call = { path, query: url.searchParams, body, raw, token, headers };
      const answer = this.after(path, await this.#route(method, path)(call));
      if (answer === null) return new Response(null, { status: 204 });
      return new Response(answer instanceof Uint8Array ? answer : JSON.stringify(answer), { status: 200 });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return new Response(JSON.stringify({ reason: error.message, detail: "", retry_after: null }), { status: error.status });
    }
  };

  /** What is kept of accounts, without tokens and sessions. */
  rows(): string {
    const rows = [...this.accounts].map(([id, row]) => [
      id, row.rings.map((one) => toHex(concat(one.public, one.private, one.mac, one.signature))), row.records.map(toHex),
      [...row.passkeys.keys()], row.log.map((one) => toHex(one.page)), [...row.bodies.keys()],
    ]);
    return JSON.stringify(rows);
  }

  #route(method: string, path: string): Handler {
    const fixed: Readonly<Record<string, Handler>> = {
      "POST /v1/access/begin": (call) => this.#begin(closed(call, "kind"), null),
      "POST /v1/access/finish": (call) => this.#finishAccess(closed(call, "session", "proof")),
      "DELETE /v1/access": () => Promise.resolve(null),
      "POST /v1/account/begin": (call) => this.#begin(closed(call, "kind"), this.#draw(16)),
      "POST /v1/account/finish": (call) => this.#create(closed(call, "session", "proof", "keyring", "openers")),
      "GET /v1/keyring": (call) => this.#keyrings(call),
      "PUT /v1/keyring": (call) => this.#putKeyring(closed(call, "keyring", "openers")),
      "GET /v1/pages": (call) => this.#pages(call),
      "POST /v1/pages": (call) => this.#post(closed(call, "page", "signature", "bodies")),
      "POST /v1/bodies/fetch": (call) => this.#bodies(closed(call, "hashes")),
      "POST /v1/passkeys/begin": (call) => {
        fresh(call);
        return this.#begin(closed(call), null);
      },
      "POST /v1/passkeys/finish": (call) => this.#addPasskey(closed(call, "session", "credential")),
      "GET /v1/passkeys": (call) => this.#passkeys(call),
      "GET /v1/service": async () => ({ erasure_key: text((await this.#eraser()).publicKey) }),
      "DELETE /v1/account": (call) => this.#erase(call),
      "POST /v1/pairings": (call) => this.#card(closed(call, "card")),
    };
    const found = fixed[`${method} ${path}`];
    if (found !== undefined) return found;
    if (path.startsWith("/v1/pairings/")) return (call) => this.#pairing(method, call);
    if (method === "DELETE" && path.startsWith("/v1/passkeys/")) return (call) => this.#removePasskey(call);
    throw new Refused(404, "request.unknown");
  }

  #draw(size: number): Bytes {
    this.#drawn += 1;
    return sha256(new TextEncoder().encode(`service ${String(this.#drawn)}`)).slice(0, size);
  }

  #of({ token }: Call): AccountRow {
    const found = token === null ? undefined : this.accounts.get(token.account);
    if (found === undefined) throw new Refused(401, "access.required");
    return found;
  }

  #begin(_: Call, account: Bytes | null): Promise<JsonObject> {
    const [session, challenge] = [text(this.#draw(16)), this.#draw(32)];
    this.#sessions.set(session, { challenge, account: account === null ? null : text(account) });
    const rest = { session, challenge: text(challenge), expires_in: 300, rp_id: "localhost", options: null };
    return Promise.resolve(account === null ? rest : { ...rest, account: text(account) });
  }

  #take(session: Json | undefined): { readonly challenge: Bytes; readonly account: string | null } {
    const found = this.#sessions.get(said(session));
    this.#sessions.delete(said(session));
    if (found === undefined) throw new Refused(410, "access.expired");
    return found;
  }

  #token(row: TokenRow): JsonObject {
    const token = text(this.#draw(32));
    this.tokens.set(token, row);
    const { account, device } = row;
    return { account, token, scope: device === null ? "open" : "full", device, expires_in: 3600, fresh_for: row.fresh ? 300 : 0 };
  }

  async #finishAccess({ body }: Call): Promise<JsonObject> {
    const { challenge } = this.#take(body["session"]);
    const proof = body["proof"] as Members;
    if (proof["kind"] === "passkey") {
      const credential = proof["credential"] as Members;
      const [account, row] = this.#holder((one) => one.passkeys.has(said(credential["id"])));
      const key = row.passkeys.get(said(credential["id"])) ?? new Uint8Array(0);
      await verified(key, octets(credential["client_data_json"]), octets(credential["signature"]), challenge);
      return this.#token({ account, device: null, fresh: true });
    }
    if (proof["kind"] === "device") {
      const account = said(proof["account"]);
      const [, newest] = this.#newest(account);
      const device = ring.deviceOf(newest, octets(proof["device"]));
      if (device?.lastSeq !== null) throw new Refused(401, "access.refused");
      const message = access.deviceBytes(octets(account), device.id, { origin: ORIGIN, challenge });
      await signed(message, octets(proof["signature"]), device.key);
      return this.#token({ account, device: said(proof["device"]), fresh: false });
    }
    const finder = octets(proof["finder"]);
    const sheetOf = (row: AccountRow): opener.Sheet | undefined => row.records.map((one) => opener.decode(one).parameters)
      .find((one): one is opener.Sheet => one !== null && "finder" in one && equal(one.finder, finder));
    const [account, row] = this.#holder((one) => sheetOf(one) !== undefined);
    const message = access.recoveryBytes(finder, { origin: ORIGIN, challenge });
    await signed(message, octets(proof["signature"]), sheetOf(row)?.publicKey ?? finder);
    return this.#token({ account, device: null, fresh: true });
  }

  #holder(holds: (row: AccountRow) => boolean): readonly [string, AccountRow] {
    const found = [...this.accounts].find(([, row]) => holds(row));
    if (found === undefined) throw new Refused(401, "access.refused");
    return found;
  }

  #newest(account: string): readonly [AccountRow, ring.Keyring] {
    const row = this.accounts.get(account);
    const last = row?.rings.at(-1);
    if (row === undefined || last === undefined) throw new Refused(401, "access.refused");
    return [row, ring.decode(last.public)];
  }

  async #create({ body, headers }: Call): Promise<JsonObject> {
    if (headers["idempotency-key"]?.length !== 22) throw new Refused(400, "request.malformed");
    const { challenge, account } = this.#take(body["session"]);
    const credential = (body["proof"] as Members)["credential"] as Members;
    const key = octets(credential["attestation_object"]);
    await verified(key, octets(credential["client_data_json"]), null, challenge);
    if (account === null) throw new Refused(410, "access.expired");
    const posted = readRing(body["keyring"] as Members);
    const passkeys = new Map([[said(credential["id"]), key]]);
    const row: AccountRow = { rings: [], records: [], passkeys, log: [], bodies: new Map() };
    const now = ring.decode(posted.public);
    if (now.revision !== 1 || text(now.account) !== account) throw new Refused(422, "keyring.invalid");
    await admitted(row, posted, now, body["openers"] as readonly string[]);
    this.accounts.set(account, row);
    return this.#token({ account, device: text(now.signer), fresh: true });
  }

  #keyrings(call: Call): Promise<JsonObject> {
    const row = this.#of(call);
    const from = Number(call.query.get("from") ?? "1");
    const keyrings = row.rings.map((one, at) => ({
      revision: at + 1, public: text(one.public), mac: text(one.mac),
      private: at === row.rings.length - 1 ? text(one.private) : null,
      mac_before: one.before === null ? null : text(one.before), signature: text(one.signature),
    })).slice(from - 1);
    return Promise.resolve({ newest: row.rings.length, keyrings, openers: row.records.map((one) => text(one)) });
  }

  async #putKeyring(call: Call): Promise<JsonObject> {
    const row = this.#of(call);
    const posted = readRing(call.body["keyring"] as Members);
    const [, before] = this.#newest(call.token?.account ?? "");
    const now = ring.decode(posted.public);
    if (call.headers["if-match"] !== `"${String(before.revision)}"`) throw new Refused(412, "keyring.moved");
    const gone = before.openers.some((one) => ring.openerOf(now, one.id) === null);
    const revoked = now.devices.some((one) => one.lastSeq !== null && ring.deviceOf(before, one.id)?.lastSeq === null);
    if (gone || revoked || now.epoch !== before.epoch) fresh(call);
    const previous = row.rings.at(-1)?.public ?? new Uint8Array(0);
    const continues = now.previous !== null && equal(now.previous, sha256(previous));
    if (now.revision !== before.revision + 1 || !continues) throw new Refused(422, "keyring.invalid");
    await admitted(row, posted, now, call.body["openers"] as readonly string[]);
    const out = new Set(now.devices.filter((one) => one.lastSeq !== null).map((one) => text(one.id)));
    for (const [token, { device }] of this.tokens) if (device !== null && out.has(device)) this.tokens.delete(token);
    return { revision: now.revision };
  }

  async #pages(call: Call): Promise<JsonObject> {
    const { log } = this.#of(call);
    const after = log.slice(Number(call.query.get("after") ?? "0"));
    const rows = after.map((one) => ({ page: text(one.page), signature: text(one.signature) }));
    return { n: log.length, head: text(await this.#head(call)), pages: rows };
  }

  async #head(call: Call): Promise<Bytes> {
    const last = this.#of(call).log.at(-1);
    return last === undefined ? pages.genesis(octets(call.token?.account)) : pages.head(last.page);
  }

  async #post(call: Call): Promise<JsonObject> {
    const row = this.#of(call);
    if (!isFull(call)) throw new Refused(403, "access.scope");
    const page = octets(call.body["page"]);
    const read = pages.decode(page);
    const newest = row.rings.at(-1)?.public ?? new Uint8Array(0);
    if (!equal(read.keyring, sha256(newest))) throw new Refused(409, "log.keyring");
    if (read.n !== row.log.length + 1 || !equal(read.parent, await this.#head(call))) throw new Refused(409, "log.moved");
    for (const body of call.body["bodies"] as readonly string[]) row.bodies.set(toHex(sha256(octets(body))), octets(body));
    row.log.push({ page, signature: octets(call.body["signature"]) });
    const gone = read.entries.filter(({ op }) => pages.DELETIONS.has(op)).map(({ object }) => object);
    const receipt = gone.length === 0 ? null : await this.#receipt(read.account, read.n, gone);
    return { n: row.log.length, head: text(await this.#head(call)), erasure: receipt };
  }

  #bodies(call: Call): Promise<Bytes> {
    const { bodies } = this.#of(call);
    const parts = (call.body["hashes"] as readonly string[]).map((hash) => {
      const body = bodies.get(toHex(octets(hash)));
      return body === undefined ? Uint8Array.of(1, 0, 0, 0, 0) : concat(uint(0, 1), uint(body.length, 4), body);
    });
    return Promise.resolve(concat(...parts));
  }

  async #addPasskey(call: Call): Promise<JsonObject> {
    fresh(call);
    const { challenge } = this.#take(call.body["session"]);
    const credential = call.body["credential"] as Members;
    const key = octets(credential["attestation_object"]);
    await verified(key, octets(credential["client_data_json"]), null, challenge);
    this.#of(call).passkeys.set(said(credential["id"]), key);
    return { id: credential["id"] ?? null };
  }

  #passkeys(call: Call): Promise<JsonObject> {
    return Promise.resolve({ passkeys: [...this.#of(call).passkeys.keys()].map((id) => ({ id, day: 1 })) });
  }

  #removePasskey(call: Call): Promise<null> {
    fresh(call);
    this.#of(call).passkeys.delete(call.path.split("/").at(-1) ?? "");
    return Promise.resolve(null);
  }

  async #erase(call: Call): Promise<JsonObject> {
    fresh(call);
    const account = octets(call.token?.account);
    const n = this.#of(call).log.length;
    this.accounts.delete(text(account));
    for (const [token, row] of this.tokens) if (row.account === text(account)) this.tokens.delete(token);
    return this.#receipt(account, n, []);
  }

  async #receipt(account: Bytes, n: number, ids: readonly Bytes[]): Promise<JsonObject> {
    const receipt = erasure.encode({ ids: erasure.idsHash(account, ids), n, day: 20_782, backupDays: 30 });
    return { receipt: text(receipt), signature: text(await (await this.#eraser()).sign(erasure.signedBytes(receipt))) };
  }

  async #eraser(): Promise<signing.Signer> {
    const seed = new Secret("signing seed", sha256(new TextEncoder().encode("erasure key")));
    return signing.signer(await signing.keep(seed, new Uint8Array(signing.WRAPPING_ENTROPY)));
  }

  #card(call: Call): Promise<JsonObject> {
    const channel = text(this.#draw(16));
    this.pairings.set(channel, { steps: new Map([["card", octets(call.body["card"])]]), account: null, burnt: false });
    return Promise.resolve({ channel, expires_in: 600 });
  }

  #pairing(method: string, call: Call): Promise<Bytes | null> {
    const [, , , channel, step] = call.path.split("/");
    const found = this.pairings.get(channel ?? "");
    if (found === undefined) throw new Refused(404, "pairing.unknown");
    if (found.burnt) throw new Refused(410, "pairing.burnt");
    if (method === "DELETE") {
      if (found.account !== call.token?.account) throw new Refused(404, "pairing.unknown");
      found.burnt = true;
      return Promise.resolve(null);
    }
    const known = found.steps.get(step ?? "");
    if (method === "GET") {
      if (known === undefined) throw new Refused(404, "pairing.pending");
      return Promise.resolve(known);
    }
    const due = ["card", "answer", "reveal", "grant"][found.steps.size];
    if (known !== undefined && !equal(known, call.raw)) throw new Refused(409, "pairing.taken");
    if (known === undefined && step !== due) throw new Refused(409, "pairing.order");
    if (step === "answer") found.account = isFull(call) ? (call.token?.account ?? null) : null;
    if (step === "grant") fresh(call);
    if (step !== "reveal" && found.account === null) throw new Refused(403, "access.scope");
    found.steps.set(step ?? "", call.raw);
    return Promise.resolve(null);
  }
}

function closed(call: Call, ...names: readonly string[]): Call {
  if (Object.keys(call.body).sort().join() !== [...names].sort().join()) throw new Refused(400, "request.malformed");
  return call;
}

function isFull({ token }: Call): boolean {
  return token !== null && token.device !== null;
}

function said(value: Json | undefined): string {
  if (typeof value !== "string") throw new Refused(400, "request.malformed");
  return value;
}

function fresh({ token }: Call): void {
  if (token?.fresh !== true) throw new Refused(403, "access.scope");
}

async function signed(message: Bytes, given: Bytes, key: Bytes): Promise<void> {
  await signature.verify(key, given, message).catch(() => { throw new Refused(401, "access.refused"); });
}

/** The imitation of a passkey signs its client data, which name the challenge; its public key stands for the attestation. */
async function verified(key: Bytes, clientData: Bytes, given: Bytes | null, challenge: Bytes): Promise<void> {
  if (!equal(clientData, challenge)) throw new Refused(401, "access.refused");
  if (given !== null) await signed(clientData, given, key);
}
