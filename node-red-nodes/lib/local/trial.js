/*
 * "Test connection": tries an address, a token and certificates the way that a Code Block will use them, and tells what
 * it found, or what is in the way.
 */
"use strict";

const { once } = require("node:events");
const { setTimeout: sleep } = require("node:timers/promises");
const { parseServiceUrl } = require("../link");
const { ServiceError } = require("../refusals");
const { Session } = require("../session");
const values = require("../values");
const { NODE_VERSION, differ } = require("../versions");
const { ask, look } = require("./ask");

// What says most about the Python behind a service.
const CODE = "import sys\nreturn sys.version.split()[0]";
const TRIAL_S = 10;
// A service behind a proxy may be reached by its session alone, which is quick.
const STRANGER_MS = 1_000;

/**
 * @param {{url: string, token?: string, ca?: string|Buffer, rejectUnauthorized?: boolean}} settings of a `Connection`
 * @returns {Promise<Outcome>} never rejects
 *
 * @typedef {object} Outcome
 * @property {boolean} ok whether blocks can run
 * @property {?string} problem what is in the way: "address", "unreachable", "certificate", "not_cellblock",
 *     "token_wanted", "token_wrong", "scope", "host", "not_ready", "failed"
 * @property {?string} detail of the problem, as the service or Node.js says it
 * @property {string} url
 * @property {string} node this package's version
 * @property {?string} service its version
 * @property {boolean} mismatch whether these are of different releases
 * @property {?string} python the version that blocks run in
 * @property {?Array<{names: string[], status: string, packages: number, bytes: number}>} images null if the token
 *     isn't allowed to list them
 * @property {string[]} loading what is being built, with how far it is
 */
async function tryConnection(settings) {
    const outcome = {
        ok: false, problem: null, detail: null, url: settings.url, node: NODE_VERSION, service: null, mismatch: false,
        python: null, images: null, loading: [],
    };
    try {
        const url = parseServiceUrl(settings.url);
        outcome.url = url.href.replace(/\/$/, "");
        await run({ ...settings, url }, outcome);
        outcome.ok = true;
    } catch (error) {
        Object.assign(outcome, explain(error, settings));
    }
    if (outcome.service !== null) {
        await list(settings, outcome).catch(() => {});
    }
    return outcome;
}

/** Run a block as a Code Block does. */
async function run({ url, token, ca, rejectUnauthorized }, outcome) {
    const session = new Session({ url, token, ca, rejectUnauthorized });
    try {
        const down = once(session, "down").then(([error]) => { throw error; });
        down.catch(() => {});
        session.open();
        const up = once(session, "up");
        const [{ version }] = await Promise.race([up, down, stranger(url, { ca, rejectUnauthorized })]);
        outcome.service = String(version);
        outcome.mismatch = differ(version);
        const answer = await session.execute({ code: CODE, name: "test", timeout_s: TRIAL_S });
        if (answer.status !== "completed") {
            throw new Error(answer.error?.message ?? answer.status);
        }
        outcome.python = values.decode(answer.result, {});
    } finally {
        session.close();
    }
}

/** Wait for nothing, unless something else than a service answers: many servers leave such a visitor standing. */
async function stranger(url, tls) {
    const answered = await ask(url, "/readyz", { tls }).catch(() => null);
    if (answered !== null && await look(url, { tls }) === null) {
        await sleep(STRANGER_MS);
        throw new ServiceError("not_cellblock", `GET /readyz was answered ${answered.status}, but not as a Cellblock `
            + "service answers");
    }
    return new Promise(() => {});
}

async function list({ url, token, ca, rejectUnauthorized }, outcome) {
    const tls = { ...(ca && { ca }), ...(rejectUnauthorized === false && { rejectUnauthorized }) };
    const { status, body } = await ask(parseServiceUrl(url), "/v1/images", { token, tls });
    if (status !== 200) {
        return;
    }
    outcome.images = body.images.map((image) => ({
        names: image.names,
        status: image.status,
        packages: Object.keys(image.packages ?? {}).length,
        bytes: image.size,
    }));
    outcome.loading = body.loading.map(({ title, done, total }) =>
        (total > 0 ? `${title}, ${Math.floor(100 * done / total)} %` : title));
}

const PROBLEMS = {
    service_unreachable: "unreachable",
    certificate_refused: "certificate",
    not_cellblock: "not_cellblock",
    broken_answer: "not_cellblock",
    scope_missing: "scope",
    host_refused: "host",
    service_not_ready: "not_ready",
};

function explain(error, { token }) {
    const detail = error.message;
    if (error instanceof TypeError) {
        return { problem: "address", detail };
    }
    if (error.code === "unauthorized") {
        return { problem: token ? "token_wrong" : "token_wanted", detail };
    }
    // A service says more than a number.
    const [, status] = /^http_(\d+)$/.exec(error.code) ?? [];
    if (status !== undefined) {
        return { problem: Number(status) < 500 ? "not_cellblock" : "unreachable", detail };
    }
    return { problem: PROBLEMS[error.code] ?? "failed", detail };
}

module.exports = { tryConnection };
