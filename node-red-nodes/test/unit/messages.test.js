/*
 * What of a message travels, what stays, and what a result sends.
 */
"use strict";

const assert = require("node:assert/strict");
const { encode, ExtData } = require("@msgpack/msgpack");
const { splitMessage, messagesFor } = require("../../lib/messages");
const { decode } = require("../../lib/values");

const tuple = (...items) => decode(encode(new ExtData(12, encode(items))));
const frame = () => decode(encode(new ExtData(3, encode([["payload"], null, [[1, 2]]]))));

describe("messages: splitting", () => {
    it("keeps back what can't travel, whole", () => {
        const socket = new (class Socket {})();
        const cyclic = {};
        cyclic.self = cyclic;
        const msg = {
            _msgid: "1", payload: 5, topic: "t", req: { url: "/" }, res: {}, socket, cyclic,
            helpers: { double: (x) => 2 * x, name: "h" }, nothing: undefined,
        };
        const { travels, stays } = splitMessage(msg);
        assert.deepEqual(travels, { _msgid: "1", payload: 5, topic: "t" });
        assert.deepEqual(Object.keys(stays), ["req", "res", "socket", "cyclic", "helpers"]);
        assert.equal(stays.socket, socket);
    });

    it("refuses a payload that can't travel, by name", () => {
        assert.throws(() => splitMessage({ payload: { rows: [1, () => 2] } }), /msg\.payload\.rows\[1\]: a function/);
    });
});

describe("messages: what a result sends", () => {
    const msg = { _msgid: "7", payload: "old", topic: "t", res: { send() {} } };
    const stays = { res: msg.res };
    const send = (result, outputs = 1) => messagesFor(result, outputs, msg, stays);
    const value = (payload) => ({ _msgid: "7", payload, topic: "t", res: msg.res });

    it("a value becomes the payload, everything else stays", () => {
        for (const result of [5, 0, "", false, { a: 1 }, {}, [1, 2], Buffer.from("x"), new Date(0)]) {
            assert.deepEqual(send(result), [[value(result)]]);
        }
    });

    it("None sends nothing", () => assert.deepEqual(send(null), [[]]));

    it("the message itself is sent as it came back, with what stayed put back", () => {
        assert.deepEqual(send({ _msgid: "7", payload: 1, extra: 2 }),
            [[{ _msgid: "7", payload: 1, extra: 2, res: msg.res }]]);
    });

    it("the message is known by its _msgid when its payload was removed", () => {
        assert.deepEqual(send({ _msgid: "7", topic: "u" }), [[{ _msgid: "7", topic: "u", res: msg.res }]]);
    });

    it("a new message with a payload keeps the message id and what stayed", () => {
        assert.deepEqual(send({ payload: null }), [[{ _msgid: "7", payload: null, res: msg.res }]]);
    });

    it("what the block set wins over what stayed", () => {
        assert.equal(send({ payload: 1, res: "own" })[0][0].res, "own");
    });

    it("a list of messages for the only output is sent one by one", () => {
        assert.deepEqual(send([[{ payload: 1 }, { payload: 2 }]])[0].map((sent) => sent.payload), [1, 2]);
    });

    it("None among messages sends nothing", () => {
        assert.deepEqual(send([[{ payload: 1 }, null, { payload: 2 }]])[0].map((sent) => sent.payload), [1, 2]);
        const places = send([[null, { payload: 1 }], null], 2);
        assert.deepEqual(places.map((place) => place.map((sent) => sent.payload)), [[1], []]);
    });

    it("any other list for the only output is a value", () => {
        for (const result of [[1, null], [[1, 2]], [{ payload: 1 }, { payload: 2 }], []]) {
            assert.deepEqual(send(result), [[value(result)]]);
        }
    });

    it("a list or a tuple has an item for each of several outputs", () => {
        for (const result of [[1, null, { payload: 3 }], tuple(1, null, { payload: 3 })]) {
            const places = send(result, 3);
            assert.deepEqual(places.map((place) => place.map((sent) => sent.payload)), [[1], [], [3]]);
        }
    });

    it("a short list leaves the other outputs silent, a long one is an error", () => {
        assert.deepEqual(send([1], 3).map((place) => place.length), [1, 0, 0]);
        assert.throws(() => send([1, 2, 3], 2), /3 items for 2 outputs/);
    });

    it("a list in an output's place is messages if all of it is, else a value", () => {
        const places = send([[{ payload: 1 }, { payload: 2 }], [1, 2]], 2);
        assert.deepEqual(places.map((place) => place.map((sent) => sent.payload)), [[1, 2], [[1, 2]]]);
    });

    it("a DataFrame is one value, whatever its columns are called", () => {
        assert.deepEqual(send(frame(), 2), [[value([{ payload: 1 }, { payload: 2 }])], []]);
        assert.deepEqual(send([frame()], 1)[0][0].payload, [[{ payload: 1 }, { payload: 2 }]]);
    });

    it("a picture as the payload says its type, unless the block says another", () => {
        const picture = decode(encode(new ExtData(13, encode(["image/png", new Uint8Array([1])]))));
        const mimes = (result, came = msg) => messagesFor(result, 1, came, {})[0].map((sent) => sent.mime);
        assert.deepEqual(mimes(picture), ["image/png"]);
        assert.deepEqual(mimes({ _msgid: "7", payload: picture }), ["image/png"]);
        assert.deepEqual(mimes([[{ payload: picture }, { payload: 1 }]]), ["image/png", undefined]);
        assert.deepEqual(mimes({ payload: picture, mime: "image/apng" }), ["image/apng"]);
        const jpeg = { ...msg, mime: "image/jpeg" };
        assert.deepEqual(mimes(picture, jpeg), ["image/png"]);
        assert.deepEqual(mimes({ ...jpeg, payload: picture }, jpeg), ["image/png"]);
        assert.deepEqual(mimes({ payload: picture }, jpeg), ["image/png"]);
        assert.deepEqual(mimes({ ...jpeg, payload: 5 }, jpeg), ["image/jpeg"]);
        assert.ok(!Object.hasOwn(messagesFor({ payload: [picture] }, 1, msg, {})[0][0], "mime"));
    });

    it("no output sends nothing", () => assert.deepEqual(send({ payload: 1 }, 0), []));
});
