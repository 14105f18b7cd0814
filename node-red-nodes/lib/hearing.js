/*
 * What a flow hears of a run while it goes on: what the block prints, sends, logs and shows.
 */
"use strict";

const { outgoingMidway } = require("./assignments");
const { callAnswers } = require("./calls");
const { isDict } = require("./messages");
const { ServiceError } = require("./refusals");
const { Printed } = require("./printed");

class Hearing {
    /**
     * @param {Runtime} runtime whose block runs: its `settings`, `flow`, `display`, `block` and `answerContext`
     * @param {object} run
     * @param {Assignment} run.assignment
     * @param {AbortSignal} run.signal what a run says after its abort isn't heard
     * @param {?(outgoing: object[][]) => void} run.send null for On Stop, which can't send: those that it would send to
     *     are being stopped too
     */
    constructor(runtime, { assignment, signal, send }) {
        this.runtime = runtime;
        this.assignment = assignment;
        this.send = send;
        const { flow, display } = runtime;
        const answer = callAnswers(runtime.answerContext, {
            send: (bytes) => this.#send(bytes),
            log: (level, value) => flow.log(level, value),
            error: (value, msg) => flow.error(value, isDict(msg) ? { ...assignment.stays, ...msg } : undefined),
            status: (shown) => display.own(shown),
            env: (name) => flow.env(name),
        });
        const stopped = async () => ({ error: new ServiceError("cancelled", "the run was cancelled").message });
        this.printed = {
            stdout: new Printed((text) => flow.show("stdout", text)),
            stderr: new Printed((text) => flow.show("stderr", text)),
        };
        /** For `Block.run`. */
        this.handlers = {
            signal,
            ...(send !== null && {
                onStatus: (phase, progress) => display.phase(phase, progress),
                onWaiting: (refusal) => display.refused(refusal),
            }),
            onOutput: (stream, text) => this.#print(stream, text),
            onCall: (call) => (signal.aborted ? stopped() : answer(call)),
        };
    }

    /** The run is over. */
    end() {
        Object.values(this.printed).forEach((each) => each.end());
    }

    #print(stream, text) {
        const { printPort } = this.runtime.settings;
        this.printed[stream].write(text);
        if (printPort !== null && this.send !== null) {
            const { _msgid } = this.assignment.msg;
            this.send(atPort(printPort, { _msgid, payload: text, stream }));
        }
    }

    #send(bytes) {
        const { block, flow, settings } = this.runtime;
        if (this.send === null) {
            throw new Error(flow.translate("error.no-send"));
        }
        this.send(outgoingMidway(block.decode(bytes), settings.outputs, this.assignment, flow.clone));
    }
}

/** What sends one message at one port. */
function atPort(port, msg) {
    return [...Array.from({ length: port }, () => []), [msg]];
}

module.exports = { Hearing, atPort };
