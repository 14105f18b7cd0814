/*
 * Which of a block's sources a message is of, and whether all of them are there.
 *
 * A source needn't be wired to the block itself. What comes from another node is of the source that this node's wires
 * lead back to, if that is one: else nobody can tell, and the message is refused.
 */
"use strict";

class Sources {
    #before = null;
    #found = new Map();

    /**
     * @param {{id: string, name: string}[]} sources in declared order
     * @param {string} blockId whose sources they are
     * @param {() => object[]} configs gives the configuration of all nodes: {id, type, z, d, wires, disabled}
     */
    constructor(sources, blockId, configs) {
        this.sources = sources;
        this.blockId = blockId;
        this.configs = configs;
        this.places = new Map(sources.map(({ id }, place) => [id, place]));
    }

    /** The flow was changed. */
    forget() {
        this.#before = null;
        this.#found.clear();
    }

    /** Those that were deleted or are disabled, and will send nothing. @returns {{id: string, name: string}[]} */
    missing() {
        const all = this.configs();
        const off = new Set(all.filter(({ type, disabled }) => type === "tab" && disabled).map(({ id }) => id));
        const there = new Set(all.filter(({ d, z }) => !d && !off.has(z)).map(({ id }) => id));
        return this.sources.filter(({ id }) => !there.has(id));
    }

    /**
     * The place of a message's source in the declared order.
     *
     * @param {string[]} way of `Provenance`
     * @throws {Error} if it is of none, or may be of several
     */
    placeOf(way) {
        const nearest = way.find((id) => this.places.has(id));
        if (nearest !== undefined) {
            return this.places.get(nearest);
        }
        const places = this.#upstream(way);
        if (places.length === 1) {
            return places[0];
        }
        const names = places.map((place) => JSON.stringify(this.sources[place].name)).join(" or ");
        const from = way.length > 0 ? `from the node ${way[0]}` : "by no wire";
        throw new Error(names === "" ? `this message came ${from}, which is none of the sources of this block`
            : `this message came ${from}: it may be of ${names}, and nobody can tell`);
    }

    /** The places of the sources that the wires before these nodes lead back to. */
    #upstream(way) {
        const key = way.join(" ");
        if (!this.#found.has(key)) {
            this.#found.set(key, this.#search(way));
        }
        return this.#found.get(key);
    }

    #search(way) {
        this.#before ??= senders(this.configs());
        const places = new Set();
        const seen = new Set([this.blockId, ...way]);
        const pending = [...way];
        while (pending.length > 0) {
            for (const id of this.#before.get(pending.pop()) ?? []) {
                if (this.places.has(id)) {
                    places.add(this.places.get(id));
                } else if (!seen.has(id)) {
                    seen.add(id);
                    pending.push(id);
                }
            }
        }
        return [...places];
    }
}

/** For each node, those that are wired to it. */
function senders(configs) {
    const before = new Map();
    for (const { id, wires } of configs) {
        for (const target of Array.isArray(wires) ? wires.flat() : []) {
            before.set(target, [...before.get(target) ?? [], id]);
        }
    }
    return before;
}

module.exports = { Sources };
