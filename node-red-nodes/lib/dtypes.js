/*
 * The bytes of a NumPy array as JavaScript values, one after the other: a reader for each of NumPy's dtypes.
 *
 * A dtype is NumPy's own `dtype.str`, such as "<f8" or "<M8[ns]", or for named fields a list of
 * [name, dtype] and [name, dtype, shape].
 */
"use strict";

const { endianness } = require("node:os");
const { ResultNotPortable } = require("./portable");

const HOST_ORDER = endianness() === "LE" ? "<" : ">";

const CLASSES = {
    b1: Uint8Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
    i8: BigInt64Array, u8: BigUint64Array, f4: Float32Array, f8: Float64Array,
    c8: Float32Array, c16: Float64Array, M8: BigInt64Array, m8: BigInt64Array,
};
if (typeof Float16Array !== "undefined") {
    CLASSES.f2 = globalThis.Float16Array;
}

const DTYPE = /^([<>|=])([a-zA-Z])(\d{1,9})(?:\[(\d{0,9})([a-zA-Z]+)\])?$/;
const NOT_A_TIME = -(2n ** 63n);
const NANOSECONDS = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 10n ** 9n, m: 60n * 10n ** 9n, h: 3600n * 10n ** 9n };
NANOSECONDS.D = 24n * NANOSECONDS.h;
NANOSECONDS.W = 7n * NANOSECONDS.D;

/**
 * A dtype's parts. `code` is kind and size, as in "f8"; `width` the bytes of an item.
 *
 * @throws {ResultNotPortable} if it has no JavaScript form
 */
function parseDtype(dtype) {
    if (Array.isArray(dtype)) {
        const fields = dtype.map(parseField);
        return { code: "fields", width: fields.reduce((sum, field) => sum + field.width, 0), fields };
    }
    const match = DTYPE.exec(dtype);
    if (match === null) {
        throw new ResultNotPortable(`an ndarray of dtype ${dtype}`);
    }
    const [, order, kind, size, multiple, unit] = match;
    const width = Number(size) * (kind === "U" ? 4 : 1);
    const swapped = order !== HOST_ORDER && (order === "<" || order === ">");
    return { code: kind + size, kind, width, swapped, multiple: Number(multiple || 1), unit, name: dtype };
}

function parseField([names, dtype, shape = []]) {
    const item = parseDtype(dtype);
    const name = String(Array.isArray(names) ? names[1] : names);
    return { name, dtype, shape, width: item.width * itemCount(shape) };
}

function isShape(shape) {
    return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** How many items an array of that shape has. @throws {Error} if it is none */
function itemCount(shape) {
    if (!isShape(shape)) {
        throw new Error(`no shape of an array: ${JSON.stringify(shape)}`);
    }
    return shape.reduce((product, size) => product * size, 1);
}

/** The items of an ndarray's bytes as plain values. `nested(ndarray)` reads the arrays that fields may hold. */
function readItems(dtype, bytes, nested) {
    const parsed = parseDtype(dtype);
    if (parsed.width === 0) {
        throw new ResultNotPortable(`an ndarray of dtype ${JSON.stringify(dtype)}, whose items have no size`);
    }
    switch (parsed.code) {
    case "fields":
        return readRecords(parsed, bytes, nested);
    case "b1":
        return Array.from(bytes, (byte) => byte !== 0);
    case "f2":
        return Array.from(numbers(Uint16Array, parsed, bytes), halfToNumber);
    case "c8":
    case "c16":
        return pairs(numbers(CLASSES[parsed.code], parsed, bytes));
    case "i8":
    case "u8":
        return Array.from(numbers(CLASSES[parsed.code], parsed, bytes), narrow);
    case "M8":
        return Array.from(numbers(BigInt64Array, parsed, bytes), dateReader(parsed));
    case "m8":
        return Array.from(numbers(BigInt64Array, parsed, bytes), durationReader(parsed));
    }
    if (["U", "S", "V"].includes(parsed.kind)) {
        return readFixedWidth(parsed, bytes);
    }
    if (CLASSES[parsed.code] === undefined) {
        throw new ResultNotPortable(`an ndarray of dtype ${dtype}`);
    }
    return Array.from(numbers(CLASSES[parsed.code], parsed, bytes));
}

/**
 * The items of an ndarray's bytes as a typed array, over the same memory where it lies right. Times are counts of
 * their unit, complex numbers two numbers each, half floats float32 where there is no Float16Array.
 *
 * @returns {TypedArray|null} null for a dtype that no typed array can hold
 */
function readTyped(dtype, bytes) {
    const parsed = parseDtype(dtype);
    if (parsed.code === "f2" && CLASSES.f2 === undefined) {
        return Float32Array.from(numbers(Uint16Array, parsed, bytes), halfToNumber);
    }
    const type = CLASSES[parsed.code];
    return type === undefined ? null : numbers(type, parsed, bytes);
}

/** The class of typed array that holds a dtype's bytes as they are, or undefined, also for what is no dtype. */
function typedClass(dtype) {
    return typeof dtype === "string" && DTYPE.test(dtype) ? CLASSES[parseDtype(dtype).code] : undefined;
}

/** A typed array over the bytes, or over a copy if they aren't aligned or in the other byte order. */
function numbers(Type, { swapped }, bytes) {
    const width = Type.BYTES_PER_ELEMENT;
    const swap = swapped && width > 1;
    const aligned = !swap && bytes.byteOffset % width === 0 ? bytes : copyOf(bytes);
    if (swap) {
        aligned[`swap${width * 8}`]();
    }
    return new Type(aligned.buffer, aligned.byteOffset, Math.floor(bytes.length / width));
}

function copyOf(bytes) {
    const copy = Buffer.from(new ArrayBuffer(bytes.length));
    copy.set(bytes);
    return copy;
}

/** A BigInt as a number where that is exact. */
function narrow(value) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
}

function pairs(flat) {
    return Array.from({ length: flat.length / 2 }, (_, i) => ({ re: flat[2 * i], im: flat[2 * i + 1] }));
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

function dateReader({ multiple, unit }) {
    if (unit === "M" || unit === "Y") {
        const months = unit === "Y" ? 12 * multiple : multiple;
        return (count) => (count === NOT_A_TIME ? null : new Date(Date.UTC(1970, Number(count) * months)));
    }
    const milliseconds = durationReader({ multiple, unit });
    return (count) => (count === NOT_A_TIME ? null : new Date(Math.floor(milliseconds(count))));
}

function durationReader({ multiple, unit }) {
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

/** Text and bytes of fixed width lose the zeros at their end, as in NumPy; a "V" item is its bytes. */
function readFixedWidth(parsed, bytes) {
    const readers = { U: (item) => readUcs4(item, parsed), S: trimNulls, V: (item) => item };
    return slices(bytes, parsed.width).map((item) => readers[parsed.kind](item));
}

function slices(bytes, width) {
    return Array.from({ length: bytes.length / width }, (_, i) =>
        Buffer.from(bytes.subarray(i * width, (i + 1) * width)));
}

function readUcs4(item, parsed) {
    const points = Array.from(numbers(Uint32Array, parsed, item));
    while (points.at(-1) === 0) {
        points.pop();
    }
    return points.map((point) => String.fromCodePoint(point)).join("");
}

function trimNulls(item) {
    let end = item.length;
    while (end > 0 && item[end - 1] === 0) {
        end -= 1;
    }
    return item.subarray(0, end);
}

/** Named fields: an object for each item. What only fills space between fields has no name. */
function readRecords({ width, fields }, bytes, nested) {
    const records = Array.from({ length: bytes.length / width }, () => ({}));
    const seen = new Set(["__proto__"]);
    let offset = 0;
    for (const field of fields) {
        if (field.name !== "") {
            if (seen.has(field.name)) {
                throw new ResultNotPortable(`an ndarray with a field ${JSON.stringify(field.name)}, no name for it`);
            }
            seen.add(field.name);
            const column = gather(bytes, offset, field.width, width);
            const values = nested([field.dtype, [records.length, ...field.shape], "C", column]);
            records.forEach((record, i) => {
                record[field.name] = values[i];
            });
        }
        offset += field.width;
    }
    return records;
}

/** The bytes of one field of all items, next to each other. */
function gather(bytes, offset, width, step) {
    const column = Buffer.alloc(Math.floor(bytes.length / step) * width);
    for (let from = offset, to = 0; to < column.length; from += step, to += width) {
        bytes.copy(column, to, from, from + width);
    }
    return column;
}

module.exports = { HOST_ORDER, isShape, itemCount, narrow, parseDtype, readItems, readTyped, typedClass };
