/**
 * The item `dcap-collateral`: what Intel publishes about a platform, as one closed CBOR map.
 *
 * Source: specs/dcap.md. Chains are DER, issuer first and root last; the two JSON texts are the exact bytes that Intel
 * signed.
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

export const MAX_CERTIFICATE = 4096;
const SIGNATURE = 64;

export type Chain = readonly [signer: Bytes, root: Bytes];

export const CHAINS = ["pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain"] as const;
export const TEXTS = ["tcb_info", "qe_identity"] as const;
export const LISTS = ["root_ca_crl", "pck_crl"] as const;
const SIGNATURES = ["tcb_info_signature", "qe_identity_signature"] as const;
const MEMBERS = CHAINS.length + TEXTS.length + LISTS.length + SIGNATURES.length;

export type ChainName = (typeof CHAINS)[number];
export type TextName = (typeof TEXTS)[number];
export type ListName = (typeof LISTS)[number];

/** Unverified; an empty revocation list is an absent one. */
export interface Collateral {
  readonly chains: Readonly<Record<ChainName, Chain>>;
  readonly lists: Readonly<Record<ListName, Bytes>>;
  readonly texts: Readonly<Record<TextName, Bytes>>;
  readonly signatures: Readonly<Record<TextName, Bytes>>;
}

/** The collateral in `data`. Raises Malformed. */
export function decode(data: Bytes): Collateral {
  const value = cbor.decode(data);
  if (!(value instanceof cbor.CborMap) || value.pairs.length !== MEMBERS) throw new Malformed("member_type", "collateral");
  const of = (name: string): cbor.Value | undefined => value.get(name);
  return {
    chains: {
      pck_crl_issuer_chain: chain(of("pck_crl_issuer_chain")),
      tcb_info_issuer_chain: chain(of("tcb_info_issuer_chain")),
      qe_identity_issuer_chain: chain(of("qe_identity_issuer_chain")),
    },
    lists: { root_ca_crl: bytes(of("root_ca_crl")), pck_crl: bytes(of("pck_crl")) },
    texts: { tcb_info: text(of("tcb_info")), qe_identity: text(of("qe_identity")) },
    signatures: {
      tcb_info: bytes(of("tcb_info_signature"), SIGNATURE),
      qe_identity: bytes(of("qe_identity_signature"), SIGNATURE),
    },
  };
}

function chain(value: cbor.Value | undefined): Chain {
  const [signer, root, ...more] = Array.isArray(value) ? (value as readonly cbor.Value[]) : [];
  if (!(signer instanceof Uint8Array) || !(root instanceof Uint8Array) || more.length > 0) {
    throw new Malformed("member_type", "chain");
  }
  if (Math.max(signer.length, root.length) > MAX_CERTIFICATE) throw new Malformed("member_type", "chain");
  return [signer, root];
}

function bytes(value: cbor.Value | undefined, size?: number): Bytes {
  if (!(value instanceof Uint8Array) || (size ?? value.length) !== value.length) throw new Malformed("member_type", "bytes");
  return value;
}

function text(value: cbor.Value | undefined): Bytes {
  if (typeof value !== "string") throw new Malformed("member_type", "text");
  return ascii(value);
}
