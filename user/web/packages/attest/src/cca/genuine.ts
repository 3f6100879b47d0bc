/** Stages 2 to 5 of CCA: did a pinned key sign for the platform, and the key that it vouches for sign for the realm? */

import { sha256 } from "@noble/hashes/sha2.js";
import { equal, toHex } from "@privity/protocol/bytes";

import * as pinned from "../arm/pinned.ts";
import { fails, type Run } from "../case.ts";
import * as cose from "../cose.ts";
import { digest } from "../sha2.ts";
import { SignatureInvalid } from "../signature.ts";
import * as token from "./token.ts";

/** Parse the collection, both COSE_Sign1, and their claims. */
const tokenForm: Run = (at) => {
  try {
    const { platform, realm } = token.parts(at.item("cpu"));
    at.found.sign1 = pinned.sign1(platform);
    at.found.realmSign1 = pinned.sign1(realm);
    at.found.ccaPlatform = token.readPlatform(at.found.sign1.payload);
    at.found.realm = token.readRealm(at.found.realmSign1.payload);
  } catch (error) {
    return pinned.formFault(error);
  }
  at.found.reportData = at.found.realm.challenge;
  at.found.platformId = toHex(sha256(at.found.ccaPlatform.instance));
  return [];
};

/** The realm's own key signed the realm's token. */
const realmSignature: Run = async ({ found }) => {
  try {
    await cose.verify(found.realmSign1, found.realm.key);
  } catch (error) {
    if (error instanceof SignatureInvalid) return ["token_signature:realm"];
    throw error;
  }
  return [];
};

/** The platform's challenge is the hash of the realm's key, byte for byte as the realm's token encodes it. */
const keyBinding: Run = async ({ found: { realm, ccaPlatform } }) => {
  const wanted = await digest(token.hashOf(realm.keyHash).name, realm.encodedKey);
  return fails(!equal(ccaPlatform.challenge, wanted), "key_binding:realm");
};

export const CHECKS: Readonly<Record<string, Run>> = {
  token_form: tokenForm,
  trust_anchor: (at) => pinned.trustAnchor(at, "cca"),
  token_signature: (at) => pinned.tokenSignature(at, "cca"),
  realm_signature: realmSignature,
  key_binding: keyBinding,
};
