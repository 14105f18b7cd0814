/*
 * A block that runs once per item: a message with a list becomes one message for each item, and what the runs give
 * becomes one message with a list again, or a sequence that a join node puts together.
 */
"use strict";

const { types } = require("node:util");

/**
 * The items of a payload.
 *
 * @returns {Array|TypedArray}
 * @throws {TypeError} if it has none
 */
function itemsOf(payload) {
    if (Array.isArray(payload) || (types.isTypedArray(payload) && !Buffer.isBuffer(payload))) {
        return payload;
    }
    throw new TypeError(`msg.payload must be a list for a block that runs once per item, not ${describe(payload)}`);
}

function describe(payload) {
    if (payload === null || payload === undefined) {
        return "nothing";
    }
    return Buffer.isBuffer(payload) ? "a Buffer" : `of type ${typeof payload}`;
}

/** `msg.parts` of one of a sequence, as the split node gives it. @param {object} [outer] parts of the message itself */
function partOf(id, index, count, outer) {
    return { id, type: "array", index, count, len: 1, ...(outer !== undefined && { parts: outer }) };
}

/**
 * Run something for each item, in order.
 *
 * @template T
 * @param {Array|TypedArray} items
 * @param {(item: *, index: number) => Promise<T>} run
 * @param {number} parallel how many at a time
 * @returns {Promise<T[]>} in the order of the items
 * @throws {Error} the first that any of them throws; no further one is begun then
 */
async function runEach(items, run, parallel) {
    const results = new Array(items.length);
    let next = 0;
    let failed = false;
    async function work() {
        while (next < items.length && !failed) {
            const index = next++;
            try {
                results[index] = await run(items[index], index);
            } catch (error) {
                failed = true;
                throw error;
            }
        }
    }
    await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, work));
    return results;
}

/**
 * One message for each output, whose payload is the list of the results.
 *
 * The only output gets one for every item: null where the block gave nothing. Of several, each gets what was for it,
 * and nothing if that is nothing.
 *
 * @param {object[][][]} sent for each item, for each output what its run would have sent
 * @param {object} msg what these messages are like, but for the payload
 * @param {number} outputs
 * @returns {object[][]}
 */
function asList(sent, msg, outputs) {
    return Array.from({ length: outputs }, (_, output) => {
        const places = sent.map((each) => each[output]);
        const payload = outputs > 1 ? places.flat().map(payloadOf)
            : places.flatMap((messages) => (messages.length > 0 ? messages.map(payloadOf) : [null]));
        const figures = places.flat().flatMap((message) => message.figures ?? []);
        return payload.length > 0 || outputs === 1
            ? [{ ...msg, payload, ...(figures.length > 0 && { figures }) }]
            : [];
    });
}

function payloadOf(message) {
    return message.payload ?? null;
}

/**
 * For each output the messages of all runs, as one sequence.
 *
 * @param {object[][][]} sent as in `asList`
 * @param {object} [outer] `msg.parts` of the message that the items came with
 * @param {number} outputs
 * @param {() => string} newId
 * @returns {object[][]}
 */
function asSequence(sent, outer, outputs, newId) {
    return Array.from({ length: outputs }, (_, output) => {
        const messages = sent.flatMap((each) => each[output]);
        const id = newId();
        return messages.map((message, i) => ({ ...message, parts: partOf(id, i, messages.length, outer) }));
    });
}

module.exports = { asList, asSequence, itemsOf, partOf, runEach };
