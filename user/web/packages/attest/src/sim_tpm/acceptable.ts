/** Stages 7 to 10 of a measured boot: registers against the release, both logs against registers, and the binding. */

import { sha256 } from "@noble/hashes/sha2.js";
import * as binding from "@privity/protocol/binding";
import { allZero, type Bytes, concat, equal, toHex } from "@privity/protocol/bytes";

import { type Case, fails, NotChecked, type Run } from "../case.ts";
import * as measuredBoot from "../measured_boot.ts";
import { SHA256 } from "../measured_boot.ts";
import { BOOT_LOG } from "./genuine.ts";
import { REGISTER, REGISTERS } from "./quote.ts";

/** The register of the image, to which the node adds what it runs with. */
export const IMAGE = 11;
const KNOWN: ReadonlySet<number> = new Set(REGISTERS);

/** An imitation has no trusted computing base to rate. */
const tcb: Run = () => new NotChecked("not_applicable:no_hardware");

/** Registers as the boot log leaves them, by index. */
async function replayed({ found }: Case): Promise<(index: number) => Bytes> {
  const registers = await measuredBoot.replay(found.bootEvents, SHA256);
  return (index) => registers.get(index) ?? new Uint8Array(REGISTER);
}

/** A register as it was quoted, zero where it was not. */
function quoted({ found }: Case, index: number): Bytes {
  return found.tpmQuote.registers.get(index) ?? new Uint8Array(REGISTER);
}

/** The image is one of the release, and so is every other register that the release names. */
const registers: Run = async (at) => {
  const released = at.found.release.platforms.sim_tpm;
  if (released?.pcrs.has(String(IMAGE)) !== true) return ["measurement_mismatch:platform"];
  const named = [...released.pcrs].map(([index, allowed]) => [Number(index), allowed] as const);
  const booted = await replayed(at);
  const wrong = named.filter(([index, allowed]) => {
    return !allowed.includes(toHex(index === IMAGE ? booted(index) : quoted(at, index)));
  });
  return wrong.map(([index]) => index).sort((one, other) => one - other)
    .map((index) => `measurement_mismatch:${String(index)}`);
};

/** A register that no log of ours explains is zero. */
const registersZero: Run = ({ found }) => {
  const wrong = [...found.tpmQuote.registers].filter(([index, value]) => !KNOWN.has(index) && !allZero(value));
  return wrong.map(([index]) => `register_not_zero:${String(index)}`);
};

/** Replaying the boot log gives the quoted registers, all but the image's, to which the node adds. */
const bootRegisters: Run = async (at) => {
  const booted = await replayed(at);
  const wrong = REGISTERS.filter((index) => index !== IMAGE && !equal(booted(index), quoted(at, index)));
  return wrong.map((index) => `event_log_replay:${String(index)}`);
};

/** Where the event type says so, a digest is the hash of what the log shows. */
const bootPayloads: Run = async ({ found }) => {
  const places = await measuredBoot.payloadFaults(found.bootEvents, SHA256);
  return places.map((place) => `event_log_payload:${BOOT_LOG}-${String(place)}`);
};

/** The image's register is what the boot log left, extended by each event of the runtime log. */
const runtimeRegister: Run = async (at) => {
  let register = (await replayed(at))(IMAGE);
  for (const event of at.found.events) register = new Uint8Array(sha256(concat(register, sha256(event.encoded))));
  return fails(!equal(register, quoted(at, IMAGE)), `event_log_replay:${String(IMAGE)}`);
};

/** A TPM takes no more qualifying data than a hash: it commits to the hash of the report data. */
const reportData: Run = async (at) => {
  const wanted = sha256(await binding.reportData(at.item("node-document")));
  return fails(!equal(at.found.reportData, wanted), "binding_mismatch");
};

export const CHECKS: Readonly<Record<string, Run>> = {
  tcb,
  registers,
  registers_zero: registersZero,
  boot_registers: bootRegisters,
  boot_payloads: bootPayloads,
  runtime_register: runtimeRegister,
  report_data: reportData,
};
