/**
 * Runs test files of the TypeScript packages, one request after the other, in a process that has Vite and Vitest loaded.
 *
 * A request is a line of JSON on standard input, {"changed": paths, "tests": paths}; the answer is a line of JSON,
 * {"code": 0 or 1}, or {"failure": text} when nothing ran. Whatever else is printed goes to standard error.
 */

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const answer = process.stdout.write.bind(process.stdout);
// Reporters and tests print; only answers may reach the one who asks.
process.stdout.write = process.stderr.write.bind(process.stderr);

const { createVitest } = await import(pathToFileURL(resolve("node_modules/vitest/dist/node.js")).href);
const vitest = await createVitest("test", { watch: false, bail: 1, project: ["node"], reporters: [{}] });
await vitest.standalone?.();

async function run({ changed, tests }) {
  for (const path of changed) vitest.invalidateFile(resolve(path));
  const wanted = await vitest.globTestSpecifications(tests.map((path) => resolve(path)));
  if (wanted.length === 0) return { failure: `no test file among ${tests.join(", ")}` };
  vitest.state.filesMap?.clear();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(wanted);
  if (testModules.length === 0) return { failure: "nothing ran" };
  return { code: testModules.every((one) => one.ok()) && unhandledErrors.length === 0 ? 0 : 1 };
}

for await (const line of createInterface({ input: process.stdin })) {
  let given;
  try {
    given = await run(JSON.parse(line));
  } catch (error) {
    given = { failure: String(error) };
  }
  answer(`${JSON.stringify(given)}\n`);
}
await vitest.close();
process.exit(0);
