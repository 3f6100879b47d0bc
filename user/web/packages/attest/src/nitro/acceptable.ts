/** Stages 6 to 10 of Nitro: debug, registers, the runtime log, and the binding that is its own. */

import * as binding from "@privity/protocol/binding";
import { allZero, type Bytes, equal, toHex } from "@privity/protocol/bytes";

import { type Case, fails, NotChecked, type Run } from "../case.ts";
import * as eventLog from "../event_log.ts";
import { type Pcr } from "../platforms.ts";
import { Unchecked } from "../schema.ts";
import { REGISTER, REGISTERS } from "./document.ts";

const IMAGE = [0, 1, 2] as const;
const INDICES = Array.from({ length: REGISTERS }, (_, index) => index);

/** A register; the document leaves out those that are not locked, which vouch for nothing. */
function register({ found }: Case, index: number): Bytes {
  return found.nitro.pcrs.get(index) ?? new Uint8Array(REGISTER);
}

function wanted({ policy }: Case, index: number): Pcr | undefined {
  return policy.nitro.pcrs.get(String(index));
}

/** An enclave in debug mode can be read by its host; its image registers are all zero. */
const debug: Run = (at) => fails(IMAGE.every((index) => allZero(register(at, index))), "debug_enabled");

/** AWS updates and rates its own hypervisor. */
const tcb: Run = () => new NotChecked("not_applicable:no firmware version is published");

/** The registers that the policy names hold what the release or the policy says. */
const registers: Run = (at) => {
  const released = at.found.release.platforms.nitro;
  if (released === undefined) return ["measurement_mismatch:platform"];
  const wrong = INDICES.filter((index) => {
    const rule = wanted(at, index) ?? "by_replay";
    if (rule === "by_replay" || rule instanceof Unchecked) return false;
    const allowed = rule === "from_release" ? (released.pcrs.get(String(index)) ?? []) : rule;
    return !allowed.includes(toHex(register(at, index)));
  });
  return wrong.map((index) => `measurement_mismatch:${String(index)}`);
};

/** Says which registers the policy leaves unchecked, and why. */
const registersUnchecked: Run = (at) => {
  const named = new Map<string, number[]>();
  for (const index of INDICES) {
    const rule = wanted(at, index);
    if (rule instanceof Unchecked) named.set(rule.reason, [...(named.get(rule.reason) ?? []), index]);
  }
  const texts = [...named.keys()].sort().map((reason) => `${(named.get(reason) ?? []).join(",")} ${reason}`);
  return named.size > 0 ? new NotChecked(`unchecked_by_policy:${texts.join("; ")}`) : [];
};

/** A register that the policy does not name is zero: nothing was measured that nobody looks at. */
const registersZero: Run = (at) => {
  const wrong = INDICES.filter((index) => wanted(at, index) === undefined && !allZero(register(at, index)));
  return wrong.map((index) => `register_not_zero:${String(index)}`);
};

/** Replaying the log gives the registers that the policy wants replayed. */
const runtimeRegister: Run = async (at) => {
  const replayed = INDICES.filter((index) => wanted(at, index) === "by_replay");
  if (replayed.length === 0) return new NotChecked("unchecked_by_policy:no register is replayed");
  const expected = await eventLog.replay(at.found.events);
  const wrong = replayed.filter((index) => !equal(register(at, index), expected));
  return wrong.map((index) => `event_log_replay:${String(index)}`);
};

/** The document commits to these very bytes of the node document, in the one field that is used for it. */
const reportData: Run = async (at) => {
  const { nitro } = at.found;
  const expected = await binding.reportData(at.item("node-document"));
  return [
    ...fails(!equal(at.found.reportData, expected), "binding_mismatch"),
    ...fails(nitro.publicKey !== null, "binding_mismatch:public_key"),
    ...fails(nitro.nonce !== null, "binding_mismatch:nonce"),
  ];
};

export const CHECKS: Readonly<Record<string, Run>> = {
  debug,
  tcb,
  registers,
  registers_unchecked: registersUnchecked,
  registers_zero: registersZero,
  runtime_register: runtimeRegister,
  report_data: reportData,
};
