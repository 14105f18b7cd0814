/*
 * The services that this Node-RED has started: one for each place, however many config nodes ask for it.
 *
 * Each deployment closes the config nodes and makes them anew. A service outlives that: nobody wants to wait for it
 * after each change of a flow. Only when nobody has asked for it again after a moment it is stopped. When Node-RED
 * itself ends, the watchdog ends the service.
 */
"use strict";

const { isDeepStrictEqual } = require("node:util");
const { LocalService } = require("./service");

const LINGER_MS = 4_000;

class SharedServices {
    #places = new Map();

    /** @param {{lingerMs?: number}} [options] how long a service stays that nobody uses */
    constructor({ lingerMs = LINGER_MS } = {}) {
        this.lingerMs = lingerMs;
    }

    /**
     * Have the service at a place; it is started if it isn't there yet.
     *
     * @param {object} settings of `LocalService`
     * @param {Function} log of `LocalService`
     * @returns {LocalService} `release` it once
     */
    acquire(settings, log) {
        const key = settings.url.origin;
        const before = this.#places.get(key);
        if (before && before.ended === null && (before.users > 0 || isSame(before.service.settings, settings))) {
            clearTimeout(before.timer);
            before.users += 1;
            before.service.log = log;
            return before.service;
        }
        const service = new LocalService(settings, log);
        const place = { service, users: 1, timer: null, ended: null };
        this.#places.set(key, place);
        // It can have the place, and the records, when the one before has gone.
        const gone = before ? this.#end(before) : Promise.resolve();
        gone.then(() => place.ended ?? service.start());
        return service;
    }

    /**
     * Let go of a service.
     *
     * @param {LocalService} service
     * @param {{forGood?: boolean}} [options] it won't be wanted again in a moment
     * @returns {Promise<void>} once it has ended, if it is ended now
     */
    async release(service, { forGood = false } = {}) {
        const place = [...this.#places.values()].find((each) => each.service === service);
        if (!place) {
            return;
        }
        place.users -= 1;
        if (place.users > 0) {
            return;
        }
        if (forGood) {
            await this.#end(place);
        } else {
            place.timer = setTimeout(() => this.#end(place), this.lingerMs);
        }
    }

    #end(place) {
        clearTimeout(place.timer);
        place.ended ??= place.service.stop().then(() => {
            const key = place.service.settings.url.origin;
            if (this.#places.get(key) === place) {
                this.#places.delete(key);
            }
        });
        return place.ended;
    }
}

/** Of two at the same place. */
function isSame(one, other) {
    return isDeepStrictEqual({ ...one, url: null }, { ...other, url: null });
}

module.exports = { SharedServices };
