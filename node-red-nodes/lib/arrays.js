/*
 * numpy arrays in JavaScript: a typed array as an ndarray on the way out, an ndarray as nested plain arrays on the
 * way back. An ndarray travels as [dtype, shape, order, bytes], where dtype is numpy's own `dtype.str`.
 */
"use strict";

const { endianness } = require("node:os");
const { types } = require("node:util");
const { ResultNotPortable } = require("./portable");

const HOST_ORDER = endianness() === "LE" ? "<" : ">";

const DTYPES = {
    Int8Array: "|i1", Uint8Array: "|u1", Uint8ClampedArray: "|u1",
    Int16Array: "i2", Uint16Array: "u2", Int32Array: "i4", Uint32Array: "u4",
    BigInt64Array: "i8", BigUint64Array: "u8",
    Float16Array: "f2", Float32Array: "f4", Float64Array: "f8",
};

const READERS = {
    i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
    i8: BigInt64Array, u8: BigUint64Array, f4: Float32Array, f8: Float64Array,
};

// What nests takes memory even where it holds nothing: numpy.empty((10**9, 0)) must not take Node-RED's.
const MAX_ARRAYS = 2 ** 23;

const NOT_A_TIME = -(2n ** 63n);
const NANOSECONDS = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 10n ** 9n, m: 60n * 10n ** 9n, h: 3600n * 10n ** 9n };
NANOSECONDS.D = 24n * NANOSECONDS.h;
NANOSECONDS.W = 7n * NANOSECONDS.D;

/** [dtype, shape, order, bytes] of a typed array, without copying it; null for a view that is none (a DataView). */
function describeTypedArray(view) {
    const name = types.isTypedArray(view) ? Object.prototype.toString.call(view).slice(8, -1) : "";
    const dtype = DTYPES[name];
    if (dtype === undefined) {
        return null;
    }
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    return [dtype.startsWith("|") ? dtype : HOST_ORDER + dtype, [view.length], "C", bytes];
}

/** A BigInt as a number where that is exact. */
function narrow(value) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
}

/**
 * An ndarray as plain arrays, nested by its shape; a 0-dimensional one as its single value.
 *
 * int64 become BigInt only beyond 2^53, datetime64 become Date (NaT null), timedelta64 milliseconds (NaT null),
 * complex {re, im}.
 *
 * @param {[string, number[], "C"|"F", Uint8Array]} ndarray
 * @throws {ResultNotPortable} for a dtype that has no JavaScript form, and for more than MAX_ARRAYS nested arrays
 */
function ndarrayToNested([dtype, shape, order, bytes]) {
    checkNesting(shape);
    const flat = readFlat(dtype, bytes);
    const count = shape.reduce((product, size) => product * size, 1);
    if (flat.length !== count) {
        throw new Error(`an ndarray of ${dtype} with shape [${shape}] needs ${count} items, not ${flat.length}`);
    }
    if (shape.length === 1) {
        return flat;
    }
    return nest(flat, shape, strides(shape, order), 0, 0);
}

/** How many arrays it takes: one for each place in all dimensions but the last. */
function checkNesting(shape) {
    let places = 1;
    let arrays = 0;
    for (const size of shape.slice(0, -1)) {
        arrays += places;
        places *= size;
    }
    if (arrays + places > MAX_ARRAYS) {
        throw new ResultNotPortable(`an ndarray of shape [${shape}]: ${arrays + places} nested arrays`);
    }
}

function strides(shape, order) {
    const steps = shape.map(() => 1);
    const axes = order === "F" ? shape.map((_, i) => i) : shape.map((_, i) => i).reverse();
    let step = 1;
    for (const axis of axes) {
        steps[axis] = step;
        step *= shape[axis];
    }
    return steps;
}

function nest(flat, shape, steps, axis, offset) {
    if (axis === shape.length) {
        return flat[offset];
    }
    return Array.from({ length: shape[axis] }, (_, i) => nest(flat, shape, steps, axis + 1, offset + i * steps[axis]));
}

function readFlat(dtype, bytes) {
    if (typeof dtype !== "string") {
        throw new ResultNotPortable("an ndarray with named fields; make it a DataFrame");
    }
    const match = /^([<>|=])([a-zA-Z])(\d+)(?:\[(\d*)([a-zA-Z]+)\])?$/.exec(dtype);
    if (match === null) {
        throw new ResultNotPortable(`an ndarray of dtype ${dtype}`);
    }
    const [, byteOrder, kind, size, multiple, unit] = match;
    const width = Number(size);
    switch (kind + size) {
    case "b1":
        return Array.from(bytes, (byte) => byte !== 0);
    case "f2":
        return Array.from(readNumbers("u2", byteOrder, bytes), halfToNumber);
    case "c8":
    case "c16":
        return pairs(readNumbers(width === 8 ? "f4" : "f8", byteOrder, bytes));
    case "i8":
    case "u8":
        return Array.from(readNumbers(kind + size, byteOrder, bytes), narrow);
    case "M8":
        return Array.from(readNumbers("i8", byteOrder, bytes), dateReader(Number(multiple || 1), unit));
    case "m8":
        return Array.from(readNumbers("i8", byteOrder, bytes), durationReader(Number(multiple || 1), unit));
    }
    if (kind === "U" || kind === "S") {
        return readStrings(kind, width, byteOrder, bytes);
    }
    if (READERS[kind + size] === undefined) {
        throw new ResultNotPortable(`an ndarray of dtype ${dtype}`);
    }
    return Array.from(readNumbers(kind + size, byteOrder, bytes));
}

/** A typed array over an aligned copy of the bytes, in this machine's byte order. */
function readNumbers(type, byteOrder, bytes) {
    const copy = Buffer.from(new ArrayBuffer(bytes.length));
    copy.set(bytes);
    const width = READERS[type].BYTES_PER_ELEMENT;
    if (width > 1 && (byteOrder === "<" || byteOrder === ">") && byteOrder !== HOST_ORDER) {
        copy[`swap${width * 8}`]();
    }
    return new READERS[type](copy.buffer, 0, Math.floor(bytes.length / width));
}

function pairs(numbers) {
    return Array.from({ length: numbers.length / 2 }, (_, i) => ({ re: numbers[2 * i], im: numbers[2 * i + 1] }));
}

/** IEEE 754 half precision, which Node 20 has no typed array for. */
function halfToNumber(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) {
        return fraction === 0 ? sign * Infinity : NaN;
    }
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function dateReader(multiple, unit) {
    if (unit === "M" || unit === "Y") {
        const months = unit === "Y" ? 12 * multiple : multiple;
        return (count) => (count === NOT_A_TIME ? null : new Date(Date.UTC(1970, Number(count) * months)));
    }
    const milliseconds = durationReader(multiple, unit);
    return (count) => (count === NOT_A_TIME ? null : new Date(Math.floor(milliseconds(count))));
}

function durationReader(multiple, unit) {
    const nanoseconds = NANOSECONDS[unit];
    if (nanoseconds === undefined) {
        throw new ResultNotPortable(`times in units of ${unit ?? "nothing"}`);
    }
    const factor = nanoseconds * BigInt(multiple);
    // Whole and fractional milliseconds apart: nanoseconds since 1970 don't fit a double.
    return (count) => {
        const total = count * factor;
        return count === NOT_A_TIME ? null : Number(total / 1_000_000n) + Number(total % 1_000_000n) / 1e6;
    };
}

function readStrings(kind, width, byteOrder, bytes) {
    const itemBytes = kind === "U" ? width * 4 : width;
    if (itemBytes === 0) {
        throw new ResultNotPortable("an ndarray of empty strings, whose length is lost");
    }
    const read = kind === "U" ? (item) => readUcs4(item, byteOrder) : trimNulls;
    return Array.from({ length: bytes.length / itemBytes }, (_, i) =>
        read(Buffer.from(bytes.subarray(i * itemBytes, (i + 1) * itemBytes))));
}

function readUcs4(item, byteOrder) {
    const points = Array.from(readNumbers("u4", byteOrder, item));
    while (points.at(-1) === 0) {
        points.pop();
    }
    return String.fromCodePoint(...points);
}

function trimNulls(item) {
    let end = item.length;
    while (end > 0 && item[end - 1] === 0) {
        end -= 1;
    }
    return item.subarray(0, end);
}

module.exports = { describeTypedArray, narrow, ndarrayToNested };
