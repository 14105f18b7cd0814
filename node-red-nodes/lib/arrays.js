/*
 * NumPy arrays in JavaScript: a typed array as an ndarray on the way out; on the way back an ndarray as nested plain
 * arrays, or as a typed array that knows its shape. An ndarray travels as [dtype, shape, order, bytes].
 */
"use strict";

const { types } = require("node:util");
const { HOST_ORDER, isShape, itemCount, parseDtype, readItems, readTyped, typedClass } = require("./dtypes");
const { remember } = require("./origins");

const DTYPES = {
    Int8Array: "|i1", Uint8Array: "|u1", Uint8ClampedArray: "|u1",
    Int16Array: "i2", Uint16Array: "u2", Int32Array: "i4", Uint32Array: "u4",
    BigInt64Array: "i8", BigUint64Array: "u8",
    Float16Array: "f2", Float32Array: "f4", Float64Array: "f8",
};

/**
 * [dtype, shape, order, bytes] of a typed array, without copying it; null for a view that is none (a DataView).
 *
 * Its properties `dtype`, `shape` and `order` say what its class doesn't, where they fit it.
 */
function describeTypedArray(view) {
    const name = types.isTypedArray(view) ? Object.prototype.toString.call(view).slice(8, -1) : "";
    if (DTYPES[name] === undefined) {
        return null;
    }
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    const dtype = dtypeOf(view, name);
    return [dtype, ...layoutOf(view, parseDtype(dtype).width), bytes];
}

function dtypeOf({ dtype, byteLength }, name) {
    const fits = typedClass(dtype)?.name === name && byteLength % parseDtype(dtype).width === 0;
    return fits ? inHostOrder(dtype) : ownDtype(name);
}

function ownDtype(name) {
    const own = DTYPES[name];
    return own.startsWith("|") ? own : HOST_ORDER + own;
}

function inHostOrder(dtype) {
    return parseDtype(dtype).swapped ? HOST_ORDER + dtype.slice(1) : dtype;
}

/** Shape and order; one dimension if the shape is that of another array. */
function layoutOf({ shape, order, byteLength }, width) {
    const fits = isShape(shape) && itemCount(shape) * width === byteLength;
    return fits ? [shape, order === "F" ? "F" : "C"] : [[byteLength / width], "C"];
}

/**
 * An ndarray as plain arrays, nested by its shape; a 0-dimensional one as its single value.
 *
 * int64 become BigInt only beyond 2^53, datetime64 become Date (NaT null), timedelta64 milliseconds (NaT null),
 * complex {re, im}, named fields objects.
 *
 * @param {[string|Array, number[], "C"|"F", Buffer]} ndarray
 * @param {Budget} budget of which its items, and the arrays they are in, are taken
 * @throws {ResultNotPortable} for a dtype that has no JavaScript form
 */
function ndarrayToNested([dtype, shape, order, bytes], budget) {
    const count = checkSize(dtype, shape, bytes);
    budget.spend(count + nestedArrays(shape));
    const flat = count === 0 ? [] : readItems(dtype, bytes, (field) => ndarrayToNested(field, budget));
    const value = shape.length === 1 ? flat : nest(flat, shape, strides(shape, order), 0, 0);
    return remember(value, { kind: "ndarray", dtype, shape, order });
}

/**
 * An ndarray as a typed array over the same memory, if that is aligned. Its properties say what its class doesn't, and
 * are enumerable so that Node-RED's copies of a message have them too: `shape` always, `dtype` for booleans, times and
 * such, `order` if the items follow each other as in Fortran. What no typed array holds (text, named fields) is nested.
 */
function ndarrayToTyped(ndarray, budget) {
    const [dtype, shape, order, bytes] = ndarray;
    checkSize(dtype, shape, bytes);
    const typed = readTyped(dtype, bytes);
    if (typed === null) {
        return ndarrayToNested(ndarray, budget);
    }
    typed.shape = shape;
    if (inHostOrder(dtype) !== ownDtype(typed.constructor.name) && typedClass(dtype) === typed.constructor) {
        typed.dtype = inHostOrder(dtype);
    }
    if (order === "F") {
        typed.order = order;
    }
    return remember(typed, { kind: "ndarray", dtype, shape, order });
}

function checkSize(dtype, shape, bytes) {
    const count = itemCount(shape);
    const { width } = parseDtype(dtype);
    if (!Buffer.isBuffer(bytes) || bytes.length !== count * width) {
        throw new Error(`an ndarray of ${dtype} with shape [${shape}] needs ${count} items of ${width} bytes`);
    }
    return count;
}

/** How many arrays are inside the outermost one. They take memory even where they hold nothing. */
function nestedArrays(shape) {
    let places = 1;
    let arrays = 0;
    for (const size of shape.slice(0, -1)) {
        places *= size;
        arrays += places;
    }
    return arrays;
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

module.exports = { describeTypedArray, ndarrayToNested, ndarrayToTyped };
