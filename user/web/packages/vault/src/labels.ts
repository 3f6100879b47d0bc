/**
 * Every label that enters a key, a MAC or a commitment of the vault. Source: specs/labels.md; a test compares.
 *
 * A label is part of the formats: changing a byte of one makes everything stored unreadable. No other module spells one.
 */

export const PRF = "privity/1/prf";
export const OPENER = "privity/1/opener/";
export const OPENER_SEAL = "privity/1/opener/seal\0";
export const OPENER_TAG = "privity/1/opener/tag\0";
export const RECOVERY_CHECK = "privity/1/recovery/check";
export const RECOVERY_FIND = "privity/1/recovery/find";
export const RECOVERY_SIGN = "privity/1/recovery/sign";
export const KEYRING_MAC = "privity/1/keyring/mac";
export const INDEX = "privity/1/index";
export const IMPORT = "privity/1/import";
export const OBJECT = "privity/1/object";
export const BOX = "privity/1/box";
export const KEYRING = "privity/1/keyring";
export const SHARE = "privity/1/share";
export const KEY = "/key";
export const COMMIT = "/commit\0";
export const PAIR_COMMIT = "privity/1/pair/commit\0";
export const PAIR_CODE = "privity/1/pair/code\0";
export const PAIR_GRANT = "privity/1/pair/grant\0";
export const EXPORT_KEY = "privity/1/export/key";
export const EXPORT_COMMIT = "privity/1/export/commit";
