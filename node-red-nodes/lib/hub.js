/*
 * One listener for many: Node-RED's own events allow ten for each, and a flow may have more blocks.
 */
"use strict";

class Hub {
    #listeners = new Set();
    #tell = () => [...this.#listeners].forEach((listener) => listener());

    /** @param {EventEmitter} events @param {string} name of the event */
    constructor(events, name) {
        this.events = events;
        this.name = name;
    }

    add(listener) {
        this.#listeners.add(listener);
        if (this.#listeners.size === 1) {
            this.events.on(this.name, this.#tell);
        }
    }

    remove(listener) {
        if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
            this.events.off(this.name, this.#tell);
        }
    }
}

module.exports = { Hub };
