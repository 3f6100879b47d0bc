// The channel's figures in Node and in Chromium: node bench/run.mjs [--json]
import { measure } from "./channel.mjs";
import { inChromium } from "./page.mjs";

const DIST = "packages/protocol/dist/src";
const MODULES = ["chain", "hello", "run", "webcrypto", "xwing"];
const GOALS = { node: { hello: 10, run: 0.2 }, chromium: { hello: 5, run: 0.2 } };

async function inNode() {
  const loaded = await Promise.all(MODULES.map((name) => import(new URL(`../${DIST}/${name}.js`, import.meta.url).href)));
  return measure(Object.fromEntries(MODULES.map((name, index) => [name, loaded[index]])));
}

function inPage() {
  return inChromium(async ({ names, dist }) => {
    const loaded = await Promise.all(names.map((name) => import(`/${dist}/${name}.js`)));
    const { measure: measured } = await import("/bench/channel.mjs");
    return measured(Object.fromEntries(names.map((name, index) => [name, loaded[index]])));
  }, { names: MODULES, dist: DIST });
}

function lines(where, found, goals) {
  const { hello, helloNoble, runBuild, runOpen, answer200, xwing } = found;
  const cpu = (value) => (value.cpu ? `, CPU ${value.cpu.toFixed(2)}` : "");
  const ms = (value) => `${value.median.toFixed(2)} ms (best ${value.best.toFixed(2)}${cpu(value)})`;
  const word = (value, goal) => (value.median <= goal ? "reached" : value.best <= goal ? "reached by the best round only" : "NOT reached");
  return [
    `${where}, X-Wing from ${xwing}`,
    `  HELLO client             ${ms(hello.total)}; goal ${goals.hello} ms ${word(hello.total, goals.hello)}`,
    `    build, finish          ${ms(hello.build)}, ${ms(hello.finish)}`,
    `  HELLO client with noble  ${ms(helloNoble.total)}, ${(helloNoble.total.median / hello.total.median).toFixed(1)} times`,
    `  HELLO node, with noble   ${ms(helloNoble.node)}`,
    `  RUN of 8 KiB, build      ${ms(runBuild)}; goal ${goals.run} ms ${word(runBuild, goals.run)}`,
    `  RUN of 8 KiB, open       ${ms(runOpen)}; goal ${goals.run} ms ${word(runOpen, goals.run)}`,
    `  answer of 200 records    ${ms(answer200)}, 20 s of ticks`,
  ];
}

const figures = { node: await inNode(), chromium: await inPage() };
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(figures));
} else {
  for (const line of lines(`Node ${process.version}`, figures.node, GOALS.node)) console.log(line);
  if (figures.chromium === null) console.log("Chromium: not on this machine (set CHROMIUM); not measured");
  else for (const line of lines("Chromium", figures.chromium, GOALS.chromium)) console.log(line);
  if (figures.chromium) console.log(`Chromium to Node, HELLO client: ${(figures.chromium.hello.total.median / figures.node.hello.total.median).toFixed(2)}`);
}
