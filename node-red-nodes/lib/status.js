/*
 * What a node shows under itself: pure functions from what happened to a Node-RED status.
 */
"use strict";

const MAX_TEXT = 32;

const RUNNING = Object.freeze({ fill: "blue", shape: "dot" });
const DONE = Object.freeze({ fill: "green", shape: "dot" });
const FAILED = Object.freeze({ fill: "red", shape: "dot" });
const ABSENT = Object.freeze({ fill: "red", shape: "ring" });
const WAITING = Object.freeze({ fill: "yellow", shape: "ring" });

/** `0.42 ms`, `12 ms`, `3.1 s`: two figures are enough at a glance. */
function formatDuration(milliseconds) {
    if (milliseconds >= 1000) {
        return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
    }
    if (milliseconds >= 10) {
        return `${Math.round(milliseconds)} ms`;
    }
    return `${milliseconds.toFixed(milliseconds < 1 ? 2 : 1)} ms`;
}

/** The status of a message that the service has, or is about to have, and hasn't begun. */
function queuedStatus(translate) {
    return { ...RUNNING, shape: "ring", text: translate("status.queued") };
}

/**
 * The status while messages run.
 *
 * @param {number} waiting messages in the queue behind those that run
 * @param {(key: string, options?: object) => string} translate a catalogue look-up
 */
function runningStatus(waiting, translate) {
    const text = waiting > 0 ? translate("status.running-queued", { waiting }) : translate("status.running");
    return { ...RUNNING, text };
}

/** The status while On Start runs. @param {number} waiting messages that came meanwhile */
function startingStatus(waiting, translate) {
    const text = waiting > 0 ? translate("status.on-start-waiting", { waiting }) : translate("status.on-start");
    return { ...RUNNING, shape: "ring", text };
}

/** The status while a message waits for those of other sources. */
function joiningStatus(present, count, translate) {
    return { ...RUNNING, shape: "ring", text: translate("status.joining", { present, count }) };
}

/** The status of a node one of whose sources is gone. */
function missingStatus(name, translate) {
    return { ...ABSENT, text: translate("status.source-missing", { name: shorten(name) }) };
}

/**
 * The status while the service builds the image that a block needs.
 *
 * @param {{done?: number, total?: ?number}} progress of the step it is at
 */
function loadingStatus({ done = 0, total }, translate) {
    const percent = total > 0 ? ` ${Math.floor(Math.min(done / total, 1) * 100)} %` : "";
    return { ...RUNNING, shape: "ring", text: translate("status.loading") + percent };
}

/** The status of a message that the service had no room for. @param {Error & {code: string}} error the refusal */
function waitingStatus(error, translate) {
    return error.code === "service_not_ready"
        ? { ...WAITING, text: translate("status.starting") }
        : { ...WAITING, text: translate("status.waiting") };
}

/** The status after a block returned. @param {{total?: number}} timings of the service, in milliseconds */
function doneStatus(timings) {
    return { ...DONE, text: formatDuration(timings?.total ?? 0) };
}

/**
 * The status after anything else: the block's own failure, the service's, or a message that can't travel.
 *
 * @param {Error & {code?: string}} error of `failures.js`, `refusals.js` or `values.js`
 */
function failureStatus(error, translate) {
    switch (error.code) {
    case "service_unreachable":
        return serviceStatus("unreachable", translate);
    case "service_not_ready":
        return waitingStatus(error, translate);
    case "connection_lost":
        return { ...FAILED, text: translate("status.lost") };
    case "timeout":
        return { ...FAILED, text: translate("status.timeout") };
    case "cancelled":
        return { ...FAILED, shape: "ring", text: translate("status.cancelled") };
    default:
        return { ...FAILED, text: shorten(error.name) };
    }
}

/** The status of an idle node. @param {"unknown"|"ready"|"refused"|"unreachable"|object} state of the connection */
function serviceStatus(state, translate) {
    if (typeof state === "object") {
        return state;
    }
    switch (state) {
    case "unreachable":
        return { ...ABSENT, text: translate("status.unreachable") };
    case "refused":
        return { ...ABSENT, text: translate("status.refused") };
    default:
        return {};
    }
}

function shorten(text) {
    return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

module.exports = {
    doneStatus, failureStatus, formatDuration, joiningStatus, loadingStatus, missingStatus, queuedStatus, runningStatus,
    serviceStatus, startingStatus, waitingStatus,
};
