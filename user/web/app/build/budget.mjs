// What a first visit may weigh, compressed. Source: docs/decisions/0017; the build prints the sizes and holds them.
import { gzipSync } from "node:zlib";

const KIB = 1024;
const RELEASE = {
  "first load": 130 * KIB, "page's modules": 60 * KIB, "channel worker": 75 * KIB, "annex worker": 37 * KIB, "style sheet": 15 * KIB,
};
/** Test builds also hold what judges imitations of hardware. */
const TEST = { ...RELEASE, "channel worker": 77 * KIB };
/** What a build may weigh, by its name. @type {Record<string, Record<string, number>>} */
export const BUDGETS = { release: RELEASE, test: TEST };

const gzip = (data) => gzipSync(data, { level: 9 }).length;

/** @returns {Record<string, number>} bytes, compressed */
export function measured({ files, workers, style, first }) {
  const at = (path) => gzip(files.get(path.replace(/^\//, "")));
  const sizes = {
    // The vault worker opens what the page shows first, so it belongs to the first load.
    "first load": first.reduce((sum, path) => sum + at(path), 0) + (workers.vault === undefined ? 0 : at(workers.vault.path)),
    "page's modules": first.reduce((sum, path) => sum + at(path), 0),
    "style sheet": at(style.path),
  };
  for (const [name, { path }] of Object.entries(workers)) sizes[`${name} worker`] = at(path);
  return sizes;
}

export const overBudget = (sizes, budget) => Object.entries(budget)
  .filter(([name, most]) => (sizes[name] ?? 0) > most)
  .map(([name, most]) => `${name} is ${String(sizes[name])} bytes, may be ${String(most)}`);

export const spoken = (sizes, budget) => Object.entries(sizes)
  .map(([name, size]) => `  ${name}: ${(size / KIB).toFixed(1)} KiB${name in budget ? ` of ${String(budget[name] / KIB)}` : ""}`)
  .join("\n");
