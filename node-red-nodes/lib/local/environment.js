/*
 * What a service that is started here is told in its environment, beside what the user has set there, which stays.
 */
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { MAX_MEMORY_MB, MAX_TIMEOUT_S } = require("../settings");

// Its own maxima are those of a service for many. Here, whoever sets a block's limits may have what the dialog takes.
// And whoever had blocks running has let go of them when it is asked to end.
const DEFAULTS = { max_timeout_s: MAX_TIMEOUT_S, max_memory_mb: MAX_MEMORY_MB, drain_s: 5 };

/**
 * @param {object} settings of `LocalService`
 * @param {object} [env] this process's own
 * @returns {object} variables to add
 */
function environmentFor({ token, url, folders = [] }, env = process.env) {
    const isOpen = openIn(env);
    const open = Object.entries(DEFAULTS).filter(([name]) => isOpen(name));
    return {
        CELLBLOCK_LOG_FORMAT: "json",
        CELLBLOCK_LOG_LEVEL: "info",
        ...(token && { CELLBLOCK_TOKEN: token }),
        ...Object.fromEntries(open.map(([name, value]) => [variableOf(name), String(value)])),
        ...(folders.length > 0 && isOpen("records_file") && { CELLBLOCK_RECORDS_FILE: recordsIn(folders[0], url) }),
    };
}

/** Whether nobody has set something: the environment is stronger than the service's file, so that is asked too. */
function openIn(env) {
    const file = settingsFile(env);
    return (name) => !env[variableOf(name)] && !new RegExp(`^\\s*["']?${name}\\b`, "m").test(file);
}

function variableOf(name) {
    return `CELLBLOCK_${name.toUpperCase()}`;
}

/** The text of the service's `cellblock.toml`, "" if there is none. */
function settingsFile({ CELLBLOCK_CONFIG, CELLBLOCK_HOME, XDG_CACHE_HOME, HOME = os.homedir() }) {
    const home = CELLBLOCK_HOME || path.join(XDG_CACHE_HOME || path.join(HOME, ".cache"), "cellblock");
    const file = CELLBLOCK_CONFIG || path.join(home, "cellblock.toml");
    try {
        return fs.readFileSync(file.replace(/^~(?=\/)/, HOME), "utf8");
    } catch {
        return "";
    }
}

/** Each service needs a file of its own, and others may run on this machine. */
function recordsIn(folder, { port }) {
    const own = path.join(folder, ".cellblock");
    fs.mkdirSync(own, { recursive: true });
    return path.join(own, `records-${port || 80}.sqlite3`);
}

module.exports = { environmentFor };
