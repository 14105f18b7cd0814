/*
 * What a node shows under itself, from one moment to the next: how its runs are, and the service behind them.
 */
"use strict";

const status = require("./status");

class Display {
    #now = {};
    #running = false;

    /**
     * @param {(status: object) => void} show takes a Node-RED status
     * @param {(key: string, options?: object) => string} translate a catalogue look-up
     * @param {Queue} queue of the node's messages
     */
    constructor(show, translate, queue) {
        this.show = show;
        this.translate = translate;
        this.queue = queue;
    }

    /** The connection changed its state; once it is there again, what was shown before is true again. */
    service(state) {
        const shown = status.serviceStatus(state, this.translate);
        this.show(state === "ready" && this.queue.running > 0 ? this.#now : shown);
    }

    /** Another message waits in the queue. */
    waiting() {
        if (this.#running) {
            this.#showRunning();
        }
    }

    /** A message is handed to the service. */
    begin() {
        this.#set(status.queuedStatus(this.translate));
    }

    /** The service told how far a run is. @param {string} phase queued, loading, running */
    phase(phase, progress) {
        if (phase === "loading") {
            this.#set(status.loadingStatus(progress, this.translate));
        } else if (phase === "running") {
            this.#showRunning();
        }
    }

    /** The service had no room for a message. */
    refused(refusal) {
        this.#set(status.waitingStatus(refusal, this.translate));
    }

    /** A run has ended. @param {object} timings of the service, in milliseconds */
    done(timings) {
        this.#end(status.doneStatus(timings));
    }

    failed(error) {
        this.#end(status.failureStatus(error, this.translate));
    }

    #showRunning() {
        this.#set(status.runningStatus(this.queue.waiting, this.translate), true);
    }

    #end(shown) {
        this.#set(shown);
        // Those that run beside it have said so already, and won't again.
        if (this.queue.running > 1) {
            this.#showRunning();
        }
    }

    #set(shown, running = false) {
        this.#now = shown;
        this.#running = running;
        this.show(shown);
    }
}

module.exports = { Display };
