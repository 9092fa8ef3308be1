// Rules for the report's script and its tests.
import js from "@eslint/js";

const browser = Object.fromEntries(["addEventListener", "d3", "document", "getComputedStyle"].map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  {
    files: ["src/tautnet/views/report.js", "tests/views/report.test.js"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: { eqeqeq: "error", "prefer-const": "error", "no-var": "error", "max-len": ["error", 120], "no-shadow": "error" },
  },
];
