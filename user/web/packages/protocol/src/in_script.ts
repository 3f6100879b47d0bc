/**
 * Curves and lattices in script, for browsers that lack them.
 *
 * The app has two builds of each worker: for browsers that have all of these themselves (`known_answers.ts` says so), the
 * build takes `not_in_script.ts` in place of this file.
 */

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";

export { ed25519, ml_dsa44, ml_kem768, sha3_256, shake256, x25519 };
