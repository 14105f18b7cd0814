/*
 * The messages of a session as bytes: msgpack maps with a `kind` (docs/protocol.md).
 *
 * The one thing that is not decoded here is a `result`: its bytes are cut out, so that a value with no JavaScript form
 * fails its own run and not the connection, and each block reads its result in its own way.
 */
"use strict";

const { Decoder } = require("@msgpack/msgpack");

const decoder = new Decoder();

/**
 * Read a message.
 *
 * @param {Buffer} bytes
 * @returns {object} with a `kind` that is a string; `result`, if there is one, as a Buffer that holds a packed value
 * @throws {Error} if it isn't a message
 */
function unpack(bytes) {
    const message = Object.create(null);
    const head = mapHead(bytes);
    let at = head.end;
    for (let left = head.count; left > 0; left -= 1) {
        const keyEnd = endOf(bytes, at);
        const key = decoder.decode(bytes.subarray(at, keyEnd));
        at = key === "result" && left === 1 ? bytes.length : endOf(bytes, keyEnd);
        const value = bytes.subarray(keyEnd, at);
        message[key] = key === "result" ? value : decoder.decode(value);
    }
    if (at !== bytes.length || typeof message.kind !== "string") {
        throw new Error("a message is a map with a kind, and nothing after it");
    }
    return message;
}

function mapHead(bytes) {
    const first = bytes.readUInt8(0);
    if (first >> 4 === 0x8) {
        return { count: first & 0xf, end: 1 };
    }
    if (first === 0xde) {
        return { count: bytes.readUInt16BE(1), end: 3 };
    }
    throw new Error("a message is a map");
}

// From 0xc0 to 0xdf, what follows the first byte: a length of so many bytes, so many further bytes, and how many
// values an entry stands for (0: the length counts bytes).
const FORMS = [
    [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], // nil, (never used), false, true
    [1, 0, 0], [2, 0, 0], [4, 0, 0], // bin
    [1, 1, 0], [2, 1, 0], [4, 1, 0], // ext
    [0, 4, 0], [0, 8, 0], // float
    [0, 1, 0], [0, 2, 0], [0, 4, 0], [0, 8, 0], // uint
    [0, 1, 0], [0, 2, 0], [0, 4, 0], [0, 8, 0], // int
    [0, 2, 0], [0, 3, 0], [0, 5, 0], [0, 9, 0], [0, 17, 0], // fixext
    [1, 0, 0], [2, 0, 0], [4, 0, 0], // str
    [2, 0, 1], [4, 0, 1], // array
    [2, 0, 2], [4, 0, 2], // map
];

/** Where the msgpack value that begins at `start` ends. @throws {RangeError} if the bytes end before it does */
function endOf(bytes, start) {
    let at = start;
    for (let pending = 1; pending > 0; pending -= 1) {
        const first = bytes.readUInt8(at);
        at += 1;
        if (first < 0x80 || first >= 0xe0) {
            continue;
        }
        if (first < 0xa0) {
            pending += (first & 0xf) * (first < 0x90 ? 2 : 1);
        } else if (first < 0xc0) {
            at += first & 0x1f;
        } else {
            const [lengthBytes, further, values] = FORMS[first - 0xc0];
            const length = lengthBytes === 0 ? 0 : bytes.readUIntBE(at, lengthBytes);
            at += lengthBytes + further + (values === 0 ? length : 0);
            pending += values * length;
        }
    }
    if (at > bytes.length) {
        throw new RangeError("the message ends in the middle of a value");
    }
    return at;
}

module.exports = { unpack };
