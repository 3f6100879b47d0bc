/**
 * The two bodies of a quote: the report of a trust domain and the report of an SGX enclave.
 *
 * Sources: Intel "TDX DCAP Quoting Library API" appendix 3 (TD 1.0 and TD 1.5), Intel SDM volume 3D (REPORTBODY).
 */

import { type Bytes } from "@privity/protocol/bytes";

import { integerOf } from "../little_endian.ts";

export const SGX_SIZE = 384;
export const TD10_SIZE = 584;
export const TD15_SIZE = 648;
export const TD_DEBUG = 0;
export const SGX_DEBUG = 1;

/**
 * A trust domain: security versions, module, attributes and measurements, each as its bytes.
 *
 * `teeTcbSvn2` and `mrservicetd` exist in TD 1.5 alone. `debug` says whether the host may read this domain.
 */
export interface TdBody {
  readonly tee: "tdx";
  readonly debug: boolean;
  readonly teeTcbSvn: Bytes;
  readonly mrseam: Bytes;
  readonly mrsignerseam: Bytes;
  readonly seamattributes: Bytes;
  readonly tdattributes: Bytes;
  readonly xfam: Bytes;
  readonly mrtd: Bytes;
  readonly mrconfigid: Bytes;
  readonly mrowner: Bytes;
  readonly mrownerconfig: Bytes;
  readonly rtmr: readonly [Bytes, Bytes, Bytes, Bytes];
  readonly reportData: Bytes;
  readonly teeTcbSvn2: Bytes | null;
  readonly mrservicetd: Bytes | null;
}

/** An SGX enclave; `miscselect` and `attributes` as their bytes; `debug` says whether the host may read it. */
export interface SgxReport {
  readonly tee: "sgx";
  readonly debug: boolean;
  readonly cpuSvn: Bytes;
  readonly miscselect: Bytes;
  readonly attributes: Bytes;
  readonly mrenclave: Bytes;
  readonly mrsigner: Bytes;
  readonly prodid: number;
  readonly isvsvn: number;
  readonly reportData: Bytes;
}

function isSet(bytes: Bytes, bit: number): boolean {
  return (((bytes[0] ?? 0) >> bit) & 1) === 1;
}

/** The trust domain in `data`, which has the size of TD 1.0 or TD 1.5. */
export function tdBody(data: Bytes): TdBody {
  const register = (at: number): Bytes => data.slice(at, at + 48);
  const tdattributes = data.slice(120, 128);
  const wide = data.length === TD15_SIZE;
  return {
    tee: "tdx",
    debug: isSet(tdattributes, TD_DEBUG),
    teeTcbSvn: data.slice(0, 16),
    mrseam: register(16),
    mrsignerseam: register(64),
    seamattributes: data.slice(112, 120),
    tdattributes,
    xfam: data.slice(128, 136),
    mrtd: register(136),
    mrconfigid: register(184),
    mrowner: register(232),
    mrownerconfig: register(280),
    rtmr: [register(328), register(376), register(424), register(472)],
    reportData: data.slice(520, 584),
    teeTcbSvn2: wide ? data.slice(584, 600) : null,
    mrservicetd: wide ? register(600) : null,
  };
}

/** The enclave report in `data`, which has its size. */
export function sgxReport(data: Bytes): SgxReport {
  const attributes = data.slice(48, 64);
  return {
    tee: "sgx",
    debug: isSet(attributes, SGX_DEBUG),
    cpuSvn: data.slice(0, 16),
    miscselect: data.slice(16, 20),
    attributes,
    mrenclave: data.slice(64, 96),
    mrsigner: data.slice(128, 160),
    prodid: integerOf(data.slice(256, 258)),
    isvsvn: integerOf(data.slice(258, 260)),
    reportData: data.slice(320, 384),
  };
}
