/*
 * Bytes that Python wrote to JavaScript values.
 */
"use strict";

const { types } = require("node:util");
const { decode: msgpackDecode, ExtensionCodec, ExtData } = require("@msgpack/msgpack");
const arrays = require("./arrays");
const EXT = require("./extensions");
const { ResultNotPortable } = require("./portable");

/**
 * Read a value that Python wrote.
 *
 * Integers are numbers up to 2^53 and BigInt beyond; bytes are Buffers that share the memory of `bytes`; arrays,
 * Series and tuples are arrays, a DataFrame is an array of records. `originOf` tells what an array was in Python.
 *
 * @param {Uint8Array} bytes
 * @throws {ResultNotPortable} if they hold something that JavaScript can't
 * @throws {Error} if the bytes aren't the format
 */
function decode(bytes) {
    // A Buffer in gives Buffers out.
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const raw = msgpackDecode(buffer, { extensionCodec: codec, useBigInt64: true, mapKeyConverter: keyToString });
    return settle(raw);
}

/** Numbers instead of BigInts wherever that is exact, in place: nobody else has seen this tree yet. */
function settle(value) {
    if (typeof value === "bigint") {
        return arrays.narrow(value);
    }
    if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) {
            value[i] = settle(value[i]);
        }
    } else if (value instanceof ExtData) {
        throw new Error(`unknown msgpack extension type ${value.type}`);
    } else if (isTree(value)) {
        for (const key of Object.keys(value)) {
            value[key] = settle(value[key]);
        }
    }
    return value;
}

function isTree(value) {
    return typeof value === "object" && value !== null && !Buffer.isBuffer(value) && !types.isDate(value);
}

function keyToString(key) {
    if (key === null || typeof key === "object") {
        throw new ResultNotPortable("a dict key that is neither string, number nor boolean");
    }
    return String(key);
}

// Each row becomes an object: more of them than this would fill Node-RED's memory.
const MAX_ROWS = 2 ** 23;

const origins = new WeakMap();

/** What an array was in Python: "tuple", "set", "ndarray", "series", "dataframe", or undefined for a list. */
function originOf(value) {
    return origins.get(value);
}

function remember(value, origin) {
    if (Array.isArray(value)) {
        origins.set(value, origin);
    }
    return value;
}

function checkNames(names) {
    if (new Set(names).size !== names.length) {
        const twice = names.find((name, i) => names.indexOf(name) !== i);
        throw new ResultNotPortable(`a DataFrame with two columns called ${JSON.stringify(twice)}`);
    }
    if (names.includes("__proto__")) {
        throw new ResultNotPortable("a DataFrame with a column called __proto__");
    }
}

function decodeFrame(data) {
    const [labels, , columns] = decode(data);
    const names = labels.map((label) => (Array.isArray(label) ? label.join(" ") : String(label)));
    checkNames(names);
    const rows = columns.length === 0 ? 0 : columns[0].length;
    if (rows > MAX_ROWS) {
        throw new ResultNotPortable(`a DataFrame of ${rows} rows; at most ${MAX_ROWS} become objects`);
    }
    return Array.from({ length: rows }, (_, row) => {
        const record = {};
        names.forEach((name, i) => {
            record[name] = columns[i][row];
        });
        return record;
    });
}

/** A datetime without an offset is taken as UTC, as pandas does. An offset may have seconds, which Date can't parse. */
function decodeDatetime(data) {
    const text = data.toString("ascii");
    const [, moment, sign, hours, minutes, seconds = 0] =
        /^(.*?)(?:([+-])(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/.exec(text);
    const offset = sign === undefined ? 0 : Number(`${sign}1`) * (hours * 3600 + minutes * 60 + Number(seconds));
    const date = new Date(Date.parse(`${moment}Z`) - offset * 1000);
    if (Number.isNaN(date.getTime())) {
        throw new ResultNotPortable(`the datetime ${text}`);
    }
    return date;
}

function decodeTimedelta(data) {
    const [days, seconds, microseconds] = decode(data);
    return days * 86_400_000 + seconds * 1000 + microseconds / 1000;
}

function decodeComplex(data) {
    return { re: data.readDoubleBE(0), im: data.readDoubleBE(8) };
}

const asText = (data) => data.toString("utf8");

const codec = new ExtensionCodec();
const decoders = {
    [EXT.BIG_INT]: bytesToBigInt,
    [EXT.NDARRAY]: (data) => remember(arrays.ndarrayToNested(decode(data)), "ndarray"),
    [EXT.DATAFRAME]: (data) => remember(decodeFrame(data), "dataframe"),
    [EXT.SERIES]: (data) => remember(decode(data)[2], "series"),
    [EXT.DATETIME]: decodeDatetime,
    [EXT.DATE]: asText,
    [EXT.TIME]: asText,
    [EXT.TIMEDELTA]: decodeTimedelta,
    [EXT.DECIMAL]: asText,
    [EXT.COMPLEX]: decodeComplex,
    [EXT.SET]: (data) => remember(decode(data), "set"),
    [EXT.TUPLE]: (data) => remember(decode(data), "tuple"),
};
for (const [type, read] of Object.entries(decoders)) {
    codec.register({ type: Number(type), encode: () => null, decode: read });
}

function bytesToBigInt(data) {
    return BigInt.asIntN(data.length * 8, BigInt(`0x${data.toString("hex") || "0"}`));
}

module.exports = { decode, originOf };
