import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

import { chromium } from "./chromium.ts";
import { listVectors, readVector } from "./vectors.ts";

const tests = ["packages/*/test/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: "node", include: tests, environment: "node" } },
      {
        extends: true,
        test: {
          name: "chromium",
          include: tests,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromium() ?? "", args: ["--no-sandbox"] } }),
            instances: [{ browser: "chromium" }],
            commands: { readVector, listVectors },
          },
        },
      },
    ],
    testTimeout: 60_000,
  },
});
