/*
 * A service that isn't there, comes back, or wants a token.
 */
"use strict";

const assert = require("node:assert/strict");
const { OwnService, freePort } = require("../service");
const { helper, load, until } = require("./flows");

describe("cellblock-service", function () {
    this.timeout(180_000);

    before(() => helper.startServer());
    after(() => helper.stopServer());
    afterEach(() => helper.unload());

    it("unreachable: a red ring and an error for each message, then all is well when the service comes", async () => {
        const service = new OwnService(await freePort());
        const flow = await load(service.url, { code: "return data + 1" });
        await until(() => flow.lastStatus?.text === "code-block.status.unreachable", 5000, () => "the red ring");
        assert.deepEqual([flow.lastStatus.fill, flow.lastStatus.shape], ["red", "ring"]);
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /can't be reached/);
        assert.equal(caught.error.code, "service_unreachable");

        await service.start();
        try {
            await until(() => flow.lastStatus?.fill === undefined, 30_000, () => "the ring to go away");
            flow.send({ payload: 1 });
            assert.equal((await flow.at("out0"))[0].payload, 2);

            await service.end("SIGTERM");
            flow.send({ payload: 1 });
            await flow.at("caught", 2);
            assert.equal(flow.lastStatus.text, "code-block.status.unreachable");

            await service.start();
            await until(() => flow.lastStatus?.fill === undefined, 30_000, () => "the ring to go away again");
            flow.send({ payload: 5 });
            assert.equal((await flow.at("out0", 2))[1].payload, 6);
        } finally {
            await service.stop();
        }
    });

    it("a block's packages are loaded before it runs, and the status says so", async () => {
        // Modules that nobody imports together: an image for them isn't there, and makes room when this test ends.
        const submodules = ["combinatorics", "geometry", "logic", "ntheory", "sets", "stats", "tensor", "vector"];
        const some = submodules.filter(() => Math.random() < 0.5);
        const code = `import sympy.core, ${["sympy.plotting", ...some.map((name) => `sympy.${name}`)].join(", ")}\n`
            + "return str(sympy.factor(sympy.Symbol('x')**2 - 1))";
        const service = new OwnService(await freePort(), {
            CELLBLOCK_IMAGES_DISK_MB: "0", CELLBLOCK_FULL_BUNDLE: "on-demand",
        });
        await service.start();
        try {
            const flow = await load(service.url, { code });
            flow.send({ payload: null });
            assert.equal((await flow.at("out0", 1, 120_000))[0].payload, "(x - 1)*(x + 1)");
            const loading = flow.statuses.filter((shown) => shown.text?.startsWith("code-block.status.loading"));
            assert.ok(loading.length > 0, JSON.stringify(flow.statuses));
        } finally {
            await service.stop();
        }
    });

    it("a token opens a service that wants one; without it the refusal is clear", async () => {
        const service = new OwnService(await freePort(), { CELLBLOCK_TOKEN: "open-sesame" });
        await service.start();
        try {
            const stranger = await load(service.url, { code: "return data" });
            stranger.send({ payload: 1 });
            const [caught] = await stranger.at("caught");
            assert.equal(caught.error.code, "unauthorized");
            await helper.unload();
            const guest = await load(service.url, { code: "return data" }, { token: "open-sesame" });
            guest.send({ payload: 1 });
            assert.equal((await guest.at("out0"))[0].payload, 1);
        } finally {
            await service.stop();
        }
    });

    it("an address that is none is an error of the configuration, not a crash", async () => {
        const flow = await load("ftp://nowhere", { code: "return data" });
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /"ftp:\/\/nowhere" is not an http or https address/);
    });
});
