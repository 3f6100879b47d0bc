/** Where this page came from, as far as a page can tell of itself. */

import { signal } from "@preact/signals";

import type { BuildView } from "../bridge/channel.ts";

export interface Provenance {
  /** "disk": served on this machine by `privity web`, which says so at an address that no server of ours answers. */
  readonly source: "disk" | "server";
  /** SHA-256 of index.html as this page reports it, hexadecimal; null: it could not be read. */
  readonly build: string | null;
  /** Whether this browser enforces that scripts have the published hashes; null: it does not say. */
  readonly integrity: boolean | null;
  /** What the release log says about this build; null: nobody has asked yet. */
  readonly logged: BuildView | null;
}

export const provenance = signal<Provenance>({ source: "server", build: null, integrity: null, logged: null });
