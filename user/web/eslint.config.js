import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ["./packages/*/tsconfig.json", "./packages/*/test/tsconfig.json"],
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
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { console: "readonly", crypto: "readonly", performance: "readonly", process: "readonly", URL: "readonly" } },
  },
);
