/*
 * What the editor wants run: the dialog's settings, deployed or not, and what On Message is given.
 */
"use strict";

const { forGroup, forItemsOf, forMessage } = require("../assignments");
const { Block } = require("../block");
const { readSettings } = require("../settings");

const PARTS = ["code", "initialize", "finalize"];
const NOTHING = { _msgid: "run" };

/**
 * @param {object} config the dialog's fields, named as in a flow
 * @returns {object} of `readSettings`
 * @throws {RangeError} as for a node
 */
function settingsOf(config) {
    return readSettings({ ...config, outputs: 1, printOutput: false, errorOutput: false });
}

/**
 * A block to try things out with. State that it keeps is its own: that of the deployed block stays as it is.
 *
 * @param {object} settings of `readSettings`
 * @param {{node: string, facts: object, secrets: object, connection: Connection}} surroundings
 */
function blockOf(settings, { node, facts, secrets, connection }) {
    return new Block(settings, { id: `run:${node || "new"}`, facts, secrets, connection, onStateLost() {} });
}

/**
 * The parts to run, one after the other: On Message of a block that keeps its state goes on from On Start.
 *
 * @param {object} settings
 * @param {string} part that the editor shows
 * @returns {string[]}
 */
function partsOf({ keepState, initialize }, part) {
    if (!PARTS.includes(part)) {
        throw new RangeError(`part is one of ${PARTS.join(", ")}`);
    }
    return keepState && part !== "initialize" && initialize !== "" ? ["initialize", part] : [part];
}

/**
 * The fields of the request that a message makes.
 *
 * @param {object} settings
 * @param {string} part
 * @param {object} [msg] for On Message. In mode item it runs on the first item; in mode join, a payload with names of
 *     sources is what came from them
 * @throws {values.ValueNotPortable}
 */
function fieldsOf({ mode, join }, part, msg = {}) {
    if (part !== "code") {
        return {};
    }
    const message = { ...NOTHING, ...msg };
    if (mode === "item" && Array.isArray(msg.payload)) {
        const [first = null] = msg.payload;
        return forItemsOf(message, { id: "run", count: msg.payload.length })(first, 0).fields;
    }
    const names = join === null ? [] : join.sources.map(({ name }) => name);
    const payloads = Object(msg.payload);
    if (names.some((name) => Object.hasOwn(payloads, name))) {
        const messageOf = (name) => (Object.hasOwn(payloads, name) ? { payload: payloads[name] } : null);
        return forGroup([message], new Map(names.map((name) => [name, messageOf(name)]))).fields;
    }
    return forMessage(message).fields;
}

module.exports = { blockOf, fieldsOf, partsOf, settingsOf };
