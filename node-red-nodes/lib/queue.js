/*
 * Messages in the order they came, one at a time or several at once, and never more waiting than agreed.
 *
 * One at a time, the next item may be begun while the one before it is still at work, so that nothing stands still
 * between the two. It gets a promise of its turn: until then nobody may notice it.
 */
"use strict";

class Queue {
    #waiting = [];
    #running = 0;
    #ahead = null;
    #mayBegin = false;

    /**
     * @param {(item: *, turn?: Promise<void>) => Promise<void>} work must not reject; without `turn` it is now
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
        return this.#waiting.length + (this.#ahead === null ? 0 : 1);
    }

    /** How many are worked on. */
    get running() {
        return this.#running;
    }

    /** Take an item to work on in its turn. @returns {boolean} false if the queue is full; then it isn't taken */
    push(item) {
        if (this.waiting >= this.limit) {
            return false;
        }
        this.#waiting.push(item);
        if (this.#running < this.parallel) {
            this.#drain();
        } else {
            this.#beginAhead();
        }
        return true;
    }

    /** The only item at work is so far that the next may be begun. */
    letNextBegin() {
        this.#mayBegin = true;
        this.#beginAhead();
    }

    /** Forget whatever waits and hasn't been begun. @returns {Array} the items forgotten */
    clear() {
        return this.#waiting.splice(0);
    }

    #beginAhead() {
        if (this.#mayBegin && this.#ahead === null && this.#waiting.length > 0) {
            let come;
            const turn = new Promise((resolve) => { come = resolve; });
            this.#ahead = { come, done: this.work(this.#waiting.shift(), turn) };
        }
    }

    async #drain() {
        this.#running += 1;
        while (this.waiting > 0) {
            this.#mayBegin = false;
            await this.#next();
        }
        this.#running -= 1;
    }

    #next() {
        if (this.#ahead === null) {
            return this.work(this.#waiting.shift());
        }
        const { come, done } = this.#ahead;
        this.#ahead = null;
        come();
        return done;
    }
}

module.exports = { Queue };
