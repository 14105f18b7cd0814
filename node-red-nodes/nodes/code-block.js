/*
 * The node `code-block`: hands messages to the service and sends what the block returned.
 *
 * What decides anything is in ../lib, free of Node-RED; this file only connects it to the runtime.
 */
"use strict";

const { setMaxListeners } = require("node:events");
const { Block } = require("../lib/block");
const { Connection } = require("../lib/connection");
const { contextAnswers } = require("../lib/context");
const { Display } = require("../lib/display");
const { Queue } = require("../lib/queue");
const { readSettings } = require("../lib/settings");

// A flow that produces faster than its block works must hear of it before memory runs out.
const MAX_WAITING = 1000;
// As many of one block as the service, unless told otherwise, lets wait for its workers.
const MAX_PARALLEL = 64;

module.exports = function (RED) {
    const shared = sharedConnection(RED);

    function CodeBlockNode(config) {
        RED.nodes.createNode(this, config);
        try {
            const settings = readSettings(config);
            start(RED, this, settings, connectionFor(RED, config.service, shared), shared);
        } catch (error) {
            refuseEverything(this, error);
        }
    }

    RED.nodes.registerType("code-block", CodeBlockNode);
};

/** Let a node work on messages, until it is closed. */
function start(RED, node, settings, connection, shared) {
    const translate = (key, options) => RED._(`code-block.${key}`, options);
    const stop = new AbortController();
    // One listener for each run.
    setMaxListeners(0, stop.signal);
    const block = new Block(settings, {
        id: node.id,
        connection,
        onCall: contextAnswers(() => node.context(), contextStores(RED)),
        show: (stream, text) => showPrinted(RED, node, stream, text),
    });
    const parallel = settings.order === "parallel" ? MAX_PARALLEL : 1;
    const queue = new Queue(work, { limit: MAX_WAITING, parallel });
    const display = new Display((shown) => node.status(shown), translate, queue);
    const options = {
        signal: stop.signal,
        onStatus: (phase, progress) => display.phase(phase, progress),
        onWaiting: (refusal) => display.refused(refusal),
    };

    async function work({ msg, send, done }) {
        display.begin();
        try {
            const { outgoing, timings, stateLost } = await block.run(msg, options);
            if (stateLost) {
                node.warn(translate("error.state-lost"));
            }
            send(outgoing);
            done();
            display.done(timings);
        } catch (error) {
            if (!stop.signal.aborted) {
                done(error);
                display.failed(error);
            }
        }
    }

    const onState = (state) => display.service(state);
    connection.on("state", onState);
    connection.register(node);
    display.service(connection.state);

    node.on("input", (msg, send, done) => {
        if (queue.push({ msg, send, done })) {
            display.waiting();
        } else {
            done(new Error(translate("error.queue-full", { limit: MAX_WAITING })));
        }
    });

    node.on("close", (removed, done) => {
        const dropped = queue.clear().length + queue.running;
        stop.abort();
        connection.off("state", onState);
        connection.unregister(node);
        shared.releaseIfUnused();
        if (dropped > 0) {
            node.warn(translate("error.cancelled-messages", { dropped }));
        }
        done();
    });
}

/** A node that can't work says why, at once and to each message, instead of stopping the flow from being deployed. */
function refuseEverything(node, error) {
    node.status({ fill: "red", shape: "ring", text: error.message.slice(0, 60) });
    node.error(error.message);
    node.on("input", (msg, send, done) => done(error));
}

function connectionFor(RED, id, shared) {
    if (!id) {
        return shared.get();
    }
    const service = RED.nodes.getNode(id);
    if (!service) {
        throw new Error(`the Cellblock service ${JSON.stringify(id)} is missing or disabled`);
    }
    if (service.problem) {
        throw service.problem;
    }
    return service.connection;
}

/** The connection of the nodes that name no service: made when the first needs it, closed after the last. */
function sharedConnection(RED) {
    let connection = null;
    return {
        get() {
            connection ??= new Connection({}, RED.log && { log: RED.log.info, warn: RED.log.warn });
            return connection;
        },
        releaseIfUnused() {
            if (connection?.users.size === 0) {
                connection.close();
                connection = null;
            }
        },
    };
}

/** The names of Node-RED's context stores, as its settings name them. */
function contextStores(RED) {
    return new Set(["default", "memory", ...Object.keys(RED.settings.contextStorage ?? {})]);
}

/** Printed text goes to the log and, while the block runs, to the debug sidebar: as text, or as a warning. */
function showPrinted(RED, node, stream, text) {
    if (stream === "stderr") {
        node.warn(text);
        return;
    }
    node.log(text);
    const { id, z, name, _alias } = node;
    const shown = { id, z, name, _alias, path: node._flow?.path, topic: stream, msg: text };
    RED.comms.publish("debug", RED.util.encodeObject(shown, { maxLength: text.length }));
}
