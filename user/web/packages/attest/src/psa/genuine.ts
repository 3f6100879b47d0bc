/** Stages 2 to 5 of PSA: did a pinned key sign this token, intact? */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "@privity/protocol/bytes";

import * as pinned from "../arm/pinned.ts";
import { type Run } from "../case.ts";
import * as token from "./token.ts";

/** Parse the COSE_Sign1, tagged or not, and its claims. */
const tokenForm: Run = (at) => {
  try {
    at.found.sign1 = pinned.sign1(at.item("cpu"));
    at.found.psa = token.decode(at.found.sign1.payload);
  } catch (error) {
    return pinned.formFault(error);
  }
  at.found.reportData = at.found.psa.nonce;
  at.found.platformId = toHex(sha256(at.found.psa.instance));
  return [];
};

export const CHECKS: Readonly<Record<string, Run>> = {
  token_form: tokenForm,
  trust_anchor: (at) => pinned.trustAnchor(at, "psa"),
  token_signature: (at) => pinned.tokenSignature(at, "psa"),
};
