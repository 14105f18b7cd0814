/*
 * Node-RED versions, and the Node.js versions that run them: each installed once into a folder beside the service's
 * images, outside of this repository.
 */
"use strict";

const { execFile } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { promisify } = require("node:util");
const { usualHome } = require("../service");

const run = promisify(execFile);

// The first release that is promised, the line before the current one, and the current one; Node.js in the oldest line
// that is promised and in the one that Node-RED 5 asks for.
const VERSIONS = [
    { nodeRed: "4.0.9", node: "20.20.2" },
    { nodeRed: "4.1.15", node: "20.20.2" },
    { nodeRed: "4.1.15", node: "22.23.3" },
    { nodeRed: "5.0.7", node: "22.23.3" },
];

/**
 * Have a version of Node-RED, and of Node.js.
 *
 * @param {{nodeRed: string, node: string}} version
 * @returns {Promise<{red: string, node: string, bin: string}>} Node-RED's red.js, the Node.js to run it, and the folder
 *     that this Node.js is in
 */
async function provide({ nodeRed, node }) {
    const bin = path.join(await install(`node@${node}`), "node", "bin");
    const modules = await install(`node-red@${nodeRed}`);
    return { red: path.join(modules, "node-red", "red.js"), node: path.join(bin, "node"), bin };
}

/** Have a package, whatever Node.js npm itself runs on. @returns {Promise<string>} the folder of its modules */
async function install(wanted) {
    const folder = path.join(usualHome(), "node-red-versions", wanted);
    const complete = path.join(folder, ".complete");
    if (!fs.existsSync(complete)) {
        fs.rmSync(folder, { recursive: true, force: true });
        fs.mkdirSync(folder, { recursive: true });
        fs.writeFileSync(path.join(folder, "package.json"), "{\"private\": true}\n");
        const options = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
        await run("npm", ["install", ...options, wanted], { cwd: folder, maxBuffer: 2 ** 24 });
        fs.writeFileSync(complete, "");
    }
    return path.join(folder, "node_modules");
}

module.exports = { VERSIONS, provide };
