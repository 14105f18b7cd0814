/*
 * What the Code Block's dialog asks Node-RED for, over its admin API: `cellblock/...`.
 *
 * A person who may read flows may have a text checked and completed; to run one takes the right to write. Refusals are
 * JSON, `{code, message}`, with 503 as long as the service can't answer.
 */
"use strict";

const { check, linesOf } = require("./check");
const { ask } = require("./http");
const { Runs } = require("./runs");
const { contextAnswers } = require("../context");
const { variableOf } = require("../environment");
const lastSeen = require("../last-seen");

const MAX_SECRETS = 16;
const MAX_JSON = 256 * 1024;

/**
 * @param {object} RED the runtime's
 * @param {{connectionFor: (id: string) => Connection, release: () => void, nodeOf: (id: string) => ?object,
 *     stores: Set<string>}} services `connectionFor` throws an error that tells what is wrong with that service;
 *     `release` is called after each use; `nodeOf` gives a Code Block that is deployed
 */
function registerEditor(RED, services) {
    RED.library.register("code-blocks");
    const runs = new Runs(RED.util.encodeObject);
    const route = (method, path, permission, handle) => {
        RED.httpAdmin[method](`/cellblock/${path}`, RED.auth.needsPermission(`cellblock.${permission}`),
            (request, response) => answerWith(response, () => handle(request, response, services)));
    };
    route("post", "check", "read", checkCode);
    route("post", "complete", "read", complete);
    route("get", "packages", "read", ({ query }) => withService(services, query.service, (connection) =>
        ask(connection, { path: `/v1/packages?search=${encodeURIComponent(query.search ?? "")}` })));
    route("get", "images", "read", ({ query }) => withService(services, query.service, (connection) =>
        ask(connection, { path: "/v1/images" })));
    route("get", "last/:node", "read", ({ params }) => describeLast(params.node, RED.util.encodeObject));
    route("post", "run", "write", (request, response) => run(RED, runs, services, request.body, response));
    route("delete", "run/:id", "write", ({ params }) => ({ cancelled: runs.cancel(params.id) }));
}

async function answerWith(response, handle) {
    try {
        const answer = await handle();
        if (answer !== undefined) {
            response.json(answer);
        }
    } catch (error) {
        const { code = "error", message } = error;
        response.status(code === "http_404" || code === "not_found" ? 404 : 503).json({ code, message });
    }
}

async function withService({ connectionFor, release }, id, use) {
    const connection = connectionFor(id || "");
    try {
        connection.requireService();
        return await use(connection);
    } finally {
        release();
    }
}

async function checkCode({ body }, _, services) {
    const problems = await withService(services, body.service, (connection) =>
        check(texts(body), (code) => ask(connection, { path: "/v1/check", body: { code } })));
    return { problems };
}

function complete({ body }, _, services) {
    const { code, before } = texts(body);
    const offset = linesOf(before);
    const question = {
        code: offset > 0 ? `${before}\n${code}` : code,
        line: offset + Number(body.line),
        column: Number(body.column),
    };
    return withService(services, body.service, (connection) =>
        ask(connection, { path: "/v1/complete", body: question }));
}

function texts({ code, before, after }) {
    return { code: String(code ?? ""), before: String(before ?? ""), after: String(after ?? "") };
}

/** The message that a node saw last: as a tree to look at, and as JSON to change, unless that is long. */
function describeLast(node, encodeObject) {
    const seen = lastSeen.lastSeen(node);
    if (!seen) {
        return { at: null };
    }
    if (seen.tooBig) {
        return { at: seen.at, tooBig: true };
    }
    const { msg, format } = encodeObject({ msg: seen.msg }, { maxLength: 100 });
    return { at: seen.at, value: { msg, format }, json: jsonOf(seen.msg) };
}

function jsonOf(msg) {
    try {
        const text = JSON.stringify(msg, (_, value) => (typeof value === "bigint" ? Number(value) : value), 4);
        return text.length <= MAX_JSON ? text : null;
    } catch {
        return null;
    }
}

/** Run a block and tell line by line, each a JSON object, what happens. */
async function run(RED, runs, services, body, response) {
    const { connectionFor, release } = services;
    const job = {
        id: String(body.id),
        node: String(body.node ?? ""),
        part: body.part ?? "code",
        config: Object(body.config),
        msg: messageOf(body),
        secrets: secretsOf(RED, body),
        flow: flowOf(RED, services.nodeOf(String(body.node)), services.stores),
    };
    const connection = connectionFor(body.service || "");
    response.set({ "content-type": "application/x-ndjson", "cache-control": "no-store", "x-accel-buffering": "no" });
    response.flushHeaders();
    // Whoever closes the dialog doesn't want the result any more.
    response.on("close", () => runs.cancel(job.id));
    try {
        await runs.run(job, connection, (event) => response.write(`${JSON.stringify(event)}\n`));
    } finally {
        response.end();
        release();
    }
}

/** @throws {Error} if it is to run on the last message and there was none */
function messageOf({ part, input, msg, node }) {
    if (part !== undefined && part !== "code") {
        return undefined;
    }
    if (input !== "last") {
        return Object(msg);
    }
    const seen = lastSeen.lastSeen(node);
    if (!seen) {
        throw Object.assign(new Error("this block has seen no message yet"), { code: "not_found" });
    }
    if (seen.tooBig) {
        throw new Error("the last message is too large to be kept: paste a smaller one");
    }
    return seen.msg;
}

/** Secrets by name: as they were typed, or as the node has them. They are in no log and in no answer. */
function secretsOf(RED, { node, config, secrets }) {
    const stored = Object(RED.nodes.getCredentials(node));
    const typed = Object(secrets);
    const names = Array.isArray(config?.secretNames) ? config.secretNames.slice(0, MAX_SECRETS) : [];
    const entries = names.map((name, slot) => [name, typed[`secret${slot}`] ?? stored[`secret${slot}`]]);
    return Object.fromEntries(entries.filter(([name, value]) => name && typeof value === "string"));
}

/** Context and environment are those of the deployed node. */
function flowOf(RED, node, stores) {
    const nothing = async () => ({ error: "deploy first: this block isn't in a running flow, so it has no context" });
    if (!node) {
        return { facts: {}, answerContext: nothing, env: () => undefined };
    }
    return {
        facts: { id: node.id, name: node.name, path: node._path },
        answerContext: contextAnswers(() => node.context(), stores),
        env: (name) => variableOf(node, name, RED.util.getSetting, RED.settings.cellblock?.env),
    };
}

module.exports = { registerEditor };
