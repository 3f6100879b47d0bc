// Files that are delivered as they lie here, at addresses that never change: the manifest and the service worker.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { APP } from "./bundle.mjs";

const FOLDER = join(APP, "plain");

/** @returns {[string, Uint8Array][]} path and bytes */
export function plainFiles() {
  return readdirSync(FOLDER).toSorted().map((name) => [name, readFileSync(join(FOLDER, name))]);
}
