/*
 * The value format: how a JavaScript value becomes bytes for Python, and how Python's bytes become a JavaScript value.
 *
 * It is msgpack with the extension types of the sandbox's own codec (guest/values/ is the other end). This is the
 * front door; encode.js and decode.js are the two directions.
 */
"use strict";

const { MAX_ELEMENTS } = require("./budget");
const { MAX_DEPTH, PackedBinary, Packer, encode, packWire, toWire } = require("./encode");
const { decode } = require("./decode");
const { originOf } = require("./origins");
const { ValueNotPortable, ResultNotPortable } = require("./portable");

module.exports = {
    MAX_DEPTH, MAX_ELEMENTS, PackedBinary, Packer, ValueNotPortable, ResultNotPortable,
    toWire, packWire, encode, decode, originOf,
};
