import js from "@eslint/js";
import html from "eslint-plugin-html";
import globals from "globals";

const rules = {
    "eqeqeq": "error",
    "no-unused-vars": ["error", { argsIgnorePattern: "^(removed|send|opt)$" }],
    "no-var": "error",
    "prefer-const": "error",
    "max-len": ["error", { code: 120 }],
};

export default [
    { ignores: ["node_modules/", "coverage/"] },
    js.configs.recommended,
    {
        files: ["**/*.js", "**/*.cjs"],
        languageOptions: { sourceType: "commonjs", globals: globals.node },
        rules,
    },
    {
        files: ["**/*.mjs"],
        languageOptions: { globals: globals.node },
        rules,
    },
    {
        files: ["test/**"],
        languageOptions: { globals: globals.mocha },
    },
    {
        // The editor's half of a node runs in a browser, as a plain script.
        files: ["nodes/*.html"],
        plugins: { html },
        languageOptions: { sourceType: "script", globals: { ...globals.browser, ...globals.jquery, RED: "readonly" } },
        rules: { ...rules, "no-var": "off" },
    },
    {
        files: ["resources/**/*.js"],
        languageOptions: { sourceType: "script", globals: { ...globals.browser, ...globals.jquery, RED: "readonly" } },
        rules,
    },
];
