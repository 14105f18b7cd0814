/*
 * What a node shows under itself, from one moment to the next: how its runs are, and the service behind them.
 *
 * A status that the block itself has set stands in place of all that, but for what is wrong.
 */
"use strict";

const status = require("./status");

class Display {
    #now = {};
    #idle = {};
    #own = null;
    #shown = null;
    #running = false;
    #starting = false;

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
        const wrong = status.serviceStatus(state, this.translate);
        if (wrong.text !== undefined) {
            this.#show(wrong);
        } else if (state === "ready" && (this.#starting || this.queue.running > 0)) {
            this.#show(this.#own ?? this.#now);
        } else {
            this.#show(this.#own ?? this.#idle);
        }
    }

    /** A source is gone, whether messages come or not. @param {?string} source its name, null if none is */
    missing(source) {
        this.#idle = source === null ? {} : status.missingStatus(source, this.translate);
        if (this.queue.running === 0 && !this.#starting) {
            this.#set(this.#idle, { wrong: source !== null });
        }
    }

    /** On Start begins. */
    start() {
        this.#starting = true;
        this.#showStarting();
    }

    /** On Start is done. @param {?Error} error why it isn't */
    started(error = null) {
        this.#starting = false;
        if (error !== null) {
            this.failed(error);
        } else if (this.queue.running === 0) {
            this.#set(this.#idle);
        }
    }

    /** Another message waits in the queue. */
    waiting() {
        if (this.#starting) {
            this.#showStarting();
        } else if (this.#running) {
            this.#showRunning();
        }
    }

    /** A message waits for those of other sources. */
    joining(present, count) {
        if (this.queue.running === 0 && !this.#starting) {
            this.#set(status.joiningStatus(present, count, this.translate));
        }
    }

    /** A message is handed to the service. */
    begin() {
        if (!this.#starting) {
            this.#set(status.queuedStatus(this.translate));
        }
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

    /** The block shows something itself. @param {object} shown a Node-RED status; an empty one ends that */
    own(shown) {
        this.#own = Object.keys(shown).length > 0 ? shown : null;
        this.#show(shown);
    }

    /** A run has ended. @param {object} timings of the service, in milliseconds */
    done(timings) {
        this.#end(status.doneStatus(timings));
    }

    failed(error) {
        this.#end(status.failureStatus(error, this.translate), { wrong: true });
    }

    /** The node is stopped: what its block has shown isn't true any more. */
    stop() {
        if (this.#own !== null) {
            this.show({});
        }
    }

    #showStarting() {
        this.#set(status.startingStatus(this.queue.waiting + this.queue.running, this.translate));
    }

    #showRunning() {
        if (this.#starting) {
            this.#showStarting();
        } else {
            this.#set(status.runningStatus(this.queue.waiting, this.translate), { running: true });
        }
    }

    #end(shown, more) {
        this.#set(shown, more);
        // Those that run beside it have said so already, and won't again.
        if (this.queue.running > 1) {
            this.#showRunning();
        }
    }

    #set(now, { running = false, wrong = false } = {}) {
        this.#now = now;
        this.#running = running;
        if (this.#own === null || wrong) {
            this.#show(now);
        } else if (this.#shown !== this.#own) {
            this.#show(this.#own);
        }
    }

    #show(shown) {
        this.#shown = shown;
        this.show(shown);
    }
}

module.exports = { Display };
