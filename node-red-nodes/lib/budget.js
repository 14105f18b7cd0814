/*
 * How many things a message may become. A byte can be an empty list, which takes forty bytes in JavaScript: what would
 * fill Node-RED's memory is refused before the first object is made.
 */
"use strict";

const { ResultNotPortable } = require("./portable");

/** Items of lists, entries of maps, values of nested arrays and records: 80 MiB of float64 and a little around them. */
const MAX_ELEMENTS = 10_500_000;

// First byte -> bytes behind it, for what has a fixed size; and, as a negative number, for what begins with a length.
const WIDTHS = new Int8Array(256);
for (const [first, width] of Object.entries({
    0xca: 4, 0xcb: 8, 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8, 0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8,
    0xd4: 2, 0xd5: 3, 0xd6: 5, 0xd7: 9, 0xd8: 17,
    0xc4: -1, 0xc5: -2, 0xc6: -4, 0xc7: -1, 0xc8: -2, 0xc9: -4, 0xd9: -1, 0xda: -2, 0xdb: -4,
})) {
    WIDTHS[first] = width;
}

class Budget {
    constructor(elements = MAX_ELEMENTS) {
        this.elements = elements;
        this.left = elements;
    }

    /** Take `count` elements off. @throws {ResultNotPortable} if there aren't as many left */
    spend(count) {
        this.left -= count;
        if (!(this.left >= 0)) {
            throw new ResultNotPortable(`more than ${this.elements} elements, which may fill Node-RED's memory`);
        }
    }

    /** Take off what one msgpack value has. Extension types count as one until they are read themselves. */
    spendOn(bytes) {
        const end = bytes.length;
        let at = 0;
        for (let values = 1; values > 0 && at < end; values--) {
            const first = bytes[at++];
            const width = WIDTHS[first];
            if (width > 0) {
                at += width;
            } else if (width < 0) {
                at += lengthAt(bytes, at, -width) - width + (first >= 0xc7 && first <= 0xc9 ? 1 : 0);
            } else if (first >= 0xa0 && first < 0xc0) {
                at += first - 0xa0;
            } else if (isContainer(first)) {
                const lengthBytes = first < 0xa0 ? 0 : first & 1 ? 4 : 2;
                const size = lengthBytes === 0 ? first & 15 : lengthAt(bytes, at, lengthBytes);
                at += lengthBytes;
                this.spend(size);
                checkLength(size, end - at);
                values += first < 0x90 || first >= 0xde ? 2 * size : size;
            }
        }
    }
}

function isContainer(first) {
    return (first >= 0x80 && first < 0xa0) || (first >= 0xdc && first <= 0xdf);
}

function lengthAt(bytes, at, width) {
    checkLength(width, bytes.length - at);
    return bytes.readUIntBE(at, width);
}

function checkLength(size, left) {
    if (size > left) {
        throw new Error("the bytes end too early");
    }
}

module.exports = { Budget, MAX_ELEMENTS };
