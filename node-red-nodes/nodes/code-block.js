/*
 * The node `code-block`: hands messages to the service and sends what the block returned.
 *
 * What decides anything is in ../lib, free of Node-RED; this file only connects it to the runtime.
 */
"use strict";

const { Connection } = require("../lib/connection");
const { registerEditor } = require("../lib/editor/endpoints");
const { variableOf } = require("../lib/environment");
const { Hub } = require("../lib/hub");
const { Instances } = require("../lib/instances");
const lastSeen = require("../lib/last-seen");
const { Provenance } = require("../lib/provenance");
const { Runtime } = require("../lib/runtime");
const { openLocal, releaseLocal, startsHere, surroundings } = require("../lib/local/open");
const { statusOf } = require("../lib/local/words");
const { readSettings } = require("../lib/settings");
const { Sources } = require("../lib/sources");
const { remembering } = require("../lib/translation");
const { name: PACKAGE } = require("../package.json");

// Where Node-RED keeps the texts of the config node, which has the words for what is wrong with a service.
const SERVICE_TEXTS = `${PACKAGE}/cellblock-service:cellblock-service.`;
// A service that the editor alone needs isn't stopped while somebody writes, and thinks.
const EDITOR_MS = 5 * 60_000;
const SECRETS = Array.from({ length: 16 }, (_, slot) => `secret${slot}`);

module.exports = function (RED) {
    // What all blocks have in common.
    const common = {
        shared: sharedConnection(RED),
        provenance: new Provenance(RED.hooks, "cellblock-sources"),
        started: new Hub(RED.events, "flows:started"),
        instances: new Instances(),
    };

    function CodeBlockNode(config) {
        RED.nodes.createNode(this, config);
        try {
            const settings = readSettings(config);
            start(RED, this, settings, connectionFor(RED, config.service, common.shared), common);
        } catch (error) {
            refuseEverything(this, error, common);
        }
    }

    RED.nodes.registerType("code-block", CodeBlockNode, {
        credentials: Object.fromEntries(SECRETS.map((slot) => [slot, { type: "password" }])),
    });
    registerEditor(RED, {
        connectionFor: (id) => connectionFor(RED, id, common.shared),
        release: common.shared.releaseLater,
        nodeOf: (id) => common.instances.of(id),
        stores: contextStores(RED),
    });
};

/**
 * For the editor.
 *
 * @param {object} node
 * @param {Instances} instances
 * @param {(msg: object) => ?object} [sourceOf] a message's source as `lastSeen.remember` takes it, null if it is of
 *     none; for a node that joins
 */
function rememberMessages(node, instances, sourceOf = () => undefined) {
    const id = Instances.idOf(node);
    let closing = false;
    instances.note(node);
    node.on("input", (msg) => {
        // While On Stop runs, a flow that goes on beside this node may still send it something.
        if (closing) {
            return;
        }
        instances.note(node);
        const source = sourceOf(msg);
        if (source !== null) {
            lastSeen.remember(id, msg, source);
        }
    });
    node.on("close", (removed, done) => {
        closing = true;
        instances.remove(node);
        if (removed) {
            lastSeen.forget(id);
        }
        done();
    });
}

/** Let a node work on messages, until it is closed. */
function start(RED, node, settings, connection, { shared, provenance, started, instances }) {
    const translate = remembering((key, options) => RED._(`code-block.${key}`, options));
    const id = Instances.idOf(node);
    const sources = settings.join && new Sources(settings.join.sources, id, () => allConfigs(RED));
    const placeOf = (msg) => sources.placeOf(provenance.wayOf(msg));
    rememberMessages(node, instances, sources === null ? undefined : (msg) => sourceOf(msg, sources, placeOf));
    const runtime = new Runtime(settings, flowOf(RED, node, { settings, translate, placeOf }), connection);
    const look = sources === null ? () => {} : lookForSources(node, sources, runtime, translate);
    const flowsStarted = () => {
        look();
        runtime.flowsStarted();
    };
    started.add(flowsStarted);
    if (sources !== null) {
        provenance.watch();
    }
    runtime.open();

    node.on("input", (msg, send, done) => runtime.input(msg, send, done));

    node.on("close", (removed, done) => {
        started.remove(flowsStarted);
        if (sources !== null) {
            provenance.unwatch();
        }
        runtime.close().finally(() => {
            shared.releaseIfUnused();
            done();
        });
    });
}

/** A message's source; null if it is of none, or nobody can tell: then the runtime refuses it. */
function sourceOf(msg, { sources }, placeOf) {
    try {
        return { name: sources[placeOf(msg)].name, all: sources.map(({ name }) => name) };
    } catch {
        return null;
    }
}

/** What a runtime may do in the flow of a node. */
function flowOf(RED, node, { settings, translate, placeOf }) {
    return {
        source: { id: node.id, type: node.type, name: node.name },
        facts: { id: node.id, name: node.name, path: node._path },
        secrets: secretsOf(node, settings.secretNames),
        stores: contextStores(RED),
        send: (outgoing) => node.send(outgoing),
        log: (level, value) => node[level](value),
        error: (error, msg) => node.error(error, msg),
        status: (shown) => node.status(shown),
        show: (stream, text) => showPrinted(RED, node, stream, text),
        env: (name) => variableOf(node, name, RED.util.getSetting, RED.settings.cellblock?.env),
        context: () => node.context(),
        clone: RED.util.cloneMessage,
        newId: RED.util.generateId,
        placeOf,
        translate,
    };
}

/** The secrets that have a name and a value. */
function secretsOf(node, names) {
    const slots = names.map((name, slot) => [name, node.credentials?.[SECRETS[slot]]]);
    return Object.fromEntries(slots.filter(([name, value]) => name !== "" && value));
}

/** Tell of sources that are gone: each time that the flow was changed, which needn't start this node again. */
function lookForSources(node, sources, runtime, translate) {
    let known = "";
    return () => {
        sources.forget();
        const missing = sources.missing();
        const ids = missing.map(({ id }) => id).join(" ");
        if (ids !== known) {
            known = ids;
            runtime.lacks(missing);
            missing.forEach((source) => node.error(translate("error.source-missing", source)));
        }
    };
}

function allConfigs(RED) {
    const configs = [];
    RED.nodes.eachNode((config) => configs.push(config));
    return configs;
}

/** A node that can't work says why, at once and to each message, instead of stopping the flow from being deployed. */
function refuseEverything(node, error, { instances }) {
    rememberMessages(node, instances);
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

/**
 * The connection of the nodes that name no service: made when the first needs it, closed after the last. Without an
 * address in the environment, the service is started with it.
 */
function sharedConnection(RED) {
    let connection = null;
    let later = null;
    const logger = {
        log: RED.log.info,
        warn: RED.log.warn,
        describe: (name, about) => statusOf(name, about, (key, options) => RED._(SERVICE_TEXTS + key, options)),
    };
    const get = () => {
        clearTimeout(later);
        connection ??= startsHere() ? openLocal({}, surroundings(RED), logger) : new Connection({}, logger);
        return connection;
    };
    const releaseIfUnused = () => {
        if (connection?.users.size === 0) {
            const unused = connection;
            connection = null;
            unused.close();
            if (unused.service) {
                releaseLocal(unused);
            }
        }
    };
    /** For the editor, which asks again and again. */
    const releaseLater = () => {
        clearTimeout(later);
        later = setTimeout(releaseIfUnused, EDITOR_MS);
        later.unref();
    };
    return { get, releaseIfUnused, releaseLater };
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
