/*
 * Runs from the editor: the same way to the service as a message's, and everything that happens told as it happens.
 */
"use strict";

const { callAnswers } = require("../calls");
const values = require("../values");
const { blockOf, fieldsOf, partsOf, settingsOf } = require("./job");
const { picturesOf, previewOf, treeOf } = require("./preview");

const MAX_PRINTED = 512 * 1024;

class Runs {
    #running = new Map();

    /** @param {Function} encodeObject `RED.util.encodeObject` */
    constructor(encodeObject) {
        this.encodeObject = encodeObject;
    }

    /**
     * Run a block.
     *
     * @param {object} job
     * @param {string} job.id by which it can be cancelled
     * @param {object} job.config the dialog's fields
     * @param {string} job.part code, initialize or finalize
     * @param {string} job.node the node's id, which need not be deployed
     * @param {object} [job.msg] what On Message is given
     * @param {object} job.secrets name and value of each
     * @param {{facts: object, answerContext: Function, env: Function}} job.flow what is known of the deployed node
     * @param {Connection} connection
     * @param {(event: object) => void} tell is told what happens, at last a result
     * @returns {Promise<void>} when it is over; it doesn't reject
     */
    async run(job, connection, tell) {
        const stop = new AbortController();
        const user = {};
        this.#running.set(job.id, stop);
        try {
            connection.register(user);
            tell(await this.#result(job, new Watched(connection), { tell, signal: stop.signal }));
        } catch (error) {
            tell({ event: "result", ...failed(error) });
        } finally {
            this.#running.delete(job.id);
            connection.unregister(user);
        }
    }

    /** @returns {boolean} whether there is such a run, which ends now */
    cancel(id) {
        this.#running.get(id)?.abort();
        return this.#running.has(id);
    }

    /** The last event of a run: what came of it. */
    async #result(job, connection, { tell, signal }) {
        const settings = settingsOf(job.config);
        const { node, secrets, part } = job;
        const block = blockOf(settings, { node, secrets, connection, facts: job.flow.facts });
        const handlers = this.#handlers(job, { tell, signal });
        try {
            for (const each of partsOf(settings, part)) {
                await block.run(each, each === part ? fieldsOf(settings, part, job.msg) : {}, handlers);
            }
            const { result, figures, timings_ms: timings } = connection.answer;
            const { value, table, pictures } = previewOf(result, settings, this.encodeObject);
            return {
                event: "result", status: "completed", value, table, timings, limits: connection.limitsOf(settings),
                pictures: [...pictures, ...picturesOf(figures)],
            };
        } catch (error) {
            const { figures, timings_ms: timings } = Object(connection.answer);
            const limits = connection.limitsOf(settings);
            return { event: "result", ...failed(error), timings, limits, pictures: picturesOf(figures) };
        }
    }

    #handlers({ flow }, { tell, signal }) {
        const show = (op, value) => tell({ event: "node", op, value: treeOf(value, this.encodeObject) });
        return {
            signal,
            onStatus: (status, progress) => tell({ event: "status", status, ...(progress && { progress }) }),
            onWaiting: (error) => tell({ event: "status", status: "waiting", reason: error.message }),
            onOutput: bounded(tell),
            // What it would send and show in the flow, the editor shows.
            onCall: callAnswers(flow.answerContext, {
                send: (bytes) => show("send", values.decode(bytes)),
                log: (level, value) => show(level, value),
                error: (value) => show("error", value),
                status: (value) => show("status", value),
                env: flow.env,
            }),
        };
    }
}

/** A connection that remembers the last answer as it came: the preview needs more of it than a flow does. */
class Watched {
    constructor(connection) {
        this.connection = connection;
        this.answer = null;
    }

    async execute(request, options) {
        this.answer = await this.connection.execute(request, options);
        return this.answer;
    }

    /** Seconds, and MiB where the block or the service says how many. */
    limitsOf({ timeoutS, memoryMb }) {
        return { timeout: timeoutS, memory: memoryMb ?? this.connection.session.limits.memory_mb };
    }
}

/** Printed text, up to a bound. */
function bounded(tell) {
    let left = MAX_PRINTED;
    return (stream, text) => {
        if (left > 0) {
            tell({ event: stream, text: text.slice(0, left) });
            left -= text.length;
            if (left <= 0) {
                tell({ event: "cut" });
            }
        }
    };
}

function failed(error) {
    const { name, message, code, line, column, cause } = error;
    const { traceback, message: own } = Object(cause);
    return {
        status: ["cancelled", "timeout"].includes(code) ? code : "error",
        // A block's own message: the place is told apart. What isn't the block's fault needs no name.
        error: {
            name: name === "ServiceError" ? "" : name,
            message: line && typeof own === "string" ? own : message,
            code, line, column, traceback,
        },
    };
}

module.exports = { Runs };
