/*
 * One connection of a session: a WebSocket from its greeting to its end. What runs on it is for session.js.
 *
 * A connection can die without anybody being told, so a ping goes out now and then; when nothing at all has moved
 * since the last one, the connection is dropped. A large message on its way counts as moving.
 */
"use strict";

const WebSocket = require("ws");
const envelope = require("./envelope");
const { Packer } = require("./values");
const { connectionError, refusalOf, unreachable } = require("./refusals");

const PROTOCOL = "cellblock.v1";
const GREETING_MS = 10_000;
const HEARTBEAT_MS = 15_000;
const MAX_PROBLEM = 65_536;
// Results may be as large as the service allows; this only keeps a wrong length from filling the memory.
const MAX_MESSAGE = 2 ** 30;
const NORMAL = 1000;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * @param {string} url for example "http://127.0.0.1:8765"
 * @returns {URL}
 * @throws {TypeError} if it is no http or https address
 */
function parseServiceUrl(url) {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) {
        throw new TypeError(`${JSON.stringify(url)} is not an http or https address`);
    }
    return parsed;
}

class Link {
    #socket;
    #transport = null;
    #packer = new Packer();
    #beating = null;
    #moved = "";
    #problem = null;

    /**
     * Use `Link.open`.
     *
     * @param {{url: URL, token?: string, heartbeatMs?: number, ca?: string|Buffer, rejectUnauthorized?: boolean}}
     *     settings the last two are those of `tls.connect`
     */
    constructor({ url, token, heartbeatMs = HEARTBEAT_MS, ca, rejectUnauthorized = true }) {
        this.url = url;
        this.heartbeatMs = heartbeatMs;
        this.onMessage = () => {};
        this.onLost = () => {};
        const target = new URL(`${url.pathname.replace(/\/$/, "")}/v1/session`, url);
        target.protocol = url.protocol === "https:" ? "wss:" : "ws:";
        this.#socket = new WebSocket(target, PROTOCOL, {
            headers: token ? { authorization: `Bearer ${token}` } : {},
            handshakeTimeout: GREETING_MS,
            perMessageDeflate: false,
            maxPayload: MAX_MESSAGE,
            rejectUnauthorized,
            ...(ca && { ca }),
            ...(isPrivate(url) && { generateMask: noMask }),
        });
    }

    /**
     * Connect and greet.
     *
     * @param {{url: URL, token?: string, session?: string}} settings `session` takes up one whose connection was lost
     * @param {object} handlers
     * @param {(link: Link, welcome: {session: string, resumed: boolean, version: string, limits: object}) => void}
     *     handlers.onWelcome
     * @param {(message: object) => void} handlers.onMessage
     * @param {(error: ServiceError, code: number) => void} handlers.onLost after the welcome, once, unless `close` was
     *     called
     * @returns {Promise<Link>} after the welcome
     * @throws {ServiceError}
     */
    static open(settings, handlers) {
        const link = new Link(settings);
        return link.#greeted(settings.session, handlers);
    }

    /** @param {object} message in wire form @returns {number} its bytes */
    send(message) {
        const { packed, release } = this.#packer.pack(message);
        this.#socket.send(packed, (error) => {
            release();
            if (error) {
                this.#socket.terminate();
            }
        });
        return packed.length;
    }

    /** End it, and with it the session: the service cancels what runs. */
    close() {
        this.onLost = () => {};
        this.onMessage = () => {};
        this.#socket.close(NORMAL);
    }

    #greeted(session, { onWelcome, onMessage, onLost }) {
        return new Promise((resolve, reject) => {
            const late = setTimeout(() => this.#drop(unreachable(this.url, "it doesn't answer")), GREETING_MS);
            this.onLost = (error) => {
                clearTimeout(late);
                reject(error);
            };
            this.onMessage = (message) => {
                if (message.kind !== "welcome") {
                    this.#drop(message.kind === "problem" ? refusalOf(message.problem)
                        : new Error(`it began with ${JSON.stringify(message.kind)}`));
                    return;
                }
                clearTimeout(late);
                // What follows may be in the same packet, and is told at once.
                Object.assign(this, { onMessage, onLost });
                onWelcome(this, message);
                resolve(this);
            };
            this.#listen(session);
        });
    }

    #listen(session) {
        const socket = this.#socket;
        socket.once("upgrade", (response) => { this.#transport = response.socket; });
        socket.once("unexpected-response", (request, response) => this.#refused(response));
        socket.once("open", () => this.send({ kind: "hello", ...(session && { session }) }));
        socket.on("message", (data, isBinary) => this.#received(data, isBinary));
        socket.on("error", (error) => { this.#problem ??= error; });
        socket.once("close", (code, reason) => {
            clearInterval(this.#beating);
            this.onLost(this.#reasonOf(code, reason), code);
        });
        this.#beating = setInterval(() => this.#beat(), this.heartbeatMs);
        this.#beating.unref();
    }

    #received(data, isBinary) {
        let message;
        try {
            message = isBinary ? envelope.unpack(data) : envelope.unpack(Buffer.of());
        } catch (error) {
            this.#drop(new Error(`a message can't be read: ${error.message}`));
            return;
        }
        this.onMessage(message);
    }

    #refused(response) {
        let text = "";
        const tell = () => this.#drop(refusalOf({ status: response.statusCode, ...parseJson(text) }));
        response.setEncoding("utf8");
        response.on("data", (chunk) => { text += text.length < MAX_PROBLEM ? chunk : ""; });
        response.on("error", tell).on("end", tell);
    }

    #beat() {
        if (this.#socket.readyState !== WebSocket.OPEN) {
            return;
        }
        const moved = `${this.#transport?.bytesRead} ${this.#socket.bufferedAmount}`;
        if (moved === this.#moved) {
            this.#drop(unreachable(this.url, "it doesn't answer any more"));
            return;
        }
        this.#moved = moved;
        this.send({ kind: "ping", n: 0 });
    }

    #drop(problem) {
        this.#problem ??= problem;
        this.#socket.terminate();
    }

    #reasonOf(code, reason) {
        if (this.#problem !== null) {
            return connectionError(this.url, this.#problem);
        }
        return unreachable(this.url, `connection lost${reason.length > 0 ? `: ${reason}` : ""}`);
    }
}

/** Whether nothing stands between here and there that could read what is said. */
function isPrivate(url) {
    return url.protocol === "https:" || LOOPBACK.has(url.hostname);
}

/**
 * A mask keeps proxies from taking a message for something else. Where there are none it isn't worth its time: 130 ms
 * for 80 MB.
 */
function noMask(mask) {
    mask.fill(0);
}

function parseJson(text) {
    try {
        return Object(JSON.parse(text));
    } catch {
        return {};
    }
}

module.exports = { LOOPBACK, Link, parseServiceUrl };
