/**
 * The attestation report, versions 2 to 5. Source: AMD 56860, SEV-SNP Firmware ABI, table ATTESTATION_REPORT.
 *
 * Version 3 added the processor's CPUID, version 5 two vectors of mitigations. Version 4 is in the field but not in the
 * ABI; its fields are those of version 3. Reserved bytes that the firmware signed are left to the firmware; those after
 * the signature are signed by nobody and must be zero.
 */

import { allZero, type Bytes, concat } from "@privity/protocol/bytes";

export const SIZE = 1184;
export const FIRST_VERSION = 2;
export const LAST_VERSION = 5;
/** Version from which the report names family, model and stepping. */
export const WITH_CPUID = 3;
export const WITH_MITIGATIONS = 5;
export const ECDSA_P384_SHA384 = 1;
export const VCEK = 0;
export const VLEK = 1;
/** Bytes of r and s that are used of the 72 each has. */
export const HALF = 48;
const SIGNED = 0x2a0;
const FIELD = 72;

export type ReportReason = "malformed" | "trailing_data" | "unsupported_version" | "unsupported_algorithm";

/** The bytes are no report that this reader knows; `code` is the appraisal reason of stage 2. */
export class ReportError extends Error {
  readonly code: ReportReason;

  constructor(code: ReportReason) {
    super(code);
    this.code = code;
  }
}

/** Three numbers: family, model and stepping, or major, minor and build. */
export type Triple = readonly [number, number, number];

/**
 * A parsed, unverified report. TCB versions are their 8 bytes, whose layout depends on the product.
 *
 * `cpuid` is family, model and stepping, null before version 3. Firmware versions are major, minor and build.
 * `mitigations` are the vectors at launch and now, null before version 5. `signature` is r and s, big-endian.
 */
export interface Report {
  readonly version: number;
  readonly policy: bigint;
  readonly vmpl: number;
  readonly platformInfo: bigint;
  readonly authorKeyEnabled: boolean;
  readonly signingKey: number;
  readonly reportData: Bytes;
  readonly measurement: Bytes;
  readonly hostData: Bytes;
  readonly idKeyDigest: Bytes;
  readonly authorKeyDigest: Bytes;
  readonly reportedTcb: Bytes;
  readonly cpuid: Triple | null;
  readonly chipId: Bytes;
  readonly committedTcb: Bytes;
  readonly currentFirmware: Triple;
  readonly committedFirmware: Triple;
  readonly launchTcb: Bytes;
  readonly mitigations: readonly [bigint, bigint] | null;
  readonly signed: Bytes;
  readonly signature: Bytes;
}

/** The report whose bytes are exactly `data`. Raises ReportError. */
export function decode(data: Bytes): Report {
  if (data.length !== SIZE) throw new ReportError(data.length > SIZE ? "trailing_data" : "malformed");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const u32 = (at: number): number => view.getUint32(at, true);
  const u64 = (at: number): bigint => view.getBigUint64(at, true);
  const triple = (first: number, second: number, third: number): Triple => {
    return [view.getUint8(first), view.getUint8(second), view.getUint8(third)];
  };
  const version = u32(0x00);
  const flags = u32(0x48);
  if (version < FIRST_VERSION || version > LAST_VERSION) throw new ReportError("unsupported_version");
  if (u32(0x34) !== ECDSA_P384_SHA384) throw new ReportError("unsupported_algorithm");
  return {
    version,
    policy: u64(0x08),
    vmpl: u32(0x30),
    platformInfo: u64(0x40),
    authorKeyEnabled: (flags & 1) === 1,
    signingKey: (flags >>> 2) & 7,
    reportData: data.slice(0x50, 0x90),
    measurement: data.slice(0x90, 0xc0),
    hostData: data.slice(0xc0, 0xe0),
    idKeyDigest: data.slice(0xe0, 0x110),
    authorKeyDigest: data.slice(0x110, 0x140),
    reportedTcb: data.slice(0x180, 0x188),
    cpuid: version >= WITH_CPUID ? triple(0x188, 0x189, 0x18a) : null,
    chipId: data.slice(0x1a0, 0x1e0),
    committedTcb: data.slice(0x1e0, 0x1e8),
    currentFirmware: triple(0x1ea, 0x1e9, 0x1e8),
    committedFirmware: triple(0x1ee, 0x1ed, 0x1ec),
    launchTcb: data.slice(0x1f0, 0x1f8),
    mitigations: version >= WITH_MITIGATIONS ? [u64(0x1f8), u64(0x200)] : null,
    signed: data.slice(0, SIGNED),
    signature: signature(data.slice(SIGNED)),
  };
}

/** r and s as ECDSA signatures are written elsewhere; the ABI writes them little-endian in 72 bytes each. */
function signature(area: Bytes): Bytes {
  const r = area.slice(0, FIELD);
  const s = area.slice(FIELD, 2 * FIELD);
  if (!allZero(concat(r.slice(HALF), s.slice(HALF), area.slice(2 * FIELD)))) throw new ReportError("malformed");
  return concat(r.slice(0, HALF).reverse(), s.slice(0, HALF).reverse());
}
