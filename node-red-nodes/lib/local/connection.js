/*
 * The connection to a service on this machine that is started when it isn't there: it leads to wherever that service
 * listens, and messages wait until it does.
 */
"use strict";

const { once } = require("node:events");
const { Connection } = require("../connection");
const { ServiceError } = require("../refusals");
const { INSTALL } = require("./command");

// Failures after which a message is told at once, instead of waiting for the next start.
const PATIENT_FAILURES = 2;

class LocalConnection extends Connection {
    #welcome = null;
    #takeState = () => this.#follow();

    /**
     * @param {object} settings of `Connection`
     * @param {object} logger of `Connection`
     * @param {LocalService} service
     */
    constructor(settings, logger, service) {
        super(settings, logger);
        this.service = service;
        service.on("state", this.#takeState);
        this.#follow();
    }

    register(user) {
        this.users.add(user);
        if (this.#ready) {
            this.session.open();
        }
    }

    unregister(user) {
        super.unregister(user);
        if (this.users.size === 0) {
            this.#follow();
        }
    }

    /** `Connection.execute`, once the service is there. @throws {ServiceError} also if it can't be started */
    async execute(request, options = {}) {
        for (let told = false; !this.#ready; told = true) {
            await this.#wait(options, told);
        }
        return super.execute(request, options);
    }

    close() {
        this.service.off("state", this.#takeState);
        super.close();
    }

    /** What the session tells counts only while there is a service for it to tell of. */
    heard(state, about) {
        this.#welcome = state === "ready" ? about : null;
        if (this.#ready) {
            super.heard(state, about);
        }
    }

    get #ready() {
        return this.service.state.name === "ready";
    }

    #follow() {
        const { state } = this.service;
        if (state.name !== "ready") {
            this.setState(this.describe(state.name, state));
            return;
        }
        this.session.settings.url = this.url = state.url;
        if (this.users.size === 0) {
            this.setState("unknown");
        } else if (this.session.connected) {
            // It was quicker than we.
            super.heard("ready", this.#welcome);
        } else {
            this.session.open();
        }
    }

    requireService() {
        if (!this.#ready) {
            throw this.#problem();
        }
    }

    /** Wait for the service's next state. @param {boolean} told whether it has been told that this waits */
    async #wait({ signal, onWaiting = () => {} }, told) {
        const problem = this.#problem();
        if (problem.code !== "service_not_ready") {
            // What keeps the service from running stays under the node, whatever it shows for the message.
            setImmediate(() => this.emit("state", this.state));
            throw problem;
        }
        if (!told) {
            onWaiting(problem);
            this.emit("state", this.state);
        }
        try {
            await once(this.service, "state", { signal });
        } catch (error) {
            throw new ServiceError("cancelled", "the run was cancelled", { cause: error });
        }
    }

    /** Why the service isn't ready; service_not_ready if it is enough to wait. @returns {ServiceError} */
    #problem() {
        const { state } = this.service;
        if (state.name === "missing") {
            return new ServiceError("service_unreachable",
                `there is no command ${JSON.stringify(state.command)} on this machine; type: ${INSTALL}`);
        }
        if (state.name === "stopped" || state.failures > PATIENT_FAILURES) {
            return new ServiceError("service_unreachable",
                `the Cellblock service that this node starts ${state.reason ?? "is stopped"}`);
        }
        return new ServiceError("service_not_ready", "the Cellblock service is being started");
    }
}

module.exports = { LocalConnection };
