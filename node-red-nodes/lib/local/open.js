/*
 * Connections to services that Node-RED itself starts, for config nodes and for blocks that name none.
 */
"use strict";

const os = require("node:os");
const path = require("node:path");
const { defaultUrl } = require("../connection");
const { LOOPBACK, parseServiceUrl } = require("../link");
const { LocalConnection } = require("./connection");
const { SharedServices } = require("./shared");

const services = new SharedServices();

/**
 * Whether a service is started here for those who give no address: not if there is one in the environment, since
 * whoever put it there has a service at it.
 */
function startsHere() {
    return !process.env.CELLBLOCK_URL;
}

/**
 * A connection to a service on this machine, which is started if it isn't there.
 *
 * @param {{url?: string, token?: string}} settings of a `Connection`
 * @param {{command?: string, folders: string[], log: Function}} place the last two as `surroundings` gives them
 * @param {object} logger of `Connection`
 * @returns {LocalConnection} hand it to `releaseLocal` once
 * @throws {Error} for an address at which no service is started
 */
function openLocal(settings, { command = "", folders, log }, logger) {
    const url = parseServiceUrl(settings.url || defaultUrl());
    if (url.protocol !== "http:" || !LOOPBACK.has(url.hostname)) {
        throw new Error(`a service can be started only at an address of this machine, such as ${defaultUrl()}, `
            + `not at ${url.origin}`);
    }
    const service = services.acquire({ url, command, token: settings.token, folders }, log);
    // It may have been started for a node that gave it a token.
    const token = settings.token || service.settings.token;
    return new LocalConnection({ ...settings, url: url.href, token }, logger, service);
}

/**
 * Let go of a connection's service, which ends if nobody else uses it.
 *
 * @param {LocalConnection} connection that is closed
 * @param {{forGood?: boolean}} [options] of `SharedServices.release`
 * @returns {Promise<void>}
 */
function releaseLocal(connection, options) {
    return services.release(connection.service, options);
}

/** What a service that is started needs of Node-RED. @returns {{folders: string[], log: Function}} */
function surroundings(RED) {
    return {
        folders: folders(RED),
        log: (level, text) => RED.log[level](`[cellblock-service] ${text}`),
    };
}

/** Where a virtual environment may be; the first is Node-RED's own. */
function folders(RED) {
    return [RED.settings.userDir || path.join(os.homedir(), ".node-red"), process.cwd()];
}

module.exports = { folders, openLocal, releaseLocal, startsHere, surroundings };
