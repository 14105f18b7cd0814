/*
 * What a block is to run on: from a message, one of its items or a group of messages to the fields of a request, and
 * from a result back to the messages that it sends.
 */
"use strict";

const { partOf } = require("./items");
const { messagesFor, splitMessage } = require("./messages");
const values = require("./values");

/**
 * @typedef {object} Assignment
 * @property {object} msg the message that it is about: what results that are values go on as
 * @property {object} fields of the request
 * @property {object} stays what of the message can't travel
 */

/** Run on a message. @returns {Assignment} @throws {values.ValueNotPortable} */
function forMessage(msg) {
    const { travels, stays } = splitMessage(msg);
    return { msg, stays, fields: { msg: travels, ...timeoutOf(msg) } };
}

/**
 * Run on one item after the other of a message.
 *
 * @param {object} msg
 * @param {{id: string, count: number}} sequence that the items are
 * @returns {(item: *, index: number) => Assignment}
 */
function forItemsOf(msg, { id, count }) {
    const outer = msg.parts;
    const rest = without(msg, ["payload", "parts"]);
    const { travels, stays } = splitMessage(rest);
    return (item, index) => {
        const parts = partOf(id, index, count, outer);
        const payload = values.toWire(item, `msg.payload[${index}]`);
        return {
            msg: { ...rest, payload: item, parts },
            stays,
            fields: { msg: { ...travels, payload, parts: values.toWire(parts, "msg.parts") }, ...timeoutOf(msg) },
        };
    };
}

/**
 * Run on a group of messages: their payloads are the block's inputs, by the names of their sources. `msg` has the other
 * properties of all of them, those of later ones in place of those of earlier ones.
 *
 * @param {object[]} messages in the order in which they came
 * @param {Map<string, ?object>} byName the message of each source, in declared order; null where there is none
 * @returns {Assignment}
 */
function forGroup(messages, byName) {
    const msg = without(Object.assign({}, ...messages), ["payload"]);
    const { travels, stays } = splitMessage(msg);
    const inputs = new Map();
    for (const [name, message] of byName) {
        inputs.set(name, values.toWire(message?.payload ?? null, `inputs[${JSON.stringify(name)}]`));
    }
    return { msg, stays, fields: { msg: travels, inputs, ...timeoutOf(msg) } };
}

function timeoutOf({ timeout }) {
    return typeof timeout === "number" && timeout > 0 && Number.isFinite(timeout) ? { timeout_s: timeout } : {};
}

/**
 * What the result of a run sends.
 *
 * @param {{value: *, figures?: object[]}} result
 * @returns {object[][]} for each output a list of messages
 */
function outgoing({ value, figures }, outputs, { msg, stays }) {
    const sent = messagesFor(value, outputs, msg, stays);
    for (const first of sent.flat().slice(0, figures ? 1 : 0)) {
        first.figures = figures;
    }
    return sent;
}

/**
 * What the block sends while it runs. What goes on with a value is a copy: the message itself isn't done yet.
 *
 * @param {(value: object) => object} clone
 */
function outgoingMidway(value, outputs, { msg, stays }, clone) {
    return messagesFor(value, outputs, { ...clone(without(msg, Object.keys(stays))), ...stays }, stays);
}

function without(object, keys) {
    return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

module.exports = { forGroup, forItemsOf, forMessage, outgoing, outgoingMidway };
