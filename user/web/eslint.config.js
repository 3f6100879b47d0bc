import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ["./packages/*/tsconfig.json", "./packages/*/test/tsconfig.json", "./app/test/tsconfig.json", "./app/e2e/tsconfig.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // The bracket form is what noPropertyAccessFromIndexSignature demands.
      "@typescript-eslint/dot-notation": "off",
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/strict-boolean-expressions": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/naming-convention": "off",
      eqeqeq: "error",
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 80 }],
      "max-len": ["error", { code: 130 }],
      "no-console": "error",
      "no-restricted-globals": ["error", "fetch", "localStorage", "indexedDB"],
      "no-restricted-syntax": ["error", {
        selector: "CallExpression[callee.property.name='toJSON']",
        message: "a credential's toJSON() holds what its PRF answered: copy the fields",
      }],
    },
  },
  {
    // The sans-I/O packages: no clock, no randomness, no environment of their own.
    files: ["packages/*/src/**/*.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random" },
        { object: "Date", property: "now" },
        { object: "crypto", property: "getRandomValues", message: "entropy is an argument" },
        { object: "performance", property: "now" },
      ],
      "no-restricted-globals": ["error", "fetch", "localStorage", "indexedDB", "setTimeout", "setInterval", "process", "document", "window", "Date"],
      "no-restricted-imports": ["error", { patterns: ["node:*", "vitest", "fast-check"] }],
    },
  },
  {
    // What people see: no network, no storage, no HTML string. Workers and boot are named where they need more.
    files: ["app/src/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "no HTML string exists at any point" },
        { property: "outerHTML", message: "no HTML string exists at any point" },
        { property: "insertAdjacentHTML", message: "no HTML string exists at any point" },
        { property: "dangerouslySetInnerHTML", message: "no HTML string exists at any point" },
        { object: "document", property: "write" },
        { object: "Math", property: "random" },
      ],
      "max-lines-per-function": ["error", { max: 80 }],
    },
  },
  {
    // Workers that read hostile files reach nothing.
    files: ["app/src/{files,annex}/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error",
        "fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts", "localStorage", "indexedDB", "caches",
        "BroadcastChannel"],
    },
  },
  {
    // The annex has no key of the account, and nothing to get one with.
    files: ["app/src/annex/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", {
        patterns: [{
          group: [
            "@privity/account/*", "@privity/history/*", "@privity/channel/*", "@privity/passkeys/*", "@privity/trust/*", "../vault/*",
            "@privity/vault/{keyring,opener,private_half,rotation,recovery,signer,share,pairing,object,search}",
          ],
          message: "keys of the account live in the vault worker; specs and bridge/annex.ts say what the annex is given",
        }],
      }],
    },
  },
  {
    files: ["app/src/{screens,parts,render,state,text}/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-imports": ["error", {
        patterns: [{ group: ["@privity/vault/*", "!@privity/vault/order", "@privity/history/*", "@privity/account/*", "@privity/channel/*"], message: "keys and sealing live in the workers" }],
      }],
    },
  },
  {
    // What drives a browser runs in Node, with parts that run in its pages.
    files: ["app/e2e/**/*.ts"],
    rules: { "no-restricted-globals": "off" },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { console: "readonly", crypto: "readonly", performance: "readonly", process: "readonly", URL: "readonly" } },
  },
);
