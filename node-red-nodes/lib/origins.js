/*
 * What a decoded value was in Python, where JavaScript's own types don't tell: remembered beside it, not in it.
 */
"use strict";

const origins = new WeakMap();

/**
 * What a value was in Python; undefined for what is nothing but itself, like a list.
 *
 * @returns {{kind: "tuple"|"set"|"complex"|"ndarray"|"series"|"dataframe"|"image"}|undefined} an ndarray also has
 *     `dtype`, `shape` and `order`, a Series `name` and `dtype`, an image `mime`
 */
function originOf(value) {
    return origins.get(value);
}

/** Remember `origin` for `value`, if it is an object. @returns {*} value */
function remember(value, origin) {
    if (typeof value === "object" && value !== null) {
        origins.set(value, origin);
    }
    return value;
}

module.exports = { originOf, remember };
