/*
 * JavaScript values to bytes, in two steps. `toWire` walks a value once, names the path of whatever can't travel, and
 * returns a value that msgpack can write as it is (the same object where nothing had to change); `packWire` writes it.
 */
"use strict";

const { types } = require("node:util");
const { Encoder, ExtData } = require("@msgpack/msgpack");
const { describeTypedArray } = require("./arrays");
const EXT = require("./extensions");
const { originOf } = require("./origins");
const { ValueNotPortable, childPath } = require("./portable");

// Deeper nesting is refused here, by name, because the guest's decoder would refuse it without one.
const MAX_DEPTH = 240;
// Bytes that may follow a large value.
const SPARE = 1 << 12;
// Bytes of memory that a packer keeps for its next message.
const KEPT = 1 << 24;
const INT32_MIN = -0x80000000;
const UINT32_MAX = 0xffffffff;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/**
 * Turn a value into one that msgpack can write, without copying what needs no change.
 *
 * @param {*} value
 * @param {string} path how errors name the value, for example "msg.payload"
 * @returns {*} the value for `packWire`
 * @throws {ValueNotPortable} naming the path of a function, symbol, cycle, class instance or over-deep nesting
 */
function toWire(value, path = "value") {
    return convert(value, path, []);
}

/** An ndarray on its way: what describes it, packed, and its bytes, which are copied only into the message. */
class ArrayPayload {
    constructor([dtype, shape, order, bytes]) {
        const head = packWire([dtype, shape, order, null]);
        head[head.length - 1] = 0xc6; // in place of nil, the header of a binary
        this.parts = [head, uint32(bytes.length), bytes];
        this.size = head.length + 4 + bytes.length;
    }
}

/** A value, in wire form, to be written as a binary that holds it packed: in place, whatever its size. */
class PackedBinary {
    constructor(wire) {
        this.wire = wire;
    }
}

function uint32(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
}

/**
 * The library's encoder writes integers beyond 32 bits as floats and -0 as an integer: 1767225600000 has to stay an
 * integer, and -0 a float. It knows no Map, whose keys need not be strings. And it makes its buffer twice as large as
 * what it is about to write needs: memory of large messages makes V8 collect all of its garbage, 40 ms each time.
 */
class ExactEncoder extends Encoder {
    ensureBufferSizeToWrite(size) {
        const needed = this.pos + size;
        if (needed > this.view.byteLength) {
            this.resizeBuffer(Math.max(needed + SPARE, 2 * this.view.byteLength));
        }
    }

    encodeNumber(value) {
        if (Object.is(value, -0)) {
            this.encodeNumberAsFloat(value);
        } else if (Number.isSafeInteger(value) && (value > UINT32_MAX || value < INT32_MIN)) {
            this.encodeBigInt64(BigInt(value));
        } else {
            super.encodeNumber(value);
        }
    }

    encodeMap(object, depth) {
        if (object instanceof ArrayPayload) {
            this.encodeArrayPayload(object);
        } else if (object instanceof PackedBinary) {
            this.encodePackedBinary(object, depth);
        } else if (types.isMap(object)) {
            this.encodeEntries(object, depth);
        } else {
            super.encodeMap(object, depth);
        }
    }

    encodeArrayPayload({ parts, size }) {
        this.writeU8(0xc9);
        this.writeU32(size);
        this.writeI8(EXT.NDARRAY);
        parts.forEach((part) => this.writeU8a(part));
    }

    encodePackedBinary({ wire }, depth) {
        this.writeU8(0xc6);
        this.writeU32(0);
        const start = this.pos;
        this.doEncode(wire, depth + 1);
        this.view.setUint32(start - 4, this.pos - start);
    }

    encodeEntries(object, depth) {
        this.writeU8(0xdf);
        this.writeU32(object.size);
        for (const [key, value] of object) {
            this.doEncode(key, depth + 1);
            this.doEncode(value, depth + 1);
        }
    }
}

/** Write what `toWire` returned. @returns {Buffer} */
function packWire(wire) {
    return packWith(newEncoder(), wire);
}

/** Writes messages into memory that it uses again, once it has been told that one isn't needed any more. */
class Packer {
    #free = null;

    /** @returns {{packed: Buffer, release: () => void}} `release` is to be called when `packed` has been sent */
    pack(wire) {
        const encoder = this.#free ?? newEncoder();
        this.#free = null;
        const packed = packWith(encoder, wire);
        const release = () => {
            if (encoder.bytes.length <= KEPT) {
                this.#free = encoder;
            }
        };
        return { packed, release };
    }
}

function newEncoder() {
    return new ExactEncoder({ useBigInt64: true, maxDepth: MAX_DEPTH + 8 });
}

function packWith(encoder, wire) {
    const bytes = encoder.encodeSharedRef(wire);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `packWire(toWire(value, path))`. */
function encode(value, path) {
    return packWire(toWire(value, path));
}

function convert(value, path, parents) {
    switch (typeof value) {
    case "number":
        return value;
    case "bigint":
        return convertBigInt(value);
    case "string":
        if (!value.isWellFormed()) {
            throw new ValueNotPortable(path, "a string with half of a surrogate pair");
        }
        return value;
    case "boolean":
    case "undefined":
        return value;
    case "object":
        return value === null ? null : convertObject(value, path, parents);
    default:
        throw new ValueNotPortable(path, `a ${typeof value}`);
    }
}

function convertBigInt(value) {
    if (value >= INT64_MIN && value <= UINT64_MAX) {
        return value;
    }
    return new ExtData(EXT.BIG_INT, bigIntToBytes(value));
}

function convertObject(value, path, parents) {
    if (Buffer.isBuffer(value)) {
        return value;
    }
    if (types.isAnyArrayBuffer(value)) {
        return Buffer.from(value);
    }
    if (ArrayBuffer.isView(value)) {
        return convertView(value, path);
    }
    if (types.isDate(value)) {
        return convertDate(value, path);
    }
    if (types.isBoxedPrimitive(value)) {
        return convert(value.valueOf(), path, parents);
    }
    return convertContainer(value, path, parents);
}

function convertView(view, path) {
    const description = describeTypedArray(view);
    if (description === null) {
        throw new ValueNotPortable(path, `a ${view.constructor.name}`);
    }
    return new ArrayPayload(description);
}

function convertDate(date, path) {
    if (Number.isNaN(date.getTime())) {
        throw new ValueNotPortable(path, "an invalid Date");
    }
    const year = date.getUTCFullYear();
    if (year < 1 || year > 9999) {
        throw new ValueNotPortable(path, `a Date in the year ${year}, which datetime doesn't have,`);
    }
    return new ExtData(EXT.DATETIME, Buffer.from(date.toISOString().replace("Z", "+00:00"), "ascii"));
}

function convertContainer(value, path, parents) {
    if (parents.includes(value)) {
        throw new ValueNotPortable(path, "a value that contains itself");
    }
    if (parents.length >= MAX_DEPTH) {
        throw new ValueNotPortable(path, `nesting deeper than ${MAX_DEPTH} levels`);
    }
    parents.push(value);
    try {
        if (Array.isArray(value)) {
            const wire = convertArray(value, path, parents);
            const type = typeOfArray(value);
            return type === null ? wire : new ExtData(type, packWire(wire));
        }
        if (types.isSet(value)) {
            return new ExtData(EXT.SET, packWire(convertArray(hashableItems(value, path), path, parents)));
        }
        if (isComplex(value)) {
            return new ExtData(EXT.COMPLEX, complexToBytes(value));
        }
        if (types.isMap(value)) {
            return convertMap(value, path, parents);
        }
        if (isPlainObject(value)) {
            return convertEntries(value, path, parents);
        }
        throw new ValueNotPortable(path, describe(value));
    } finally {
        parents.pop();
    }
}

function convertArray(array, path, parents) {
    let copy = null;
    for (let i = 0; i < array.length; i++) {
        const item = array[i];
        // A path is a string that only errors need: numbers, most of all data, don't pay for it.
        const wire = typeof item === "number" ? item : convert(item, `${path}[${i}]`, parents);
        if (wire !== item) {
            copy ??= array.slice();
            copy[i] = wire;
        }
    }
    return copy ?? array;
}

function convertEntries(object, path, parents) {
    const result = {};
    for (const key of Object.keys(object)) {
        if (key === "__proto__") {
            throw new ValueNotPortable(path, "a key called __proto__");
        }
        if (object[key] !== undefined) {
            result[key] = convert(object[key], childPath(path, key), parents);
        }
    }
    return result;
}

/** A Map keeps the type of its keys: 1 is Python's 1, not "1". */
function convertMap(map, path, parents) {
    const result = new Map();
    for (const [key, value] of map) {
        if (!["string", "number", "boolean"].includes(typeof key)) {
            throw new ValueNotPortable(path, "a Map key that is neither string, number nor boolean");
        }
        if (typeof key === "boolean" && map.has(Number(key))) {
            throw new ValueNotPortable(path, `a Map with both ${Number(key)} and ${key}, one key in Python,`);
        }
        if (value !== undefined) {
            const place = typeof key === "string" ? childPath(path, key) : `${path}[${key}]`;
            result.set(convert(key, path, parents), convert(value, place, parents));
        }
    }
    return result;
}

/** The extension type of an array that came from Python as a tuple or set; null for a list. */
function typeOfArray(array) {
    const kind = originOf(array)?.kind;
    if (kind === "tuple") {
        return EXT.TUPLE;
    }
    return kind === "set" && isSet(array) ? EXT.SET : null;
}

/** Whether an array is still one that a set in Python can hold: nothing twice, nothing that can change. */
function isSet(array) {
    return new Set(array).size === array.length && array.every(isHashable);
}

/** A complex number that came from Python, as it came. */
function isComplex(value) {
    return originOf(value)?.kind === "complex" && Object.keys(value).length === 2
        && typeof value.re === "number" && typeof value.im === "number";
}

function complexToBytes({ re, im }) {
    const bytes = Buffer.alloc(16);
    bytes.writeDoubleBE(re, 0);
    bytes.writeDoubleBE(im, 8);
    return bytes;
}

/** Python's sets hold what can't change. */
function isHashable(value) {
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value) || types.isDate(value)) {
        return true;
    }
    switch (originOf(value)?.kind) {
    case "tuple":
        return value.every(isHashable);
    case "set":
        return isSet(value);
    default:
        return isComplex(value);
    }
}

function hashableItems(set, path) {
    const items = [...set];
    if (!items.every(isHashable)) {
        throw new ValueNotPortable(path, "a Set of objects, which no set in Python can hold,");
    }
    return items;
}

/** A function node makes its objects in another realm, so their prototype isn't this realm's `Object.prototype`. */
function isPlainObject(value) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null) {
        return true;
    }
    return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty");
}

function describe(value) {
    const name = value.constructor?.name;
    return name ? `an object of class ${name}` : "an object with a prototype of its own";
}

/** Big-endian two's complement, as short as the value allows. */
function bigIntToBytes(value) {
    const bytes = [];
    let rest = value;
    do {
        bytes.unshift(Number(rest & 0xffn));
        rest >>= 8n;
    } while (rest !== 0n && rest !== -1n);
    const negative = value < 0n;
    if ((bytes[0] >= 0x80) !== negative) {
        bytes.unshift(negative ? 0xff : 0);
    }
    return Uint8Array.from(bytes);
}

module.exports = { MAX_DEPTH, PackedBinary, Packer, toWire, packWire, encode };
