/*
 * Back-pressure: a service that has too much to do refuses, nothing has run by then, and the message waits here.
 */
"use strict";

const { setTimeout: sleep } = require("node:timers/promises");
const { ServiceError } = require("./refusals");

const BUSY = new Set(["queue_full", "too_many_running", "rate_limited"]);
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
// Its workers take a moment to start; a service that can't start them says so for ever.
const START_MS = 20_000;

/**
 * Try until it isn't refused for want of room.
 *
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {{signal?: AbortSignal, onWaiting?: (error: ServiceError) => void, firstPauseMs?: number}} [options]
 *     `onWaiting` is told why, each time
 * @returns {Promise<T>}
 * @throws {ServiceError} any other refusal; service_not_ready only after a while; cancelled
 */
async function patiently(attempt, { signal, onWaiting = () => {}, firstPauseMs = FIRST_PAUSE_MS } = {}) {
    const started = Date.now();
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        try {
            return await attempt();
        } catch (error) {
            const starting = error.code === "service_not_ready" && Date.now() - started < START_MS;
            if (!starting && !BUSY.has(error.code)) {
                throw error;
            }
            onWaiting(error);
            await pauseFor(error.retryAfterMs ?? pause, signal);
        }
    }
}

/** A little more or less than asked: those that were refused together shouldn't come back together. */
async function pauseFor(milliseconds, signal) {
    try {
        await sleep(milliseconds * (0.9 + Math.random() / 5), undefined, { signal });
    } catch (error) {
        throw new ServiceError("cancelled", "the run was cancelled", { cause: error });
    }
}

module.exports = { patiently };
