/** Every limit of the protocols: value, unit, reason. Source: specs/limits.md; a test compares it with Python's. */

/** The one suite: KEM 0x647a, HKDF-SHA256, AES-256-GCM. */
export const SUITE = 0x0001;
/** Bytes of a HELLO and of its answer, exactly: one size tells nothing. */
export const HELLO_REQUEST = 2432;
export const HELLO_RESPONSE = 1432;
/** Bytes of the headers: what a relay reads, and what opens either response. */
export const HELLO_HEADER = 16;
export const RUN_HEADER = 32;
export const RESPONSE_HEADER = 8;
/** Bytes of a key id: the beginning of the hash of the node document. */
export const KID = 8;
/** Bytes of a session handle, drawn by the node. */
export const SID = 16;
/** Bytes of `crand` and `srand`: fresh salt on each side, so that no key depends on one side's randomness alone. */
export const RANDOM = 32;
/** Bytes of a key confirmation, checked before anything is opened. */
export const CONFIRM = 32;
/** Bytes that AES-256-GCM adds to each record. */
export const TAG = 16;
/** Bytes of type and length inside a record. */
export const RECORD_HEADER = 3;
/** Bytes of each sealed request record, and what it carries. */
export const REQUEST_RECORD = 4096;
export const REQUEST_CAPACITY = REQUEST_RECORD - TAG - RECORD_HEADER;
/** Records of a request: 32 MiB, what a node is willing to hold for one question. */
export const MAX_REQUEST_RECORDS = 8192;
/** Sealed response record sizes in bytes; few, so that the size says only which profile runs. */
export const RECORD_SIZES: readonly number[] = [256, 512, 1024, 4096];
/** Records under one key: far inside the bounds of AES-GCM with counter nonces. */
export const MAX_RECORDS_PER_KEY = 2 ** 20;
/** UTF-8 bytes of an ERROR record's text, so that it fits the smallest record. */
export const MAX_ERROR_TEXT = 200;
/** Seconds for which a node keeps a session after HELLO, and after NEXT. */
export const SESSION_TTL = 120;
export const NEXT_TTL = 600;
/** RUNs and seconds of one chain; a new HELLO heals from a stolen chain key. */
export const CHAIN_RUNS = 32;
export const CHAIN_SECONDS = 3600;
/** Seconds between `nbf` and `exp` of a node document, and of clock difference that either side forgives. */
export const KEY_WINDOW = 7200;
export const KEY_GRACE = 300;
/** Bytes of a node document and of a bundle. */
export const MAX_NODE_DOCUMENT = 4096;
export const MAX_BUNDLE = 524288;
/** A resumable answer: seconds of further generation, application bytes kept, seconds for which they are kept. */
export const RESUME_SECONDS = 60;
export const RESUME_BYTES = 262144;
export const RESUME_TTL = 120;
/** Tries of one request after outer errors, with the same `rid` and token. */
export const MAX_TRIES = 3;
/** Bytes queued in one emission: four kept answers. */
export const MAX_BACKLOG = 1048576;
/** Queued records above which policy gives a model 4096-byte records from the next response on. */
export const FAST_BACKLOG = 64;
/** Bytes of a request's header JSON: room for 64 tokens of 354 bytes. */
export const MAX_HEADER = 65536;
export const MAX_TOKENS_IN_HEADER = 64;
/** Characters of one metering token in base64url. */
export const MAX_TOKEN = 1024;
/** Checkpoints that a header shows: two logs, and their successors during a key change. */
export const MAX_SEEN = 4;
/** Bytes of one response line with its line feed. */
export const MAX_LINE = 65536;
/** Levels of lists and objects in a chat body; a tool's schema needs about ten. */
export const MAX_JSON_DEPTH = 32;
