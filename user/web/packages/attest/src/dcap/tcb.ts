/**
 * TCB info and QE identity: Intel's two signed documents as values.
 *
 * Source: Intel "Provisioning Certification Service API" version 4 (TCB info version 3, enclave identity version 2).
 */

import { type Bytes } from "@privity/protocol/bytes";

import {
  bytesOf, decode, integerOf, type IntelJson, IntelJsonError, isObject, type JsonMap, listOf, member, textOf, timeOf,
} from "./intel_json.ts";

export const COMPONENTS = 16;
export const MAX_LEVELS = 64;
export const MAX_IDENTITIES = 32;
export const MAX_ADVISORIES = 256;
const STATUS = [
  "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
  "OutOfDateConfigurationNeeded", "Revoked",
] as const;
export type Status = (typeof STATUS)[number];
const LARGEST = 2 ** 32 - 1;

/** One level: what it demands, its date in Unix seconds, its status, and advisories that concern it. */
export interface Level<T> {
  readonly demands: T;
  readonly date: number;
  readonly status: Status;
  readonly advisories: readonly string[];
}

/** SVNs that a platform level demands; `tdx` is empty for SGX. */
export interface Components {
  readonly sgx: Bytes;
  readonly pcesvn: number;
  readonly tdx: Bytes;
}

/** A TDX module: signer and masked attributes, and the levels of its SVN (none for the base module). */
export interface Module {
  readonly id: string;
  readonly mrsigner: Bytes;
  readonly attributes: Bytes;
  readonly mask: Bytes;
  readonly levels: readonly Level<number>[];
}

/** What both documents say of themselves. */
export interface Dated {
  readonly id: string;
  readonly issued: number;
  readonly nextUpdate: number;
  readonly evaluation: number;
}

/** TCB info of one platform type (FMSPC). */
export interface TcbInfo extends Dated {
  readonly fmspc: Bytes;
  readonly pceid: Bytes;
  readonly levels: readonly Level<Components>[];
  readonly baseModule: Module | null;
  readonly modules: readonly Module[];
}

/** The quoting enclave that Intel wants. */
export interface QeIdentity extends Dated {
  readonly miscselect: Bytes;
  readonly miscselectMask: Bytes;
  readonly attributes: Bytes;
  readonly attributesMask: Bytes;
  readonly mrsigner: Bytes;
  readonly prodid: number;
  readonly levels: readonly Level<number>[];
}

/** The TCB info in `text`, whose signature the caller has checked. Raises IntelJsonError. */
export function tcbInfo(text: Bytes): TcbInfo {
  const value = document(text, 3);
  if (integerOf(member(value, "tcbType"), LARGEST) !== 0) throw new IntelJsonError("tcbType");
  const head = dated(value);
  const tdx = head.id === "TDX";
  return {
    ...head,
    fmspc: bytesOf(member(value, "fmspc"), 6),
    pceid: bytesOf(member(value, "pceId"), 2),
    levels: levels(value, (tcb) => components(tcb, tdx)),
    baseModule: tdx ? { id: "TDX", ...signer(member(value, "tdxModule")), levels: [] } : null,
    modules: tdx ? listOf(optional(value, "tdxModuleIdentities"), MAX_IDENTITIES).map(module) : [],
  };
}

/** A list that is empty where there is no such member. */
function optional(value: IntelJson, name: string): IntelJson {
  return isObject(value) && !Object.hasOwn(value, name) ? [] : member(value, name);
}

/** The QE identity in `text`, whose signature the caller has checked. Raises IntelJsonError. */
export function qeIdentity(text: Bytes): QeIdentity {
  const value = document(text, 2);
  return {
    ...dated(value),
    miscselect: bytesOf(member(value, "miscselect"), 4),
    miscselectMask: bytesOf(member(value, "miscselectMask"), 4),
    attributes: bytesOf(member(value, "attributes"), 16),
    attributesMask: bytesOf(member(value, "attributesMask"), 16),
    mrsigner: bytesOf(member(value, "mrsigner"), 32),
    prodid: integerOf(member(value, "isvprodid"), 0xffff),
    levels: levels(value, isvsvn),
  };
}

function document(text: Bytes, version: number): JsonMap {
  const value = decode(text);
  if (integerOf(member(value, "version"), LARGEST) !== version) throw new IntelJsonError("version");
  return value;
}

function dated(value: JsonMap): Dated {
  return {
    id: textOf(member(value, "id"), 16),
    issued: timeOf(member(value, "issueDate")),
    nextUpdate: timeOf(member(value, "nextUpdate")),
    evaluation: integerOf(member(value, "tcbEvaluationDataNumber"), LARGEST),
  };
}

function levels<T>(value: IntelJson, demands: (tcb: IntelJson) => T): readonly Level<T>[] {
  return listOf(member(value, "tcbLevels"), MAX_LEVELS).map((one) => level(one, demands));
}

function level<T>(value: IntelJson, demands: (tcb: IntelJson) => T): Level<T> {
  const named = textOf(member(value, "tcbStatus"), 64);
  const status = STATUS.find((one) => one === named);
  if (status === undefined) throw new IntelJsonError("tcbStatus");
  return {
    demands: demands(member(value, "tcb")),
    date: timeOf(member(value, "tcbDate")),
    status,
    advisories: listOf(optional(value, "advisoryIDs"), MAX_ADVISORIES).map((one) => textOf(one, 64)),
  };
}

function components(tcb: IntelJson, tdx: boolean): Components {
  return {
    sgx: svns(member(tcb, "sgxtcbcomponents")),
    pcesvn: integerOf(member(tcb, "pcesvn"), 0xffff),
    tdx: tdx ? svns(member(tcb, "tdxtcbcomponents")) : new Uint8Array(0),
  };
}

function svns(value: IntelJson): Bytes {
  const entries = listOf(value, COMPONENTS);
  if (entries.length !== COMPONENTS) throw new IntelJsonError("components");
  return Uint8Array.from(entries, (entry) => integerOf(member(entry, "svn"), 0xff));
}

function isvsvn(tcb: IntelJson): number {
  return integerOf(member(tcb, "isvsvn"), 0xffff);
}

function module(value: IntelJson): Module {
  return { id: textOf(member(value, "id"), 16), ...signer(value), levels: levels(value, isvsvn) };
}

function signer(value: IntelJson): Pick<Module, "mrsigner" | "attributes" | "mask"> {
  return {
    mrsigner: bytesOf(member(value, "mrsigner"), 48),
    attributes: bytesOf(member(value, "attributes"), 8),
    mask: bytesOf(member(value, "attributesMask"), 8),
  };
}
