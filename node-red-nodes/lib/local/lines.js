/*
 * What a child process writes, line by line. A pipe that nobody reads fills up, and then the child stands still in the
 * middle of a line; so everything is read, however much it is and whether anybody wants it.
 */
"use strict";

// A line without an end must not fill the memory.
const MAX_LINE = 16_384;

/**
 * Read a stream to its end.
 *
 * @param {import("node:stream").Readable} stream
 * @param {(line: string) => void} take gets each line that isn't empty, cut after 16,384 characters
 */
function readLines(stream, take) {
    let rest = "";
    const tell = (line) => line.trim() && take(line.slice(0, MAX_LINE));
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => {
        const lines = (rest + chunk).split(/\r?\n/);
        rest = lines.pop().slice(0, MAX_LINE);
        lines.forEach(tell);
    });
    stream.on("error", () => {});
    stream.on("end", () => tell(rest));
}

// How loud a line of the service is in Node-RED's log. Its audit log has a line for each message.
const LEVELS = { debug: "debug", info: "info", warning: "warn", error: "error", critical: "error" };
const UNSAID = new Set(["event", "level", "logger", "timestamp"]);

/**
 * Read a line of the service's log, which is JSON; other lines are taken as they are.
 *
 * @param {string} line
 * @returns {{level: string, text: string, event: ?string, fields: object}} `level` of Node-RED's log
 */
function parseLine(line) {
    const fields = parseObject(line);
    if (fields === null) {
        return { level: "info", text: line.trimEnd(), event: null, fields: {} };
    }
    const told = Object.entries(fields).filter(([name]) => !UNSAID.has(name))
        .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
    return {
        level: fields.logger === "audit" ? "trace" : LEVELS[fields.level] ?? "info",
        text: [fields.event, ...told].join(" "),
        event: fields.event,
        fields,
    };
}

function parseObject(line) {
    try {
        const value = JSON.parse(line);
        return typeof value === "object" && value !== null && typeof value.event === "string" ? value : null;
    } catch {
        return null;
    }
}

module.exports = { parseLine, readLines };
