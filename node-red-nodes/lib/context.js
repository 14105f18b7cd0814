/*
 * The context that a block reads and writes: `flow`, `global_` and `context` in Python are the same values as in the
 * function node.
 */
"use strict";

const values = require("./values");

const OPERATIONS = new Set(["get", "set", "keys"]);
// A key is a path into objects. Blocks aren't trusted with what all objects share.
const SHARED = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Answer calls of blocks.
 *
 * @param {() => {get: Function, set: Function, keys: Function, flow: object, global: object}} contextOf gives what
 *     `node.context()` does
 * @param {Set<string>} stores the names of all context stores
 * @returns {(call: object) => Promise<{value: Buffer}|{error: string}>} for `Execution`
 */
function contextAnswers(contextOf, stores) {
    return async (call) => {
        try {
            const answer = await answerTo(call, contextOf(), stores);
            return { value: values.encode(answer ?? null, nameOf(call)) };
        } catch (error) {
            return { error: error.message };
        }
    };
}

async function answerTo({ op, scope, store, key, value }, node, stores) {
    const scopes = new Map([["node", node], ["flow", node.flow], ["global", node.global]]);
    const context = scopes.get(scope);
    if (!OPERATIONS.has(op) || !context) {
        throw new Error(`no ${String(scope)} context, or nothing in it called ${String(op)}`);
    }
    if (typeof store === "string" && !stores.has(store)) {
        throw new Error(`there is no context store ${JSON.stringify(store)}; there are ${[...stores].join(", ")}`);
    }
    const found = await ask(context, op, [
        ...(op === "keys" ? [] : [checkedKey(key)]),
        ...(op === "set" ? [toSet(values.decode(value), key)] : []),
        ...(typeof store === "string" ? [store] : []),
    ]);
    return op === "get" && Array.isArray(key) ? found : found[0];
}

/** A function node deletes a key by setting it to undefined. Python has None for that. */
function toSet(value, key) {
    const orDelete = (each) => each ?? undefined;
    return Array.isArray(key) && Array.isArray(value) ? value.map(orDelete) : orDelete(value);
}

/** Every store has the form with a callback; only some of them answer without one. @returns {Promise<Array>} */
function ask(context, op, args) {
    return new Promise((resolve, reject) => {
        context[op](...args, (error, ...found) => (error ? reject(asError(error)) : resolve(found)));
    });
}

function asError(error) {
    return error instanceof Error ? error : new Error(String(error));
}

function checkedKey(key) {
    for (const each of [key].flat()) {
        if (typeof each !== "string" || each === "" || each.split(/[.[\]"']+/).some((part) => SHARED.has(part))) {
            throw new Error(`${JSON.stringify(each)} is no key of a context`);
        }
    }
    return key;
}

function nameOf({ scope, key }) {
    return `${scope}[${JSON.stringify(key ?? "keys")}]`;
}

module.exports = { contextAnswers };
