/*
 * The connection to one service: its session, who uses it, and how it is.
 *
 * While nobody uses it, nothing happens. In use, the session is kept up, so that an idle flow notices too when the
 * service goes. Emits "state" with "ready", "unreachable" or "refused", each change once, which is also all that is
 * ever logged.
 */
"use strict";

const { EventEmitter } = require("node:events");
const { parseServiceUrl } = require("./link");
const { patiently } = require("./patience");
const { Session } = require("./session");

const DEFAULT_URL = "http://127.0.0.1:8765";

class Connection extends EventEmitter {
    #onUnused = null;

    /**
     * @param {{url?: string, token?: string}} settings empty ones come from CELLBLOCK_URL and CELLBLOCK_TOKEN
     * @param {{log?: Function, warn?: Function}} [logger] where a change of state is written
     * @throws {TypeError} for an address that isn't one
     */
    constructor({ url, token }, logger = {}) {
        super();
        // One listener for each node that uses it: many are no leak.
        this.setMaxListeners(0);
        this.url = parseServiceUrl(url || process.env.CELLBLOCK_URL || DEFAULT_URL);
        this.session = new Session({ url: this.url, token: token || process.env.CELLBLOCK_TOKEN });
        this.session.on("up", () => this.#setState("ready"));
        this.session.on("down", (error) => {
            this.#setState(error.code === "service_unreachable" ? "unreachable" : "refused", error);
        });
        this.logger = logger;
        this.state = "unknown";
        this.users = new Set();
    }

    /** Start to use it. @param {*} user any value that `unregister` gets too */
    register(user) {
        this.users.add(user);
        if (this.users.size === 1) {
            this.session.open();
        }
    }

    unregister(user) {
        this.users.delete(user);
        if (this.users.size === 0) {
            this.session.close();
            this.state = "unknown";
            this.#onUnused?.();
        }
    }

    /**
     * `Session.execute`, waiting while the service has no room.
     *
     * @param {{onWaiting?: (error: Error) => void}} [options] and those of `Session.execute`
     */
    execute(request, options = {}) {
        return patiently(() => this.session.execute(request, options), options);
    }

    close() {
        this.users.clear();
        this.session.close();
        this.removeAllListeners();
    }

    /** `close`, but not before its last user is gone: a node that is being stopped may have something to run. */
    async closeWhenUnused() {
        if (this.users.size > 0) {
            await new Promise((resolve) => { this.#onUnused = resolve; });
        }
        this.close();
    }

    #setState(state, error) {
        if (state === this.state) {
            return;
        }
        const before = this.state;
        this.state = state;
        this.#report(before, state, error);
        this.emit("state", state);
    }

    #report(before, state, error) {
        if (state !== "ready") {
            this.logger.warn?.(`${error.message}; trying again until it works`);
        } else if (before !== "unknown") {
            this.logger.log?.(`the Cellblock service at ${this.url.origin} is ready`);
        }
    }
}

module.exports = { Connection, DEFAULT_URL };
