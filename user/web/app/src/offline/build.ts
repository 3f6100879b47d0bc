/** A build of the client as service workers and pages speak of it. */

export interface Build {
  /** SHA-256 of index.html, hexadecimal: the name of the build, in the log too. */
  readonly digest: string;
  /** Of index.html, as Subresource Integrity has it. */
  readonly page: string;
  /** Every file that has a hash in its name: path to integrity. */
  readonly files: Readonly<Record<string, string>>;
  /** Paths of those that the page cannot do without when there is no network. */
  readonly kept: readonly string[];
}

/** What a page says to its service worker; the answer is `Served`. */
export type Told = "who" | "adopt";

export interface Served {
  /** The build that is served to this browser: the one that a person took last. */
  readonly adopted: string;
  /** The build that this service worker came with; `adopt` takes it. */
  readonly own: string;
}

export function isTold(value: unknown): value is Told {
  return value === "who" || value === "adopt";
}

export function isServed(value: unknown): value is Served {
  return value !== null && typeof value === "object" && "adopted" in value && typeof value.adopted === "string"
    && "own" in value && typeof value.own === "string";
}

/** What was kept as a build; null for anything else. */
export function readBuild(value: unknown): Build | null {
  if (value === null || typeof value !== "object") return null;
  const { digest, page, files, kept } = value as Readonly<Record<string, unknown>>;
  if (typeof digest !== "string" || typeof page !== "string" || !Array.isArray(kept)) return null;
  if (files === null || typeof files !== "object") return null;
  if (!Object.values(files).every((one) => typeof one === "string") || !kept.every((one) => typeof one === "string")) return null;
  return { digest, page, files: files as Readonly<Record<string, string>>, kept };
}
