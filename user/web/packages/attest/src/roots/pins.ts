/** SHA-256 of the SubjectPublicKeyInfo of each vendor root, where it comes from, and whether it signs real hardware. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";

/** One root: its `name` says which product it stands for; `production` is false for test keys. `spki` is hexadecimal. */
export interface Pin {
  readonly spki: string;
  readonly name: string;
  readonly origin: string;
  readonly production: boolean;
}

function pin(spki: string, name: string, origin: string): Pin {
  return { spki, name, origin, production: true };
}

const INTEL = pin(
  "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
  "intel-sgx",
  "Intel SGX Root CA, certificates.trustedservices.intel.com",
);
const AMD = "AMD Key Distribution Service, cert_chain of the product";

/** By kind; `nvidia` stands for devices. There is no built-in Arm key: none signs production silicon in public. */
export const BUILT_IN: ReadonlyMap<string, readonly Pin[]> = new Map([
  ["tdx", [INTEL]],
  ["sgx", [INTEL]],
  ["sev_snp", [
    pin("9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9", "milan", AMD),
    pin("429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831", "genoa", AMD),
    pin("4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08", "turin", AMD),
  ]],
  ["nitro", [
    pin(
      "f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225",
      "aws-nitro",
      "AWS Nitro Enclaves root G1, aws-nitro-enclaves.amazonaws.com",
    ),
  ]],
  ["nvidia", [
    pin(
      "a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4",
      "nvidia-device-identity",
      "NVIDIA Device Identity CA, NVIDIA attestation SDK",
    ),
  ]],
]);

/** SHA-256 of the SubjectPublicKeyInfo of Arm keys whose private half is in public: whoever pins one imitates. */
const PUBLISHED: ReadonlySet<string> = new Set([
  "7b1a17147ca907e16cad79901fef13991ec6206e3d148b657068ad6c4cba4626", // TF-M: test attestation key
  "0928f896cb02326566530a62a1e36329a12d0a4a308f4fc81e8ff5560bca6bca", // TF-RMM, Trustee: test platform key
  "7702f967b682116e05e3eb90357b84b898453e2e94da6bf861bed60e6eb831a4", // Veraison: end-to-end tests
]);

/** Whether anybody can sign under the key `spki` (SubjectPublicKeyInfo, DER). */
export function isPublished(spki: Bytes): boolean {
  return PUBLISHED.has(toHex(sha256(spki)));
}

/** The pins of `kind` that this verifier was built with. */
export function builtIn(kind: string): ReadonlySet<string> {
  return new Set((BUILT_IN.get(kind) ?? []).map((one) => one.spki));
}

/** Whether `spki` is a built-in pin of `kind` that signs real hardware. */
export function isProduction(kind: string, spki: string): boolean {
  return (BUILT_IN.get(kind) ?? []).some((one) => one.spki === spki && one.production);
}
