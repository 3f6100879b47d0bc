// The verifier as a page would load it, and its compressed size: by itself, beside the channel's package, which every
// page that uses it has already; with all that it needs; and as a release, which leaves imitations of hardware out.
// usage: node bundle.mjs [FILE]   writes the release with all that it needs to FILE
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const ENTRY = "\0verifier";
const SOURCE = `
export { appraise } from "@privity/attest/appraise";
export { PolicyMalformed, Refused } from "@privity/attest/errors";
export * as logged from "@privity/attest/logged";
export * as memory from "@privity/attest/memory";
export * as policy from "@privity/attest/policy";
export { toJson } from "@privity/attest/result";
`;
const CHANNEL = [/^@privity\/protocol\//, /^@noble\//];

const verifier = {
  name: "verifier",
  resolveId: (id) => (id === "verifier" ? ENTRY : null),
  load: (id) => (id === ENTRY ? SOURCE : null),
};

/** @param {{ external?: RegExp[], release?: boolean }} how */
async function bundle({ external = [], release = false }) {
  const { output } = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    plugins: [verifier],
    define: release ? { PRIVITY_RELEASE: "true" } : {},
    build: {
      write: false,
      target: "es2022",
      minify: true,
      modulePreload: false,
      rollupOptions: { input: "verifier", preserveEntrySignatures: "strict", external },
    },
  });
  return output.map((chunk) => chunk.code ?? "").join("\n");
}

const size = (code) => ({ bytes: code.length, gzip: gzipSync(code, { level: 9 }).length });
const [own, whole, release] = await Promise.all([
  bundle({ external: CHANNEL }), bundle({}), bundle({ release: true }),
]);
console.log(JSON.stringify({ own: size(own), whole: size(whole), release: size(release) }));
const [, , file] = process.argv;
if (file !== undefined) writeFileSync(file, release);
