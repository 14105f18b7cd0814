/*
 * The service on this machine: found where it should be, or started there, and kept running until it is stopped.
 *
 * Emits "state" with one of these each time that something changes, and keeps the last in `state`:
 *
 *     {name: "starting", reason}         reason: why it isn't ready after some seconds, else undefined
 *     {name: "ready", url, pid}          pid: null for a service that somebody else started
 *     {name: "building", step, percent}  its images are made, once for each version; percent may be null
 *     {name: "waiting", reason, seconds, failures}   it ended, and is started again after so long
 *     {name: "missing", command}         there is no such command; looked for again every few seconds
 *     {name: "stopped"}
 */
"use strict";

const { EventEmitter } = require("node:events");
const net = require("node:net");
const { setTimeout: sleep } = require("node:timers/promises");
const { look } = require("./ask");
const { Child } = require("./child");
const { INSTALL, findCommand } = require("./command");
const { environmentFor } = require("./environment");
const { parseLine } = require("./lines");

const POLL_MS = 200;
// After so long it is told why a service isn't ready yet.
const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 3_000;
const FIRST_PAUSE_S = 1;
const LONGEST_PAUSE_S = 60;
// One that ran for so long didn't end because it can't start.
const GOOD_RUN_MS = 60_000;
// A service without an image, or without the bundle that it is of, says so; `cellblock image build` makes both.
const LACKING = /cellblock (image|bundle) build/;
const STEP = /^cellblock: (?:(.*?): )?(?:(\d+)%|.*)/;

class LocalService extends EventEmitter {
    #stop = new AbortController();
    #child = null;
    #failures = 0;
    #built = false;
    #said = "";

    /**
     * @param {object} settings
     * @param {URL} settings.url where it should be: http, at a loopback address
     * @param {string} [settings.command] empty: look for it
     * @param {string} [settings.token] which it then asks for
     * @param {number} [settings.patienceMs] before it is told why a service isn't ready yet
     * @param {string[]} [settings.folders] where a virtual environment may be; the first is for the service's records
     * @param {(level: "trace"|"debug"|"info"|"warn"|"error", text: string) => void} log
     */
    constructor(settings, log) {
        super();
        this.setMaxListeners(0);
        this.settings = settings;
        this.log = log;
        this.state = { name: "starting" };
    }

    /** Begin. What goes wrong is a state, and is tried again. */
    start() {
        this.running = this.#run().catch((error) => this.log("error", error.stack));
    }

    /** End it, if it was started here. */
    async stop() {
        this.#stop.abort();
        await this.#child?.stop();
        await this.running;
        this.#set({ name: "stopped" });
    }

    async #run() {
        while (!this.#stopped) {
            if (await look(this.settings.url)) {
                await this.#follow();
                continue;
            }
            const command = this.#find();
            if (command === null) {
                this.#missing();
                await this.#pause(LOOK_AGAIN_MS);
                continue;
            }
            await this.#attempt(command);
        }
    }

    get #stopped() {
        return this.#stop.signal.aborted;
    }

    /** Use a service that somebody else started, as long as it is there. */
    async #follow() {
        const { url } = this.settings;
        this.log("info", `using the Cellblock service that runs at ${url.origin}`);
        let since = Date.now();
        for (let found = await look(url); found && !this.#stopped; found = await look(url)) {
            if (found.ready) {
                since = Date.now();
                this.#set({ name: "ready", url, pid: null });
            } else {
                this.#unready(found, since);
            }
            await this.#pause(found.ready ? LOOK_AGAIN_MS : POLL_MS);
        }
    }

    #find() {
        const { command, folders } = this.settings;
        return findCommand(command, { folders });
    }

    #missing() {
        const { command } = this.settings;
        if (this.state.name !== "missing") {
            const what = command ? `there is no command ${command}` : "the command cellblock isn't installed here";
            this.log("error", `${what}. To install it, type: ${INSTALL}`);
        }
        this.#set({ name: "missing", command: command || "cellblock" });
    }

    /** Start it and stay until it has ended; then wait before the next time. */
    async #attempt(command) {
        const began = Date.now();
        this.#set({ name: "starting" });
        const reason = await this.#serveOrBuild(command);
        if (reason === null || this.#stopped) {
            return;
        }
        this.#failures = Date.now() - began > GOOD_RUN_MS ? 1 : this.#failures + 1;
        const seconds = Math.min(FIRST_PAUSE_S * 2 ** (this.#failures - 1), LONGEST_PAUSE_S);
        this.log("warn", `the Cellblock service ${reason}; starting it again in ${seconds} s`);
        this.#set({ name: "waiting", reason, seconds, failures: this.#failures });
        await this.#pause(seconds * 1000);
    }

    /** Run it to its end or, if it lacks images, make them. @returns {?string} what went wrong */
    async #serveOrBuild(command) {
        const { reason, lacking } = await this.#serve(command);
        if (lacking === null || this.#built || this.#stopped) {
            // Images that have just been made and don't help aren't made again before there was a pause.
            this.#built = false;
            return lacking ?? reason;
        }
        const trouble = await this.#build(command);
        this.#built = trouble === null;
        return trouble;
    }

    /** Run `cellblock serve` to its end. */
    async #serve(command) {
        const port = await this.#port();
        const outcome = { lacking: null, reason: null };
        if (this.#stopped) {
            return outcome;
        }
        let ready = null;
        const child = this.#begin(command, ["serve", "--host", this.#host, "--port", String(port)], (line) => {
            const { level, text, event, fields } = parseLine(line);
            this.#tell(level, text);
            if (event === "listening" && URL.canParse(fields.url)) {
                ready ??= this.#untilReady(child, new URL(fields.url), outcome);
            }
        });
        this.log("info", `starting ${command} serve`);
        outcome.reason = this.#explain(child, await child.ended);
        await ready;
        return outcome;
    }

    /** It is there and can't run blocks; after a while, tell why. */
    #unready(found, since) {
        const patience = this.settings.patienceMs ?? PATIENCE_MS;
        const reason = Date.now() - since >= patience ? found?.reasons[0] : undefined;
        if (reason && reason !== this.state.reason) {
            this.log("warn", `the Cellblock service isn't ready: ${reason}`);
        }
        this.#set({ name: "starting", reason });
    }

    /** Wait for its workers. One that has no images is ended: they have to be made first. */
    async #untilReady(child, url, outcome) {
        const since = Date.now();
        while (child.running && !this.#stopped) {
            const found = await look(url);
            if (found?.ready) {
                this.log("info", `the Cellblock service is ready at ${url.origin} (process ${child.process.pid})`);
                this.#set({ name: "ready", url, pid: child.process.pid });
                this.#built = false;
                return;
            }
            const lacking = found?.reasons.find((reason) => LACKING.test(reason));
            if (lacking) {
                outcome.lacking = `has no images: ${lacking}`;
                await child.stop();
                return;
            }
            this.#unready(found, since);
            await this.#pause(POLL_MS);
        }
    }

    /** Make the images that are missing: seconds, or minutes the first time. @returns {?string} what went wrong */
    async #build(command) {
        this.log("info", `making the images that are missing: ${command} image build`);
        this.#set({ name: "building", step: "", percent: null });
        const child = this.#begin(command, ["image", "build"], (line) => {
            this.#tell("info", line);
            const [, step, percent] = STEP.exec(line) ?? [];
            if (step) {
                this.#set({ name: "building", step, percent: percent === undefined ? null : Number(percent) });
            }
        });
        const how = await child.ended;
        return child.process.exitCode === 0 ? null : this.#explain(child, how);
    }

    #begin(command, args, onLine) {
        const child = new Child(command, args, {
            env: environmentFor(this.settings),
            onLine,
            onTrouble: ({ message }) => this.log("warn", `nothing ends the service if Node-RED is killed: ${message}`),
        });
        this.#child = child;
        return child;
    }

    get #host() {
        return this.settings.url.hostname === "[::1]" ? "::1" : "127.0.0.1";
    }

    /** The address's own port, or 0 for a free one if somebody has that. */
    async #port() {
        const port = portOf(this.settings.url);
        if (await isFree(port, this.#host)) {
            return port;
        }
        this.log("warn", `another program listens on port ${port}: the Cellblock service takes a free one`);
        return 0;
    }

    #explain(child, how) {
        const { text } = parseLine(child.lastWords);
        return child.lastWords ? `${how}: ${text}` : how;
    }

    /** Some lines come again and again as long as something is wrong. */
    #tell(level, text) {
        if (text !== this.#said) {
            this.log(level, text);
        }
        this.#said = text;
    }

    #set(state) {
        if (JSON.stringify(state) !== JSON.stringify(this.state)) {
            this.state = state;
            this.emit("state", state);
        }
    }

    /** @returns {Promise<void>} sooner if it is stopped */
    async #pause(milliseconds) {
        await sleep(milliseconds, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {});
    }
}

function portOf(url) {
    return Number(url.port) || 80;
}

function isFree(port, host) {
    return new Promise((resolve) => {
        const server = net.createServer();
        server.once("error", () => resolve(false));
        server.listen(port, host, () => server.close(() => resolve(true)));
    });
}

module.exports = { LocalService };
