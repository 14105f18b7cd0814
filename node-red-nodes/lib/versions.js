/*
 * The node's version beside the service's. Both come from one repository, and what has the same major and minor number
 * belongs together; whatever else still works as far as the protocol fits, which the session finds out by itself.
 */
"use strict";

const { version: NODE_VERSION } = require("../package.json");

/**
 * @param {string} service the version that the service told
 * @param {string} [node] this package's
 * @returns {boolean} whether they are of different releases; false where there is nothing to compare
 */
function differ(service, node = NODE_VERSION) {
    const [theirs, ours] = [release(service), release(node)];
    return theirs !== null && ours !== null && theirs !== ours;
}

/** "1.2.3rc1" is of the release "1.2". */
function release(version) {
    return /^(\d+\.\d+)(?!\d)/.exec(String(version))?.[1] ?? null;
}

module.exports = { NODE_VERSION, differ };
