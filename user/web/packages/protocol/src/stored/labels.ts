/** The labels of what the service can check too: hashes and signatures, never a key. Source: specs/labels.md. */

export const LOG = "privity/1/log\0";
export const PAGE = "privity/1/page\0";
export const PAGE_SIGNATURE = "privity/1/page/sig\0";
export const KEYRING = "privity/1/keyring\0";
export const ACCESS_DEVICE = "privity/1/access/device\0";
export const ACCESS_RECOVERY = "privity/1/access/recovery\0";
export const ERASURE_IDS = "privity/1/erasure/ids\0";
export const ERASURE = "privity/1/erasure\0";
