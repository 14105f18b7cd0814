/*
 * Messages of several sources, put together in groups: one of each source, or as many as are enough.
 *
 * Two rules. "each": every message is in one group; those of a source wait in line. "latest": once there is enough,
 * every message makes a group with the latest of the others.
 */
"use strict";

/**
 * @typedef {object} Group
 * @property {Array} members by source, in declared order: what was given to `add`, null where there is none
 * @property {Array} inOrder those that there are, in the order in which they came
 * @property {Array} settled those of them that no earlier group had; the newest is among them
 */

/** What both rules share: how much is enough, and how long a group waits for it. */
class Join {
    #timer = null;
    #came = 0;

    /**
     * @param {{size: number, count: number, timeoutMs: ?number, limit?: number}} rules `count` of `size` sources are
     *     enough; `limit`: how many messages may wait
     * @param {object} handlers
     * @param {(group: Group) => void} handlers.onGroup
     * @param {(group: Group) => void} handlers.onTimeout its time is over, and there isn't enough
     * @param {(item: *) => void} handlers.onPassed another one of the same source took its place
     */
    constructor({ size, count, timeoutMs = null, limit = Infinity }, handlers) {
        Object.assign(this, { size, count, timeoutMs, limit }, handlers);
    }

    /** How many wait for others. */
    get waiting() {
        return this.pending().length;
    }

    /** How many sources have what the next group needs. */
    get present() {
        return this.heads().filter((each) => each !== null).length;
    }

    /** Take a message of a source. @returns {boolean} false if too many wait; then it isn't taken */
    add(place, item) {
        if (this.waiting >= this.limit) {
            return false;
        }
        this.put(place, { item, at: Date.now(), order: this.#came++, settled: false });
        while (this.isEnough()) {
            this.onGroup(this.take());
        }
        this.#arm();
        return true;
    }

    /** Forget everything. @returns {Array} those that waited */
    clear() {
        clearTimeout(this.#timer);
        const items = this.pending().map(({ item }) => item);
        this.empty();
        return items;
    }

    /** A group ends at a fixed time after its first message came, which may have waited in line before. */
    #arm() {
        clearTimeout(this.#timer);
        const first = Math.min(...this.pending().map(({ at }) => at));
        if (this.timeoutMs !== null && Number.isFinite(first)) {
            this.#timer = setTimeout(() => this.#expire(), Math.max(0, first + this.timeoutMs - Date.now()));
        }
    }

    #expire() {
        this.onTimeout(this.take());
        this.#arm();
    }
}

class EachJoin extends Join {
    #lines = Array.from({ length: this.size }, () => []);

    put(place, entry) {
        this.#lines[place].push(entry);
    }

    heads() {
        return this.#lines.map((line) => line[0] ?? null);
    }

    pending() {
        return this.#lines.flat();
    }

    isEnough() {
        return this.present >= this.count;
    }

    take() {
        return groupOf(this.#lines.map((line) => line.shift() ?? null));
    }

    empty() {
        this.#lines = this.#lines.map(() => []);
    }
}

class LatestJoin extends Join {
    #latest = new Array(this.size).fill(null);

    put(place, entry) {
        const before = this.#latest[place];
        this.#latest[place] = entry;
        if (before !== null && !before.settled) {
            this.onPassed(before.item);
        }
    }

    heads() {
        return this.#latest;
    }

    pending() {
        return this.#latest.filter((entry) => entry !== null && !entry.settled);
    }

    isEnough() {
        return this.waiting > 0 && this.present >= this.count;
    }

    take() {
        return groupOf(this.#latest);
    }

    empty() {
        this.#latest.fill(null);
    }
}

function groupOf(entries) {
    const there = entries.filter((entry) => entry !== null).sort((one, other) => one.order - other.order);
    const settled = there.filter((entry) => !entry.settled);
    settled.forEach((entry) => {
        entry.settled = true;
    });
    return {
        members: entries.map((entry) => entry?.item ?? null),
        inOrder: there.map(({ item }) => item),
        settled: settled.map(({ item }) => item),
    };
}

/** @param {"each"|"latest"} rule */
function makeJoin(rule, rules, handlers) {
    return rule === "latest" ? new LatestJoin(rules, handlers) : new EachJoin(rules, handlers);
}

module.exports = { makeJoin };
