/*
 * What the editor's Run pane shows of a run: its value as a tree and, where it is one, as a table; pictures; timings.
 *
 * Values leave Node-RED for a browser here, so everything is bounded.
 */
"use strict";

const values = require("../values");
const { isTable, tableOf } = require("./table");

const MAX_TREE = 512 * 1024;
// Items of a list, characters of a text: as many as the tree's size allows.
const LENGTHS = [1000, 200, 50, 10];
const MAX_PICTURES = 20;
const MAX_PICTURE_BYTES = 8 * 2 ** 20;

/**
 * @param {Buffer} packed a result, as the service sent it
 * @param {{frames: string, arrays: string}} forms as the node is set
 * @param {(object: {msg: *}, options: object) => {msg: string, format: string}} encodeObject `RED.util.encodeObject`
 * @returns {{value: {msg: string, format: string}, table: ?object, pictures: {mime: string, data: string}[]}}
 * @throws {Error} if the value can't be had in JavaScript, as in a flow
 */
function previewOf(packed, { frames, arrays }, encodeObject) {
    const value = values.decode(packed, { frames, arrays });
    const pictures = picturesOf(picturesIn(value));
    return {
        value: treeOf(value, encodeObject),
        table: [value, Object(value).payload].some(isTable) ? tableOf(packed) : null,
        pictures,
    };
}

/** A value as the debug sidebar gets it, with as much of long lists and texts as fits. */
function treeOf(value, encodeObject) {
    for (const maxLength of LENGTHS) {
        const { msg, format } = encodeObject({ msg: value }, { maxLength });
        if (String(msg).length <= MAX_TREE) {
            return { msg: typeof msg === "string" ? msg : String(msg), format };
        }
    }
    return { msg: "too large to be shown", format: "string[21]" };
}

/** Pictures that the block returned: itself, as a payload, or in a list. */
function picturesIn(value) {
    const candidates = [value, Object(value).payload];
    return candidates.flatMap((each) => (Array.isArray(each) ? each.slice(0, 100) : [each])).flatMap((each) => {
        const origin = values.originOf(each);
        return origin?.kind === "image" ? [{ mime: origin.mime, data: each }] : [];
    });
}

/**
 * @param {{mime: string, data: Uint8Array}[]} [pictures]
 * @returns {{mime: string, data: string}[]} those that a browser may be shown, in base64
 */
function picturesOf(pictures = []) {
    return pictures
        .filter(({ mime, data }) => /^image\/[\w.+-]+$/.test(mime) && data.length <= MAX_PICTURE_BYTES)
        .slice(0, MAX_PICTURES)
        .map(({ mime, data }) => ({ mime, data: Buffer.from(data).toString("base64") }));
}

module.exports = { picturesOf, previewOf, treeOf };
