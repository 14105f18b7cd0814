/*
 * A TCP proxy for tests: a connection that can be cut while both ends are well.
 */
"use strict";

const { once } = require("node:events");
const net = require("node:net");

class Proxy {
    /** @param {number} port of the server behind it */
    static async before(port) {
        const proxy = new Proxy();
        proxy.pairs = [];
        proxy.server = net.createServer((near) => {
            const far = net.connect(port, "127.0.0.1");
            for (const [one, other] of [[near, far], [far, near]]) {
                one.pipe(other);
                one.on("error", () => {}).on("close", () => other.destroy());
            }
            proxy.pairs.push(near);
        });
        proxy.server.listen(0, "127.0.0.1");
        await once(proxy.server, "listening");
        proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
        return proxy;
    }

    /** End every connection, without a word to either end. */
    cut() {
        this.pairs.splice(0).forEach((socket) => socket.resetAndDestroy());
    }

    async close() {
        this.cut();
        this.server.close();
        await once(this.server, "close");
    }
}

module.exports = { Proxy };
