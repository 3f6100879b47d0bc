/**
 * Runs test files of the TypeScript packages, one request after the other, in a process that has Vite and Vitest loaded.
 *
 * A request is a line of JSON on standard input, {"changed": paths, "tests": {path: names}}; the answer is a line of
 * JSON, {"code": 0 or 1}, or {"failure": text} when something named did not run. A name is a part of a test's name,
 * where an underscore stands for any character; the empty one is part of all. Whatever else is printed goes to
 * standard error.
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

/** Matches the names of tests that contain one of `names`. */
function matching(names) {
  const escaped = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("_", "."));
  return new RegExp(escaped.join("|"));
}

async function run({ changed, tests }) {
  for (const path of changed) vitest.invalidateFile(resolve(path));
  const named = new Map(Object.entries(tests).map(([path, names]) => [resolve(path), names]));
  const wanted = await vitest.globTestSpecifications([...named.keys()]);
  if (wanted.length !== named.size) return { failure: `not all are test files: ${[...named.keys()].join(", ")}` };
  for (const each of wanted) each.testNamePattern = matching(named.get(each.moduleId));
  vitest.state.filesMap?.clear();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(wanted);
  if (testModules.length === 0) return { failure: "nothing ran" };
  const failed = testModules.flatMap((one) => [...one.children.allTests("failed")]);
  if (failed.length > 0 || unhandledErrors.length > 0) return { code: 1 };
  const broken = testModules.filter((one) => !one.ok());
  if (broken.length > 0) return { failure: `tests could not be read: ${broken.map((one) => one.moduleId).join(", ")}` };
  for (const one of testModules) {
    const passed = [...one.children.allTests("passed")].map((test) => test.name);
    const absent = named.get(one.moduleId).filter((name) => !passed.some((each) => matching([name]).test(each)));
    if (absent.length > 0) return { failure: `${one.moduleId} has no tests named ${absent.join(", ")}` };
  }
  return { code: 0 };
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
