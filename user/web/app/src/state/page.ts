/** Where this page came from, as far as a page can tell of itself. */

import { signal } from "@preact/signals";

export interface Provenance {
  /** "disk": served on this machine by `privity web`, which says so at an address that no server of ours answers. */
  readonly source: "disk" | "server";
  /** SHA-256 of index.html as this page reports it, hexadecimal; null: it could not be read. */
  readonly build: string | null;
  /** Whether this browser enforces that scripts have the published hashes; null: it does not say. */
  readonly integrity: boolean | null;
}

export const provenance = signal<Provenance>({ source: "server", build: null, integrity: null });
