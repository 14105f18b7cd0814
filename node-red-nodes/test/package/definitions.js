/*
 * What the editor is told of a node type: the scripts of its page, run as far as `registerType`.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const ROOT = path.resolve(__dirname, "../..");
const { name: PACKAGE } = require("../../package.json");

/** The scripts of a node's page in their order, those in files of their own too. @returns {{file, text}[]} */
function scriptsOf(type) {
    const page = fs.readFileSync(path.join(ROOT, "nodes", `${type}.html`), "utf8");
    return [...page.matchAll(/<script(?: type="text\/javascript")?(?: src="([^"]+)")?>([\s\S]*?)<\/script>/g)]
        .map(([, source, text]) => {
            const file = source?.replace(`resources/${PACKAGE}/`, "resources/") ?? `nodes/${type}.html`;
            return { file, text: source ? fs.readFileSync(path.join(ROOT, file), "utf8") : text };
        });
}

/** @param {string} type @returns {object} the definition that the editor gets */
function definitionOf(type) {
    const found = {};
    const anything = new Proxy(() => anything, { get: (_, key) => (key === Symbol.toPrimitive ? () => "" : anything) });
    const nodes = { registerType: (name, definition) => { found[name] = definition; } };
    const RED = new Proxy({ nodes, _: (key) => key }, { get: (own, key) => own[key] ?? anything });
    const context = vm.createContext({ RED, document: anything, $: anything, jQuery: anything, console });
    context.window = context;
    scriptsOf(type).forEach(({ file, text }) => vm.runInContext(text, context, { filename: file }));
    return found[type];
}

module.exports = { definitionOf, scriptsOf };
