/** DEPENDENCIES.md names what is depended on, at the release that is pinned, and nothing else. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

const WEB = join(import.meta.dirname, "../../..");

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function depended(): ReadonlyMap<string, string> {
  const packages = readdirSync(join(WEB, "packages")).map((name) => `packages/${name}/package.json`);
  const files = ["package.json", "app/package.json", ...packages];
  const all = files.map((file) => JSON.parse(readFileSync(join(WEB, file), "utf8")) as Manifest);
  const found = all.flatMap(({ dependencies, devDependencies }) => Object.entries({ ...dependencies, ...devDependencies }));
  return new Map(found.filter(([name]) => !name.startsWith("@privity/")));
}

/** Each row's names with its releases, one for each name, or one for all. */
function listed(): ReadonlyMap<string, string> {
  const rows = readFileSync(join(WEB, "DEPENDENCIES.md"), "utf8").split("\n").filter((line) => line.startsWith("| `"));
  return new Map(rows.flatMap((row) => {
    const cells = row.split("|").slice(1, -1).map((cell) => cell.trim());
    expect(cells.filter((cell) => cell === "")).toEqual([]);
    const names = (cells[0] ?? "").split(", ").map((name) => name.replaceAll("`", ""));
    const releases = (cells[3] ?? "").split(", ");
    return names.map((name, at): [string, string] => [name, releases[at] ?? releases[0] ?? ""]);
  }));
}

test("each dependency is listed with its reason, licence and release", () => {
  expect(Object.fromEntries(listed())).toEqual(Object.fromEntries(depended()));
});
