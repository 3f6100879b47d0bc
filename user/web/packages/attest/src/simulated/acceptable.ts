/** Stages 6 to 9 of the simulated kind: does the policy want what the document says? */

import { equal, toHex } from "@privity/protocol/bytes";

import { fails, type Run } from "../case.ts";
import * as eventLog from "../event_log.ts";
import { CLOSURE, CODE, RUNTIME } from "./document.ts";

/** A debug enclave can be read by its host. */
const debug: Run = ({ found }) => fails(found.document.debug, "debug_enabled");

/** Code and closure are those of the release, no more and no fewer. */
const registers: Run = ({ found }) => {
  const expected = found.release.platforms.simulated;
  const code = expected?.get(String(CODE));
  const closure = expected?.get(String(CLOSURE));
  if (expected?.size !== 2 || code === undefined || closure === undefined) return ["measurement_mismatch:platform"];
  const values = found.document.registers;
  return [
    ...fails(toHex(values[CODE]) !== code, `measurement_mismatch:${String(CODE)}`),
    ...fails(toHex(values[CLOSURE]) !== closure, `measurement_mismatch:${String(CLOSURE)}`),
  ];
};

/** Replaying the log gives the signed runtime register. */
const runtimeRegister: Run = async ({ found }) => {
  const replayed = await eventLog.replay(found.events);
  return fails(!equal(replayed, found.document.registers[RUNTIME]), `event_log_replay:${String(RUNTIME)}`);
};

export const CHECKS: Readonly<Record<string, Run>> = { debug, registers, runtime_register: runtimeRegister };
