/*
 * Where the `cellblock` command is: named by the user, or where pip, pipx and virtual environments put it.
 */
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const NAME = "cellblock";
const INSTALL = "pip install cellblock";

/**
 * @param {string} given by the user: a path, a command on PATH, or "" to look for it
 * @param {{folders?: string[], env?: object, home?: string}} [options] `folders`: those that may hold a virtual
 *     environment, such as Node-RED's user directory
 * @returns {?string} the path of a file that can be executed; null if there is none
 */
function findCommand(given, { folders = [process.cwd()], env = process.env, home = os.homedir() } = {}) {
    const command = given || NAME;
    if (command.includes("/")) {
        const file = path.resolve(folders[0] ?? ".", command.replace(/^~(?=\/)/, home));
        return isExecutable(file) ? file : null;
    }
    const onPath = (env.PATH ?? "").split(path.delimiter).filter(Boolean);
    const usual = folders.map((folder) => path.join(folder, ".venv", "bin"));
    return [...onPath, ...usual, path.join(home, ".local", "bin")]
        .map((folder) => path.resolve(folder, command))
        .find(isExecutable) ?? null;
}

function isExecutable(file) {
    try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
    } catch {
        return false;
    }
}

module.exports = { INSTALL, findCommand };
