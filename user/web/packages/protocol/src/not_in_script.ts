/**
 * What stands for `in_script.ts` in a build for browsers that have the curves and lattices themselves: nothing.
 *
 * Whoever gets here asked for what the browser refused. Where signatures are checked that means "not signed".
 */

import type * as script from "./in_script.ts";

function absent(): never {
  throw new Error("this build leaves curves and lattices to the browser");
}

export const ed25519: Pick<typeof script.ed25519, "getPublicKey" | "sign" | "verify"> = {
  getPublicKey: absent, sign: absent, verify: absent,
};
export const x25519: Pick<typeof script.x25519, "getPublicKey" | "getSharedSecret"> = {
  getPublicKey: absent, getSharedSecret: absent,
};
export const ml_kem768: Pick<typeof script.ml_kem768, "keygen" | "encapsulate" | "decapsulate"> = {
  keygen: absent, encapsulate: absent, decapsulate: absent,
};
export const ml_dsa44: Pick<typeof script.ml_dsa44, "verify"> = { verify: absent };
export const sha3_256: (data: Uint8Array) => Uint8Array = absent;
export const shake256: (data: Uint8Array, options: { readonly dkLen: number }) => Uint8Array = absent;
