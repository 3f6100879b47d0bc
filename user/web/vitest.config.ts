import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

import { chromium } from "./chromium.ts";
import { listVectors, readBinary, readVector } from "./vectors.ts";

const tests = ["packages/*/test/**/*.test.ts", "app/test/**/*.test.{ts,tsx}"];
/** What only a browser has: authenticators, IndexedDB, workers. */
const browserOnly = ["**/*.browser.test.{ts,tsx}", "**/node_modules/**"];

/** What reads the repository. */
const nodeOnly = ["**/*.node.test.{ts,tsx}", "**/node_modules/**"];

/** Named, so that Vite does not find them one by one and reload a page that is testing. */
const include = [
  "fast-check", "@noble/ciphers/chacha.js", "@noble/curves/ed25519.js", "@noble/hashes/argon2.js", "@noble/hashes/hkdf.js",
  "@noble/hashes/hmac.js", "@noble/hashes/sha2.js", "@noble/hashes/sha3.js", "@noble/post-quantum/hybrid.js",
  "@noble/post-quantum/ml-dsa.js", "@noble/post-quantum/ml-kem.js", "preact", "preact/hooks", "preact/jsx-runtime",
  "preact/jsx-dev-runtime", "@preact/signals", "marked", "fflate", "katex", "axe-core", "highlight.js/lib/core",
  ...["bash", "cpp", "css", "go", "java", "javascript", "json", "python", "rust", "sql", "typescript", "xml"]
    .map((name) => `highlight.js/lib/languages/${name}`),
];

/** A package's sources instead of what was built from them: tests need no build and cannot meet an old one. */
const alias = [{ find: /^@privity\/(\w+)\/(.+)$/, replacement: `${import.meta.dirname}/packages/$1/src/$2.ts` }];

export default defineConfig({
  optimizeDeps: { include },
  resolve: { alias },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    projects: [
      { extends: true, test: { name: "node", include: tests, exclude: browserOnly, environment: "node" } },
      // The whole client against a running installation, which PRIVITY_URL names: tests/browser starts one.
      {
        extends: true,
        test: {
          name: "app", include: ["app/e2e/**/*.test.ts"], environment: "node", fileParallelism: false,
          testTimeout: 120_000, hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "chromium",
          include: tests,
          exclude: nodeOnly,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromium() ?? "", args: ["--no-sandbox"] } }),
            instances: [{ browser: "chromium" }],
            commands: { readVector, readBinary, listVectors },
          },
        },
      },
    ],
    testTimeout: 60_000,
  },
});
