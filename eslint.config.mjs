import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["dist/", "out/", "**/node_modules/", "test/fixtures/", ".vscode-test/"]),
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      "no-else-return": "error",
      // Terminals speak in control characters.
      "no-control-regex": "off",
      "@typescript-eslint/explicit-member-accessibility": ["error", { accessibility: "no-public" }],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Mocha's this and chained assertions.
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  {
    // Scripts of webviews.
    files: ["media/*.js"],
    languageOptions: { globals: { acquireVsCodeApi: "readonly", document: "readonly", window: "readonly" } },
  },
  {
    files: ["**/*.{mjs,cjs}"],
    languageOptions: {
      globals: {
        Buffer: "readonly",
        URL: "readonly",
        clearInterval: "readonly",
        clearTimeout: "readonly",
        console: "readonly",
        fetch: "readonly",
        module: "readonly",
        process: "readonly",
        require: "readonly",
        exports: "writable",
        setInterval: "readonly",
        setTimeout: "readonly",
        document: "readonly",
        window: "readonly",
      },
    },
  },
);
