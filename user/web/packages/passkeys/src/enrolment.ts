/**
 * From a new passkey to an opener's key material: two independent answers that are equal, or the passkey only signs in.
 *
 * Source: specs/passkey.md. A value for each state: what may be written can only be taken from `ready`.
 */

import { type Created, type Registration, type Used } from "./passkey.ts";
import { agreed, type Material } from "./prf.ts";

/** The next gesture is needed: show "Finish with your passkey", since the last one may have expired; then `get`. */
export interface Again {
  readonly state: "again";
  readonly registration: Registration;
  readonly first: Material | null;
}

/** Two answers agree: the opener may be written with `material`. */
export interface Ready {
  readonly state: "ready";
  readonly registration: Registration;
  readonly material: Material;
}

/** The passkey has no PRF: it signs in, and something else must open. */
export interface SignsIn {
  readonly state: "signs_in";
  readonly registration: Registration;
}

export type Enrolment = Again | Ready | SignsIn;

/** The state after `create`. */
export function begun({ registration, material, asksPrf }: Created): Again | SignsIn {
  return asksPrf ? { state: "again", registration, first: material } : { state: "signs_in", registration };
}

/** The state after another `get` of the same passkey. Raises PasskeyError `opener.unstable`. */
export function continued({ registration, first }: Again, { material }: Used): Enrolment {
  if (material === null) return { state: "signs_in", registration };
  if (first === null) return { state: "again", registration, first: material };
  return { state: "ready", registration, material: agreed(first, material) };
}
