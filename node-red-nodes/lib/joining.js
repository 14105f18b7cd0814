/*
 * A block that joins: from messages of its sources to tasks, each of which is a group of messages.
 */
"use strict";

const { forGroup } = require("./assignments");
const { makeJoin } = require("./join");

class Joining {
    #wanted;

    /**
     * @param {{sources: object[], rule: string, count: number, timeoutMs: ?number, onTimeout: string}} settings
     * @param {object} surroundings
     * @param {(msg: object) => number} surroundings.placeOf the place of a message's source, throws if there is none
     * @param {number} surroundings.limit how many messages may wait
     * @param {(task: Task) => void} surroundings.onTask a group is there
     * @param {(entries: object[], missing: string[]) => void} surroundings.onVain a group's time is over, and it isn't
     *     to run without those sources
     */
    constructor(settings, { placeOf, limit, onTask, onVain }) {
        const { sources, rule, count, timeoutMs, onTimeout } = settings;
        this.sources = sources;
        this.placeOf = placeOf;
        this.#wanted = count;
        const handlers = {
            onGroup: (group) => onTask(this.#taskOf(group)),
            onPassed: ({ done }) => done(),
            onTimeout: (group) => {
                if (onTimeout === "run") {
                    onTask(this.#taskOf(group));
                } else {
                    onVain(group.settled, this.#missingIn(group));
                }
            },
        };
        this.join = makeJoin(rule, { size: sources.length, count, timeoutMs, limit }, handlers);
    }

    /** How many messages wait for others. */
    get waiting() {
        return this.join.waiting;
    }

    /** Of how many sources there is one, and how many are enough. */
    get progress() {
        return [this.join.present, this.join.count];
    }

    /**
     * Take a message.
     *
     * @param {{msg: object, done: () => void}} entry
     * @returns {boolean} false if too many wait; then it isn't taken
     * @throws {Error} if it can't be told which source it is of
     */
    take(entry) {
        return this.join.add(this.placeOf(entry.msg), entry);
    }

    /** Forget all that wait. @returns {object[]} their entries */
    clear() {
        return this.join.clear();
    }

    /** How many sources are there to send: the others count as missing in every group. */
    set available(count) {
        this.join.count = Math.max(1, Math.min(this.#wanted, count));
    }

    #taskOf({ members, inOrder, settled }) {
        const byName = new Map(this.sources.map(({ name }, place) => [name, members[place]?.msg ?? null]));
        return { entries: settled, assign: () => forGroup(inOrder.map(({ msg }) => msg), byName) };
    }

    #missingIn({ members }) {
        return this.sources.filter((_, place) => members[place] === null).map(({ name }) => name);
    }
}

module.exports = { Joining };
