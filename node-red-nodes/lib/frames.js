/*
 * pandas in JavaScript: a DataFrame as records, as columns, or as columns that tell all about themselves; a Series as
 * one of its columns. docs/values.md tells what the payloads hold and what the hints mean.
 */
"use strict";

const { narrow } = require("./dtypes");
const { originOf, remember } = require("./origins");
const { ResultNotPortable } = require("./portable");

// Of each Series that was read: the column that it is. A frame's index, and its labels if they have a name, are Series.
const columnsRead = new WeakMap();

/**
 * @param {Array} payload labels, index, columns and hints, decoded as `form` wants its arrays
 * @param {"records"|"columns"|"arrays"} form
 * @param {Budget} budget of which the values of records are taken
 */
function readFrame([labels, index, values, hints], form, budget) {
    const names = labelsOf(labels, budget).map(labelText);
    if (values.length !== names.length) {
        throw new Error(`a DataFrame of ${values.length} columns with ${names.length} names`);
    }
    const columns = values.map((column, i) => readColumn(column, hints?.[i], budget));
    const length = columns.length === 0 ? 0 : columns[0].data.length;
    if (columns.some(({ data }) => data.length !== length)) {
        throw new Error("a DataFrame with columns of different lengths");
    }
    return remember(FORMS[form]({ names, columns, length, index }, budget), { kind: "dataframe" });
}

const FORMS = {
    records({ names, columns, length }, budget) {
        checkNames(names);
        budget.spend(length * (names.length + 1));
        const lists = columns.map((column) => plainValues(column, budget));
        return Array.from({ length }, (_, row) => {
            const record = {};
            names.forEach((name, i) => {
                record[name] = lists[i][row];
            });
            return record;
        });
    },
    columns({ names, columns }, budget) {
        checkNames(names);
        return Object.fromEntries(names.map((name, i) => [name, plainValues(columns[i], budget)]));
    },
    arrays({ names, columns, length, index }, budget) {
        const described = columns.map((column, i) => ({ name: names[i], ...column }));
        return { columns: described, index: readIndex(index, budget), length };
    },
};

/** A Series: its values; in the form "arrays" a column with its index. */
function readSeries([name, index, values, hint], form, budget) {
    const column = { name: name === null ? null : labelText(name), ...readColumn(values, hint, budget) };
    const value = form === "arrays"
        ? { ...column, index: readIndex(index, budget), length: column.data.length }
        : plainValues(column, budget);
    columnsRead.set(value, column);
    return remember(value, { kind: "series", name: column.name, dtype: column.dtype });
}

/** nil for 0, 1, 2, ...; a column; a list of columns for the levels of a MultiIndex. */
function readIndex(index, budget) {
    if (originOf(index)?.kind === "tuple") {
        return index.map((level) => readIndex(level, budget));
    }
    return index === null ? null : columnsRead.get(index) ?? { name: null, ...readColumn(index, null, budget) };
}

function labelsOf(labels, budget) {
    const named = columnsRead.get(labels);
    return Array.from(named === undefined ? labels : plainValues(named, budget), (label) => label);
}

function labelText(label) {
    if (label instanceof Date) {
        return label.toISOString();
    }
    return Array.isArray(label) ? label.map(labelText).join(" ") : String(label);
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

/**
 * A column's values with its dtype.
 *
 * @returns {{dtype: string, data: Array|TypedArray, nulls?: Array|Uint8Array, categories?: Array, ordered?: boolean}}
 *     `nulls` is 1 where a value is missing; with `categories`, `data` are places in them, -1 where one is missing
 */
function readColumn(values, hint, budget) {
    if (!Array.isArray(values) && !ArrayBuffer.isView(values) && typeof values !== "string") {
        throw new Error("a column that is no list, array or text");
    }
    if (Array.isArray(hint)) {
        const [kind, ...details] = hint;
        if (KINDS[kind] === undefined) {
            throw new Error(`unknown kind of column ${kind}`);
        }
        return KINDS[kind](budget, values, ...details);
    }
    return { dtype: hint ?? originOf(values)?.dtype ?? "object", data: values };
}

const KINDS = {
    text(budget, text, dtype, missing) {
        const data = text.slice(1).split(text[0], budget.left + 1);
        budget.spend(data.length);
        for (const place of missing ?? []) {
            if (place >= data.length) {
                throw new Error(`a missing text at ${place} of ${data.length}`);
            }
            data[place] = null;
        }
        return { dtype, data };
    },
    masked: (_, data, dtype, nulls) => (nulls === null ? { dtype, data } : { dtype, data, nulls }),
    codes: (budget, data, categories, ordered) =>
        ({ dtype: "category", data, categories: labelsOf(categories, budget), ordered }),
    interval(budget, left, closed, right) {
        budget.spend(left.length);
        const opening = closed === "left" || closed === "both" ? "[" : "(";
        const closing = closed === "right" || closed === "both" ? "]" : ")";
        const textOf = (start, i) => `${opening}${labelText(start)}, ${labelText(right[i])}${closing}`;
        const data = Array.from(left, (start, i) => (start === null || Number.isNaN(start) ? null : textOf(start, i)));
        return { dtype: "interval", data };
    },
    category: (_, data) => ({ dtype: "category", data }),
};

/** A column as its values alone: a typed array only where none is missing. */
function plainValues({ data, nulls, categories }, budget) {
    if (categories === undefined && nulls === undefined) {
        return data;
    }
    budget.spend(data.length);
    if (categories !== undefined) {
        return Array.from(data, (code) => (code < 0 ? null : categories[code]));
    }
    return Array.from(data, (value, i) => (nulls[i] ? null : typeof value === "bigint" ? narrow(value) : value));
}

module.exports = { readFrame, readSeries };
