/*
 * A Code Block at work: messages in, runs of its block, messages out, from its start to its stop.
 *
 * What it does in its flow it does through a `Flow`, which nodes/code-block.js makes of a Node-RED node.
 */
"use strict";

const { once, setMaxListeners } = require("node:events");
const { forItemsOf, forMessage, outgoing } = require("./assignments");
const { Block } = require("./block");
const { contextAnswers } = require("./context");
const { Display } = require("./display");
const { failedMessage } = require("./failures");
const { Hearing, atPort } = require("./hearing");
const { asList, asSequence, itemsOf, runEach } = require("./items");
const { Joining } = require("./joining");
const { Queue } = require("./queue");
const { ServiceError } = require("./refusals");
const { Start } = require("./start");

// A flow that produces faster than its block works must hear of it before memory runs out.
const MAX_WAITING = 1000;
// As many of one block as the service, unless told otherwise, lets wait for its workers.
const MAX_PARALLEL = 64;
const MAX_PARALLEL_ITEMS = 16;
// Node-RED waits 15 s for a node to close.
const STOP_S = 10;

/**
 * @typedef {object} Flow what a node may do in its flow
 * @property {{id: string, type: string, name?: string}} source the node, as errors name it
 * @property {{id: string, name?: string, path?: string}} facts the node, as the block's `node` has it
 * @property {object} secrets name and value of each
 * @property {Set<string>} stores the names of all context stores
 * @property {(outgoing: object[][]) => void} send
 * @property {(level: string, value: *) => void} log
 * @property {(error: *, msg?: object) => void} error
 * @property {(status: object) => void} status
 * @property {(stream: string, text: string) => void} show takes lines that the block prints
 * @property {(name: string) => *} env
 * @property {() => object} context
 * @property {(value: object) => object} clone
 * @property {() => string} newId
 * @property {(msg: object) => number} placeOf the place of a message's source; throws if that can't be told
 * @property {(key: string, options?: object) => string} translate a catalogue look-up
 */

/**
 * @typedef {object} Task something that waits for its turn
 * @property {object[]} entries {msg, send, done} of the messages that it settles, in the order in which they came
 * @property {() => Assignment} [assign] absent for one that only forgets kept state
 */

class Runtime {
    #running = new Map();
    #flowsStarted = false;
    #closed = false;

    /**
     * @param {object} settings of `readSettings`
     * @param {Flow} flow
     * @param {Connection} connection
     */
    constructor(settings, flow, connection) {
        this.settings = settings;
        this.flow = flow;
        this.connection = connection;
        this.answerContext = contextAnswers(() => flow.context(), flow.stores);
        this.block = new Block(settings, {
            id: flow.facts.id,
            facts: flow.facts,
            secrets: flow.secrets,
            connection,
            onStateLost: () => this.#stateLost(),
        });
        this.queue = new Queue((task) => this.#work(task), {
            limit: MAX_WAITING, parallel: settings.order === "parallel" ? MAX_PARALLEL : 1,
        });
        this.display = new Display((shown) => flow.status(shown), flow.translate, this.queue);
        this.start = settings.initialize === "" ? null : new Start((signal) => this.#runStart(signal));
        this.joining = settings.join && new Joining(settings.join, {
            placeOf: flow.placeOf,
            limit: MAX_WAITING,
            onTask: (task) => this.#push(task),
            onVain: (entries, missing) => this.#joinedInVain(entries, missing),
        });
        this.onState = (state) => this.#serviceIs(state);
    }

    /** Connect. */
    open() {
        this.connection.on("state", this.onState);
        this.connection.register(this);
        this.display.service(this.connection.state);
    }

    /** All nodes are there, so that On Start can send. A message that comes earlier makes it begin earlier. */
    flowsStarted() {
        this.#flowsStarted = true;
        this.start?.begin();
    }

    /** Take a message. */
    input(msg, send, done) {
        const entry = { msg, send, done };
        if (this.#closed) {
            // On Stop runs, and a flow that goes on beside this node has sent it something.
            done(new Error(this.flow.translate("error.stopping")));
            return;
        }
        if (msg.kill) {
            this.#cancelRuns();
        }
        if (msg.reset && (this.settings.keepState || this.joining !== null)) {
            this.#forget(entry);
        } else if (msg.kill) {
            done();
        } else if (this.joining !== null) {
            this.#await(entry);
        } else {
            this.#push({ entries: [entry], assign: () => forMessage(msg) });
        }
    }

    /** Sources of the block are gone, or there again. @param {{name: string}[]} missing */
    lacks(missing) {
        this.joining.available = this.settings.join.sources.length - missing.length;
        this.display.missing(missing[0]?.name ?? null);
    }

    /** Cancel what runs, and run On Stop. */
    async close() {
        this.#closed = true;
        const tasks = [...this.queue.clear(), ...this.#running.keys()];
        const waiting = tasks.reduce((sum, { entries }) => sum + entries.length, 0);
        const dropped = waiting + (this.joining?.clear().length ?? 0);
        this.#cancelRuns();
        if (dropped > 0) {
            this.flow.log("warn", this.flow.translate("error.cancelled-messages", { dropped }));
        }
        this.connection.off("state", this.onState);
        if (this.settings.finalize !== "") {
            await this.#runStop();
        }
        this.connection.unregister(this);
        this.display.stop();
    }

    /** Messages that wait for On Start are among those that run. */
    #cancelRuns() {
        this.#running.forEach((stop) => stop.abort());
        this.start?.cancel();
    }

    #serviceIs(state) {
        this.display.service(state);
        if (state !== "ready") {
            this.block.doubt();
        } else if (this.#flowsStarted) {
            this.start?.begin();
        }
    }

    #stateLost() {
        this.flow.log("warn", this.flow.translate("error.state-lost"));
        this.start?.again();
    }

    #await(entry) {
        try {
            if (!this.joining.take(entry)) {
                this.#settle([entry], this.#full());
            } else if (this.joining.waiting > 0) {
                this.display.joining(...this.joining.progress);
            }
        } catch (error) {
            this.#refuse([entry], error);
        }
    }

    #joinedInVain(entries, missing) {
        const names = missing.map((name) => JSON.stringify(name)).join(", ");
        const seconds = this.settings.join.timeoutMs / 1000;
        this.#refuse(entries, new Error(this.flow.translate("error.join-timeout", { names, seconds })));
    }

    /** Messages that won't be run, whatever runs. */
    #refuse(entries, error) {
        this.#settle(entries, error);
        if (this.queue.running === 0) {
            this.display.failed(error);
        }
    }

    /** Forget pending groups at once, and kept state in its turn: messages before this one still have it. */
    #forget(entry) {
        for (const { done } of this.joining?.clear() ?? []) {
            done();
        }
        if (this.settings.keepState) {
            this.#push({ entries: [entry] });
        } else {
            entry.done();
        }
    }

    #push(task) {
        if (this.queue.push(task)) {
            this.display.waiting();
        } else {
            this.#settle(task.entries, this.#full());
        }
    }

    #full() {
        return new Error(this.flow.translate("error.queue-full", { limit: MAX_WAITING }));
    }

    async #work(task) {
        const stop = new AbortController();
        // One listener for each of its items that run at once.
        setMaxListeners(0, stop.signal);
        this.#running.set(task, stop);
        try {
            if (task.assign) {
                await this.#runTask(task, stop.signal);
            } else {
                this.block.reset();
                this.start?.again();
                task.entries[0].done();
            }
        } catch (error) {
            if (!this.#closed) {
                this.#settle(task.entries, error);
                this.display.failed(error);
            }
        } finally {
            this.#running.delete(task);
        }
    }

    async #runTask({ entries, assign }, signal) {
        const { msg, send } = entries.at(-1);
        this.display.begin();
        await this.#ready(signal);
        const { sent, timings } = this.settings.mode === "item"
            ? await this.#runItems(msg, { signal, send })
            : await this.#runMessage(assign(), { signal, send });
        send(sent);
        this.#settle(entries);
        this.display.done(timings);
    }

    /** The messages of a task are done; the newest one stands for all of them in an error, so that it comes once. */
    #settle(entries, error) {
        const newest = entries.at(-1);
        entries.slice(0, -1).forEach(({ done }) => done());
        if (error === undefined) {
            newest.done();
            return;
        }
        this.#sendError(newest.msg, error, newest.send);
        newest.done(error);
    }

    #sendError(msg, error, send) {
        const { errorPort } = this.settings;
        if (errorPort !== null) {
            send(atPort(errorPort, failedMessage(msg, error, this.flow.source)));
        }
    }

    /** On Start is done, and what it made is there. @throws {Error} its error */
    async #ready(signal) {
        if (this.start !== null) {
            await this.start.ready();
            await this.block.checkState({ signal });
            refuseIfAborted(signal);
            await this.start.ready();
        }
        refuseIfAborted(signal);
    }

    async #runMessage(assignment, { signal, send }) {
        const result = await this.#run("code", { assignment, signal, send });
        return { sent: outgoing(result, this.settings.outputs, assignment), timings: result.timings };
    }

    async #runItems(msg, { signal, send }) {
        const { order, outputs, itemsAs } = this.settings;
        const items = itemsOf(msg.payload);
        const assign = forItemsOf(msg, { id: this.flow.newId(), count: items.length });
        const parallel = order === "parallel" ? MAX_PARALLEL_ITEMS : 1;
        const run = (item, i) => this.#runMessage(assign(item, i), { signal, send });
        const results = await runEach(items, run, parallel);
        const each = results.map(({ sent }) => sent);
        return {
            sent: itemsAs === "list" ? asList(each, msg, outputs)
                : asSequence(each, msg.parts, outputs, this.flow.newId),
            timings: { total: results.reduce((sum, { timings }) => sum + (timings?.total ?? 0), 0) },
        };
    }

    async #runStart(signal) {
        this.display.start();
        const assignment = { msg: { _msgid: this.flow.newId() }, stays: {}, fields: {} };
        try {
            await this.#run("initialize", { assignment, signal, send: this.flow.send });
            this.display.started();
        } catch (error) {
            if (!this.#closed) {
                this.#startFailed(error);
            }
            throw error;
        }
    }

    /** What the block did wrong is told at once, and to each message; what the service didn't do, to messages only. */
    #startFailed(error) {
        this.display.started(error);
        if (!(error instanceof ServiceError)) {
            this.#sendError({}, error, this.flow.send);
            this.flow.error(error, {});
        }
    }

    async #runStop() {
        const stop = new AbortController();
        const late = setTimeout(() => stop.abort(), STOP_S * 1000);
        const timeout_s = Math.min(this.settings.timeoutS, STOP_S);
        const assignment = { msg: {}, stays: {}, fields: { timeout_s } };
        try {
            await Promise.race([
                this.#run("finalize", { assignment, signal: stop.signal, send: null }),
                once(stop.signal, "abort"),
            ]);
        } catch (error) {
            if (!stop.signal.aborted) {
                this.flow.error(error);
            }
        } finally {
            clearTimeout(late);
        }
        if (stop.signal.aborted) {
            this.flow.log("warn", this.flow.translate("error.stop-given-up", { seconds: STOP_S }));
        }
    }

    async #run(part, run) {
        const hearing = new Hearing(this, run);
        try {
            return await this.block.run(part, run.assignment.fields, hearing.handlers);
        } finally {
            hearing.end();
        }
    }
}

/** @throws {ServiceError} */
function refuseIfAborted(signal) {
    if (signal.aborted) {
        throw new ServiceError("cancelled", "the run was cancelled");
    }
}

module.exports = { Runtime };
