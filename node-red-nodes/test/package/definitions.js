/*
 * What the editor is told of a node type: the script of its page, run as far as `registerType`.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const NODES = path.resolve(__dirname, "../../nodes");

/** @param {string} type @returns {object} the definition that the editor gets */
function definitionOf(type) {
    const page = fs.readFileSync(path.join(NODES, `${type}.html`), "utf8");
    const scripts = [...page.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
    const found = {};
    const anything = new Proxy(() => anything, { get: () => anything });
    const RED = {
        nodes: { registerType: (name, definition) => { found[name] = definition; } },
        validators: anything, editor: anything, events: anything, settings: anything, actions: anything,
    };
    const window = {};
    const context = vm.createContext({ RED, window, document: anything, $: anything, jQuery: anything, console });
    scripts.forEach(([, script]) => vm.runInContext(script, context, { filename: `${type}.html` }));
    return found[type];
}

module.exports = { definitionOf };
