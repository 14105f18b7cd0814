/*
 * What tests of blocks in flows begin with: the real service, Node-RED, and a flow that is gone after each test.
 */
"use strict";

const { startService } = require("../service");
const { helper, load } = require("./flows");

/**
 * Call it in a `describe`: its tests have a service and Node-RED.
 *
 * @returns {{url: () => string, block: Function, results: Function}} `block(code, config, extra)` loads a flow, as
 *     `load` of flows.js does; `results(flow, payloads)` sends messages and gives the payloads that came out for them
 */
function withService() {
    let service;

    before(async function () {
        this.timeout(150_000);
        service = await startService();
        await helper.startServer();
    });

    after(async () => {
        await helper.stopServer();
        await service?.stop();
    });

    afterEach(() => helper.unload());

    return {
        url: () => service.url,
        block: (code, config = {}, extra = {}) => load(service.url, { code, ...config }, {}, extra),
        results,
    };
}

async function results(flow, payloads) {
    const before = flow.seen.out0.length;
    payloads.forEach((payload) => flow.send({ payload }));
    const sent = await flow.at("out0", before + payloads.length);
    return sent.slice(before).map((msg) => msg.payload);
}

module.exports = { withService };
