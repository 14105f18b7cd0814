/*
 * Where a message comes from: remembered beside it, while Node-RED delivers it, never in it.
 *
 * Node-RED tells its hooks of each delivery, with the node that sent and the message as it will arrive, after cloning.
 * Junctions, link nodes and subflows hand on what they get: what came through one of them keeps the way it took.
 */
"use strict";

const HOOKS = ["onSend", "preDeliver"];
const HANDS_ON = new Set(["junction", "link in", "link out"]);

class Provenance {
    #ways = new WeakMap();
    #carried = new WeakMap();
    #users = 0;

    /** @param {{add: Function, remove: Function}} hooks Node-RED's; @param {string} label of these in them */
    constructor(hooks, label) {
        this.hooks = hooks;
        this.label = label;
    }

    /** Remember from now on, until `unwatch` was called as often. */
    watch() {
        this.#users += 1;
        if (this.#users === 1) {
            // Before the message is cloned for further destinations, and after.
            this.hooks.add(`onSend.${this.label}`, (events) => this.#sent(events));
            this.hooks.add(`preDeliver.${this.label}`, (event) => this.#delivered(event));
        }
    }

    unwatch() {
        this.#users -= 1;
        if (this.#users === 0) {
            HOOKS.forEach((hook) => this.hooks.remove(`${hook}.${this.label}`));
        }
    }

    /**
     * The nodes that a message came from: the last one that sent it and the subflows around that, then those before it
     * on its way, if it was handed on. Empty if it came by no wire.
     *
     * @returns {string[]} ids; of a node in a subflow also that in the subflow's template
     */
    wayOf(msg) {
        return this.#ways.get(msg) ?? [];
    }

    #sent(events) {
        for (const event of events) {
            if (handsOn(event.source.node)) {
                this.#carried.set(event, this.#ways.get(event.msg));
            }
        }
    }

    #delivered(event) {
        const { type } = event.destination.node;
        if (type === "code-block" || type === "link call" || handsOn(event.destination.node)) {
            this.#ways.set(event.msg, [...idsOf(event.source.node), ...this.#carried.get(event) ?? []]);
        }
    }
}

function handsOn({ type }) {
    return HANDS_ON.has(type) || type.startsWith("subflow:");
}

/** A node's ids, then those of the subflows that it is in, from the inside out. */
function idsOf(node) {
    const ids = [node.id];
    if (node._alias) {
        ids.push(node._alias);
    }
    for (let flow = node._flow; flow?.subflowInstance; flow = flow.parent) {
        const { id, _alias } = flow.subflowInstance;
        ids.push(id, ...(_alias ? [_alias] : []));
    }
    return [...new Set(ids)];
}

module.exports = { Provenance };
