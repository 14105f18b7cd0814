/*
 * The config node `cellblock-service`: owns the connection that its Code Blocks share, and, if it is asked to, the
 * service itself.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { Connection, defaultUrl } = require("../lib/connection");
const { INSTALL, findCommand } = require("../lib/local/command");
const { folders, openLocal, releaseLocal, startsHere, surroundings } = require("../lib/local/open");
const { tryConnection } = require("../lib/local/trial");
const { statusOf } = require("../lib/local/words");

// What the editor shows in place of a password that is kept.
const KEPT_PASSWORD = "__PWRD__";

module.exports = function (RED) {
    const translate = (key, options) => RED._(`cellblock-service.${key}`, options);

    function CellblockServiceNode(config) {
        RED.nodes.createNode(this, config);
        this.name = config.name;
        const node = this;
        const logger = {
            log: (text) => node.log(text),
            warn: (text) => node.warn(text),
            describe: (name, about) => statusOf(name, about, translate),
        };
        try {
            const settings = { url: config.url, token: node.credentials?.token, ...readTls(config, folders(RED)) };
            if (config.start && (config.url || startsHere())) {
                node.connection = openLocal(settings, { command: config.command, ...surroundings(RED) }, logger);
                node.service = node.connection.service;
            } else {
                node.connection = new Connection(settings, logger);
            }
        } catch (error) {
            // The Code Blocks that use this node read it, show it and answer their messages with it.
            node.problem = error;
            node.error(error.message);
        }
        // Without waiting for it: Node-RED stops the nodes that use it at the same time.
        node.on("close", async (removed, done) => {
            done();
            await node.connection?.closeWhenUnused();
            if (node.service) {
                await releaseLocal(node.connection, { forGood: removed });
            }
        });
    }

    RED.nodes.registerType("cellblock-service", CellblockServiceNode, {
        credentials: { token: { type: "password" } },
    });

    RED.httpAdmin.post("/cellblock/test", RED.auth.needsPermission("cellblock.write"), (request, response) => {
        answerTest(RED, Object(request.body)).then((outcome) => response.json(outcome), (error) => {
            response.json({ ok: false, problem: "failed", detail: error.message });
        });
    });
};

/**
 * Try what the dialog shows, saved or not.
 *
 * @param {object} asked {id, url, token, caFile, rejectUnauthorized, start, command, look}: `look` only looks for the
 *     command
 * @returns {Promise<object>} an outcome of `tryConnection`; with `start` also `command`, the path of the command or
 *     null, `install`, the line to type if it isn't there, and `local`, the state of the service that is deployed
 */
async function answerTest(RED, asked) {
    const outcome = {};
    const found = RED.nodes.getNode(String(asked.id));
    // Other nodes have tokens too, which are nobody's business here.
    const node = found?.type === "cellblock-service" ? found : null;
    if (asked.start) {
        outcome.command = findCommand(String(asked.command || ""), { folders: folders(RED) });
        outcome.install = INSTALL;
        outcome.local = node?.service?.state ?? null;
    }
    if (asked.look) {
        return outcome;
    }
    let url = String(asked.url || process.env.CELLBLOCK_URL || defaultUrl());
    if (asked.start && outcome.local?.url && sameOrigin(node.service.settings.url, url)) {
        // It may have had to take another port.
        url = outcome.local.url.href;
    }
    try {
        const token = asked.token === KEPT_PASSWORD ? node?.credentials?.token : asked.token;
        const tls = readTls(asked, folders(RED));
        return { ...outcome, ...await tryConnection({ url, token: token || process.env.CELLBLOCK_TOKEN, ...tls }) };
    } catch (error) {
        return { ...outcome, ok: false, problem: "ca_file", detail: error.message };
    }
}

function sameOrigin(one, other) {
    return URL.canParse(other) && new URL(other).origin === one.origin;
}

/** @throws {Error} for a file that can't be read, or holds no certificate */
function readTls({ caFile, rejectUnauthorized }, [folder]) {
    const tls = { rejectUnauthorized: rejectUnauthorized !== false };
    if (caFile) {
        tls.ca = fs.readFileSync(path.resolve(folder, String(caFile)), "utf8");
        if (!tls.ca.includes("-----BEGIN CERTIFICATE-----")) {
            throw new Error(`${caFile} holds no certificate in PEM`);
        }
    }
    return tls;
}
