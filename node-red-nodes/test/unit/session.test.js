/*
 * The session against a server that the tests play: what is said, and what becomes of runs when connections are lost.
 */
"use strict";

const assert = require("node:assert/strict");
const { once } = require("node:events");
const http = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");
const { encode, decode } = require("@msgpack/msgpack");
const { Connection } = require("../../lib/connection");
const { parseServiceUrl } = require("../../lib/link");
const { patiently } = require("../../lib/patience");
const { ServiceError } = require("../../lib/refusals");
const { Session } = require("../../lib/session");
const { Stub } = require("../stub");

const REQUEST = { code: "return 1" };
const opened = [];

afterEach(async () => {
    for (const close of opened.splice(0).reverse()) {
        await close();
    }
});

async function stubOf(play) {
    const stub = await Stub.start(play);
    opened.push(() => stub.server.listening && stub.stop());
    return stub;
}

function sessionOf(url, settings = {}) {
    const session = new Session({ url, ...settings });
    opened.push(() => session.close());
    session.open();
    return session;
}

const refused = (promise, code, pattern) => assert.rejects(promise, (error) => {
    assert.equal(error.name, "ServiceError");
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
});

describe("session", () => {
    it("greets with the token, sends a request, tells what happens, gives the result's bytes", async () => {
        const stub = await stubOf(async (talk) => {
            assert.deepEqual(await talk.welcome(), { kind: "hello" });
            const { id, request } = await talk.asked();
            assert.deepEqual(request, REQUEST);
            talk.say({ kind: "status", id, seq: 1, status: "queued" });
            talk.say({ kind: "status", id, seq: 2, status: "loading", progress: { done: 1, total: 2 } });
            talk.say({ kind: "stdout", id, seq: 3, text: "hello\n" });
            talk.result(id, 4, [1, "two"], { state: "new" });
        });
        const session = sessionOf(stub.url, { token: "secret" });
        const told = [];
        const answer = await session.execute(REQUEST, {
            onStatus: (...args) => told.push(args),
            onOutput: (...args) => told.push(args),
        });
        assert.deepEqual(told, [["queued", undefined], ["loading", { done: 1, total: 2 }], ["stdout", "hello\n"]]);
        assert.deepEqual([answer.status, answer.state, decode(answer.result)], ["completed", "new", [1, "two"]]);
        const { headers } = stub.talks[0].request;
        assert.equal(headers.authorization, "Bearer secret");
        assert.equal(headers["sec-websocket-protocol"], "cellblock.v1");
    });

    it("many runs at once, answered in any order", async () => {
        const stub = await stubOf(async (talk) => {
            await talk.welcome();
            const asked = [await talk.asked(), await talk.asked(), await talk.asked()];
            asked.reverse().forEach(({ id, request }) => talk.result(id, 1, request.code));
        });
        const session = sessionOf(stub.url);
        const answers = await Promise.all(["a", "b", "c"].map((code) => session.execute({ code })));
        assert.deepEqual(answers.map((answer) => decode(answer.result)), ["a", "b", "c"]);
        assert.equal(stub.talks.length, 1);
    });

    it("a refusal is told in the service's own words, with when to come back", async () => {
        const stub = await stubOf(async (talk) => {
            await talk.welcome();
            const { id } = await talk.asked();
            talk.say({ kind: "refused", id, problem: { error_key: "queue_full", detail: "5 wait", retry_after: 2 } });
        });
        await assert.rejects(sessionOf(stub.url).execute(REQUEST), (error) => {
            assert.deepEqual([error.code, error.retryAfterMs], ["queue_full", 2000]);
            assert.match(error.message, /refused the request: 5 wait/);
            return true;
        });
    });

    it("an abort cancels the run and waits for nothing", async () => {
        const stub = await stubOf(async (talk) => {
            await talk.welcome();
            const { id } = await talk.asked();
            stop.abort();
            assert.equal((await talk.next("cancel")).id, id);
            talk.result(id, 1, null, { status: "cancelled" });
            talk.result((await talk.asked()).id, 1, "next");
        });
        const stop = new AbortController();
        const session = sessionOf(stub.url);
        await refused(session.execute(REQUEST, { signal: stop.signal }), "cancelled", /cancelled/);
        assert.equal(decode((await session.execute(REQUEST)).result), "next");
        await refused(session.execute(REQUEST, { signal: stop.signal }), "cancelled", /cancelled/);
    });

    it("closing it leaves in order, which cancels what runs", async () => {
        const stub = await stubOf((talk) => talk.welcome());
        const session = sessionOf(stub.url);
        const running = refused(session.execute(REQUEST), "cancelled", /cancelled/);
        await once(session, "up");
        await stub.talks[0].asked();
        session.close();
        const [code] = await once(stub.talks[0].socket, "close");
        assert.equal(code, 1000);
        await running;
    });

    describe("a lost connection", () => {
        it("is made again; the run goes on where it was, and no event counts twice", async () => {
            let id;
            const stub = await stubOf(async (talk) => {
                if (stub.talks.length === 1) {
                    await talk.welcome("s1");
                    ({ id } = await talk.asked());
                    talk.say({ kind: "stdout", id, seq: 1, text: "a" });
                    await sleep(50);
                    talk.socket.terminate();
                    return;
                }
                assert.equal((await talk.welcome("s1", true)).session, "s1");
                talk.say({ kind: "stdout", id, seq: 3, text: "too early" });
                assert.deepEqual(await talk.next("resume"), { kind: "resume", id, after: 1 });
                talk.say({ kind: "stdout", id, seq: 1, text: "again" });
                talk.say({ kind: "stdout", id, seq: 2, text: "b" });
                talk.say({ kind: "stdout", id, seq: 3, text: "c" });
                talk.result(id, 4, "done");
                talk.result(id, 4, "twice");
            });
            let printed = "";
            const answer = await sessionOf(stub.url).execute(REQUEST, { onOutput: (_, text) => { printed += text; } });
            assert.deepEqual([printed, decode(answer.result)], ["abc", "done"]);
            assert.equal(stub.talks[1].heard.length, 0);
        });

        it("a run that the service doesn't know any more fails, with what is known, and isn't sent again", async () => {
            const stub = await stubOf(async (talk) => {
                await talk.welcome(`s${stub.talks.length}`);
                if (stub.talks.length === 1) {
                    const asked = [await talk.asked(), await talk.asked()];
                    talk.say({ kind: "status", id: asked[0].id, seq: 1, status: "running" });
                    await sleep(50);
                    talk.socket.terminate();
                    return;
                }
                talk.say({ kind: "unknown", id: (await talk.next("resume")).id });
                talk.say({ kind: "unknown", id: (await talk.next("resume")).id });
                talk.result((await talk.asked()).id, 1, "next");
            });
            const session = sessionOf(stub.url);
            await Promise.all([
                refused(session.execute(REQUEST), "connection_lost", /was running; it isn't known whether it/),
                refused(session.execute(REQUEST), "connection_lost", /isn't known whether it has begun/),
            ]);
            assert.equal(decode((await session.execute(REQUEST)).result), "next");
            assert.deepEqual(stub.talks[1].heard, []);
        });

        it("runs are given up when it doesn't come back", async () => {
            const stub = await stubOf(async (talk) => {
                await talk.welcome();
                await talk.asked();
                await stub.stop();
            });
            const session = sessionOf(stub.url, { patienceMs: 200 });
            await refused(session.execute(REQUEST), "connection_lost", /can't be reached/);
        });

        it("a run that was given up meanwhile is cancelled, not resumed", async () => {
            const stop = new AbortController();
            const stub = await stubOf(async (talk) => {
                await talk.welcome();
                if (stub.talks.length === 1) {
                    await talk.asked();
                    talk.socket.terminate();
                }
            });
            const session = sessionOf(stub.url);
            const running = session.execute(REQUEST, { signal: stop.signal });
            await once(session, "down");
            stop.abort();
            await refused(running, "cancelled", /cancelled/);
            await once(session, "up");
            await stub.talks[1].next("cancel");
            assert.deepEqual(stub.talks[1].heard, []);
        });

        it("a message over the service's limit is named, and takes no other run with it", async () => {
            let small;
            const stub = await stubOf(async (talk) => {
                await talk.welcome("s1", stub.talks.length > 1);
                if (stub.talks.length === 1) {
                    const asked = [await talk.asked(), await talk.asked()];
                    small = asked.find(({ request }) => request.code.length < 10).id;
                    talk.socket.close(1009);
                    return;
                }
                assert.equal((await talk.next("resume")).id, small);
                talk.result(small, 1, "small");
            });
            const session = sessionOf(stub.url);
            const answer = session.execute({ code: "small" });
            await refused(session.execute({ code: "x".repeat(1000) }), "body_too_large", /bytes are over the limit/);
            assert.equal(decode((await answer).result), "small");
        });

        it("one that is silently dead is noticed by its heartbeat", async () => {
            const stub = await stubOf(async (talk) => {
                await talk.welcome();
                if (stub.talks.length === 1) {
                    talk.socket.pause();
                }
            });
            const session = sessionOf(stub.url, { heartbeatMs: 50 });
            const [error] = await once(session, "down");
            assert.match(error.message, /doesn't answer any more/);
            await once(session, "up");
        });

        it("one that answers is left alone", async () => {
            const stub = await stubOf(async (talk) => {
                await talk.welcome();
                for (;;) {
                    talk.say({ kind: "pong", n: (await talk.next("ping")).n });
                }
            });
            const session = sessionOf(stub.url, { heartbeatMs: 30 });
            await once(session, "up");
            await sleep(300);
            assert.equal(stub.talks.length, 1);
        });
    });

    describe("a block's call", () => {
        it("is answered, in a value or in words", async () => {
            const replies = [];
            const stub = await stubOf(async (talk) => {
                await talk.welcome();
                const { id } = await talk.asked();
                for (const call of [1, 2]) {
                    talk.say({ kind: "call", id, call, op: "get", scope: "flow", store: null, key: `key ${call}` });
                    replies.push(await talk.next("reply"));
                }
                talk.result(id, 1, null);
            });
            await sessionOf(stub.url).execute(REQUEST, {
                onCall: async ({ key }) => (key === "key 1" ? { value: Buffer.from(encode(5)) } : { error: "no" }),
            });
            assert.deepEqual(replies.map(({ call, value, error }) => [call, value && decode(value), error]),
                [[1, 5, undefined], [2, undefined, "no"]]);
        });

        it("that comes again because its reply was lost isn't carried out again", async () => {
            let id;
            const call = () => ({ kind: "call", id, call: 1, op: "set", scope: "flow", store: null, key: "n" });
            const stub = await stubOf(async (talk) => {
                await talk.welcome("s1", stub.talks.length > 1);
                if (stub.talks.length === 1) {
                    ({ id } = await talk.asked());
                    talk.say(call());
                    await talk.next("reply");
                    talk.socket.terminate();
                    return;
                }
                await talk.next("resume");
                talk.say(call());
                talk.result(id, 1, (await talk.next("reply")).error);
            });
            let calls = 0;
            const answer = await sessionOf(stub.url).execute(REQUEST, {
                onCall: async () => {
                    calls += 1;
                    return { error: "once" };
                },
            });
            assert.deepEqual([calls, decode(answer.result)], [1, "once"]);
        });
    });

    describe("what isn't a service", () => {
        const answering = async (status, type, body) => {
            const server = http.createServer().listen(0, "127.0.0.1");
            server.on("upgrade", (request, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Type: ${type}\r\n`
                + `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`));
            await once(server, "listening");
            opened.push(() => server.close());
            return new URL(`http://127.0.0.1:${server.address().port}`);
        };

        it("a refusal of the connection is told in the service's own words and key", async () => {
            const problem = JSON.stringify({ error_key: "unauthorized", detail: "a token is needed" });
            const url = await answering(401, "application/problem+json", problem);
            await refused(sessionOf(url).execute(REQUEST), "unauthorized", /refused the request: a token is needed/);
        });

        it("any other answer is told by its status", async () => {
            await refused(sessionOf(await answering(404, "text/html", "<p>")).execute(REQUEST), "http_404", /HTTP 404/);
        });

        it("a problem in place of a welcome is told", async () => {
            const stub = await stubOf(async (talk) => {
                await talk.next("hello");
                talk.say({ kind: "problem", problem: { error_key: "too_many_sessions", detail: "2000 are open" } });
            });
            await refused(sessionOf(stub.url).execute(REQUEST), "too_many_sessions", /2000 are open/);
        });

        for (const [what, bytes] of Object.entries({
            "no msgpack": Buffer.of(0xc1), "no map": encode(5), "no kind": encode({ a: 1 }), "cut short":
            Buffer.of(0x81, 0xa4, 0x6b), "more than a map": Buffer.concat([encode({ kind: "welcome" }), Buffer.of(1)]),
            "an endless string": Buffer.of(0x81, 0xdb, 0xff, 0xff, 0xff, 0xff),
        })) {
            it(`a message that is ${what} ends the connection and nothing else`, async () => {
                const stub = await stubOf(async (talk) => {
                    await talk.next("hello");
                    talk.socket.send(bytes);
                });
                await refused(sessionOf(stub.url).execute(REQUEST), "broken_answer", /can't be read.*service\?/);
            });
        }

        it("a message in mid-run that can't be read fails the run, once", async () => {
            const stub = await stubOf(async (talk) => {
                await talk.welcome();
                talk.result((await talk.asked()).id, 1, "first");
                await talk.asked();
                talk.socket.send(Buffer.of(0xc1));
            });
            const session = sessionOf(stub.url);
            assert.equal(decode((await session.execute(REQUEST)).result), "first");
            await refused(session.execute(REQUEST), "connection_lost", /can't be read/);
        });

        it("nobody there", async () => {
            const stub = await stubOf();
            await stub.stop();
            await refused(sessionOf(stub.url).execute(REQUEST), "service_unreachable", /reached \(ECONNREFUSED/);
        });
    });

    it("comes back by itself, and a message doesn't wait for its turn to try", async () => {
        const stub = await stubOf(async (talk) => {
            await talk.welcome();
            talk.result((await talk.asked()).id, 1, "there");
        });
        await stub.stop();
        const session = sessionOf(stub.url);
        for (let i = 0; i < 6; i += 1) {
            await refused(session.execute(REQUEST), "service_unreachable", /./);
        }
        await stub.listen(stub.port);
        assert.equal(decode((await session.execute(REQUEST)).result), "there");
    });
});

describe("patience", () => {
    const refusal = (code, more = {}) => Object.assign(new ServiceError(code, code), more);

    it("tries again while there is no room, and tells why each time", async () => {
        const outcomes = [refusal("queue_full"), refusal("rate_limited", { retryAfterMs: 1 }),
            refusal("too_many_running"), refusal("service_not_ready")];
        const told = [];
        const attempt = async () => {
            if (outcomes.length > 0) {
                throw outcomes.shift();
            }
            return "done";
        };
        const options = { onWaiting: (error) => told.push(error.code), firstPauseMs: 1 };
        assert.equal(await patiently(attempt, options), "done");
        assert.deepEqual(told, ["queue_full", "rate_limited", "too_many_running", "service_not_ready"]);
    });

    it("ends with any other error, and with an abort", async () => {
        await refused(patiently(async () => { throw refusal("unauthorized"); }), "unauthorized", /./);
        const stop = new AbortController();
        const waiting = patiently(async () => { throw refusal("queue_full"); }, { signal: stop.signal });
        stop.abort();
        await refused(waiting, "cancelled", /cancelled/);
    });
});

describe("connection", () => {
    it("tells each change of state once, to its users and to the log", async () => {
        const stub = await stubOf((talk) => talk.welcome());
        const logged = [];
        const logger = { log: (line) => logged.push(line), warn: (line) => logged.push(line) };
        const connection = new Connection({ url: stub.url.href }, logger);
        opened.push(() => connection.close());
        const states = [];
        connection.on("state", (state) => states.push(state));
        connection.register("a node");
        connection.register("another");
        await once(connection, "state");
        await stub.stop();
        await once(connection, "state");
        await assert.rejects(connection.execute(REQUEST));
        await assert.rejects(connection.execute(REQUEST));
        await stub.listen(stub.port);
        await once(connection, "state");
        assert.deepEqual(states, ["ready", "unreachable", "ready"]);
        assert.deepEqual(logged.map((line) => /is ready|be reached/.exec(line)[0]), ["be reached", "is ready"]);
    });

    it("is there while somebody uses it", async () => {
        const stub = await stubOf((talk) => talk.welcome());
        const connection = new Connection({ url: stub.url.href });
        opened.push(() => connection.close());
        connection.register("a node");
        await once(connection, "state");
        connection.unregister("a node");
        await once(stub.talks[0].socket, "close");
        connection.register("a node");
        await once(connection, "state");
        assert.equal(stub.talks.length, 2);
    });

    it("knows what an address is", () => {
        assert.equal(parseServiceUrl("https://box:1/base/").host, "box:1");
        for (const url of ["", "box:8765", "ftp://box", "127.0.0.1"]) {
            assert.throws(() => parseServiceUrl(url), TypeError);
        }
    });
});
