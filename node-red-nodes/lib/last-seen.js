/*
 * The message that each node saw last, for the editor: see what came, and run code on it.
 *
 * What is kept is a copy, since the message goes on and may be changed, without what is no data (functions, sockets).
 * A large message isn't copied: how long that would take, and how much it would hold, is bounded by MAX_BYTES.
 */
"use strict";

const { types } = require("node:util");

/** As long as its JSON would be, about. */
const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 100;
// In JSON, a byte of a Buffer is a number and a comma.
const BYTES_A_BYTE = 4;
const NOT_DATA = new Set(["req", "res"]);

const seen = new Map();

class TooBig extends Error {}

/** Remember that a node got this message. @param {string} id of the node */
function remember(id, msg) {
    try {
        seen.set(id, { at: Date.now(), msg: new Copy().of(msg) });
    } catch (error) {
        if (!(error instanceof TooBig)) {
            throw error;
        }
        seen.set(id, { at: Date.now(), tooBig: true });
    }
}

/**
 * What a node saw last, and when (milliseconds since 1970).
 *
 * @returns {?({at: number, msg: object}|{at: number, tooBig: true})} null if nothing came yet
 */
function lastSeen(id) {
    return seen.get(id) ?? null;
}

/** The node is gone. */
function forget(id) {
    seen.delete(id);
}

class Copy {
    #left = MAX_BYTES;
    #parents = [];

    of(value) {
        this.#spend(4);
        switch (typeof value) {
        case "string":
            this.#spend(value.length);
            return value;
        case "object":
            return value === null ? null : this.#ofObject(value);
        case "function":
        case "symbol":
            return undefined;
        default:
            return value;
        }
    }

    #ofObject(value) {
        if (types.isTypedArray(value)) {
            this.#spend(value.byteLength * BYTES_A_BYTE);
            return Buffer.isBuffer(value) ? Buffer.from(value) : value.slice();
        }
        if (types.isDate(value)) {
            return new Date(value);
        }
        if (this.#parents.includes(value) || this.#parents.length > MAX_DEPTH) {
            return undefined;
        }
        this.#parents.push(value);
        const copy = this.#ofContainer(value);
        this.#parents.pop();
        return copy;
    }

    #ofContainer(value) {
        if (Array.isArray(value)) {
            return value.map((item) => this.of(item));
        }
        if (types.isSet(value)) {
            return new Set([...value].map((item) => this.of(item)));
        }
        if (types.isMap(value)) {
            return new Map([...value].map(([key, item]) => [this.of(key), this.of(item)]));
        }
        return this.#isData(value) ? this.#ofEntries(value) : undefined;
    }

    #isData(value) {
        const prototype = Object.getPrototypeOf(value);
        return prototype === null || Object.getPrototypeOf(prototype) === null;
    }

    #ofEntries(value) {
        const copy = {};
        for (const key of Object.keys(value)) {
            if (key !== "__proto__" && !(this.#parents.length === 1 && NOT_DATA.has(key))) {
                this.#spend(key.length);
                const item = this.of(value[key]);
                if (item !== undefined) {
                    copy[key] = item;
                }
            }
        }
        return copy;
    }

    #spend(bytes) {
        this.#left -= bytes;
        if (this.#left < 0) {
            throw new TooBig();
        }
    }
}

module.exports = { MAX_BYTES, forget, lastSeen, remember };
