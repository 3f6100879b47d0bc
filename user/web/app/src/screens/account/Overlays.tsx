/** What may lie over every screen: a proof that is asked for, and the service's promise to have erased. */

import type { JSX } from "preact";

import { Erased } from "./Deleting.tsx";
import { Proving } from "./Proving.tsx";

export function Overlays(): JSX.Element {
  return <><Proving /><Erased /></>;
}
