/*
 * The demonstration's settings with another look: EDITOR_LIB is the code editor (monaco, ace, basic), EDITOR_THEME its
 * theme, EDITOR_CSS a style sheet for the page.
 */
"use strict";

const settings = require("../../node-red-nodes/demo/settings.cjs");

const { EDITOR_LIB: lib = "monaco", EDITOR_THEME: theme, EDITOR_CSS: css } = process.env;
const { page, ...editorTheme } = settings.editorTheme;

module.exports = {
    ...settings,
    editorTheme: {
        ...editorTheme,
        page: { ...page, ...(css && { css }) },
        codeEditor: { lib, options: { ...(theme && { theme }) } },
    },
};
