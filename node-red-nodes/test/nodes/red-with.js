/*
 * Node-RED with settings of a test's own, beside those that all tests' have.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { NodeRed } = require("../node-red");

/**
 * @param {object} settings that win over those of the settings file
 * @returns {NodeRed} not started yet
 */
function nodeRedWith(settings) {
    const nodeRed = new NodeRed();
    const defined = Object.entries(settings).map(([name, value]) => `--define=${name}=${JSON.stringify(value)}`);
    const script = path.join(nodeRed.userDir, "red.js");
    fs.writeFileSync(script,
        `process.argv.push(...${JSON.stringify(defined)});\nrequire(${JSON.stringify(nodeRed.red)});\n`);
    nodeRed.red = script;
    return nodeRed;
}

module.exports = { nodeRedWith };
