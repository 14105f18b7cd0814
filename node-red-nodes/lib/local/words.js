/*
 * What Code Blocks show of their service beside "unreachable": how far its start is, and what keeps it from starting.
 */
"use strict";

const { INSTALL } = require("./command");

const MAX_STEP = 24;

/**
 * A Node-RED status for a state of a service.
 *
 * @param {string} name of a state of `LocalService`, or "mismatch"
 * @param {object} about what else the state tells; for "mismatch" {service, node}, two versions
 * @param {(key: string, options?: object) => string} translate a look-up in the catalogue of `cellblock-service`
 */
function statusOf(name, about, translate) {
    const text = (options) => translate(`status.${name}`, options);
    switch (name) {
    case "building":
        return { fill: "blue", shape: "ring", text: text() + progress(about) };
    case "waiting":
        return { fill: "red", shape: "ring", text: text({ seconds: about.seconds }) };
    case "missing":
        return { fill: "red", shape: "ring", text: text({ install: INSTALL }) };
    case "mismatch":
        return { fill: "yellow", shape: "ring", text: text(about) };
    case "stopped":
        return { fill: "red", shape: "ring", text: text() };
    default:
        return { fill: "yellow", shape: "ring", text: translate("status.starting") + behind(about?.reason) };
    }
}

function progress({ step, percent = null }) {
    return behind(step) + (percent === null ? "" : ` ${percent} %`);
}

function behind(text = "") {
    return text && `: ${text.length > MAX_STEP ? `${text.slice(0, MAX_STEP - 1)}…` : text}`;
}

module.exports = { statusOf };
