/** Limits of everything that is read here, as in Python; beyond each, the reason of the reader. */

/** Bytes of a signed note: 32 signatures of ML-DSA-44 take 110 KiB in base64. */
export const MAX_NOTE = 256 * 1024;
/** Signature lines of a note; C2SP demands at least 16. */
export const MAX_SIGNATURES = 64;
/** Bytes of one signature with its key id: post-quantum ones take up to 5 KiB. */
export const MAX_SIGNATURE = 8 * 1024;
/** Bytes of a key name or origin: what a cosigned message can hold. */
export const MAX_NAME = 255;
/** Leaves of a tree, and seconds of a time: JavaScript counts no further exactly. */
export const MAX_SIZE = Number.MAX_SAFE_INTEGER;
/** Hashes of one proof: a tree of 2^63 leaves has no longer path. */
export const MAX_HASHES = 63;
/** Bytes of an offline proof: its note and a path. */
export const MAX_PROOF = 300 * 1024;
/** Bytes of the extra data of a proof, base64 decoded. */
export const MAX_EXTRA = 16 * 1024;
/** Bytes of a witness policy: 32 logs and 32 witnesses with ML-DSA-44 keys take 115 KiB. */
export const MAX_POLICY = 128 * 1024;
export const MAX_POLICY_LINES = 256;
/** Bytes of one leaf: the length in an entry bundle has 16 bits. */
export const MAX_ENTRY = 65_535;
export const TILE_WIDTH = 256;
/** Bytes of a bulletin: five releases, a fleet, a policy, a directory of full size, and two well witnessed heads. */
export const MAX_BULLETIN = 1024 * 1024;
/** Leaves of one log in a bulletin. */
export const MAX_POSTED = 32;
/** Bytes of an appraisal policy document. */
export const MAX_APPRAISAL = 64 * 1024;
