/**
 * The case under appraisal: what was given, and what the checks have established so far.
 *
 * Reading what no check has established is an error of this package, never a pass.
 */

import { type NodeDocument } from "@privity/protocol/binding";
import { type Bytes } from "@privity/protocol/bytes";
import { type Bundle } from "@privity/protocol/evidence";

import { type Platform, type Realm } from "./cca/token.ts";
import { type Sign1 } from "./cose.ts";
import { type Crl } from "./crl.ts";
import { type Established as Dcap } from "./dcap/established.ts";
import { Fault } from "./errors.ts";
import { type Event } from "./event_log.ts";
import { type Logged } from "./logged.ts";
import { type BootEvent } from "./measured_boot.ts";
import { type Memory, type Remembered } from "./memory.ts";
import { type NitroDocument } from "./nitro/document.ts";
import { type Device, Devices } from "./nvidia/device.ts";
import { type Response } from "./nvidia/ocsp.ts";
import { type Policy } from "./policy.ts";
import { type PsaToken } from "./psa/token.ts";
import { type Model, type Release } from "./release.ts";
import { type Endorsement } from "./sev_snp/endorsement.ts";
import { type Report } from "./sev_snp/report.ts";
import { type Quote as TpmQuote } from "./sim_tpm/quote.ts";
import { type SimDocument } from "./simulated/document.ts";
import { type Path } from "./x509.ts";

/** Media type of the CPU item to kind. */
export const KINDS: ReadonlyMap<string, string> = new Map([
  ["tdx-quote", "tdx"],
  ["sgx-quote", "sgx"],
  ["snp-report", "sev_snp"],
  ["nitro-document", "nitro"],
  ["psa-token", "psa"],
  ["cca-token", "cca"],
  ["sim-document", "simulated"],
  ["sim-tpm-quote+cbor", "sim_tpm"],
]);
export const SIMULATED_KINDS: ReadonlySet<string> = new Set(["simulated", "sim_tpm"]);

/** Why a check was not made: `blocked_by:`, `unchecked_by_policy:` or `not_applicable:` and a text. */
export class NotChecked {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a check returns: its failures, none when it passed, or why it was not made. */
export type Finding = readonly string[] | NotChecked;

/**
 * What checks establish, each value by the check named after it, or by the kind's own checks.
 *
 * A kind sets `reportData` (what its evidence commits to, 64 bytes) and `platformId` (SHA-256 of the platform's
 * identifier, hexadecimal); its own values stand below the common ones.
 */
export interface Established {
  reportData: Bytes;
  platformId: string;
  path: Path;
  events: readonly Event[];
  release: Release;
  models: readonly Model[];
  nodeDocument: NodeDocument;
  sign1: Sign1;
  document: SimDocument;
  snpReport: Report;
  snpCrl: Crl | null;
  endorsement: Endorsement;
  nitro: NitroDocument;
  tpmQuote: TpmQuote;
  psa: PsaToken;
  ccaPlatform: Platform;
  realm: Realm;
  realmSign1: Sign1;
  dcap: Dcap;
  bootEvents: readonly BootEvent[];
}

/** Inputs of one appraisal: `nonce` holds the caller's 32 bytes when the bundle answers a challenge. */
export interface Given {
  readonly data: Bytes;
  readonly now: number;
  readonly policy: Policy;
  readonly logged: Logged;
  readonly nonce: Bytes | null;
  readonly memory: Memory;
}

/**
 * One appraisal.
 *
 * A kind's root check sets `production` or `foreignRoot` when it passes; its checks add the last second of everything
 * that ends to `ends` and the highest numbers they met to `seen` (kept only after acceptance).
 */
export class Case {
  readonly given: Given;
  containerFault: string | null = null;
  bundle: Bundle | null = null;
  production = false;
  foreignRoot = false;
  readonly ends: number[] = [];
  readonly seen: (readonly [Remembered, string, number])[] = [];
  readonly devices = new Devices();
  ocsp: readonly Response[] = [];
  readonly found: Established = nothingYet();

  constructor(given: Given) {
    this.given = given;
  }

  get now(): number {
    return this.given.now;
  }

  get policy(): Policy {
    return this.given.policy;
  }

  /** Whether the bundle holds `label`. */
  has(label: string): boolean {
    return this.bundle?.items.has(label) ?? false;
  }

  /** The bytes of item `label`, which the check's table entry reads. */
  item(label: string): Bytes {
    const item = this.bundle?.items.get(label);
    if (item === undefined) throw new Fault(`no item ${label}`);
    return item.data;
  }

  /** The device under `label`, whose item a check has read. */
  device(label: string): Device {
    const device = this.devices.found.get(label);
    if (device === undefined) throw new Fault(`no device ${label}`);
    return device;
  }

  /** Its certificates, leaf first, which a check has read. */
  devicePath(label: string): Path {
    const { path } = this.device(label);
    if (path === null) throw new Fault(`no certificates of ${label}`);
    return path;
  }

  /** Whether a release was given or read: an item alone may have none. */
  get hasRelease(): boolean {
    return "release" in this.found;
  }

  /** The kind that the media type of the CPU item names, null without one. */
  get kind(): string | null {
    const cpu = this.bundle?.items.get("cpu");
    return cpu === undefined ? null : (KINDS.get(cpu.mediaType) ?? null);
  }
}

function nothingYet(): Established {
  return new Proxy<Established>(Object.create(null) as Established, {
    get(found, name): unknown {
      if (!(name in found)) throw new Fault(`no check has established ${String(name)}`);
      return Reflect.get(found, name);
    },
  });
}

export type Run = (at: Case) => Finding | Promise<Finding>;
/** A check of the device under a label. */
export type DeviceRun = (at: Case, label: string) => Finding | Promise<Finding>;

/** `reason` as the only failure if `condition` holds. */
export function fails(condition: boolean, reason: string): readonly string[] {
  return condition ? [reason] : [];
}
