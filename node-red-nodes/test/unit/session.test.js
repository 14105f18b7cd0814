/*
 * The client against servers that misbehave in ways the real service doesn't, and the connection's rhythm.
 */
"use strict";

const assert = require("node:assert/strict");
const { once } = require("node:events");
const http = require("node:http");
const { encode } = require("@msgpack/msgpack");
const { Client, parseServiceUrl } = require("../../lib/client");
const { Connection } = require("../../lib/connection");

const REQUEST = { code: "return 1", timeout_s: 1 };
const ANSWER = { id: "1", status: "completed", result: 1, stdout: "", stderr: "", timings_ms: { total: 1 } };

describe("client", () => {
    const opened = [];

    afterEach(async () => {
        for (const { client, server } of opened.splice(0)) {
            client.close();
            server.closeAllConnections();
            server.close();
        }
    });

    /** A client of a server that answers everything with `handler`. */
    async function clientOf(handler, settings = {}) {
        const server = http.createServer(handler).listen(0, "127.0.0.1");
        await once(server, "listening");
        const client = new Client({ url: `http://127.0.0.1:${server.address().port}`, ...settings });
        opened.push({ client, server });
        return client;
    }

    const answering = (status, type, body) => (request, response) => {
        request.resume().on("end", () => response.writeHead(status, { "content-type": type }).end(body));
    };

    const refused = (promise, code, pattern) => assert.rejects(promise, (error) => {
        assert.equal(error.name, "ServiceError");
        assert.equal(error.code, code);
        assert.match(error.message, pattern);
        return true;
    });

    it("waits for an image that is being built, and tells how far it is", async () => {
        const seen = [];
        const problem = { error_key: "image_loading", detail: "being built", progress: { done: 1, total: 4 } };
        const client = await clientOf((request, response) => {
            seen.push(request.headers.prefer);
            const answer = seen.length < 3
                ? answering(503, "application/problem+json", JSON.stringify(problem))
                : answering(200, "application/msgpack", encode(ANSWER));
            answer(request, response);
        });
        const told = [];
        assert.deepEqual(await client.execute(REQUEST, { onLoading: (progress) => told.push(progress) }), ANSWER);
        assert.deepEqual(told, [problem.progress, problem.progress]);
        assert.deepEqual(seen, ["wait=2", "wait=2", "wait=2"]);
    });

    it("can be aborted while an image is being built", async () => {
        const problem = { error_key: "image_loading", detail: "being built", progress: {} };
        const client = await clientOf(answering(503, "application/problem+json", JSON.stringify(problem)));
        const stop = new AbortController();
        const running = client.execute(REQUEST, { signal: stop.signal, onLoading: () => stop.abort() });
        await refused(running, "cancelled", /cancelled/);
    });

    it("sends msgpack with the token, reads msgpack, keeps the connection", async () => {
        const seen = [];
        const sockets = new Set();
        const client = await clientOf((request, response) => {
            seen.push([request.method, request.url, request.headers]);
            sockets.add(request.socket);
            answering(200, "application/msgpack", encode(ANSWER))(request, response);
        }, { token: "secret" });
        assert.deepEqual(await client.execute(REQUEST), ANSWER);
        await client.execute(REQUEST);
        const [method, url, headers] = seen[0];
        assert.deepEqual([method, url], ["POST", "/v1/execute"]);
        assert.equal(headers["content-type"], "application/msgpack");
        assert.equal(headers.authorization, "Bearer secret");
        assert.equal(sockets.size, 1);
    });

    it("tells a refusal by the service's own words and key", async () => {
        const problem = JSON.stringify({ error_key: "body_too_large", detail: "the body is 9 bytes" });
        const client = await clientOf(answering(413, "application/problem+json", problem));
        await refused(client.execute(REQUEST), "body_too_large", /refused the request: the body is 9 bytes/);
    });

    it("tells a service that isn't ready", async () => {
        const client = await clientOf(answering(503, "application/problem+json", '{"detail": "no worker"}'));
        await refused(client.execute(REQUEST), "service_not_ready", /no worker/);
        assert.equal(await client.probe(), "starting");
    });

    it("tells an answer that can't be read, or that no Cellblock service gives", async () => {
        const wrong = [
            [answering(200, "text/html", "<p>hi"), /answered text\/html/],
            [answering(200, "application/msgpack", Buffer.from([0xc1])), /can't be read/],
            [answering(200, "application/msgpack", encode({ hello: 1 })), /has no status/],
        ];
        for (const [handler, pattern] of wrong) {
            await refused((await clientOf(handler)).execute(REQUEST), "broken_answer", pattern);
        }
        const proxy = await clientOf(answering(502, "text/html", "bad gateway"));
        await refused(proxy.execute(REQUEST), "http_502", /HTTP 502/);
    });

    it("tells a connection that breaks, once, and sends nothing again", async () => {
        let requests = 0;
        const client = await clientOf((request) => {
            requests += 1;
            request.socket.destroy();
        });
        await refused(client.execute(REQUEST), "service_unreachable", /connection lost/);
        assert.equal(requests, 1);
    });

    it("stops waiting when it is aborted", async () => {
        const client = await clientOf(() => {});
        const stop = new AbortController();
        setTimeout(() => stop.abort(), 20);
        await refused(client.execute(REQUEST, { signal: stop.signal }), "cancelled", /cancelled/);
    });

    it("knows what an address is", () => {
        assert.equal(parseServiceUrl("https://box:1/base/").host, "box:1");
        for (const url of ["", "box:8765", "ftp://box", "127.0.0.1"]) {
            assert.throws(() => parseServiceUrl(url), TypeError);
        }
    });
});

describe("connection", () => {
    it("tells each change of state once, to its users and to the log", async () => {
        let ready = false;
        const server = http.createServer((request, response) => response.writeHead(ready ? 200 : 503).end());
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const logged = [];
        const logger = { log: (line) => logged.push(line), warn: (line) => logged.push(line) };
        const connection = new Connection({ url: `http://127.0.0.1:${server.address().port}` }, logger);
        const states = [];
        connection.on("state", (state) => states.push(state));
        connection.register("a node");
        await once(connection, "state");
        ready = true;
        await once(connection, "state");
        server.closeAllConnections();
        server.close();
        await once(server, "close");
        await assert.rejects(connection.execute(REQUEST));
        await assert.rejects(connection.execute(REQUEST));
        connection.close();
        assert.deepEqual(states, ["starting", "ready", "unreachable"]);
        assert.deepEqual(logged.map((line) => /ready|can't be reached/.exec(line)[0]), ["ready", "can't be reached"]);
    });
});
