/*
 * Node-RED versions, and the Node.js that one of them needs: installed once into a folder beside the service's images,
 * outside of this repository.
 */
"use strict";

const { execFile } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { promisify } = require("node:util");
const { usualHome } = require("../service");

const run = promisify(execFile);

// The first release that is promised, the line before the current one, and the current one with the oldest Node.js line
// that it accepts.
const VERSIONS = [
    { nodeRed: "4.0.9" },
    { nodeRed: "4.1.15" },
    { nodeRed: "5.0.7", node: "22.23.3" },
];

/**
 * Have a version of Node-RED.
 *
 * @param {{nodeRed: string, node?: string}} version
 * @returns {Promise<{red: string, node: string, bin: ?string}>} Node-RED's red.js, the Node.js to run it, and the
 *     folder that Node.js is in if it isn't this one
 */
async function provide({ nodeRed, node }) {
    const wanted = [`node-red@${nodeRed}`, ...(node ? [`node@${node}`] : [])];
    const folder = path.join(usualHome(), "node-red-versions", wanted.join("+"));
    const complete = path.join(folder, ".complete");
    if (!fs.existsSync(complete)) {
        fs.rmSync(folder, { recursive: true, force: true });
        fs.mkdirSync(folder, { recursive: true });
        fs.writeFileSync(path.join(folder, "package.json"), "{\"private\": true}\n");
        const options = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
        // npm itself runs on this Node.js; what it installs asks for the other.
        await run("npm", ["install", ...options, ...wanted], { cwd: folder, maxBuffer: 2 ** 24 });
        fs.writeFileSync(complete, "");
    }
    const modules = path.join(folder, "node_modules");
    const bin = node ? path.join(modules, "node", "bin") : null;
    return {
        red: path.join(modules, "node-red", "red.js"),
        node: bin === null ? process.execPath : path.join(bin, "node"),
        bin,
    };
}

module.exports = { VERSIONS, provide };
