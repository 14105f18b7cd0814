/*
 * A session with the service: any number of runs over one connection, which is made again when it is lost.
 *
 * A block may do something that must not happen twice, so a run is never started again. What ran when a connection was
 * lost goes on in the service for a while; the next connection takes the session up, and the service tells what was
 * missed. A run that the service doesn't know any more fails, with what is known of it.
 *
 * Emits "up" with each welcome and "down" with the error each time that a connection is lost or can't be made.
 */
"use strict";

const { EventEmitter } = require("node:events");
const { PackedBinary } = require("./values");
const { Execution } = require("./execution");
const { Link } = require("./link");
const { ServiceError } = require("./refusals");

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
// As long as the service, unless told otherwise, keeps runs of a session whose connection was lost.
const PATIENCE_MS = 30_000;
const MESSAGE_TOO_BIG = 1009;

class Session extends EventEmitter {
    #link = null;
    #attempt = null;
    #id = null;
    #running = new Map();
    #timer = null;
    #givingUp = null;
    #pause = FIRST_PAUSE_MS;
    #open = false;
    /** What holds for a run that asks for nothing else, as the service said last. */
    limits = {};

    /**
     * @param {{url: URL, token?: string, heartbeatMs?: number, patienceMs?: number}} settings `patienceMs`: how long
     *     runs wait for a lost connection to come back
     */
    constructor({ patienceMs = PATIENCE_MS, ...settings }) {
        super();
        this.settings = settings;
        this.patienceMs = patienceMs;
    }

    /** Connect, and stay connected. */
    open() {
        this.#open = true;
        if (!this.connected) {
            this.#connect().catch(() => {});
        }
    }

    get connected() {
        return this.#link !== null;
    }

    /** Disconnect; what runs is cancelled. */
    close() {
        this.#open = false;
        clearTimeout(this.#timer);
        clearTimeout(this.#givingUp);
        this.#link?.close();
        this.#link = null;
        this.#id = null;
        for (const execution of this.#running.values()) {
            execution.abandon();
        }
        this.#running.clear();
    }

    /**
     * Run a block.
     *
     * @param {object} request the fields of an execution (docs/protocol.md); values in the wire form of `values.toWire`
     * @param {object} [options] the handlers of an `Execution`, and `signal`, whose abort cancels the run
     * @returns {Promise<object>} {id, status, result, error?, state?, timings_ms}; `result` is a Buffer that holds a
     *     packed value
     * @throws {ServiceError}
     */
    async execute(request, { signal, ...handlers } = {}) {
        const link = this.#link ?? await this.#connect();
        if (signal?.aborted || !this.#open) {
            throw new ServiceError("cancelled", "the run was cancelled");
        }
        const execution = new Execution(handlers);
        // The request is packed inside its message: a copy of a large one takes as long as to send it.
        execution.bytes = link.send({ kind: "execute", id: execution.id, request: new PackedBinary(request) });
        this.#running.set(execution.id, execution);
        const cancel = () => this.#cancel(execution);
        signal?.addEventListener("abort", cancel);
        try {
            return await execution.ended;
        } finally {
            signal?.removeEventListener("abort", cancel);
        }
    }

    #cancel(execution) {
        execution.abandon();
        this.#link?.send({ kind: "cancel", id: execution.id });
    }

    /** Join the attempt to connect that is under way, or begin one now. */
    #connect() {
        clearTimeout(this.#timer);
        this.#attempt ??= this.#tryToConnect().finally(() => { this.#attempt = null; });
        return this.#attempt;
    }

    async #tryToConnect() {
        try {
            return await Link.open({ ...this.settings, session: this.#id }, {
                onWelcome: (link, welcome) => this.#take(link, welcome),
                onMessage: (message) => this.#received(message),
                onLost: (error, code) => this.#lost(error, code),
            });
        } catch (error) {
            this.#down(error);
            throw error;
        }
    }

    #take(link, welcome) {
        if (!this.#open) {
            link.close();
            return;
        }
        this.#link = link;
        this.#id = welcome.session;
        this.limits = Object(welcome.limits);
        this.#pause = FIRST_PAUSE_MS;
        clearTimeout(this.#givingUp);
        // Also if the session is a new one: the service may still know how its runs ended.
        for (const { id, seq, abandoned } of this.#running.values()) {
            link.send(abandoned ? { kind: "cancel", id } : { kind: "resume", id, after: seq });
        }
        this.emit("up", welcome);
    }

    #received(message) {
        const execution = this.#running.get(message.id);
        const last = execution?.take(message, (reply) => this.#link?.send(reply));
        if (last) {
            this.#running.delete(execution.id);
        }
    }

    #lost(error, code) {
        this.#link = null;
        if (code === MESSAGE_TOO_BIG) {
            this.#blame();
        }
        if (error.code === "broken_answer") {
            // Heard again, it would end the next connection too.
            this.#giveUp(error);
        } else {
            this.#givingUp = setTimeout(() => this.#giveUp(error), this.patienceMs);
        }
        this.#down(error);
    }

    /** The service ended the connection because of a message over its limit: the largest that it hasn't confirmed. */
    #blame() {
        const unheard = [...this.#running.values()].filter((execution) => execution.seq === 0);
        const [largest] = unheard.sort((one, other) => other.bytes - one.bytes);
        if (largest !== undefined) {
            this.#running.delete(largest.id);
            largest.fail(new ServiceError("body_too_large",
                `the service refused the request: its ${largest.bytes} bytes are over the limit`));
        }
    }

    #giveUp(error) {
        for (const execution of this.#running.values()) {
            execution.giveUp(error.message);
        }
        this.#running.clear();
    }

    #down(error) {
        if (!this.#open) {
            return;
        }
        this.emit("down", error);
        clearTimeout(this.#timer);
        // Many clients lose the same service at the same moment; they shouldn't come back at the same moment.
        this.#timer = setTimeout(() => this.#connect().catch(() => {}), this.#pause * (0.5 + Math.random() / 2));
        this.#timer.unref();
        this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    }
}

module.exports = { Session };
