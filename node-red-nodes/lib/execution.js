/*
 * One run of a block, as this side of a session knows it.
 *
 * The service numbers what it tells of a run. Each number counts once, in order: after a lost connection the service
 * repeats whatever wasn't heard.
 */
"use strict";

const { randomUUID } = require("node:crypto");
const { ServiceError, refusalOf } = require("./refusals");

class Execution {
    #lastCall = { number: null, reply: null };
    #settle;

    /**
     * @param {object} handlers all of them optional
     * @param {(status: string, progress?: object) => void} [handlers.onStatus] queued, loading, running
     * @param {(stream: "stdout"|"stderr", text: string) => void} [handlers.onOutput] as it is printed
     * @param {(call: object) => Promise<{value: Buffer}|{error: string}>} [handlers.onCall] the block reads or writes
     *     context; `call` is {op, scope, store, key, value?}
     */
    constructor({ onStatus = () => {}, onOutput = () => {}, onCall = async () => ({ error: "nobody answers" }) }) {
        this.id = randomUUID();
        this.handlers = { onStatus, onOutput, onCall };
        this.seq = 0;
        this.status = null;
        this.abandoned = false;
        this.ended = new Promise((resolve, reject) => {
            this.#settle = { resolve, reject };
        });
    }

    /**
     * Take a message about it.
     *
     * @param {object} message
     * @param {(reply: object) => void} reply sends the answer to a call
     * @returns {boolean} whether that was the last one
     */
    take(message, reply) {
        switch (message.kind) {
        case "call":
            this.#answer(message, reply);
            return false;
        case "refused":
            this.fail(refusalOf(message.problem));
            return true;
        case "unknown":
            this.fail(this.#lost("the service doesn't know it any more"));
            return true;
        default:
            return this.#event(message);
        }
    }

    /** End it with an error. */
    fail(error) {
        this.#settle.reject(error);
    }

    /** End it with an error that says what is known of a run whose end nobody told. @param {string} reason */
    giveUp(reason) {
        this.fail(this.#lost(reason));
    }

    /** Let go of it: nobody wants to hear of it any more. */
    abandon() {
        this.abandoned = true;
        this.fail(new ServiceError("cancelled", "the run was cancelled"));
    }

    #event(message) {
        if (message.seq !== this.seq + 1) {
            return false;
        }
        this.seq = message.seq;
        if (message.kind === "result") {
            this.#settle.resolve(message);
            return true;
        }
        if (!this.abandoned) {
            this.#tell(message);
        }
        return false;
    }

    #tell({ kind, status, progress, text }) {
        if (kind === "status") {
            this.status = status;
            this.handlers.onStatus(status, progress);
        } else if (kind === "stdout" || kind === "stderr") {
            this.handlers.onOutput(kind, text);
        }
    }

    /** A block waits for one call at a time. If that comes again, because its reply was lost, only the reply does. */
    async #answer(message, reply) {
        const { id, call } = message;
        if (this.#lastCall.number !== call) {
            this.#lastCall = { number: call, reply: this.handlers.onCall(message) };
        }
        reply({ kind: "reply", id, call, ...await this.#lastCall.reply });
    }

    #lost(reason) {
        const known = {
            running: "the block was running; it isn't known whether it ran to its end",
            loading: "its packages were being loaded; as far as is known, nothing has run",
            queued: "it was waiting to run; it isn't known whether it has run",
        };
        return new ServiceError("connection_lost", "the connection to the service was lost and this run with it "
            + `(${reason}): ${known[this.status] ?? "it isn't known whether it has begun"}. It isn't run again`);
    }
}

module.exports = { Execution };
