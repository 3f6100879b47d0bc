/** The calls of specs/service-api.md that history does not need: access, accounts, passkeys, keyrings, pairing. */

import { type Access, ask, integer, json, list, malformed, members, octets } from "@privity/history/http";
import { ServiceError } from "@privity/history/service";
import type { Assertion, Registration } from "@privity/passkeys/passkey";
import type { Bytes } from "@privity/protocol/bytes";
import { base64urlEncode as encoded, type Json, type JsonObject } from "@privity/protocol/canonical";
import type { Claim } from "@privity/vault/keyring";

import type { Place } from "./place.ts";

export type ProofKind = "passkey" | "device" | "recovery";
export type Step = "card" | "answer" | "reveal" | "grant";

/** What is to be signed, within five minutes, and for which relying party a passkey is asked. */
export interface Challenge {
  readonly session: Bytes;
  readonly challenge: Bytes;
  readonly rpId: string;
}

export interface NewAccount extends Challenge {
  readonly account: Bytes;
}

/** A token and how far it reaches; `ends` and `freshUntil` are in Unix milliseconds by this device's clock. */
export interface Token {
  readonly account: Bytes;
  readonly text: string;
  readonly scope: "open" | "full";
  readonly ends: number;
  readonly freshUntil: number;
}

/** A keyring as it is posted, with its sealed half and records that are new or changed. */
export interface Posted {
  readonly claim: Claim;
  readonly half: Bytes;
  readonly records: readonly Bytes[];
}

/** The proof of an account that is made. */
export type Creation =
  | { readonly kind: "passkey"; readonly registration: Registration }
  | { readonly kind: "recovery"; readonly finder: Bytes; readonly key: Bytes; readonly signature: Bytes };

/** The proof of an access. */
export type Proof =
  | { readonly kind: "passkey"; readonly assertion: Assertion }
  | { readonly kind: "device"; readonly account: Bytes; readonly device: Bytes; readonly signature: Bytes }
  | { readonly kind: "recovery"; readonly finder: Bytes; readonly signature: Bytes };

const TOKEN = /^[\w-]{43}$/;
const RP_ID = /^[a-z0-9.-]{1,253}$/;
const OCTETS = "application/octet-stream";

/** A way to ask with this token, or with none. */
export function asking({ origin, fetch }: Pick<Place, "origin" | "fetch">, token: Token | null): Access {
  return { origin, fetch, token: () => Promise.resolve(token === null ? null : token.text) };
}

export async function beginAccess(access: Access, kind: ProofKind): Promise<Challenge> {
  return readChallenge(await json(access, "POST", "/v1/access/begin", { kind }));
}

export async function finishAccess(access: Access, session: Bytes, proof: Proof, now: number): Promise<Token> {
  return readToken(await json(access, "POST", "/v1/access/finish", { session: encoded(session), proof: proofOf(proof) }), now);
}

export async function endAccess(access: Access): Promise<void> {
  await ask(access, "DELETE", "/v1/access", null, OCTETS);
}

export async function beginAccount(access: Access, kind: "passkey" | "recovery", invitation: string | null): Promise<NewAccount> {
  const content = invitation === null ? { kind } : { kind, invitation };
  const answer = await json(access, "POST", "/v1/account/begin", content);
  return { ...readChallenge(answer), account: octets(answer["account"], 16) };
}

/** `key` is the Idempotency-Key: the same bytes under it answer the same account again. */
export async function finishAccount(
  access: Access, { session, proof, posted, key, now }: {
    readonly session: Bytes; readonly proof: Creation; readonly posted: Posted; readonly key: Bytes; readonly now: number;
  },
): Promise<Token> {
  const content = { session: encoded(session), proof: creationOf(proof), ...keyringOf(posted) };
  return readToken(await json(access, "POST", "/v1/account/finish", content, { "idempotency-key": encoded(key) }), now);
}

/** Put the revision after `revision`. Raises ServiceError `keyring.moved` when another device was faster. */
export async function putKeyring(access: Access, revision: number, posted: Posted): Promise<void> {
  await json(access, "PUT", "/v1/keyring", keyringOf(posted), { "if-match": `"${String(revision)}"` });
}

export async function beginPasskey(access: Access): Promise<Challenge> {
  return readChallenge(await json(access, "POST", "/v1/passkeys/begin", {}));
}

export async function finishPasskey(access: Access, session: Bytes, registration: Registration): Promise<void> {
  await json(access, "POST", "/v1/passkeys/finish", { session: encoded(session), credential: registrationOf(registration) });
}

/** The credential ids of the account. */
export async function passkeys(access: Access): Promise<readonly Bytes[]> {
  const answer = await json(access, "GET", "/v1/passkeys");
  return list(answer["passkeys"]).map((one) => octets(members(one)["id"]));
}

export async function removePasskey(access: Access, id: Bytes): Promise<void> {
  await ask(access, "DELETE", `/v1/passkeys/${encoded(id)}`, null, OCTETS);
}

/** Post a card; the channel's id. */
export async function postCard(access: Access, card: Bytes): Promise<Bytes> {
  const answer = await json(access, "POST", "/v1/pairings", { card: encoded(card) });
  return octets(answer["channel"], 16);
}

/** A step of the other side, null while it is not there. */
export async function step(access: Access, channel: Bytes, name: Step): Promise<Bytes | null> {
  try {
    return await ask(access, "GET", stepPath(channel, name), null, OCTETS);
  } catch (error) {
    if (error instanceof ServiceError && error.reason === "pairing.pending") return null;
    throw error;
  }
}

export async function putStep(access: Access, channel: Bytes, name: Step, data: Bytes): Promise<void> {
  await ask(access, "PUT", stepPath(channel, name), data, OCTETS);
}

export async function burn(access: Access, channel: Bytes): Promise<void> {
  await ask(access, "DELETE", `/v1/pairings/${encoded(channel)}`, null, OCTETS);
}

function stepPath(channel: Bytes, name: Step): string {
  return `/v1/pairings/${encoded(channel)}/${name}`;
}

function readChallenge(answer: JsonObject): Challenge {
  const rpId = answer["rp_id"];
  if (typeof rpId !== "string" || !RP_ID.test(rpId)) throw malformed();
  return { session: octets(answer["session"], 16), challenge: octets(answer["challenge"], 32), rpId };
}

function readToken(answer: JsonObject, now: number): Token {
  const { token, scope } = answer as Readonly<Record<string, Json | undefined>>;
  if (typeof token !== "string" || !TOKEN.test(token) || (scope !== "open" && scope !== "full")) throw malformed();
  const [ends, freshUntil] = [answer["expires_in"], answer["fresh_for"]].map((one) => now + 1000 * integer(one));
  return { account: octets(answer["account"], 16), text: token, scope, ends: ends ?? now, freshUntil: freshUntil ?? now };
}

function proofOf(proof: Proof): JsonObject {
  switch (proof.kind) {
    case "passkey": {
      const { id, clientDataJson, authenticatorData, signature, userHandle } = proof.assertion;
      const credential = {
        id: encoded(id), client_data_json: encoded(clientDataJson), authenticator_data: encoded(authenticatorData),
        signature: encoded(signature), user_handle: encoded(userHandle),
      };
      return { kind: proof.kind, credential };
    }
    case "device": {
      const { kind, account, device, signature } = proof;
      return { kind, account: encoded(account), device: encoded(device), signature: encoded(signature) };
    }
    case "recovery":
      return { kind: proof.kind, finder: encoded(proof.finder), signature: encoded(proof.signature) };
  }
}

function creationOf(proof: Creation): JsonObject {
  if (proof.kind === "passkey") return { kind: proof.kind, credential: registrationOf(proof.registration) };
  const { kind, finder, key, signature } = proof;
  return { kind, finder: encoded(finder), key: encoded(key), signature: encoded(signature) };
}

function registrationOf({ id, clientDataJson, attestationObject }: Registration): JsonObject {
  return { id: encoded(id), client_data_json: encoded(clientDataJson), attestation_object: encoded(attestationObject) };
}

function keyringOf({ claim, half, records }: Posted): JsonObject {
  const before = claim.macBefore === null ? null : encoded(claim.macBefore);
  const keyring = {
    public: encoded(claim.public), private: encoded(half), mac: encoded(claim.mac), mac_before: before,
    signature: encoded(claim.signature),
  };
  return { keyring, openers: records.map((one) => encoded(one)) };
}
