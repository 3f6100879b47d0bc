/**
 * Every label that enters a hash or a key derivation, in one place. Source: specs/ec1.md, section "Labels".
 *
 * A label is part of the protocol: changing a byte of one changes all keys. No other module spells a label.
 */

export const MAGIC = "EC1";

export const REPORT_DATA = "EC1 node document v1\0";
export const DEVICE_NONCE = "EC1 device v1\0";

export const HELLO_INFO = "EC1 hello v1\0";
export const HELLO_EXPORT = "EC1 hello v1";
export const HELLO_TRANSCRIPT = "EC1 hello transcript v1\0";
export const HELLO_SALT = "EC1 hello salt v1\0";
export const HELLO_CONFIRM = "EC1 hello confirm";
export const HELLO_AEAD = "EC1 hello";

export const RUN_SALT = "EC1 run salt v1\0";
export const RUN_TRANSCRIPT = "EC1 run transcript v1\0";
export const RUN_REQUEST_AEAD = "EC1 req";
export const RUN_RESPONSE_SECRET = "EC1 resp secret";
export const RUN_RESPONSE_SALT = "EC1 run response salt v1\0";
export const RUN_RESPONSE_CONFIRM = "EC1 resp confirm";
export const RUN_RESPONSE_AEAD = "EC1 resp";

export const CHAIN = "EC1 chain";

export const RECEIPT = "EC1 receipt v1\0";
export const RECEIPT_SALT = "EC1 receipt salt v1\0";
export const RECEIPT_REQUEST = "EC1 receipt request v1\0";
export const RECEIPT_RESPONSE = "EC1 receipt response v1\0";

export const KEY_SUFFIX = " key";
export const IV_SUFFIX = " iv";

/** The six characters that end the hash input of the X-Wing combiner. */
export const XWING = "\\.//^\\";
export const HPKE_VERSION = "HPKE-v1";
