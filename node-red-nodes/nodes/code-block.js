/*
 * The node `code-block`: hands each message to the service, in order, and sends what the block returned.
 *
 * What decides anything is in ../lib, free of Node-RED; this file only connects it to the runtime.
 */
"use strict";

const { Connection } = require("../lib/connection");
const { blockError } = require("../lib/failures");
const { messagesFor, splitMessage } = require("../lib/messages");
const { SerialQueue } = require("../lib/queue");
const { readSettings } = require("../lib/settings");
const status = require("../lib/status");

// A flow that produces faster than its block works must hear of it before memory runs out.
const MAX_WAITING = 1000;
const MAX_PRINTED = 2000;

module.exports = function (RED) {
    const shared = sharedConnection(RED);

    function CodeBlockNode(config) {
        RED.nodes.createNode(this, config);
        const node = this;
        const translate = (key, options) => RED._(`code-block.${key}`, options);
        const stop = new AbortController();
        let settings;
        let connection;
        try {
            settings = readSettings(config);
            connection = connectionFor(RED, config.service, shared);
        } catch (error) {
            refuseEverything(node, error);
            return;
        }

        const queue = new SerialQueue(work, MAX_WAITING);
        const onState = (state) => queue.running || node.status(status.serviceStatus(state, translate));
        connection.on("state", onState);
        connection.register(node);
        node.status(status.serviceStatus(connection.state, translate));

        node.on("input", (msg, send, done) => {
            if (!queue.push({ msg, send, done })) {
                done(new Error(translate("error.queue-full", { limit: MAX_WAITING })));
                return;
            }
            node.status(status.runningStatus(queue.waiting, translate));
        });

        node.on("close", (removed, done) => {
            const dropped = queue.clear().length + (queue.running ? 1 : 0);
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
            node.status(status.runningStatus(queue.waiting, translate));
            let shown;
            try {
                const { answer, outgoing } = await run(msg);
                shown = status.doneStatus(answer);
                send(outgoing);
                done();
            } catch (error) {
                if (stop.signal.aborted) {
                    return;
                }
                shown = status.failureStatus(error, translate);
                done(error);
            }
            if (!stop.signal.aborted) {
                node.status(shown);
            }
        }

        /** Run the block on one message. Throws what the message's `done` gets. */
        async function run(msg) {
            const { travels, stays } = splitMessage(msg);
            const answer = await connection.execute({
                code: settings.code,
                name: settings.name,
                // Its payload is the block's `data`: see docs/values.md.
                msg: travels,
                timeout_s: settings.timeoutS,
            }, {
                signal: stop.signal,
                onLoading: (progress) => node.status(status.loadingStatus(progress, translate)),
            });
            reportOutput(node, answer);
            if (answer.status !== "completed") {
                throw blockError(answer);
            }
            return { answer, outgoing: messagesFor(answer.result, settings.outputs, msg, stays) };
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

function reportOutput(node, { stdout, stderr }) {
    if (stdout) {
        node.log(clip(stdout));
    }
    if (stderr) {
        node.warn(clip(stderr));
    }
}

function clip(text) {
    const trimmed = text.trimEnd();
    const rest = trimmed.length - MAX_PRINTED;
    return rest > 0 ? `${trimmed.slice(0, MAX_PRINTED)}\n... ${rest} more characters` : trimmed;
}
