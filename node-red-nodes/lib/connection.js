/*
 * The connection to one service: its session, who uses it, and how it is.
 *
 * While nobody uses it, nothing happens. In use, the session is kept up, so that an idle flow notices too when the
 * service goes. Emits "state" with "ready", "unreachable" or "refused", or with what else there is to show, as a
 * Node-RED status; each change once, which is also all that is ever logged.
 */
"use strict";

const { EventEmitter } = require("node:events");
const { isDeepStrictEqual } = require("node:util");
const { parseServiceUrl } = require("./link");
const { patiently } = require("./patience");
const { Session } = require("./session");
const { NODE_VERSION, differ } = require("./versions");

const DEFAULT_PORT = 8765;

class Connection extends EventEmitter {
    #onUnused = null;

    /**
     * @param {{url?: string, token?: string, ca?: string|Buffer, rejectUnauthorized?: boolean}} settings empty ones
     *     come from CELLBLOCK_URL and CELLBLOCK_TOKEN; the last two are those of `tls.connect`
     * @param {{log?: Function, warn?: Function, describe?: Function}} [logger] where a change of state is written;
     *     `describe(name, about)` makes a Node-RED status of a state that has more to tell than its name
     * @throws {TypeError} for an address that isn't one
     */
    constructor({ url, token, ...tls }, logger = {}) {
        super();
        // One listener for each node that uses it: many are no leak.
        this.setMaxListeners(0);
        this.url = parseServiceUrl(url || process.env.CELLBLOCK_URL || defaultUrl());
        this.session = new Session({ url: this.url, token: token || process.env.CELLBLOCK_TOKEN, ...tls });
        this.session.on("up", (welcome) => this.heard("ready", welcome));
        this.session.on("down", (error) => {
            this.heard(error.code === "service_unreachable" ? "unreachable" : "refused", error);
        });
        this.describe = logger.describe ?? ((name) => name);
        this.logger = logger;
        this.state = "unknown";
        this.users = new Set();
    }

    /** @throws {ServiceError} if it is known already that nothing can be asked, with what to do */
    requireService() {}

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

    /** The session came up, or went down. @param {object|Error} about the service's welcome, or why it went */
    heard(state, about) {
        if (state === "ready" && differ(about?.version)) {
            const versions = { service: about.version, node: NODE_VERSION };
            if (this.setState(this.describe("mismatch", versions))) {
                this.logger.warn?.(`the Cellblock service at ${this.url.origin} is version ${versions.service}, this `
                    + `node ${versions.node}: use the same release of both. As far as they fit, it works`);
            }
            return;
        }
        const before = this.state;
        if (this.setState(state)) {
            this.#report(before, state, about);
        }
    }

    /** @param {string|object} state a name, or a Node-RED status @returns {boolean} whether it is another one */
    setState(state) {
        if (isDeepStrictEqual(state, this.state)) {
            return false;
        }
        this.state = state;
        this.emit("state", state);
        return true;
    }

    #report(before, state, error) {
        if (state !== "ready") {
            this.logger.warn?.(`${error.message}; trying again until it works`);
        } else if (before !== "unknown") {
            this.logger.log?.(`the Cellblock service at ${this.url.origin} is ready`);
        }
    }
}

/** Where a service of this machine listens that is started without further ado. */
function defaultUrl() {
    return `http://127.0.0.1:${Number(process.env.CELLBLOCK_PORT) || DEFAULT_PORT}`;
}

module.exports = { Connection, defaultUrl };
