/**
 * How Intel rates a platform: levels in order, the module rule, and the worse of platform, module and quoting enclave.
 *
 * Source: Intel "Provisioning Certification Service API" version 4, "Get TDX TCB Info" (the algorithm below the
 * response); the module rule as in Intel's Quote Verification Library. Judging tee_tcb_svn2 as well is ours.
 */

import { type Bytes, equal } from "@privity/protocol/bytes";

import { type SgxReport, type TdBody } from "./body.ts";
import { type Pck } from "./pck.ts";
import { type Components, type Level, type Module, type QeIdentity, type Status, type TcbInfo } from "./tcb.ts";

export const PLATFORM = "platform";
export const QE = "QE";
const OLD = 4;
const CONFIGURATION = 2;
const SOFTWARE = 1;
/** A status is a set of shortcomings; the worse of two is their union. Software hardening is not named once it is old. */
const SHORTCOMINGS: ReadonlyMap<Status, number> = new Map([
  ["UpToDate", 0],
  ["SWHardeningNeeded", SOFTWARE],
  ["ConfigurationNeeded", CONFIGURATION],
  ["ConfigurationAndSWHardeningNeeded", CONFIGURATION | SOFTWARE],
  ["OutOfDate", OLD],
  ["OutOfDateConfigurationNeeded", OLD | CONFIGURATION],
]);
const NAMED: ReadonlyMap<number, Status> = new Map([...SHORTCOMINGS].map(([name, bits]) => [bits, name]));

/** One part that has a level: its name, its status, the level's date, its advisories. */
export interface Rated {
  readonly part: string;
  readonly status: Status;
  readonly date: number;
  readonly advisories: readonly string[];
}

/**
 * `status` is the worst of `parts`, `advisories` all of theirs without repetition, in order.
 *
 * `relaunch` is Intel's TDRelaunchAdvised: only the module that launched the domain is old, today's is current.
 */
export interface Rating {
  readonly status: Status;
  readonly advisories: readonly string[];
  readonly parts: readonly Rated[];
  readonly relaunch: boolean;
}

/** The status of something of which one part has status `first` and another `second`. */
export function worse(first: Status, second: Status): Status {
  const [one, other] = [SHORTCOMINGS.get(first), SHORTCOMINGS.get(second)];
  if (one === undefined || other === undefined) return "Revoked";
  const both = one | other;
  return NAMED.get((both & OLD) === 0 ? both : both & ~SOFTWARE) ?? "Revoked";
}

/** The rating of a platform with these parts. */
export function rating(parts: readonly Rated[], relaunch: boolean): Rating {
  const status = parts.reduce<Status>((worst, part) => worse(worst, part.status), "UpToDate");
  return { status, advisories: [...new Set(parts.flatMap((part) => part.advisories))], parts, relaunch };
}

/**
 * Whether a domain is out of date only because its module was replaced after its launch.
 *
 * As Intel does, the platform is judged by its SGX components alone: the others are those of the launch.
 */
export function relaunchAdvised(info: TcbInfo, pck: Pck, body: TdBody | SgxReport, qe: Rated | null): boolean {
  if (body.tee === "sgx" || body.teeTcbSvn2 === null) return false;
  const launched = moduleOf(info, body.teeTcbSvn);
  const now = moduleOf(info, body.teeTcbSvn2);
  const newest = info.levels[0]?.demands.tdx;
  if (launched === null || now === null || newest === undefined) return false;
  const module = rateSvn(launched.id, launched.levels, body.teeTcbSvn[0] ?? 0);
  const platform = ratePlatform(info, pck, new Uint8Array(0));
  if (module?.status !== "OutOfDate" || isOld(platform) || isOld(qe)) return false;
  const least = now.levels[0]?.demands ?? newest[0] ?? 0;
  return (body.teeTcbSvn2[0] ?? 0) >= least && (body.teeTcbSvn2[2] ?? 0) >= (newest[2] ?? 0);
}

function isOld(part: Rated | null): boolean {
  return part === null || ((SHORTCOMINGS.get(part.status) ?? OLD) & OLD) !== 0;
}

/** The identity that judges the module of `svn`, the 16 bytes of a TEE_TCB_SVN. */
export function moduleId(svn: Bytes): string {
  return `TDX_${(svn[1] ?? 0).toString(16).padStart(2, "0").toUpperCase()}`;
}

/** The module that the document describes for `svn`: the base one where byte 1 is zero. */
export function moduleOf(info: TcbInfo, svn: Bytes): Module | null {
  if (svn[1] === 0) return info.baseModule;
  const wanted = moduleId(svn);
  return info.modules.find((one) => one.id.toUpperCase() === wanted) ?? null;
}

/** In what the module of `body` differs from the one that Intel describes. */
export function moduleFaults(module: Module, body: TdBody): readonly string[] {
  return [
    ...(equal(body.mrsignerseam, module.mrsigner) ? [] : ["mrsigner"]),
    ...(equal(masked(body.seamattributes, module.mask), module.attributes) ? [] : ["attributes"]),
  ];
}

/** In what the quoting enclave differs from the one that Intel describes. */
export function qeFaults(identity: QeIdentity, qe: SgxReport): readonly string[] {
  const same: readonly (readonly [string, boolean])[] = [
    ["miscselect", equal(masked(qe.miscselect, identity.miscselectMask), identity.miscselect)],
    ["attributes", equal(masked(qe.attributes, identity.attributesMask), identity.attributes)],
    ["mrsigner", equal(qe.mrsigner, identity.mrsigner)],
    ["prodid", qe.prodid === identity.prodid],
  ];
  return same.flatMap(([name, right]) => (right ? [] : [name]));
}

function masked(value: Bytes, mask: Bytes): Bytes {
  return value.map((byte, index) => byte & (mask[index] ?? 0));
}

/** The first level that the platform reaches; `svn` is its TEE_TCB_SVN, empty for SGX. */
export function ratePlatform(info: TcbInfo, pck: Pck, svn: Bytes): Rated | null {
  const level = info.levels.find((one) => reaches(one.demands, pck, svn));
  return level === undefined ? null : rated(PLATFORM, level);
}

/** The first level of `part` (a module or the quoting enclave) that `isvsvn` reaches. */
export function rateSvn(part: string, levels: readonly Level<number>[], isvsvn: number): Rated | null {
  const level = levels.find((one) => isvsvn >= one.demands);
  return level === undefined ? null : rated(part, level);
}

/** The TEE_TCB_SVNs of a trust domain, one of TD 1.0 and two of TD 1.5; one empty for an enclave. */
export function svnsOf(body: TdBody | SgxReport): readonly Bytes[] {
  if (body.tee === "sgx") return [new Uint8Array(0)];
  const { teeTcbSvn, teeTcbSvn2 } = body;
  return teeTcbSvn2 === null || equal(teeTcbSvn, teeTcbSvn2) ? [teeTcbSvn] : [teeTcbSvn, teeTcbSvn2];
}

function reaches(demands: Components, pck: Pck, svn: Bytes): boolean {
  if (pck.pcesvn < demands.pcesvn || !atLeast(pck.components, demands.sgx)) return false;
  // The module is judged by its own identity where it has one: its two bytes say nothing of the platform then.
  const first = (svn[1] ?? 0) > 0 ? 2 : 0;
  return svn.length === 0 || atLeast(svn.slice(first), demands.tdx.slice(first));
}

function atLeast(found: Bytes, demanded: Bytes): boolean {
  return found.every((one, index) => one >= (demanded[index] ?? Infinity));
}

function rated(part: string, { status, date, advisories }: Level<unknown>): Rated {
  return { part, status, date, advisories };
}
