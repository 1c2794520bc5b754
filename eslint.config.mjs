import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** The functions of `window` that show text of any origin. */
const SHOWING = [
  "show(Information|Warning|Error)Message|showQuickPick|showInputBox|createQuickPick|createInputBox",
  "setStatusBarMessage|withProgress",
].join("|");

const onlyThroughOutsideText = [
  `MemberExpression[object.name="window"][property.name=/^(${SHOWING})$/]`,
  "NewExpression[callee.name='MarkdownString']",
].map((selector) => ({ selector, message: "Use the functions of src/ui/outsideText.ts or src/ui/progress.ts." }));

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
      // `() => item.dispose()` reads better than a block of one call.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // Text from a sandbox, a folder or the server must not become a link, a command or an icon.
    files: ["src/**/*.ts"],
    ignores: ["src/ui/outsideText.ts", "src/ui/progress.ts"],
    rules: { "no-restricted-syntax": ["error", ...onlyThroughOutsideText] },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Mocha's this and chained assertions.
      "@typescript-eslint/no-unused-expressions": "off",
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.object.type='ThisExpression'][callee.property.name='skip']",
          message: 'Say why: skip(this, "needs …") of test/support/skip.ts.',
        },
      ],
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
