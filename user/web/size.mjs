// The compressed size of the verifier as a page would load it: by itself, beside the channel's package, which every page
// that uses it has already, and with all that it needs.
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

const verifier = {
  name: "verifier",
  resolveId: (id) => (id === "verifier" ? ENTRY : null),
  load: (id) => (id === ENTRY ? SOURCE : null),
};

/** @param {RegExp[]} external */
async function sizeWithout(external) {
  const { output } = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    plugins: [verifier],
    build: {
      write: false,
      target: "es2022",
      minify: true,
      modulePreload: false,
      rollupOptions: { input: "verifier", preserveEntrySignatures: "strict", external },
    },
  });
  const code = output.map((chunk) => chunk.code ?? "").join("\n");
  return { bytes: code.length, gzip: gzipSync(code, { level: 9 }).length };
}

const [own, whole] = await Promise.all([sizeWithout([/^@privity\/protocol\//, /^@noble\//]), sizeWithout([])]);
console.log(JSON.stringify({ own, whole }));
