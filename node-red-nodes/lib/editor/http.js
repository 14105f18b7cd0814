/*
 * The service's HTTP side, as the editor needs it: one question, one answer, over connections that are kept.
 */
"use strict";

const http = require("node:http");
const https = require("node:https");
const { connectionError, refusalOf, unreachable } = require("../refusals");

const MAX_ANSWER = 16 * 2 ** 20;
const ANSWER_MS = 30_000;
const KEEP = { keepAlive: true, maxSockets: 4, maxFreeSockets: 2, timeout: 30_000 };
const agents = { "http:": new http.Agent(KEEP), "https:": new https.Agent(KEEP) };

/**
 * Ask the service that a connection leads to.
 *
 * @param {Connection} connection
 * @param {{path: string, body?: object, signal?: AbortSignal}} question with POST if there is a body
 * @returns {Promise<object>} what the answer's JSON says
 * @throws {ServiceError} a refusal, or what kept the answer from coming
 */
async function ask(connection, { path, body, signal }) {
    const { url } = connection;
    try {
        const { status, text } = await exchange(connection, path, body && JSON.stringify(body), signal);
        const answer = parse(text);
        if (status >= 400) {
            throw refusalOf({ status, ...answer });
        }
        return answer;
    } catch (error) {
        throw connectionError(url, error);
    }
}

function exchange({ url, session }, path, body, signal) {
    const { token, ca, rejectUnauthorized } = session.settings;
    const target = new URL(`${url.pathname.replace(/\/$/, "")}${path}`, url);
    const options = {
        ...(url.protocol === "https:" && { ca, rejectUnauthorized }),
        agent: agents[url.protocol],
        method: body === undefined ? "GET" : "POST",
        signal,
        headers: {
            accept: "application/json",
            ...(body !== undefined && { "content-type": "application/json" }),
            ...(token && { authorization: `Bearer ${token}` }),
        },
    };
    return new Promise((resolve, reject) => {
        const request = (url.protocol === "https:" ? https : http).request(target, options, (response) => {
            collect(response).then((text) => resolve({ status: response.statusCode, text }), reject);
        });
        request.setTimeout(ANSWER_MS, () => request.destroy(unreachable(url, "it doesn't answer")));
        request.on("error", reject).end(body);
    });
}

async function collect(response) {
    const pieces = [];
    let size = 0;
    for await (const piece of response) {
        size += piece.length;
        if (size > MAX_ANSWER) {
            throw new Error(`an answer of more than ${MAX_ANSWER} bytes`);
        }
        pieces.push(piece);
    }
    return Buffer.concat(pieces).toString("utf8");
}

function parse(text) {
    try {
        return Object(JSON.parse(text));
    } catch {
        return {};
    }
}

module.exports = { ask };
