/** Stages 6 to 8 of PSA: is the device secured, did the enclave's own partition ask, is the firmware wanted? */

import * as pinned from "../arm/pinned.ts";
import { fails, NotChecked, type Run } from "../case.ts";
import { Unchecked } from "../schema.ts";

/** The device is secured: in other states its maker or owner can look in. */
const lifecycle: Run = ({ found, policy }) => pinned.lifecycleFault(found.psa.lifecycle, policy.psa.lifecycle);

/** The token was asked for from the secure world: any program of the normal world can have a nonce signed. */
const clientWorld: Run = ({ found: { psa: { client } } }) => fails(client <= 0, `client_partition:${String(client)}`);

/** The partition that asked is one that the policy names. */
const clientPartition: Run = ({ found: { psa: { client } }, policy: { psa: { partitions: wanted } } }) => {
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  return fails(!wanted.includes(client), `client_partition:${String(client)}`);
};

/** The chip's immutable code is one that the policy names. */
const implementation: Run = ({ found, policy }) => {
  return pinned.implementationFault(found.psa.implementation, policy.psa.implementation_ids);
};

/** All firmware that was measured is named by the policy. */
const components: Run = ({ found, policy }) => pinned.componentFaults(found.psa.components, policy.psa.components);

export const CHECKS: Readonly<Record<string, Run>> = {
  lifecycle,
  client_world: clientWorld,
  client_partition: clientPartition,
  implementation,
  components,
};
