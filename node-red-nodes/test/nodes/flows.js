/*
 * Small flows for the tests: a Code Block between an input and helper nodes, and what they saw.
 */
"use strict";

const helper = require("node-red-node-test-helper");
const catchNode = require("@node-red/nodes/core/common/25-catch.js");
const completeNode = require("@node-red/nodes/core/common/24-complete.js");
const { hooks, log } = require("@node-red/util");
const serviceNode = require("../../nodes/cellblock-service.js");
const codeBlockNode = require("../../nodes/code-block.js");

helper.init(require.resolve("node-red"));

// The runtime that the helper makes up has no hooks.
const codeBlock = (RED) => codeBlockNode(Object.assign(RED, { hooks }));

/**
 * Load a flow with one Code Block.
 *
 * @param {string} url of the service; empty for no service node
 * @param {object} config of the block
 * @param {object} [credentials] of the service node
 * @param {object} [extra]
 * @param {object[]} [extra.nodes] further nodes of the flow; what helper nodes among them get is in `Flow.seen` too
 * @param {Function[]} [extra.types] modules of node types that they have
 * @param {object} [extra.secrets] credentials of the block
 * @param {string} [extra.as] the id of the block's node, if it is in a subflow
 * @returns {Promise<Flow>}
 */
async function load(url, config, credentials = {}, { nodes = [], types = [], secrets = {}, as = "block" } = {}) {
    const outputs = config.outputs ?? 1;
    const sinks = Array.from({ length: outputs }, (_, i) => `out${i}`);
    const flow = [
        { id: "tab", type: "tab" },
        { id: "block", z: "tab", type: "code-block", name: "my block", service: url ? "service" : "",
            wires: sinks.map((id) => [id]), ...config },
        { id: "catch", z: "tab", type: "catch", scope: null, wires: [["caught"]] },
        { id: "complete", z: "tab", type: "complete", scope: ["block"], wires: [["completed"]] },
        ...[...sinks, "caught", "completed"].map((id) => ({ id, z: "tab", type: "helper" })),
        ...nodes,
    ];
    if (url) {
        flow.push({ id: "service", type: "cellblock-service", url });
    }
    // Node-RED takes what has no place on the canvas for a config node, which catch nodes don't hear.
    const placed = flow.map((node) => (node.z ? { x: 0, y: 0, ...node } : node));
    await helper.load([serviceNode, codeBlock, catchNode, completeNode, ...types], placed,
        { service: credentials, block: secrets });
    return new Flow(placed, as);
}

const LEVELS = ["log", "warn", "error", "debug", "trace"];

class Flow {
    constructor(nodes, blockId) {
        this.nodes = nodes;
        this.block = helper.getNode(blockId);
        this.statuses = [];
        this.logged = [];
        this.block.on("call:status", (call) => this.statuses.push(call.firstArg));
        for (const level of LEVELS) {
            this.block.on(`call:${level}`, (call) => this.logged.push([level, ...call.args]));
        }
        this.seen = {};
        for (const { id } of nodes.filter(({ type }) => type === "helper")) {
            this.seen[id] = [];
            helper.getNode(id)?.on("input", (msg) => this.seen[id].push(msg));
        }
    }

    send(msg) {
        this.block.receive(msg);
    }

    /** The texts of all statuses so far, as keys of the catalogue. */
    get statusTexts() {
        return this.statuses.map((shown) => (shown.text ?? "").replace("code-block.status.", ""));
    }

    /** What the block's node has logged at a level. */
    linesOf(level) {
        return this.logged.filter(([each]) => each === level).map(([, value]) => value);
    }

    get lastStatus() {
        return this.statuses.at(-1);
    }

    /** The messages at a helper node, once there are so many. @throws {Error} if they don't come */
    async at(id, count = 1, timeoutMs = 15_000) {
        const seen = this.seen[id];
        await until(() => seen.length >= count, timeoutMs, () => {
            const caught = this.seen.caught.map((msg) => msg.error.message);
            return `${count} messages at ${id}; there are ${seen.length}, and the errors ${JSON.stringify(caught)}`;
        });
        return seen;
    }
}

/**
 * Give Node-RED these context stores, until `forgetStores`. Call it before and after `load`, which makes new ones.
 *
 * @param {object} contextStorage as in Node-RED's settings
 */
async function useStores(contextStorage) {
    helper.settings({ contextStorage });
    helper._context.init(helper.settings());
    await helper._context.load();
}

async function forgetStores() {
    await helper._context.close();
    helper.settings({});
}

/** Stop the flow. @returns {Promise<object[]>} what its block's node logged meanwhile: {level, msg} */
async function unloadAndListen() {
    const heard = [];
    const handler = { emit: (_, entry) => entry.id === "block" && heard.push(entry) };
    log.addHandler(handler);
    try {
        await helper.unload();
    } finally {
        log.removeHandler(handler);
    }
    return heard;
}

/** Wait for something to become true. @throws {Error} saying what it was */
async function until(check, timeoutMs, describe) {
    const end = Date.now() + timeoutMs;
    while (!check()) {
        if (Date.now() > end) {
            throw new Error(`waited in vain for ${describe()}`);
        }
        await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
}

module.exports = { forgetStores, helper, load, unloadAndListen, until, useStores };
