/*
 * The message that each node saw last, for the editor: see what came, and run code on it. Of a node that joins, the
 * last one of each source.
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

/**
 * Remember that a node got this message.
 *
 * @param {string} id of the node
 * @param {object} msg
 * @param {{name: string, all: string[]}} [source] the name of the source that it is of, and those of all sources that
 *     the node has now, for a node that joins
 */
function remember(id, msg, source) {
    const one = entryOf(msg);
    seen.set(id, { ...one, sources: source === undefined ? null : withOne(seen.get(id)?.sources, one, source) });
}

function withOne(before, one, { name, all }) {
    const still = [...before ?? []].filter(([each]) => all.includes(each));
    return new Map(still).set(name, one);
}

/**
 * What a node saw last, and when (milliseconds since 1970). Of a node that joins, what it would run on: `payload` has
 * the last payload of each source by its name, and the other properties are those of the newest message that has them.
 *
 * @returns {?({at: number, msg: object}|{at: number, tooBig: true})} null if nothing came yet
 */
function lastSeen(id) {
    const { sources, ...last } = seen.get(id) ?? {};
    return sources ? together(sources) : "at" in last ? last : null;
}

function entryOf(msg) {
    const at = Date.now();
    try {
        return { at, msg: new Copy().of(msg) };
    } catch (error) {
        if (!(error instanceof TooBig)) {
            throw error;
        }
        return { at, tooBig: true };
    }
}

function together(sources) {
    const entries = [...sources.values()].sort((one, other) => one.at - other.at);
    const { at } = entries.at(-1);
    if (entries.some(({ tooBig }) => tooBig)) {
        return { at, tooBig: true };
    }
    const payload = Object.fromEntries([...sources].map(([name, { msg }]) => [name, msg.payload]));
    return { at, msg: Object.assign({}, ...entries.map(({ msg }) => msg), { payload }) };
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
            return Buffer.isBuffer(value) ? Buffer.from(value) : copyOfArray(value);
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

/** Its dtype, shape and order are properties of the array, as in Node-RED's own copies. */
function copyOfArray(array) {
    const { dtype, shape, order } = array;
    const own = Object.entries({ dtype, shape, order }).filter(([, value]) => value !== undefined);
    return Object.assign(array.slice(), Object.fromEntries(own));
}

module.exports = { MAX_BYTES, forget, lastSeen, remember };
