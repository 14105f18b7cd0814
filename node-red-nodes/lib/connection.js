/*
 * The connection to one service: its client, who uses it, and whether it can be reached.
 *
 * While nobody uses it, nothing happens. In use, it asks /readyz: often (with a growing pause) while the service can't
 * be reached, seldom while it can, so that an idle flow notices too. Emits "state" with "ready", "starting" or
 * "unreachable", each change once, which is also all that is ever logged.
 */
"use strict";

const { EventEmitter } = require("node:events");
const { Client } = require("./client");

const DEFAULT_URL = "http://127.0.0.1:8765";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const HEARTBEAT_MS = 15_000;

const STATE_OF_ERROR = { service_unreachable: "unreachable", service_not_ready: "starting" };

class Connection extends EventEmitter {
    /**
     * @param {{url?: string, token?: string}} settings empty ones come from CELLBLOCK_URL and CELLBLOCK_TOKEN
     * @param {{log?: Function, warn?: Function}} [logger] where a change of state is written
     * @throws {TypeError} for an address that isn't one
     */
    constructor({ url, token }, logger = {}) {
        super();
        // One listener for each node that uses it: many are no leak.
        this.setMaxListeners(0);
        this.client = new Client({
            url: url || process.env.CELLBLOCK_URL || DEFAULT_URL,
            token: token || process.env.CELLBLOCK_TOKEN,
        });
        this.logger = logger;
        this.state = "unknown";
        this.users = new Set();
        this.pause = FIRST_PAUSE_MS;
        this.timer = null;
        this.closed = false;
    }

    /** Start to use it. @param {*} user any value that `unregister` gets too */
    register(user) {
        this.users.add(user);
        if (this.users.size === 1) {
            this.#poll();
        }
    }

    unregister(user) {
        this.users.delete(user);
        if (this.users.size === 0) {
            clearTimeout(this.timer);
        }
    }

    /** `Client.execute`, whose outcome also tells the state. */
    async execute(request, options) {
        try {
            const answer = await this.client.execute(request, options);
            this.#setState("ready");
            return answer;
        } catch (error) {
            const state = STATE_OF_ERROR[error.code];
            if (state !== undefined) {
                this.#setState(state);
                this.pause = FIRST_PAUSE_MS;
                this.#pollAfter(this.pause);
            }
            throw error;
        }
    }

    close() {
        this.closed = true;
        this.users.clear();
        clearTimeout(this.timer);
        this.client.close();
        this.removeAllListeners();
    }

    async #poll() {
        clearTimeout(this.timer);
        const state = await this.client.probe();
        if (this.closed || this.users.size === 0) {
            return;
        }
        this.#setState(state);
        if (state === "ready") {
            this.pause = FIRST_PAUSE_MS;
            this.#pollAfter(HEARTBEAT_MS);
        } else {
            this.#pollAfter(this.pause);
            this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
        }
    }

    #pollAfter(milliseconds) {
        clearTimeout(this.timer);
        if (this.closed || this.users.size === 0) {
            return;
        }
        this.timer = setTimeout(() => this.#poll(), milliseconds);
        this.timer.unref();
    }

    #setState(state) {
        if (this.closed || state === this.state) {
            return;
        }
        const before = this.state;
        this.state = state;
        this.#report(before, state);
        this.emit("state", state);
    }

    #report(before, state) {
        const { origin } = this.client.url;
        if (state === "unreachable") {
            this.logger.warn?.(`the Cellblock service at ${origin} can't be reached; trying again until it is there`);
        } else if (state === "ready" && before !== "unknown") {
            this.logger.log?.(`the Cellblock service at ${origin} is ready`);
        }
    }
}

module.exports = { Connection, DEFAULT_URL };
