/*
 * One HTTP question to a service: a GET whose answer is JSON. `fetch` can't be told which certificates to trust.
 */
"use strict";

const http = require("node:http");
const https = require("node:https");

const TIMEOUT_MS = 5_000;
const MAX_BODY = 8 * 2 ** 20;

/**
 * @param {URL} url of the service
 * @param {string} path for example "/readyz"
 * @param {{token?: string, tls?: object, timeoutMs?: number}} [options] `tls` as `https.request` takes it
 * @returns {Promise<{status: number, body: *}>} `body` is undefined if it is no JSON
 * @throws {Error} whatever kept the answer from coming, with Node's `code`
 */
function ask(url, path, { token, tls = {}, timeoutMs = TIMEOUT_MS } = {}) {
    const target = new URL(url.pathname.replace(/\/$/, "") + path, url);
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const signal = AbortSignal.timeout(timeoutMs);
    const { get } = target.protocol === "https:" ? https : http;
    return new Promise((resolve, reject) => {
        const request = get(target, { headers, signal, agent: false, ...tls }, (response) => {
            let text = "";
            response.setEncoding("utf8");
            response.on("data", (chunk) => {
                text += chunk;
                if (text.length > MAX_BODY) {
                    request.destroy(new Error("the answer is too long"));
                }
            });
            response.on("error", reject);
            response.on("end", () => resolve({ status: response.statusCode, body: parse(text) }));
        });
        request.on("error", reject);
    });
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/**
 * Look who is at an address, without a token: health checks answer anyone.
 *
 * @returns {Promise<{ready: boolean, reasons: string[]}|null>} null if no Cellblock service answers there
 */
async function look(url, options) {
    try {
        const { body } = await ask(url, "/readyz", { timeoutMs: 2_000, ...options });
        const { status, reasons, workers } = Object(body);
        const ours = ["ready", "not ready"].includes(status) && typeof workers === "object";
        return ours ? { ready: status === "ready", reasons: Array.isArray(reasons) ? reasons : [] } : null;
    } catch {
        return null;
    }
}

module.exports = { ask, look };
