/*
 * A session's other end for unit tests: a real WebSocket server whose part the test plays, message by message.
 */
"use strict";

const { once } = require("node:events");
const http = require("node:http");
const { encode, decode } = require("@msgpack/msgpack");
const { WebSocketServer } = require("ws");

class Stub {
    /** @param {(talk: Talk) => void} [onTalk] is given each connection, before anything is said */
    static async start(onTalk = () => {}) {
        const stub = new Stub();
        stub.talks = [];
        stub.server = http.createServer((request, response) => response.writeHead(404).end());
        stub.sockets = new WebSocketServer({ server: stub.server, path: "/v1/session" });
        stub.sockets.on("connection", (socket, request) => {
            const talk = new Talk(socket, request);
            stub.talks.push(talk);
            onTalk(talk);
        });
        await stub.listen(0);
        return stub;
    }

    async listen(port) {
        this.server.listen(port, "127.0.0.1");
        await once(this.server, "listening");
        this.port = this.server.address().port;
        this.url = new URL(`http://127.0.0.1:${this.port}`);
    }

    /** Drop every connection, and take no new one. */
    async stop() {
        this.talks.forEach(({ socket }) => socket.terminate());
        this.server.closeAllConnections();
        this.server.close();
        await once(this.server, "close");
    }
}

class Talk {
    #waiting = [];

    constructor(socket, request) {
        this.socket = socket;
        this.request = request;
        this.heard = [];
        socket.on("message", (data) => {
            this.heard.push(decode(data));
            this.#waiting.splice(0).forEach((look) => look());
        });
    }

    say(message) {
        this.socket.send(encode(message));
    }

    /** Take a greeting, and answer it. */
    async welcome(session = "s1", resumed = false, version = "0") {
        const hello = await this.next("hello");
        this.say({ kind: "welcome", session, resumed, version, limits: {} });
        return hello;
    }

    /** The next message of this kind that hasn't been taken yet. */
    async next(kind) {
        for (;;) {
            const at = this.heard.findIndex((message) => message.kind === kind);
            if (at >= 0) {
                return this.heard.splice(at, 1)[0];
            }
            await new Promise((resolve) => this.#waiting.push(resolve));
        }
    }

    /** Take a request, and what it asks for. */
    async asked() {
        const { id, request } = await this.next("execute");
        return { id, request: decode(request) };
    }

    result(id, seq, value, more = {}) {
        this.say({ kind: "result", id, seq, status: "completed", timings_ms: { total: 1 }, ...more, result: value });
    }
}

module.exports = { Stub };
