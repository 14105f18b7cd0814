/*
 * Messages between Node-RED and a block: what of a message travels, and what a block's result sends.
 *
 * A property of the message travels whole or stays whole. What stays (`req`, `res`, sockets, functions, whatever holds
 * one of them) is put back, the same object, on every message that the block sends in answer.
 */
"use strict";

const values = require("./values");

/**
 * Divide a message into what Python sees and what waits here.
 *
 * @param {object} msg
 * @returns {{travels: object, stays: object}} `travels` is ready for `values.packWire`
 * @throws {values.ValueNotPortable} if `msg.payload` itself can't travel, since it is what the block works on
 */
function splitMessage(msg) {
    const travels = {};
    const stays = {};
    for (const key of Object.keys(msg)) {
        if (msg[key] === undefined) {
            continue;
        }
        const wire = toWireOrNull(key, msg[key]);
        if (wire === null) {
            stays[key] = msg[key];
        } else {
            travels[key] = wire.value;
        }
    }
    return { travels, stays };
}

// These two are never plain data, and walking a request to find that out would be long.
const NEVER_TRAVEL = new Set(["req", "res", "__proto__"]);

function toWireOrNull(key, value) {
    if (NEVER_TRAVEL.has(key)) {
        return null;
    }
    try {
        return { value: values.toWire(value, `msg.${key}`) };
    } catch (error) {
        if (key === "payload" || !(error instanceof values.ValueNotPortable)) {
            throw error;
        }
        return null;
    }
}

/** A dict with a `payload`, or the incoming message itself, which `_msgid` shows even when its payload is gone. */
function isMessage(value) {
    return isDict(value) && (Object.hasOwn(value, "payload") || Object.hasOwn(value, "_msgid"));
}

function isDict(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value)
        && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** A Python list or tuple; a DataFrame, Series, array or set is one value. */
function isSequence(value) {
    return Array.isArray(value) && [undefined, "tuple"].includes(values.originOf(value)?.kind);
}

/** Messages to be sent one by one. None among them sends nothing. */
function isMessageList(value) {
    return isSequence(value) && value.some(isMessage) && value.every((each) => each === null || isMessage(each));
}

function messagesOf(list) {
    return list.filter((each) => each !== null);
}

/**
 * What a block's result sends: for each output the list of messages, in order. See the node's help for the rules.
 *
 * @param {*} result the decoded result, as `values.decode` gave it
 * @param {number} outputs how many outputs the node has
 * @param {object} msg the incoming message
 * @param {object} stays what `splitMessage` kept back from it
 * @returns {object[][]} one list for each output; empty lists send nothing
 * @throws {RangeError} if a list has more items than the node has outputs
 */
function messagesFor(result, outputs, msg, stays) {
    const places = divide(result, outputs);
    if (places.length > outputs) {
        throw new RangeError(`the block returned ${places.length} items for ${outputs} outputs`);
    }
    return Array.from({ length: outputs }, (_, i) => (places[i] ?? []).map((value) => toMessage(value, msg, stays)));
}

/** The values for each output. */
function divide(result, outputs) {
    if (outputs === 0) {
        return [];
    }
    if (outputs > 1 && isSequence(result)) {
        return result.map(inOnePlace);
    }
    // `return [[first, second]]`, as function nodes send several messages through their only output.
    if (isSequence(result) && result.length === 1 && isMessageList(result[0])) {
        return [messagesOf(result[0])];
    }
    return [result === null ? [] : [result]];
}

function inOnePlace(item) {
    if (item === null) {
        return [];
    }
    return isMessageList(item) ? messagesOf(item) : [item];
}

function toMessage(value, msg, stays) {
    if (isMessage(value)) {
        // What the message came with is no word of the block's about the picture.
        const own = [undefined, msg.mime].includes(value.mime) ? {} : { mime: value.mime };
        return { ...stays, ...value, _msgid: value._msgid ?? msg._msgid, ...mimeOf(value.payload), ...own };
    }
    return { ...msg, payload: value, ...mimeOf(value) };
}

/** `mime` for a message whose payload is a picture. */
function mimeOf(payload) {
    const { kind, mime } = values.originOf(payload) ?? {};
    return kind === "image" ? { mime } : {};
}

module.exports = { splitMessage, messagesFor, isDict, isMessage };
