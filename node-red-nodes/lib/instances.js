/*
 * The nodes at work by the ids that the editor knows: those in a subflow by their ids in its template.
 */
"use strict";

class Instances {
    #nodes = new Map();

    /** The editor's id of a node. */
    static idOf(node) {
        return node._alias || node.id;
    }

    /** A node begins, or a message came to it. */
    note(node) {
        const id = Instances.idOf(node);
        const nodes = this.#nodes.get(id) ?? new Set();
        nodes.delete(node);
        this.#nodes.set(id, nodes.add(node));
    }

    /** A node ends. */
    remove(node) {
        const id = Instances.idOf(node);
        const nodes = this.#nodes.get(id);
        if (nodes?.delete(node) && nodes.size === 0) {
            this.#nodes.delete(id);
        }
    }

    /** Of several in as many instances of a subflow the one that a message came to last. @returns {?object} */
    of(id) {
        return [...this.#nodes.get(id) ?? []].at(-1) ?? null;
    }
}

module.exports = { Instances };
