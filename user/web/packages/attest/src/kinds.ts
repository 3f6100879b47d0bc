/** The kinds of evidence that this verifier judges, by name. */

import { type Kind } from "./kind.ts";
import { SIMULATED } from "./simulated/table.ts";

export const KINDS: ReadonlyMap<string, Kind> = new Map([SIMULATED].map((one) => [one.name, one]));
