/*
 * DataFrames and Series as a table for the editor: the first rows, every cell as text or a plain number.
 */
"use strict";

const { narrow } = require("../dtypes");
const values = require("../values");

const MAX_ROWS = 200;
const MAX_COLUMNS = 60;
const MAX_CELL = 200;

/**
 * The table that a result shows: of a DataFrame or Series, or of one that is a message's payload.
 *
 * @param {Buffer} packed a result, as the service sent it
 * @returns {?{columns: {name: string, dtype: string, index: boolean}[], rows: Array[], length: number,
 *     width: number}} `length` and `width` of the whole; null if the result is no table
 */
function tableOf(packed) {
    const result = values.decode(packed, { frames: "arrays" });
    const found = [result, Object(result).payload].find(isTable);
    if (found === undefined) {
        return null;
    }
    const series = values.originOf(found).kind === "series";
    const columns = series ? [{ ...found, name: found.name ?? "" }] : found.columns;
    const index = indexOf(found.index);
    const shown = [...index, ...columns.slice(0, MAX_COLUMNS)];
    const height = Math.min(found.length, MAX_ROWS);
    return {
        columns: shown.map(({ name, dtype }, i) => ({ name: name ?? "", dtype, index: i < index.length })),
        rows: Array.from({ length: height }, (_, row) => shown.map((column) => cellOf(column, row))),
        length: found.length,
        width: columns.length,
    };
}

function isTable(value) {
    return ["dataframe", "series"].includes(values.originOf(value)?.kind);
}

/** The index's columns: counted from 0 unless it is one that says something. */
function indexOf(index) {
    if (index === null) {
        return [{ name: "", dtype: "int64", data: null }];
    }
    return [index].flat();
}

function cellOf({ data, nulls, categories, dtype }, row) {
    if (data === null) {
        return row;
    }
    const value = data[row];
    if (nulls?.[row] || value === null || value === undefined) {
        return null;
    }
    if (categories !== undefined) {
        return value < 0 ? null : textOf(categories[value]);
    }
    if (typeof value === "bigint" && /^[<>]?[Mm]8|^datetime64/.test(dtype)) {
        return momentOf(value, dtype);
    }
    if (/^\|?b1$|^boolean$/.test(dtype)) {
        return Boolean(value);
    }
    return textOf(typeof value === "bigint" ? narrow(value) : value);
}

const TICKS_A_SECOND = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n };
const NOT_A_TIME = -(2n ** 63n);

/** A time, or a span of time, that is a count of the unit that its dtype names. */
function momentOf(count, dtype) {
    if (count === NOT_A_TIME) {
        return null;
    }
    const unit = /\[(s|ms|us|ns)\b/.exec(dtype)?.[1];
    if (unit === undefined) {
        return textOf(count);
    }
    const ticks = TICKS_A_SECOND[unit];
    if (/^[<>]?m8/.test(dtype)) {
        return `${Number(count) / Number(ticks)} s`;
    }
    const date = new Date(Number((count * 1000n) / ticks));
    if (Number.isNaN(date.getTime())) {
        return textOf(count);
    }
    return date.toISOString().replace("T", " ").replace(/(:00)?\.000Z$/, "").replace(/Z$/, "").replace(/ 00:00$/, "");
}

/** Numbers and truth stay what they are; the rest is text that fits a cell. */
function textOf(value) {
    if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) {
        return value;
    }
    const text = textForm(value);
    return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;
}

function textForm(value) {
    if (typeof value !== "object" || value === null) {
        return String(value);
    }
    if (value instanceof Date) {
        return value.toISOString();
    }
    if (Buffer.isBuffer(value)) {
        return `${value.length} bytes`;
    }
    return JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each));
}

module.exports = { isTable, tableOf };
