/*
 * A real Node-RED of the tests' own, as a process: flows are deployed through its admin API, and what its debug nodes
 * and statuses tell comes through the websocket that feeds the editor.
 */
"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const WebSocket = require("ws");
const { freePort } = require("./service");

const ROOT = path.resolve(__dirname, "..");
const START_MS = 60_000;

class NodeRed {
    /**
     * @param {object} [options]
     * @param {string} [options.red] Node-RED's red.js; default: the one this package is developed with
     * @param {string} [options.node] the Node.js to run it
     * @param {string} [options.userDir] default: a new one, which `stop` removes
     * @param {boolean} [options.installed] the nodes are in the user directory, or come there with `install`; they
     *     aren't taken from here
     * @param {object} [options.env]
     */
    constructor({ red = require.resolve("node-red/red.js"), node = process.execPath, userDir, installed, env } = {}) {
        Object.assign(this, { red, node, installed, env, logged: "", debugged: [], statuses: [] });
        this.owned = userDir === undefined;
        this.userDir = userDir ?? fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-node-red-"));
    }

    /** @throws {Error} with its log, if its flows aren't loaded in time */
    async start(flows = []) {
        this.port = await freePort();
        this.logged = "";
        this.url = `http://127.0.0.1:${this.port}`;
        fs.writeFileSync(path.join(this.userDir, "flows.json"), JSON.stringify(flows));
        fs.writeFileSync(path.join(this.userDir, "settings.js"), `module.exports = ${JSON.stringify({
            uiHost: "127.0.0.1",
            uiPort: this.port,
            flowFile: "flows.json",
            nodesDir: this.installed ? undefined : [ROOT],
            telemetry: { enabled: false, updateNotification: false },
            externalModules: {
                palette: { allowInstall: this.installed === true, allowUpload: this.installed === true },
                modules: { allowInstall: false },
            },
            editorTheme: { tours: false },
        })};\n`);
        this.process = spawn(this.node, [this.red, "--userDir", this.userDir], {
            env: { ...process.env, ...this.env }, stdio: ["ignore", "pipe", "pipe"],
        });
        for (const stream of [this.process.stdout, this.process.stderr]) {
            stream.on("data", (chunk) => { this.logged += chunk; });
        }
        await this.until(() => /Started flows|Waiting for missing types/.test(this.logged), "the flows", START_MS);
        await this.#listen();
    }

    async #listen() {
        this.socket = new WebSocket(`ws://127.0.0.1:${this.port}/comms`);
        await once(this.socket, "open");
        this.socket.on("error", () => {});
        this.socket.on("message", (data) => {
            for (const { topic, data: event } of [JSON.parse(data)].flat()) {
                if (topic === "debug") {
                    this.debugged.push(event);
                } else if (topic?.startsWith("status/")) {
                    this.statuses.push({ id: topic.slice("status/".length), ...event });
                }
            }
        });
        for (const topic of ["debug", "status/#"]) {
            this.socket.send(JSON.stringify({ subscribe: topic }));
        }
    }

    /** End it; what it kept is there when it is started again. */
    async stopProcess(signal = "SIGTERM") {
        this.socket?.terminate();
        if (this.process?.exitCode === null && this.process.signalCode === null) {
            this.process.kill(signal);
            await once(this.process, "exit");
        }
    }

    /** End it, and forget what it kept. */
    async stop(signal = "SIGTERM") {
        await this.stopProcess(signal);
        if (this.owned) {
            await removeFolder(this.userDir);
        }
    }

    /** Ask its admin API. @returns {Promise<Response>} */
    async admin(method, place, body, headers = {}) {
        const response = await fetch(`${this.url}/${place}`, {
            method,
            headers: { "content-type": "application/json", ...headers },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        if (!response.ok) {
            throw new Error(`${method} ${place}: ${response.status} ${await response.text()}`);
        }
        return response;
    }

    /** Deploy these flows in place of what is there. @param {string} [type] full, flows or nodes */
    async deploy(flows, type = "full") {
        const before = this.logged.length;
        await this.admin("POST", "flows", flows, { "Node-RED-Deployment-Type": type });
        await this.until(() => /Started (modified )?(flows|nodes)/.test(this.logged.slice(before)), "the deployment");
    }

    /** Install a package as the palette manager does with a file. @returns {Promise<object>} what it tells of it */
    async install(tarball) {
        const form = new FormData();
        form.append("tarball", new Blob([fs.readFileSync(tarball)]), path.basename(tarball));
        const response = await fetch(`${this.url}/nodes`, { method: "POST", body: form });
        const answer = await response.text();
        if (!response.ok) {
            throw new Error(`it can't be installed: ${answer}\n${this.logged.slice(-4000)}`);
        }
        return JSON.parse(answer);
    }

    /** Press an inject node's button. */
    async inject(id) {
        await this.admin("POST", `inject/${id}`);
    }

    /** What debug nodes showed, once there are so many, each with `value`, what a message's property was. */
    async debug(id, count = 1, timeoutMs = 60_000) {
        const of = () => this.debugged.filter((event) => event.id === id);
        await this.until(() => of().length >= count, `${count} messages at the debug node ${id}`, timeoutMs);
        return of().map(({ msg, format }) => ({ msg, format, value: valueOf(msg, format) }));
    }

    /** Wait for something. @throws {Error} that says what it was, with the last of the log */
    async until(check, what, timeoutMs = 30_000) {
        const end = Date.now() + timeoutMs;
        for (let found = await check(); ; found = await check()) {
            if (found) {
                return found;
            }
            if (Date.now() > end || this.process.exitCode !== null) {
                const seen = JSON.stringify([this.debugged.slice(-3), this.statuses.slice(-3)]);
                throw new Error(`waited in vain for ${what}; seen: ${seen}\n${this.logged.slice(-4000)}`);
            }
            await sleep(20);
        }
    }
}

/** Remove a folder in which a service that ends may still be writing its last. */
async function removeFolder(folder) {
    for (let left = 100; ; left -= 1) {
        try {
            fs.rmSync(folder, { recursive: true, force: true });
            return;
        } catch (error) {
            if (left === 0) {
                throw error;
            }
            await sleep(100);
        }
    }
}

/** The debug sidebar's text of a value, turned back. */
function valueOf(msg, format) {
    if (/^(Object|array|error)/i.test(format)) {
        return JSON.parse(msg, (key, value) => value?.__enc__ ? decoded(value) : value);
    }
    return { number: Number, boolean: (text) => text === "true" }[format]?.(msg) ?? msg;
}

function decoded({ type, data }) {
    return { number: Number, bigint: BigInt }[type]?.(data) ?? data;
}

/** A flow that gives a number to a block which adds one to it, and what comes to a debug node. */
function addingFlow(number, service) {
    return [
        { id: "tab", type: "tab" },
        { id: "inject", z: "tab", x: 1, y: 1, type: "inject", props: [{ p: "payload" }], payload: String(number),
            payloadType: "num", wires: [["block"]] },
        { id: "block", z: "tab", x: 2, y: 1, type: "code-block", service: service.id, code: "data + 1", outputs: 1,
            wires: [["debug"]] },
        { id: "debug", z: "tab", x: 3, y: 1, type: "debug", active: true, tosidebar: true, complete: "payload",
            targetType: "msg", wires: [] },
        service,
    ];
}

module.exports = { NodeRed, ROOT, addingFlow, removeFolder };
