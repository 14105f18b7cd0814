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
const { Queue } = require("../lib/queue");
const { readSettings } = require("../lib/settings");
const status = require("../lib/status");

// A flow that produces faster than its block works must hear of it before memory runs out.
const MAX_WAITING = 1000;
// As many of one block as the service, unless told otherwise, lets wait for its workers.
const MAX_PARALLEL = 64;

module.exports = function (RED) {
    const shared = sharedConnection(RED);

    function CodeBlockNode(config) {
        RED.nodes.createNode(this, config);
        const node = this;
        const translate = (key, options) => RED._(`code-block.${key}`, options);
        const stop = new AbortController();
        // One listener for each run.
        setMaxListeners(0, stop.signal);
        let settings;
        let connection;
        try {
            settings = readSettings(config);
            connection = connectionFor(RED, config.service, shared);
        } catch (error) {
            refuseEverything(node, error);
            return;
        }

        const block = new Block(settings, {
            id: node.id,
            connection,
            onCall: contextAnswers(() => node.context(), contextStores(RED)),
            show: (stream, text) => showPrinted(RED, node, stream, text),
        });
        const parallel = settings.order === "parallel" ? MAX_PARALLEL : 1;
        const queue = new Queue(work, { limit: MAX_WAITING, parallel });
        let phase = "";
        const onState = (state) => queue.running > 0 || node.status(status.serviceStatus(state, translate));
        connection.on("state", onState);
        connection.register(node);
        node.status(status.serviceStatus(connection.state, translate));

        node.on("input", (msg, send, done) => {
            if (!queue.push({ msg, send, done })) {
                done(new Error(translate("error.queue-full", { limit: MAX_WAITING })));
            } else if (queue.waiting > 0 && phase === "running") {
                node.status(status.runningStatus(queue.waiting, translate));
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

        async function work({ msg, send, done }) {
            phase = "queued";
            node.status(status.queuedStatus(translate));
            let shown;
            try {
                const options = { signal: stop.signal, onStatus, onWaiting };
                const { outgoing, timings, stateLost } = await block.run(msg, options);
                shown = status.doneStatus(timings);
                if (stateLost) {
                    node.warn(translate("error.state-lost"));
                }
                send(outgoing);
                done();
            } catch (error) {
                if (stop.signal.aborted) {
                    return;
                }
                shown = status.failureStatus(error, translate);
                done(error);
            }
            showEnd(shown);
        }

        function onStatus(now, progress) {
            phase = now;
            if (phase === "loading") {
                node.status(status.loadingStatus(progress, translate));
            } else if (phase === "running") {
                node.status(status.runningStatus(queue.waiting, translate));
            }
        }

        function onWaiting(refusal) {
            node.status(status.waitingStatus(refusal, translate));
        }

        function showEnd(shown) {
            if (stop.signal.aborted) {
                return;
            }
            node.status(shown);
            // Those that run beside it have told that they do already.
            if (queue.running > 1) {
                node.status(status.runningStatus(queue.waiting, translate));
            }
        }
    }

    RED.nodes.registerType("code-block", CodeBlockNode);
};

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
