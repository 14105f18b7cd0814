/*
 * The HTTP client of the Cellblock service: one keep-alive agent, one request for each execution.
 *
 * A block may do something that must not happen twice, so nothing is ever sent again: a connection that breaks while a
 * block runs is an error, and the caller decides. Idle connections are closed here before the service closes them.
 */
"use strict";

const http = require("node:http");
const https = require("node:https");
const values = require("./values");

const MSGPACK = "application/msgpack";
// Less than the keep-alive time of the service, so that a request never meets a connection that is just closing.
const IDLE_SOCKET_MS = 10_000;
const PROBE_TIMEOUT_MS = 3_000;
// How long the service holds back an answer while it builds a block's image, before it tells how far that is.
const LOADING_REPORT_S = 2;
// Beyond a block's own time limit: waiting for a free worker, and carrying a large value.
const ANSWER_GRACE_MS = 60_000;
const NOT_CONNECTED = new Set([
    "ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT",
    "EADDRNOTAVAIL",
]);

/**
 * A request that brought no answer about the block.
 *
 * `code` is one of service_unreachable, service_not_ready, no_answer, cancelled, broken_answer, or the `error_key` of
 * the service's problem document.
 */
class ServiceError extends Error {
    constructor(code, message, options) {
        super(message, options);
        this.name = "ServiceError";
        this.code = code;
    }
}

/**
 * @param {string} url for example "http://127.0.0.1:8765"
 * @returns {URL}
 * @throws {TypeError} if it is no http or https address
 */
function parseServiceUrl(url) {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) {
        throw new TypeError(`${JSON.stringify(url)} is not an http or https address`);
    }
    return parsed;
}

class Client {
    /** @param {{url: string, token?: string}} settings @throws {TypeError} for an address that isn't one */
    constructor({ url, token = "" }) {
        this.url = parseServiceUrl(url);
        this.transport = this.url.protocol === "https:" ? https : http;
        this.agent = new this.transport.Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
        this.authorization = token ? { authorization: `Bearer ${token}` } : {};
    }

    /**
     * Run a block.
     *
     * @param {object} request what POST /v1/execute takes; values must be the wire form of `values.toWire`
     * While the service builds the image that the block needs, `onLoading` is told how far it is, and the request is
     * made again: nothing has run by then.
     *
     * @param {{signal?: AbortSignal, onLoading?: (progress: object) => void}} [options] aborting `signal` drops the
     *     connection, which cancels the run; progress is {step, done, total, unit, seconds}
     * @returns {Promise<object>} {id, status, result, stdout, stderr, error?, timings_ms}
     * @throws {ServiceError}
     * @throws {values.ResultNotPortable}
     */
    async execute(request, { signal, onLoading = () => {} } = {}) {
        const body = values.packWire(request);
        const timeout = request.timeout_s * 1000 + ANSWER_GRACE_MS;
        const headers = {
            "content-type": MSGPACK, accept: MSGPACK, "content-length": body.length,
            prefer: `wait=${LOADING_REPORT_S}`,
        };
        for (;;) {
            const response = await this.#exchange("POST", "/v1/execute", { headers, body, timeout, signal });
            if (response.statusCode === 200) {
                return readAnswer(response);
            }
            const problem = problemOf(response);
            if (problem.code !== "image_loading") {
                throw problem;
            }
            onLoading(problem.progress);
        }
    }

    /** Ask /readyz. @returns {Promise<"ready"|"starting"|"unreachable">} */
    async probe() {
        try {
            const response = await this.#exchange("GET", "/readyz", { timeout: PROBE_TIMEOUT_MS });
            return response.statusCode === 200 ? "ready" : "starting";
        } catch {
            return "unreachable";
        }
    }

    /** Close idle connections; running requests are for their own signal to end. */
    close() {
        this.agent.destroy();
    }

    #exchange(method, path, { headers = {}, body, timeout, signal }) {
        const { promise, resolve, reject } = withResolvers();
        const target = new URL(this.url.pathname.replace(/\/$/, "") + path, this.url);
        const options = { method, agent: this.agent, headers: { ...this.authorization, ...headers }, signal };
        const request = this.transport.request(target, options);
        const deadline = setTimeout(() => {
            request.destroy(new ServiceError("no_answer", `the service at ${this.url.origin} gave no answer in time`));
        }, timeout);
        deadline.unref();
        request.on("response", (response) => collect(response).then(resolve, reject));
        request.on("error", reject);
        request.end(body);
        return promise
            .catch((error) => { throw this.#explain(error, signal); })
            .finally(() => clearTimeout(deadline));
    }

    #explain(error, signal) {
        if (error instanceof ServiceError) {
            return error;
        }
        if (signal?.aborted) {
            return new ServiceError("cancelled", "the run was cancelled", { cause: error });
        }
        if (NOT_CONNECTED.has(error.code)) {
            const reason = error.code === "ECONNRESET" || error.code === "EPIPE" ? "connection lost" : error.code;
            return new ServiceError("service_unreachable",
                `the Cellblock service at ${this.url.origin} can't be reached (${reason})`, { cause: error });
        }
        return new ServiceError("broken_answer",
            `talking to the Cellblock service at ${this.url.origin} failed: ${error.message}`, { cause: error });
    }
}

function withResolvers() {
    const deferred = {};
    deferred.promise = new Promise((resolve, reject) => {
        Object.assign(deferred, { resolve, reject });
    });
    return deferred;
}

async function collect(response) {
    const chunks = [];
    for await (const chunk of response) {
        chunks.push(chunk);
    }
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    return { statusCode: response.statusCode, type: response.headers["content-type"] ?? "", body };
}

function readAnswer({ type, body }) {
    if (!type.startsWith(MSGPACK)) {
        throw new ServiceError("broken_answer", `the service answered ${type || "without a type"}, not ${MSGPACK}`);
    }
    let answer;
    try {
        answer = values.decode(body);
    } catch (error) {
        if (error instanceof values.ResultNotPortable) {
            throw error;
        }
        throw new ServiceError("broken_answer", `the answer can't be read: ${error.message}`, { cause: error });
    }
    if (typeof answer?.status !== "string") {
        throw new ServiceError("broken_answer", "the answer has no status: is this a Cellblock service?");
    }
    return answer;
}

function problemOf({ statusCode, type, body }) {
    const problem = type.includes("json") ? parseJson(body) : {};
    const detail = problem.detail ?? problem.title ?? `HTTP ${statusCode}`;
    if (problem.error_key === "image_loading") {
        return Object.assign(new ServiceError("image_loading", detail), { progress: problem.progress ?? {} });
    }
    if (statusCode === 503) {
        return new ServiceError("service_not_ready", `the Cellblock service is not ready: ${detail}`);
    }
    return new ServiceError(problem.error_key ?? `http_${statusCode}`, `the service refused the request: ${detail}`);
}

function parseJson(body) {
    try {
        return JSON.parse(body.toString("utf8")) ?? {};
    } catch {
        return {};
    }
}

module.exports = { Client, ServiceError, parseServiceUrl };
