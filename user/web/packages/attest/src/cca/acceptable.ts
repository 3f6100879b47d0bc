/** Stages 6 to 9 of CCA: is the platform secured, is firmware and realm wanted, does the log explain the register? */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";

import * as pinned from "../arm/pinned.ts";
import { fails, NotChecked, type Run } from "../case.ts";
import { Unchecked } from "../schema.ts";
import { digest } from "../sha2.ts";
import { hashOf } from "./token.ts";

/** The extensible measurement that the enclave extends before it serves. */
export const RUNTIME = 0;

/** The platform is secured: in other states its maker or owner can look in. */
const lifecycle: Run = ({ found, policy }) => pinned.lifecycleFault(found.ccaPlatform.lifecycle, policy.cca.lifecycle);

/** The chip is one that the policy names. */
const implementation: Run = ({ found, policy }) => {
  return pinned.implementationFault(found.ccaPlatform.implementation, policy.cca.implementation_ids);
};

/** All firmware that was measured is named by the policy. */
const components: Run = ({ found, policy }) => {
  return pinned.componentFaults(found.ccaPlatform.components, policy.cca.components);
};

/** The realm was started from an image that the policy names. */
const initialMeasurement: Run = ({ found, policy: { cca: { rim: wanted } } }) => {
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  return fails(!wanted.includes(toHex(found.realm.rim)), "measurement_mismatch:rim");
};

/** What else the realm measured is named by the policy; the register of the runtime log is replayed instead. */
const extensibleMeasurements: Run = ({ found, policy: { cca: { rem: wanted } } }) => {
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  return found.realm.rem.flatMap((value, index) => {
    const named = index === RUNTIME || wanted.includes(toHex(value));
    return fails(!named, `measurement_mismatch:rem${String(index)}`);
  });
};

/** Replaying the log gives the runtime register: each event's SHA-384 extends it by the realm's own hash. */
const runtimeRegister: Run = async ({ found: { realm, events } }) => {
  const { name, size } = hashOf(realm.hash);
  let register: Bytes = new Uint8Array(size);
  for (const event of events) register = await digest(name, register, await digest("SHA-384", event.encoded));
  const quoted = realm.rem[RUNTIME];
  return fails(quoted === undefined || !equal(register, quoted), `event_log_replay:rem${String(RUNTIME)}`);
};

export const CHECKS: Readonly<Record<string, Run>> = {
  lifecycle,
  implementation,
  components,
  initial_measurement: initialMeasurement,
  extensible_measurements: extensibleMeasurements,
  runtime_register: runtimeRegister,
};
