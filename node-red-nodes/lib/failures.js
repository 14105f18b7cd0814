/*
 * What a block did wrong, as the Error that Node-RED hands to catch nodes.
 *
 * A catch node gets `msg.error.message` ("ZeroDivisionError: division by zero (line 3)"), `.code` (the status),
 * `.cause` (type, message, line, column, traceback, tab) and `.stack` (the Python traceback). `tab` is the part of the
 * block that failed: "On Start", "On Message" or "On Stop"; the message names it too, unless it is On Message.
 */
"use strict";

const USUAL_TAB = "On Message";

/**
 * @param {{status: string, error?: {type: string, message: string, line: ?number, column: ?number, traceback: string}}}
 *     answer of the service, with any status but "completed"
 * @param {string} [tab] the part of the block that ran
 * @returns {Error} named after the Python exception
 */
function blockError(answer, tab) {
    const cause = { ...fallbackFor(answer.status), ...answer.error, ...(tab && { tab }) };
    // The debug sidebar shows a cause as text.
    Object.defineProperty(cause, "toString", { value: () => `${cause.type}${position(cause)}` });
    const error = new Error(`${cause.message}${position(cause)}`.trim(), { cause });
    error.name = cause.type;
    error.code = answer.status;
    error.line = cause.line ?? undefined;
    error.column = cause.column ?? undefined;
    error.stack = cause.traceback || error.toString();
    return error;
}

function fallbackFor(status) {
    switch (status) {
    case "timeout":
        return { type: "TimeoutError", message: "the block ran longer than its time limit" };
    case "cancelled":
        return { type: "Cancelled", message: "the run was cancelled" };
    default:
        return { type: "Error", message: "the block failed" };
    }
}

function position({ line, column, tab = USUAL_TAB }) {
    const parts = [
        ...(tab === USUAL_TAB ? [] : [tab]),
        ...(line ? [`line ${line}`] : []),
        ...(line && column ? [`col ${column}`] : []),
    ];
    return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}

/**
 * The message that tells of an error, as Node-RED makes it for catch nodes.
 *
 * @param {object} msg the message that failed
 * @param {Error} error
 * @param {{id: string, type: string, name?: string}} source the node
 */
function failedMessage(msg, error, source) {
    const told = { message: String(error), source: { ...source, count: 1 } };
    for (const part of ["code", "stack", "cause"]) {
        if (Object.hasOwn(error, part)) {
            told[part] = error[part];
        }
    }
    return { ...msg, ...(Object.hasOwn(msg, "error") && { _error: msg.error }), error: told };
}

module.exports = { blockError, failedMessage };
