/*
 * The real service for tests: the one at CELLBLOCK_URL, or one started from this repository's .venv.
 */
"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const { look } = require("../lib/local/ask");

const COMMAND = process.env.CELLBLOCK_COMMAND || path.resolve(__dirname, "../../.venv/bin/cellblock");
const START_TIMEOUT_MS = 120_000;

async function freePort() {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

/** A service process of the tests' own, which can be stopped and started again on the same port. */
class OwnService {
    constructor(port, env = {}) {
        this.port = port;
        this.url = `${env.CELLBLOCK_TLS_CERTIFICATE ? "https" : "http"}://127.0.0.1:${port}`;
        this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-test-"));
        this.env = { CELLBLOCK_RECORDS_FILE: path.join(this.folder, "records.sqlite3"), ...env };
    }

    /** @throws {Error} if it isn't ready in time; its own output is in the message */
    async start() {
        if (!fs.existsSync(COMMAND)) {
            throw new Error(`${COMMAND} is missing: run "make setup" first, or set CELLBLOCK_URL`);
        }
        this.process = spawn(COMMAND, ["serve", "--port", String(this.port)], {
            env: { ...process.env, ...this.env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        let output = "";
        for (const stream of [this.process.stdout, this.process.stderr]) {
            stream.on("data", (chunk) => { output += chunk; });
        }
        const end = Date.now() + START_TIMEOUT_MS;
        while (!await this.#ready()) {
            if (this.process.exitCode !== null || Date.now() > end) {
                await this.end("SIGKILL");
                throw new Error(`the service did not become ready:\n${output}`);
            }
            await sleep(100);
        }
    }

    /** Stop it, and forget its records. */
    async stop() {
        await this.end("SIGTERM");
        fs.rmSync(this.folder, { recursive: true, force: true });
    }

    async end(signal) {
        if (this.process?.exitCode === null && this.process.signalCode === null) {
            this.process.kill(signal);
            await once(this.process, "exit");
        }
    }

    async #ready() {
        return (await look(new URL(this.url), { tls: { rejectUnauthorized: false } }))?.ready ?? false;
    }
}

/** @returns {Promise<{url: string, stop: () => Promise<void>}>} a service that is ready */
async function startService() {
    if (process.env.CELLBLOCK_URL) {
        return { url: process.env.CELLBLOCK_URL, stop: async () => {} };
    }
    const service = new OwnService(await freePort());
    await service.start();
    return service;
}

/** Where the service's bundles and images are, unless a test says otherwise. */
function usualHome() {
    const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
    return process.env.CELLBLOCK_HOME || path.join(cache, "cellblock");
}

module.exports = { COMMAND, OwnService, freePort, startService, usualHome };
