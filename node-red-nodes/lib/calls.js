/*
 * What a block asks of its flow while it runs: to send, to log, to show a status, to know a variable of the
 * environment. What it asks of its context is in context.js.
 */
"use strict";

const values = require("./values");

const MAX_STATUS = 1000;
const LEVELS = new Set(["log", "warn", "debug", "trace"]);

/**
 * Answer the calls of one run.
 *
 * @param {(call: object) => Promise<object>} answerContext of `contextAnswers`
 * @param {object} run
 * @param {(bytes: Buffer) => void} run.send takes what `return` would give, packed
 * @param {(level: string, value: *) => void} run.log
 * @param {(value: *, msg: ?object) => void} run.error
 * @param {(status: object) => void} run.status takes a Node-RED status
 * @param {(name: string) => *} run.env
 * @returns {(call: object) => Promise<{value: Buffer}|{error: string}>} for `Execution`
 */
function callAnswers(answerContext, run) {
    const asked = {
        send: ({ value }) => run.send(value),
        error: ({ value }) => run.error(...values.decode(value)),
        status: ({ value }) => run.status(asStatus(values.decode(value))),
        env: ({ key }) => run.env(key),
    };
    for (const level of LEVELS) {
        asked[level] = ({ value }) => run.log(level, values.decode(value));
    }
    return async (call) => {
        if (!Object.hasOwn(asked, call.op)) {
            return answerContext(call);
        }
        try {
            return { value: values.encode(asked[call.op](call) ?? null, `env[${JSON.stringify(call.key)}]`) };
        } catch (error) {
            return { error: error.message };
        }
    };
}

/** Text, or fill, shape and text; nothing clears what is shown. A hostile block may have sent anything. */
function asStatus(value) {
    const given = typeof value === "object" ? Object(value) : { text: value };
    const parts = ["fill", "shape", "text"].filter((part) => Object.hasOwn(given, part));
    return Object.fromEntries(parts.map((part) => [part, String(given[part]).slice(0, MAX_STATUS)]));
}

module.exports = { callAnswers };
