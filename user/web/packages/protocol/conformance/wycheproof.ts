/** Project Wycheproof's cases for every primitive that the TypeScript packages take from WebCrypto or noble. */

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";

import { allZero, type Bytes, concat } from "../src/bytes.ts";
import { extract, type Hash } from "../src/kdf.ts";
import { type Algorithm, VerifyingKey } from "../src/verifying.ts";
import { bytes, type Case, type Outcome, refusedByLibrary, same } from "./case.ts";

type Fields = Readonly<Record<string, string>>;
interface Test {
  readonly tcId: number;
  readonly result: "acceptable" | "invalid" | "valid";
  readonly size?: number;
}
interface Group {
  readonly tests: readonly (Fields & Test)[];
}

/** One case to the outcome that the primitive gives; a wrong result throws. */
type Primitive = (test: Fields & Test, group: Group & Fields) => Promise<Outcome>;

function at(fields: Fields, name: string): Bytes {
  const text = fields[name];
  if (text === undefined) throw new Error(`no ${name} in this case`);
  return bytes(text);
}

function read(file: unknown, primitive: Primitive): readonly Case[] {
  const groups = (file as { readonly testGroups: readonly (Group & Fields)[] }).testGroups;
  return groups.flatMap((group) => group.tests.map((test): Case => ({
    id: `tcId ${String(test.tcId)}`,
    expected: test.result === "invalid" ? "refused" : "accepted",
    outcome: () => primitive(test, group),
  })));
}

const aesGcm: Primitive = async (test) => {
  const algorithm = { name: "AES-GCM", iv: at(test, "iv"), additionalData: at(test, "aad") };
  const key = await crypto.subtle.importKey("raw", at(test, "key"), "AES-GCM", false, ["encrypt", "decrypt"]);
  const sealed = concat(at(test, "ct"), at(test, "tag"));
  if (test.result === "valid") {
    same(new Uint8Array(await crypto.subtle.encrypt(algorithm, key, at(test, "msg"))), sealed, "ciphertext");
  }
  return refusedByLibrary(
    () => crypto.subtle.decrypt(algorithm, key, sealed),
    (plain) => { same(new Uint8Array(plain), at(test, "msg"), "plaintext"); },
  );
};

function hkdf(hash: Hash): Primitive {
  return (test) => {
    const prk = extract(at(test, "salt"), at(test, "ikm"), hash);
    return refusedByLibrary(
      () => prk.expand(at(test, "info"), test.size ?? 0),
      (output) => { same(output, at(test, "okm"), "output"); },
    );
  };
}

const ecdh: Primitive = async (test) => {
  const shared = at(test, "shared");
  const found = await refusedByLibrary(
    () => x25519.getSharedSecret(at(test, "private"), at(test, "public")),
    (result) => { same(result, shared, "shared secret"); },
  );
  // X-Wing takes the zero that a point of small order gives; the library refuses it, and `xwing.ts` undoes that.
  return found === "refused" && allZero(shared) && test.result === "acceptable" ? "accepted" : found;
};

/** The verdict of a signature: a library that says no and one that throws refuse alike. */
async function verified(step: () => Promise<boolean> | boolean): Promise<Outcome> {
  try {
    return (await step()) ? "accepted" : "refused";
  } catch {
    return "refused";
  }
}

/** The verdict of script, and of the browser where it has the algorithm: they are the same, case by case. */
async function both(algorithm: Algorithm, key: Bytes, test: Fields, inScript: () => boolean): Promise<Outcome> {
  const found = await verified(inScript);
  const chosen = await verified(() => new VerifyingKey(algorithm, key).verify(at(test, "msg"), at(test, "sig")));
  if (chosen !== found) throw new Error(`${algorithm}: ${found} in script, ${chosen} by the browser`);
  return found;
}

const edwards: Primitive = (test, group) => {
  const key = (group as unknown as { readonly publicKey: { readonly pk: string } }).publicKey;
  const [signature, message] = [at(test, "sig"), at(test, "msg")];
  return both("Ed25519", bytes(key.pk), test, () => ed25519.verify(signature, message, bytes(key.pk), { zip215: false }));
};

const latticeSignature: Primitive = (test, group) => {
  const context = test["ctx"] === undefined ? {} : { context: bytes(test["ctx"]) };
  const inScript = (): boolean => ml_dsa44.verify(at(test, "sig"), at(test, "msg"), at(group, "publicKey"), context);
  // Nothing here is signed under a context, so `VerifyingKey` knows none.
  return test["ctx"] === undefined ? both("ML-DSA-44", at(group, "publicKey"), test, inScript) : verified(inScript);
};

const rsaPss: Primitive = async (test, group) => {
  const algorithm = { name: "RSA-PSS", hash: "SHA-384" };
  const key = await crypto.subtle.importKey("spki", at(group, "publicKeyDer"), algorithm, false, ["verify"]);
  const parameters = { name: "RSA-PSS", saltLength: 48 };
  return verified(() => crypto.subtle.verify(parameters, key, at(test, "sig"), at(test, "msg")));
};

const decapsulate: Primitive = (test) =>
  refusedByLibrary(
    () => {
      const { publicKey, secretKey } = ml_kem768.keygen(at(test, "seed"));
      return { publicKey, secret: ml_kem768.decapsulate(at(test, "c"), secretKey) };
    },
    ({ publicKey, secret }) => {
      if (test["ek"] !== undefined) same(publicKey, at(test, "ek"), "encapsulation key");
      same(secret, at(test, "K"), "secret");
    },
  );

const encapsulate: Primitive = (test) =>
  refusedByLibrary(
    () => ml_kem768.encapsulate(at(test, "ek"), at(test, "m")),
    ({ cipherText, sharedSecret }) => {
      same(cipherText, at(test, "c"), "ciphertext");
      same(sharedSecret, at(test, "K"), "secret");
    },
  );

const generate: Primitive = (test) =>
  refusedByLibrary(
    () => ml_kem768.keygen(at(test, "seed")),
    ({ publicKey, secretKey }) => {
      same(publicKey, at(test, "ek"), "encapsulation key");
      same(secretKey, at(test, "dk"), "decapsulation key");
    },
  );

const decapsulateExpanded: Primitive = (test) =>
  refusedByLibrary(
    () => ml_kem768.decapsulate(at(test, "c"), at(test, "dk")),
    (secret) => { same(secret, at(test, "K"), "secret"); },
  );

const PRIMITIVES: ReadonlyMap<string, Primitive> = new Map([
  ["aes_gcm_256", aesGcm],
  ["hkdf_sha256", hkdf(sha256)],
  ["hkdf_sha512", hkdf(sha512)],
  ["x25519", ecdh],
  ["ed25519", edwards],
  ["mldsa_44_verify", latticeSignature],
  ["rsa_pss_2048_sha384_48", rsaPss],
  ["mlkem_768", decapsulate],
  ["mlkem_768_encaps", encapsulate],
  ["mlkem_768_keygen_seed", generate],
  ["mlkem_768_semi_expanded_decaps", decapsulateExpanded],
]);

/** The reader of `wycheproof/NAME.json`, or undefined for a file that no primitive is for. */
export function wycheproof(name: string): ((file: unknown) => readonly Case[]) | undefined {
  const primitive = PRIMITIVES.get(name);
  return primitive && ((file) => read(file, primitive));
}
