// Builds the web client. Same sources, same bytes, in any folder.
// usage: node build.mjs [release|test ...] [--out FOLDER] [--source COMMIT]
//   makes FOLDER/release and FOLDER/test, and beside each a NAME.json that says what is in it; without a name, both
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { BUDGETS, measured, overBudget, spoken } from "./budget.mjs";
import { APP, bundle, bundleServiceWorker } from "./bundle.mjs";
import { sha256 } from "./hashes.mjs";
import { pageOf } from "./page.mjs";
import { plainFiles } from "./plain.mjs";
import { sourceOfTree } from "./source.mjs";

const BUILDS = ["release", "test"];
const DELIVERED = join(APP, "..", "..", "python", "src", "privity_client", "_web");

const { values, positionals } = parseArgs({
  allowPositionals: true, options: { out: { type: "string" }, source: { type: "string" } },
});
const wanted = positionals.length === 0 ? BUILDS : positionals;
if (wanted.some((name) => !BUILDS.includes(name))) throw new Error(`a build is ${BUILDS.join(" or ")}`);
const { version } = JSON.parse(readFileSync(join(APP, "package.json"), "utf8"));
const source = values.source ?? sourceOfTree(APP);

for (const name of wanted) {
  const made = await bundle(name === "release");
  const page = pageOf(made);
  const serviceWorker = await bundleServiceWorker(made, page, name === "release");
  const files = new Map([...made.files, ["index.html", page], ["sw.js", serviceWorker], ...plainFiles()]);
  write(values.out ?? DELIVERED, name, files);
  const sizes = measured(made);
  console.log(`${name}: ${String(files.size)} files, index.html ${sha256(page)}`);
  console.log(spoken(sizes, BUDGETS[name]));
  for (const line of overBudget(sizes, BUDGETS[name])) console.log(`  over budget: ${line}`);
}

/** The folder is there whole or not at all: whoever serves it meanwhile keeps what it had. */
function write(folder, name, files) {
  const listed = Object.fromEntries([...files.keys()].toSorted().map((path) => [path, sha256(files.get(path))]));
  mkdirSync(folder, { recursive: true });
  const fresh = mkdtempSync(join(folder, `.${name}-`));
  for (const [path, data] of files) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true });
    writeFileSync(join(fresh, path), data);
  }
  rmSync(join(folder, name), { recursive: true, force: true });
  renameSync(fresh, join(folder, name));
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ v: 1, build: name, version, source, files: listed }, null, 1)}\n`);
}
