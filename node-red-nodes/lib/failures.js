/*
 * What a block did wrong, as the Error that Node-RED hands to catch nodes.
 *
 * A catch node gets `msg.error.message` ("ZeroDivisionError: division by zero (line 3)"), `.code` (the status),
 * `.cause` (type, message, line, column, traceback) and `.stack` (the Python traceback).
 */
"use strict";

/**
 * @param {{status: string, error?: {type: string, message: string, line: ?number, column: ?number, traceback: string}}}
 *     answer of the service, with any status but "completed"
 * @returns {Error} named after the Python exception
 */
function blockError(answer) {
    const cause = { ...fallbackFor(answer.status), ...answer.error };
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

function position({ line, column }) {
    if (!line) {
        return "";
    }
    return column ? ` (line ${line}, col ${column})` : ` (line ${line})`;
}

module.exports = { blockError };
