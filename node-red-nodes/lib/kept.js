/*
 * What is known here of the state that the service keeps for a block.
 *
 * The service may give it up: when it stops a block by force, restarts, or needs the room. It tells so only with the
 * next run ("new" instead of "kept"), and by then that run has begun without whatever On Start made.
 */
"use strict";

// As long as a block is busy nobody takes its state; a question costs as much as a small run.
const SURE_MS = 5_000;

class Kept {
    #begun = false;
    #sure = false;
    #heardAt = -Infinity;
    #lost = false;

    /** The fields of a request. State isn't kept from one deployment to the next: the first run begins anew. */
    fields() {
        return { keep_state: true, reset_state: !this.#begun };
    }

    /** A run has ended. @param {{status: string, state?: "new"|"kept"}} answer */
    heard({ status, state }) {
        this.#lost = this.#begun && state === "new";
        this.#begun = true;
        this.#sure = status === "completed";
        this.#heardAt = Date.now();
    }

    /** Whether there was state that the run heard last hadn't any more. */
    get lost() {
        return this.#lost;
    }

    /** A run has ended without an answer, or the service is gone. */
    unheard() {
        this.#sure = false;
    }

    /** Whether state that there was may be gone by now. */
    get doubtful() {
        return this.#begun && !(this.#sure && Date.now() - this.#heardAt < SURE_MS);
    }

    /** Begin anew with the next run. */
    reset() {
        this.#begun = false;
    }
}

module.exports = { Kept };
