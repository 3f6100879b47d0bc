// Runs every case of a vector folder against the built packages.
// Exit codes: 0 every case had its expected outcome; 1 one had not; 2 nothing could be said (usage, not built).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

const USAGE = "usage: node conformance.mjs crypto|attestation DIR [--json]";
const BUILT = new URL("./packages/protocol/dist/conformance/", import.meta.url);

/** @param {string} text @returns {2} */
function cannotSay(text) {
  console.error(text);
  return 2;
}

/** @param {string} folder @param {boolean} json */
async function crypto(folder, json) {
  const [{ plan }, { judge }] = await Promise.all([
    import(new URL("crypto.js", BUILT).href),
    import(new URL("case.js", BUILT).href),
  ]);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.split(sep).join("/"))
    .sort();
  const report = { kind: "crypto", files: [], passed: 0, failed: 0, notRun: 0 };
  for (const file of files) {
    const entry = await judgeFile(file, folder, plan, judge);
    report.files.push(entry);
    report.passed += entry.passed;
    report.failed += entry.failures.length;
    report.notRun += entry.notRun === undefined ? 0 : 1;
    if (!json) print(entry);
  }
  return conclude(report, json);
}

async function judgeFile(file, folder, plan, judge) {
  const todo = plan(file);
  if (todo.notRun !== undefined) return { file, cases: 0, passed: 0, failures: [], notRun: todo.notRun };
  if (todo.unknown) return { file, cases: 0, passed: 0, failures: [{ id: "file", found: "no reader for this file" }] };
  let cases;
  try {
    cases = todo.read(JSON.parse(readFileSync(join(folder, file), "utf8")));
  } catch (error) {
    return { file, cases: 0, passed: 0, failures: [{ id: "file", found: `not readable: ${error}` }] };
  }
  const failures = [];
  for (const each of cases) {
    const verdict = await judge(each);
    if (!verdict.passed) failures.push({ id: each.id, expected: each.expected, found: verdict.found });
  }
  if (cases.length === 0) failures.push({ id: "file", found: "no cases" });
  return { file, cases: cases.length, passed: cases.length - failures.length, failures };
}

function print(entry) {
  if (entry.notRun !== undefined) {
    console.log(`not run  ${entry.file}: ${entry.notRun}`);
    return;
  }
  const word = entry.failures.length === 0 ? "ok      " : "FAILED  ";
  console.log(`${word} ${entry.file}: ${entry.passed} of ${entry.cases}`);
  for (const failure of entry.failures) console.log(`         ${failure.id}: ${failure.found}`);
}

function conclude(report, json) {
  const { passed, failed, notRun } = report;
  if (json) console.log(JSON.stringify(report));
  else console.log(`${passed} cases passed, ${failed} failed; ${notRun} files not run`);
  if (passed + failed === 0) return cannotSay("no cases in this folder");
  return failed === 0 ? 0 : 1;
}

async function main(words) {
  const json = words.includes("--json");
  const [kind, folder, ...more] = words.filter((word) => word !== "--json");
  if (folder === undefined || more.length > 0 || (kind !== "crypto" && kind !== "attestation")) return cannotSay(USAGE);
  if (!existsSync(folder)) return cannotSay(`no such folder: ${folder}`);
  if (kind === "attestation") return cannotSay("not built: judging evidence in TypeScript follows with issue B");
  if (!existsSync(BUILT)) return cannotSay("not built: run npm ci and npm run build in user/web first");
  return crypto(folder, json);
}

process.exitCode = await main(process.argv.slice(2));
