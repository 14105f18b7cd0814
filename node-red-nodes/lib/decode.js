/*
 * Bytes that Python wrote to JavaScript values.
 */
"use strict";

const { types } = require("node:util");
const { decode: msgpackDecode, ExtensionCodec, ExtData } = require("@msgpack/msgpack");
const { ndarrayToNested, ndarrayToTyped } = require("./arrays");
const { Budget } = require("./budget");
const { narrow } = require("./dtypes");
const EXT = require("./extensions");
const { readFrame, readSeries } = require("./frames");
const { remember } = require("./origins");
const { ResultNotPortable } = require("./portable");

const MAX_DEPTH = 1100;
const MAX_EXT_DEPTH = 100;
const MAX_TIME_TEXT = 64;

const CHOICES = { arrays: ["nested", "typed"], frames: ["records", "columns", "arrays"] };

/**
 * Read a value that Python wrote.
 *
 * Integers are numbers up to 2^53 and BigInt beyond; bytes are Buffers that share the memory of `bytes`; arrays,
 * Series and tuples are arrays, a DataFrame is an array of records. `originOf` tells what a value was in Python.
 *
 * @param {Uint8Array} bytes
 * @param {object} [options]
 * @param {"nested"|"typed"} [options.arrays] an ndarray as nested plain arrays, or as a typed array with a `shape`
 * @param {"records"|"columns"|"arrays"} [options.frames] a DataFrame as a list of objects; as an object of columns;
 *     or as {columns: [{name, dtype, data, nulls?, categories?, ordered?}], index, length} with typed arrays
 * @param {number} [options.maxElements] how many items, entries and values it may have in all
 * @throws {ResultNotPortable} if they hold something that JavaScript can't, or too much of it
 * @throws {Error} if the bytes aren't the format
 */
function decode(bytes, { arrays = "nested", frames = "records", maxElements } = {}) {
    for (const [name, choice] of Object.entries({ arrays, frames })) {
        if (!CHOICES[name].includes(choice)) {
            throw new TypeError(`${name} is one of ${CHOICES[name].join(", ")}, not ${choice}`);
        }
    }
    // A Buffer in gives Buffers out.
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return read(buffer, { arrays, frames, budget: new Budget(maxElements), depth: 0 });
}

function read(buffer, context) {
    context.budget.spendOn(buffer);
    const raw = msgpackDecode(buffer, {
        extensionCodec: codec, useBigInt64: true, mapKeyConverter: markKey, context,
    });
    return settle(raw, 0);
}

/** The value inside an extension type. */
function readNested(data, context) {
    if (context.depth >= MAX_EXT_DEPTH) {
        throw new Error("nested too deeply");
    }
    return read(data, { ...context, depth: context.depth + 1 });
}

/** Numbers instead of BigInts wherever that is exact, text for keys: in place, nobody else has seen this tree yet. */
function settle(value, depth) {
    if (typeof value === "bigint") {
        return narrow(value);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    if (depth > MAX_DEPTH) {
        throw new Error("nested too deeply");
    }
    if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) {
            value[i] = settle(value[i], depth + 1);
        }
    } else if (value instanceof ExtData) {
        throw new Error(`unknown msgpack extension type ${value.type}`);
    } else if (!types.isDate(value) && !ArrayBuffer.isView(value)) {
        return settleEntries(value, depth);
    }
    return value;
}

function settleEntries(object, depth) {
    const keys = Object.keys(object);
    const result = keys.some(isMarked) ? {} : object;
    for (const key of keys) {
        const text = isMarked(key) ? key.slice(2) : key;
        if (result !== object && Object.hasOwn(result, text)) {
            throw new ResultNotPortable(`a dict with two keys that become ${JSON.stringify(text)}`);
        }
        result[text] = settle(object[key], depth + 1);
    }
    return result;
}

const MARK = "\0";

/** Keys of an object are text: others are marked until it is whole, so that 1 doesn't take the place of "1". */
function markKey(key) {
    if (typeof key === "string") {
        return key.startsWith(MARK) ? `${MARK}t${key}` : key;
    }
    if (key === null || typeof key === "object") {
        throw new ResultNotPortable("a dict key that is neither string, number nor boolean");
    }
    return `${MARK}${typeof key === "boolean" ? "b" : "n"}${key}`;
}

function isMarked(key) {
    return key.startsWith(MARK);
}

/** A datetime without an offset is taken as UTC, as pandas does. An offset may have seconds, which Date can't parse. */
function readDatetime(data) {
    const text = timeText(data);
    const [, moment, sign, hours, minutes, seconds = 0] =
        /^(.*?)(?:([+-])(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/.exec(text) ?? [];
    const offset = sign === undefined ? 0 : Number(`${sign}1`) * (hours * 3600 + minutes * 60 + Number(seconds));
    const date = new Date(Date.parse(`${moment}Z`) - offset * 1000);
    if (Number.isNaN(date.getTime())) {
        throw new ResultNotPortable(`the datetime ${text}`);
    }
    return date;
}

function timeText(data) {
    if (data.length > MAX_TIME_TEXT) {
        throw new Error(`a time of ${data.length} characters`);
    }
    return data.toString("ascii");
}

function readTimedelta([days, seconds, microseconds]) {
    return days * 86_400_000 + seconds * 1000 + microseconds / 1000;
}

function readComplex(data) {
    return remember({ re: data.readDoubleBE(0), im: data.readDoubleBE(8) }, { kind: "complex" });
}

function readPicture([mime, data]) {
    if (typeof mime !== "string" || !Buffer.isBuffer(data)) {
        throw new Error("a picture needs a media type and bytes");
    }
    return remember(data, { kind: "image", mime });
}

function readBigInt(data) {
    return BigInt.asIntN(data.length * 8, BigInt(`0x${data.toString("hex") || "0"}`));
}

function readArray(payload, { arrays, budget }) {
    return arrays === "typed" ? ndarrayToTyped(payload, budget) : ndarrayToNested(payload, budget);
}

/** How the columns of a frame are decoded to give it its form. */
function columnContext(context) {
    const arrays = { records: "nested", columns: context.arrays, arrays: "typed" }[context.frames];
    return { ...context, arrays };
}

function seriesContext(context) {
    return context.frames === "arrays" ? columnContext(context) : context;
}

const asText = (data) => data.toString("utf8");
const codec = new ExtensionCodec();

function register(type, decodePayload) {
    codec.register({ type, encode: () => null, decode: decodePayload });
}

/** An extension type whose payload is a value again. */
function registerNested(type, readValue, contextOf = (context) => context) {
    register(type, (data, _type, context) => readValue(readNested(data, contextOf(context)), context));
}

register(EXT.BIG_INT, readBigInt);
register(EXT.DATETIME, readDatetime);
register(EXT.DATE, timeText);
register(EXT.TIME, timeText);
register(EXT.DECIMAL, asText);
register(EXT.COMPLEX, readComplex);
registerNested(EXT.NDARRAY, readArray);
registerNested(EXT.DATAFRAME, (payload, { frames, budget }) => readFrame(payload, frames, budget), columnContext);
registerNested(EXT.SERIES, (payload, { frames, budget }) => readSeries(payload, frames, budget), seriesContext);
registerNested(EXT.TIMEDELTA, readTimedelta);
registerNested(EXT.SET, (items) => remember(items, { kind: "set" }));
registerNested(EXT.TUPLE, (items) => remember(items, { kind: "tuple" }));
registerNested(EXT.PICTURE, readPicture);

module.exports = { decode };
