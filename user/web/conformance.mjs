// Runs every case of a vector folder against the built packages.
// Exit codes: 0 every case had its expected outcome; 1 one had not; 2 nothing could be said (usage, not built).
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";

const USAGE = "usage: node conformance.mjs crypto|attestation DIR [--json]";
const BUILT = new URL("./packages/protocol/dist/conformance/", import.meta.url);
const LOG = new URL("./packages/tlog/dist/conformance/tlog.js", import.meta.url);
const JUDGES = new URL("./packages/attest/dist/conformance/attestation.js", import.meta.url);

/** @param {string} text @returns {2} */
function cannotSay(text) {
  console.error(text);
  return 2;
}

/** @param {string} folder @param {boolean} json */
async function crypto(folder, json) {
  const [{ plan: channel }, { judge }, { tlog }] = await Promise.all([
    import(new URL("crypto.js", BUILT).href),
    import(new URL("case.js", BUILT).href),
    import(LOG.href),
  ]);
  const plan = (file) => {
    const read = tlog(/^tlog\/([a-z-]+)\.json$/.exec(file)?.[1] ?? "");
    return read === undefined ? channel(file) : { read };
  };
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

/** @param {string} given @param {boolean} json */
async function attestation(given, json) {
  const { FORMAT, judge, MAX_FILE, notRun } = await import(JUDGES.href);
  const folder = existsSync(join(given, "index.json")) ? given : join(given, "attestation");
  let index;
  try {
    index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  } catch (error) {
    return cannotSay(`no readable index.json in this folder: ${error}`);
  }
  if (index?.format !== FORMAT || !wellFormed(index)) return cannotSay("index.json is of another format");
  const read = (name) => readInside(folder, name, MAX_FILE);
  const report = { kind: "attestation", files: [], passed: 0, failed: 0, notRun: 0 };
  for (const tee of new Set(index.cases.map((one) => one.tee))) {
    const cases = index.cases.filter((one) => one.tee === tee);
    const reason = notRun(cases[0]);
    const entry = { file: tee, cases: cases.length, passed: 0, failures: [] };
    if (reason !== null) entry.notRun = reason;
    for (const one of reason === null ? cases : []) {
      const verdict = await judge(one, index, read);
      if (verdict.passed) entry.passed += 1;
      else entry.failures.push({ id: one.id, expected: verdict.expected, found: verdict.found });
    }
    report.files.push(entry);
    report.passed += entry.passed;
    report.failed += entry.failures.length;
    report.notRun += reason === null ? 0 : 1;
    if (!json) print(entry);
  }
  return conclude(report, json);
}

/** Whether every case has what judging it needs; what its files hold is another question. */
function wellFormed({ cases, files }) {
  const isObject = (value) => typeof value === "object" && value !== null;
  const isCase = (one) => isObject(one) && isObject(one.files) && isObject(one.expect)
    && [one.id, one.tee, one.expect.crypto, one.expect.default_policy].every((text) => typeof text === "string");
  return isObject(files) && Array.isArray(cases) && cases.every(isCase);
}

/** The bytes of a file that lies inside the folder and is no larger than any evidence. */
function readInside(folder, name, most) {
  const path = resolve(folder, name);
  const below = relative(resolve(folder), path);
  if (below.startsWith("..") || isAbsolute(below)) throw new Error(`${name} lies outside the folder`);
  if (statSync(path).size > most) throw new Error(`${name} is too large`);
  return new Uint8Array(readFileSync(path));
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
  else console.log(`${passed} cases passed, ${failed} failed; ${notRun} ${report.kind === "crypto" ? "files" : "kinds"} not run`);
  if (passed + failed === 0) return cannotSay("no cases in this folder");
  return failed === 0 ? 0 : 1;
}

async function main(words) {
  const json = words.includes("--json");
  const [kind, folder, ...more] = words.filter((word) => word !== "--json");
  if (folder === undefined || more.length > 0 || (kind !== "crypto" && kind !== "attestation")) return cannotSay(USAGE);
  if (!existsSync(folder)) return cannotSay(`no such folder: ${folder}`);
  if (!existsSync(BUILT) || !existsSync(JUDGES) || !existsSync(LOG)) return cannotSay("not built: run npm ci and npm run build in user/web first");
  return kind === "crypto" ? crypto(folder, json) : attestation(folder, json);
}

process.exitCode = await main(process.argv.slice(2));
