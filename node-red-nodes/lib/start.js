/*
 * On Start: done once, before the first message, and again when what it made is gone.
 *
 * Messages wait for `ready`. Where the service couldn't be asked, nothing has failed for good: the next message, or the
 * service's return, tries again. What the block itself did wrong stays wrong, and every message is told.
 */
"use strict";

const { ServiceError } = require("./refusals");

class Start {
    #attempt = null;
    #stops = new Set();
    #before = Promise.resolve();

    /** @param {(signal: AbortSignal) => Promise<void>} run */
    constructor(run) {
        this.run = run;
    }

    /** Begin, unless that has happened; resolves when it is done. @throws {Error} why it isn't */
    ready() {
        this.#attempt ??= this.#begin();
        return this.#attempt;
    }

    /** As `ready`, for those who don't wait: messages hear of an error. */
    begin() {
        this.ready().catch(() => {});
    }

    /** What it made is gone: the next message waits for another run. */
    again() {
        this.#attempt = null;
    }

    /** End what is under way or waits: those who wait hear of it, and the next message waits for another run. */
    cancel() {
        if (this.#stops.size > 0) {
            this.#stops.forEach((stop) => stop.abort());
            this.#stops.clear();
            this.#attempt = null;
        }
    }

    /** The one before may not have ended yet, though it was cancelled, or what it makes is to be forgotten. */
    #begin() {
        const stop = new AbortController();
        this.#stops.add(stop);
        const attempt = this.#before.then(() => this.run(stop.signal)).catch((error) => {
            if (error instanceof ServiceError && this.#attempt === attempt) {
                this.#attempt = null;
            }
            throw error;
        }).finally(() => this.#stops.delete(stop));
        this.#before = attempt.catch(() => {});
        return attempt;
    }
}

module.exports = { Start };
