/**
 * Stage 7 of tdx and sgx, and what both policies say of it: is Intel's rating of this platform good enough?
 *
 * Sources: Intel "Provisioning Certification Service API" version 4; specs/policy.md for what is demanded.
 */

import { equal, toHex } from "@privity/protocol/bytes";

import { type Case, fails, type Finding, NotChecked, type Run } from "../case.ts";
import { DAY } from "../defaults.ts";
import { type Remembered } from "../memory.ts";
import { Unchecked } from "../schema.ts";
import { type ChainName, type TextName, TEXTS } from "./collateral.ts";
import { kindOf, signedBy } from "./genuine.ts";
import { IntelJsonError } from "./intel_json.ts";
import {
  moduleFaults, moduleId, moduleOf, QE, qeFaults, type Rated, ratePlatform, rateSvn, rating, relaunchAdvised, svnsOf,
  worse,
} from "./rating.ts";
import * as tcb from "./tcb.ts";
import { type Dated, type Status } from "./tcb.ts";

export const RELAUNCH = "tcb_status:TDRelaunchAdvised";
const IDS = { tdx: { tcb_info: "TDX", qe_identity: "TD_QE" }, sgx: { tcb_info: "SGX", qe_identity: "QE" } } as const;

/** What the host may read is no enclave. */
const debug: Run = ({ found: { dcap } }) => fails(dcap.of("quote").body.debug, "debug_enabled");

/** Intel signed both documents, byte for byte. */
const collateralSignature: Run = async ({ found: { dcap } }) => {
  const { texts, signatures } = dcap.of("collateral");
  const faults: string[] = [];
  for (const name of TEXTS) {
    const signer = dcap.issuers.get(`${name}_issuer_chain` satisfies ChainName)?.[0];
    const signed = signer !== undefined && (await signedBy(signer.key, texts[name], signatures[name]));
    faults.push(...fails(!signed, `collateral_signature:${name}`));
  }
  return faults;
};

/** Parse both documents, whose signatures passed; each is of the kind of this quote. */
const collateralContent: Run = (at) => {
  const { dcap } = at.found;
  const { texts } = dcap.of("collateral");
  const wanted = IDS[kindOf(at)];
  const info = attempt(() => tcb.tcbInfo(texts.tcb_info));
  const identity = attempt(() => tcb.qeIdentity(texts.qe_identity));
  if (info === null || identity === null || info.id !== wanted.tcb_info || identity.id !== wanted.qe_identity) {
    return [
      ...fails(info?.id !== wanted.tcb_info, "collateral_mismatch:tcb_info"),
      ...fails(identity?.id !== wanted.qe_identity, "collateral_mismatch:qe_identity"),
    ];
  }
  dcap.set("tcbInfo", info);
  dcap.set("qeIdentity", identity);
  at.ends.push(info.nextUpdate, identity.nextUpdate);
  return [];
};

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof IntelJsonError) return null;
    throw error;
  }
}

function documents({ found: { dcap } }: Case): readonly (readonly [TextName, Dated])[] {
  return [["tcb_info", dcap.of("tcbInfo")], ["qe_identity", dcap.of("qeIdentity")]];
}

/** Both documents hold now. */
const collateralDates: Run = (at) => [
  ...documents(at).flatMap(([name, one]) => fails(at.now > one.nextUpdate, `collateral_expired:${name}`)),
  ...documents(at).flatMap(([name, one]) => fails(at.now < one.issued, `collateral_not_yet_valid:${name}`)),
];

/** Both documents are as young as the policy wants. */
const collateralAge: Run = (at) => {
  const oldest = at.policy.max_collateral_age;
  if (oldest instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${oldest.reason}`);
  return documents(at).flatMap(([name, one]) => fails(at.now - one.issued > oldest, `collateral_too_old:${name}`));
};

/** The TCB info is that of this platform's type. */
const collateralPlatform: Run = ({ found: { dcap } }) => {
  const info = dcap.of("tcbInfo");
  const pck = dcap.of("pck");
  return [
    ...fails(!equal(info.fmspc, pck.fmspc), "collateral_mismatch:fmspc"),
    ...fails(!equal(info.pceid, pck.pceid), "collateral_mismatch:pceid"),
  ];
};

/** Nothing is older than what this client has already accepted. */
const collateralRollback: Run = (at) => {
  const { dcap } = at.found;
  const [, , { pin }] = dcap.of("path");
  const info = dcap.of("tcbInfo");
  const identity = dcap.of("qeIdentity");
  const named: readonly (readonly [string, Dated])[] = [
    [`dcap/${pin}/${info.id}/${toHex(info.fmspc)}`, info],
    [`dcap/${pin}/${identity.id}`, identity],
  ];
  at.seen.push(...named.flatMap(([name, one]): (readonly [Remembered, string, number])[] => [
    ["tcb_evaluation", name, one.evaluation], ["issue_dates", name, one.issued],
  ]));
  const older = at.seen.filter(([member, name, number]) => number < (at.given.memory[member].get(name) ?? 0));
  return [...new Set(older.map(([member]) => `collateral_rollback:${member}`))];
};

/** The quoting enclave is the one that Intel describes. */
const qeIdentity: Run = ({ found: { dcap } }) => {
  return qeFaults(dcap.of("qeIdentity"), dcap.of("quote").qe).map((fault) => `qe_identity:${fault}`);
};

/** The TDX module is one that Intel describes; one that it does not know fails. */
export const moduleIdentity: Run = ({ found: { dcap } }) => {
  const { body } = dcap.of("quote");
  if (body.tee === "sgx") return new NotChecked("not_applicable:sgx");
  const faults = svnsOf(body).flatMap((svn) => {
    const module = moduleOf(dcap.of("tcbInfo"), svn);
    return module === null ? [moduleId(svn)] : moduleFaults(module, body);
  });
  return [...new Set(faults.map((fault) => `module_identity:${fault}`))];
};

/** Platform, module and quoting enclave each reach a level; what reaches none is not rated at all. */
const tcbLevel: Run = ({ found: { dcap } }) => {
  const { body, qe } = dcap.of("quote");
  const info = dcap.of("tcbInfo");
  const found: (readonly [string, Rated | null])[] = [];
  for (const svn of svnsOf(body)) {
    found.push(["", ratePlatform(info, dcap.of("pck"), svn)]);
    const module = svn.length === 0 ? null : moduleOf(info, svn);
    if (module !== null && module !== info.baseModule) {
      const id = moduleId(svn);
      found.push([`:${id}`, rateSvn(id, module.levels, svn[0] ?? 0)]);
    }
  }
  const quoting = rateSvn(QE, dcap.of("qeIdentity").levels, qe.isvsvn);
  found.push([`:${QE}`, quoting]);
  const parts = found.flatMap(([, one]) => (one === null ? [] : [one]));
  dcap.set("rating", rating(parts, relaunchAdvised(info, dcap.of("pck"), body, quoting)));
  return [...new Set(found.flatMap(([detail, one]) => (one === null ? [`tcb_no_matching_level${detail}`] : [])))];
};

/**
 * The worst status is allowed; a part that Intel calls out of date counts as up to date for `graceDays`.
 *
 * They begin at the date of the level that the part reaches. Where a relaunch would help, that is said as well.
 */
export function statusOf(at: Case, allowed: readonly string[], graceDays: number): Finding {
  const { parts, relaunch } = at.found.dcap.of("rating");
  const status = parts.reduce<Status>((worst, part) => {
    const excused = part.status === "OutOfDate" && graceDays > 0 && at.now <= part.date + graceDays * DAY;
    return worse(worst, excused ? "UpToDate" : part.status);
  }, "UpToDate");
  return allowed.includes(status) ? [] : [`tcb_status:${status}`, ...fails(relaunch, RELAUNCH)];
}

export const CHECKS: Readonly<Record<string, Run>> = {
  debug,
  collateral_signature: collateralSignature,
  collateral_content: collateralContent,
  collateral_dates: collateralDates,
  collateral_age: collateralAge,
  collateral_platform: collateralPlatform,
  collateral_rollback: collateralRollback,
  qe_identity: qeIdentity,
  tcb_level: tcbLevel,
};
