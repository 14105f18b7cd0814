/*
 * Messages in the order they came, one at a time or several at once, and never more waiting than agreed.
 */
"use strict";

class Queue {
    #waiting = [];
    #running = 0;

    /**
     * @param {(item: *) => Promise<void>} work must not reject
     * @param {{limit: number, parallel?: number}} bounds `limit`: how many may wait; `parallel`: how many are worked
     *     on at a time
     */
    constructor(work, { limit, parallel = 1 }) {
        this.work = work;
        this.limit = limit;
        this.parallel = parallel;
    }

    /** How many wait behind those that run. */
    get waiting() {
        return this.#waiting.length;
    }

    /** How many are worked on. */
    get running() {
        return this.#running;
    }

    /** Take an item to work on in its turn. @returns {boolean} false if the queue is full; then it isn't taken */
    push(item) {
        if (this.#waiting.length >= this.limit) {
            return false;
        }
        this.#waiting.push(item);
        if (this.#running < this.parallel) {
            this.#drain();
        }
        return true;
    }

    /** Forget whatever waits. @returns {Array} the items forgotten */
    clear() {
        return this.#waiting.splice(0);
    }

    async #drain() {
        this.#running += 1;
        while (this.#waiting.length > 0) {
            await this.work(this.#waiting.shift());
        }
        this.#running -= 1;
    }
}

module.exports = { Queue };
