/**
 * One WebAuthn ceremony: `create` makes a passkey, `get` uses one. Both give fixed fields and key material, or a reason.
 *
 * Source: specs/passkey.md. Options are built here and not taken from a server, which names challenge and account alone.
 */

import { type Bytes } from "@privity/protocol/bytes";

import { failsOfPrf, meaning, PasskeyError } from "./errors.ts";
import { type Material, question, take } from "./prf.ts";

/** Where the ceremony runs: the browser's credentials, 32 random bytes made once by this page, and what may end it. */
export interface Environment {
  readonly credentials: Pick<CredentialsContainer, "create" | "get">;
  readonly marking: Bytes;
  readonly signal?: AbortSignal;
}

/** A passkey to be made: for `account` (16 bytes) at `rpId`, shown as `label`; not on an authenticator that has `exclude`. */
export interface Creation {
  readonly challenge: Bytes;
  readonly account: Bytes;
  readonly rpId: string;
  readonly rpName: string;
  readonly label: string;
  readonly exclude: readonly Bytes[];
}

/** A passkey to be used: one of `allow`, or any of this relying party when that is empty. */
export interface Use {
  readonly challenge: Bytes;
  readonly rpId: string;
  readonly allow: readonly Bytes[];
}

/** A new credential, as far as a service needs it. */
export interface Registration {
  readonly id: Bytes;
  readonly clientDataJson: Bytes;
  readonly attestationObject: Bytes;
}

/** A signed answer, as far as a service needs it. */
export interface Assertion {
  readonly id: Bytes;
  readonly clientDataJson: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
  readonly userHandle: Bytes;
}

/** `material` is null when the passkey did not answer; `asksPrf` is false when it can never do more than sign in. */
export interface Created {
  readonly registration: Registration;
  readonly material: Material | null;
  readonly asksPrf: boolean;
}

export interface Used {
  readonly assertion: Assertion;
  readonly material: Material | null;
}

/** EdDSA, ECDSA and RSA, in the order that is preferred (COSE algorithm numbers). */
const ALGORITHMS = [-8, -7, -257] as const;
/** Milliseconds until a browser may give up. */
const PATIENCE = 300_000;
const USER_VERIFIED = 0x04;
const FLAGS = 32;

/**
 * A new passkey. If the browser fails for the sake of the PRF extension, it is asked once more without it.
 *
 * Raises PasskeyError `passkey.unsupported`, `.cancelled`, `.known`, `.not_verified`, `.failed`.
 */
export async function create(environment: Environment, asked: Creation): Promise<Created> {
  try {
    return await made(environment, asked, true);
  } catch (error) {
    if (!failsOfPrf(error)) throw meaning(error);
  }
  try {
    return await made(environment, asked, false);
  } catch (error) {
    throw meaning(error);
  }
}

/** A use of a passkey. Raises PasskeyError `passkey.unsupported`, `.cancelled`, `.not_verified`, `.failed`. */
export async function get(environment: Environment, asked: Use): Promise<Used> {
  try {
    return await used(environment, asked);
  } catch (error) {
    throw meaning(error);
  }
}

async function made(environment: Environment, asked: Creation, asksPrf: boolean): Promise<Created> {
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: asked.challenge,
    rp: { id: asked.rpId, name: asked.rpName },
    user: { id: asked.account, name: asked.label, displayName: asked.label },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    attestation: "none",
    excludeCredentials: asked.exclude.map(named),
    timeout: PATIENCE,
    ...(asksPrf ? { extensions: { prf: question() } } : {}),
  };
  const found = await environment.credentials.create({ publicKey, ...ending(environment) });
  const response = (found as PublicKeyCredential).response as AuthenticatorAttestationResponse;
  const material = await take((found as PublicKeyCredential).getClientExtensionResults(), environment.marking);
  verified(response.getAuthenticatorData());
  const registration: Registration = {
    id: bytes((found as PublicKeyCredential).rawId),
    clientDataJson: bytes(response.clientDataJSON),
    attestationObject: bytes(response.attestationObject),
  };
  return { registration, material, asksPrf };
}

async function used(environment: Environment, asked: Use): Promise<Used> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: asked.challenge,
    rpId: asked.rpId,
    allowCredentials: asked.allow.map(named),
    userVerification: "required",
    timeout: PATIENCE,
    extensions: { prf: question() },
  };
  const found = await environment.credentials.get({ publicKey, ...ending(environment) });
  const response = (found as PublicKeyCredential).response as AuthenticatorAssertionResponse;
  const material = await take((found as PublicKeyCredential).getClientExtensionResults(), environment.marking);
  verified(response.authenticatorData);
  if (response.userHandle === null) throw new PasskeyError("passkey.failed", "no account");
  const assertion: Assertion = {
    id: bytes((found as PublicKeyCredential).rawId),
    clientDataJson: bytes(response.clientDataJSON),
    authenticatorData: bytes(response.authenticatorData),
    signature: bytes(response.signature),
    userHandle: bytes(response.userHandle),
  };
  return { assertion, material };
}

function ending({ signal }: Environment): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function named(id: Bytes): PublicKeyCredentialDescriptor {
  return { type: "public-key", id };
}

/** Whether a person was verified: some browsers go on without it when told "required". */
function verified(authenticatorData: ArrayBuffer): void {
  const flags = new Uint8Array(authenticatorData)[FLAGS] ?? 0;
  if ((flags & USER_VERIFIED) === 0) throw new PasskeyError("passkey.not_verified");
}

function bytes(buffer: ArrayBuffer): Bytes {
  return new Uint8Array(buffer.slice(0));
}
