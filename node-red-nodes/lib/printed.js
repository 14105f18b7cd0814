/*
 * What a block prints, on its way to where people read it: in whole lines, as they come, up to a bound for each run.
 */
"use strict";

const MAX_PRINTED = 2000;

class Printed {
    #rest = "";
    #shown = 0;
    #dropped = 0;

    /** @param {(text: string) => void} show takes one or more lines, without the last line's end */
    constructor(show) {
        this.show = show;
    }

    /** @param {string} text as it was printed: any piece of a line, or several lines */
    write(text) {
        const room = Math.max(0, MAX_PRINTED - this.#shown - this.#rest.length);
        this.#dropped += Math.max(0, text.length - room);
        this.#rest += text.slice(0, room);
        const end = this.#rest.lastIndexOf("\n");
        if (end >= 0) {
            this.#flush(end + 1);
        }
    }

    /** The run is over: show an unfinished line, and how much wasn't shown. */
    end() {
        this.#flush(this.#rest.length);
        if (this.#dropped > 0) {
            this.show(`... ${this.#dropped} more characters`);
        }
    }

    #flush(length) {
        const lines = this.#rest.slice(0, length).trimEnd();
        this.#rest = this.#rest.slice(length);
        this.#shown += length;
        if (lines !== "") {
            this.show(lines);
        }
    }
}

module.exports = { Printed };
