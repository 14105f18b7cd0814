/*
 * Messages in the order they came, one at a time, and never more waiting than agreed.
 */
"use strict";

class SerialQueue {
    #waiting = [];
    #running = false;

    /**
     * @param {(item: *) => Promise<void>} work must not reject
     * @param {number} limit how many may wait behind the one that runs
     */
    constructor(work, limit) {
        this.work = work;
        this.limit = limit;
    }

    /** How many wait behind the one that runs. */
    get waiting() {
        return this.#waiting.length;
    }

    get running() {
        return this.#running;
    }

    /** Take an item to work on in its turn. @returns {boolean} false if the queue is full; then it isn't taken */
    push(item) {
        if (this.#waiting.length >= this.limit) {
            return false;
        }
        this.#waiting.push(item);
        if (!this.#running) {
            this.#drain();
        }
        return true;
    }

    /** Forget whatever waits. @returns {Array} the items forgotten */
    clear() {
        return this.#waiting.splice(0);
    }

    async #drain() {
        this.#running = true;
        while (this.#waiting.length > 0) {
            await this.work(this.#waiting.shift());
        }
        this.#running = false;
    }
}

module.exports = { SerialQueue };
