/*
 * The service on this machine, piece by piece: the command, its lines, its end, its places. Small programs stand in for
 * it; test/nodes/service-start.test.js has the real one.
 */
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const { PassThrough } = require("node:stream");
const { setTimeout: sleep } = require("node:timers/promises");
const { look } = require("../../lib/local/ask");
const { Child } = require("../../lib/local/child");
const { findCommand } = require("../../lib/local/command");
const { LocalConnection } = require("../../lib/local/connection");
const { environmentFor } = require("../../lib/local/environment");
const { parseLine, readLines } = require("../../lib/local/lines");
const { LocalService } = require("../../lib/local/service");
const { SharedServices } = require("../../lib/local/shared");
const { tryConnection } = require("../../lib/local/trial");
const { statusOf } = require("../../lib/local/words");
const { readSettings } = require("../../lib/settings");
const { differ } = require("../../lib/versions");
const { freePort } = require("../service");

const SILENT = () => {};

describe("local service", () => {
    let folder;

    beforeEach(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-local-")); });
    afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

    const script = (name, text) => {
        const file = path.join(folder, name);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
        return file;
    };

    describe("its command", () => {
        const find = (given, env = {}) =>
            findCommand(given, { folders: [folder], home: path.join(folder, "home"), env });

        it("is found on PATH first, then in a virtual environment, then where pip puts it for a user", () => {
            const user = script("home/.local/bin/cellblock", "");
            assert.equal(find(""), user);
            const venv = script(".venv/bin/cellblock", "");
            assert.equal(find(""), venv);
            const onPath = script("bin/cellblock", "");
            assert.equal(find("", { PATH: `/nowhere:${path.dirname(onPath)}` }), onPath);
        });

        it("may be given: a path, also below the home folder, or another name", () => {
            const other = script("home/tools/cellblock-2", "");
            assert.equal(find(other), other);
            assert.equal(find("~/tools/cellblock-2"), other);
            assert.equal(find("./home/tools/cellblock-2"), other);
            assert.equal(find("cellblock-2", { PATH: path.dirname(other) }), other);
        });

        it("isn't a folder, or a file that can't be executed", () => {
            fs.mkdirSync(path.join(folder, ".venv/bin/cellblock"), { recursive: true });
            fs.writeFileSync(path.join(folder, "plain"), "");
            assert.equal(find(""), null);
            assert.equal(find("./plain"), null);
            assert.equal(find("/no/such/file"), null);
        });
    });

    describe("its environment", () => {
        const told = (env = {}) => environmentFor({ url: new URL("http://127.0.0.1:8765"), folders: [folder] },
            { HOME: folder, ...env });
        const maxima = (env) => {
            const { CELLBLOCK_MAX_TIMEOUT_S, CELLBLOCK_MAX_MEMORY_MB } = told(env);
            return [CELLBLOCK_MAX_TIMEOUT_S, CELLBLOCK_MAX_MEMORY_MB];
        };

        it("has the limits that a block may be given as maxima, unless the user has set others", () => {
            assert.deepEqual(maxima(), ["86400", "4096"]);
            assert.deepEqual(maxima({ CELLBLOCK_MAX_TIMEOUT_S: "60" }), [undefined, "4096"]);
            assert.deepEqual(maxima({ CELLBLOCK_MAX_MEMORY_MB: "512" }), ["86400", undefined]);
            readSettings({ timeout: "86400", memory: "4096" });
        });

        it("leaves maxima to the service's file of settings, wherever that is", () => {
            const write = (name, text) => {
                const file = path.join(folder, name);
                fs.mkdirSync(path.dirname(file), { recursive: true });
                fs.writeFileSync(file, text);
                return file;
            };
            const named = write("named.toml", "# max_timeout_s = 1\ntimeout_s = 1\nmax_memory_mb = 64\n");
            assert.deepEqual(maxima({ CELLBLOCK_CONFIG: named }), ["86400", undefined]);
            assert.deepEqual(maxima({ CELLBLOCK_CONFIG: "~/named.toml" }), ["86400", undefined]);
            write("home/cellblock.toml", "max_timeout_s=60");
            assert.deepEqual(maxima({ CELLBLOCK_HOME: path.join(folder, "home") }), [undefined, "4096"]);
            write(".cache/cellblock/cellblock.toml", "max_memory_mb = 64\n  max_timeout_s = 60");
            assert.deepEqual(maxima(), [undefined, undefined]);
            assert.deepEqual(maxima({ XDG_CACHE_HOME: path.join(folder, "cache") }), ["86400", "4096"]);
        });

        it("is its environment: with the maxima, and records of its own", async () => {
            const command = script("tell", "echo \"$1 $CELLBLOCK_MAX_TIMEOUT_S $CELLBLOCK_RECORDS_FILE\"; exit 1");
            const lines = [];
            const url = new URL(`http://127.0.0.1:${await freePort()}`);
            const service = new LocalService({ url, command, folders: [folder] }, (_, text) => lines.push(text));
            service.start();
            while (service.state.name !== "waiting") {
                await once(service, "state");
            }
            await service.stop();
            const records = path.join(folder, ".cellblock", `records-${url.port}.sqlite3`);
            assert.ok(lines.includes(`serve 86400 ${records}`), lines.join());
            assert.ok(fs.existsSync(path.dirname(records)));
        });
    });

    describe("its lines", () => {
        it("come whole, however they are cut, and the last without an end", async () => {
            const stream = new PassThrough();
            const lines = [];
            readLines(stream, (line) => lines.push(line));
            ["one\ntw", "o\r\n\n", "three"].forEach((piece) => stream.write(piece));
            stream.end();
            await once(stream, "end");
            assert.deepEqual(lines, ["one", "two", "three"]);
        });

        it("are read as JSON, with Node-RED's levels; the audit log is for tracing", () => {
            const line = { event: "build_failed", reason: "no room", n: 2, level: "warning", logger: "x" };
            const { level, text } = parseLine(JSON.stringify({ ...line, timestamp: "2026-01-02T03:04:05Z" }));
            assert.deepEqual([level, text], ["warn", "build_failed reason=no room n=2"]);
            const audit = { event: "execution", level: "info", logger: "audit" };
            assert.equal(parseLine(JSON.stringify(audit)).level, "trace");
            assert.deepEqual(parseLine("Traceback: {").text, "Traceback: {");
            assert.deepEqual(parseLine("{\"a\": 1}").event, null);
        });

        it("are drained: more than a pipe holds, and nobody who wants it", async () => {
            const loud = script("loud", "i=0\nwhile [ $i -lt 4000 ]; do i=$((i+1)); "
                + "echo 0123456789012345678901234567890123456789 >&2; done\nexit 3");
            const child = new Child(loud, [], { onLine: SILENT, onTrouble: assert.fail });
            assert.equal(await child.ended, "ended with code 3");
        });
    });

    describe("its end", () => {
        it("asks, and insists after the grace", async () => {
            const stubborn = script("stubborn", "trap '' TERM\necho there\nwhile :; do sleep 0.1; done");
            const lines = [];
            const child = new Child(stubborn, [], {
                onLine: (line) => lines.push(line), onTrouble: assert.fail, graceS: 0.3,
            });
            while (lines.length === 0) {
                await sleep(10);
            }
            await child.stop();
            assert.equal(await child.ended, "was ended by SIGKILL");
            assert.equal(child.lastWords, "there");
        });

        it("a command that can't be started says so", async () => {
            const child = new Child(path.join(folder, "nothing"), [], { onLine: SILENT, onTrouble: assert.fail });
            assert.match(await child.ended, /couldn't be started: .*ENOENT/);
        });

        for (const [signal, trap] of [["SIGKILL", ""], ["SIGKILL", "trap '' TERM"], ["SIGTERM", ""]]) {
            it(`comes when we are ended by ${signal}${trap && ", also for one that ignores SIGTERM"}`, async () => {
                const service = script("service", `${trap}\necho $$ > ${folder}/pid\nwhile :; do sleep 0.1; done`);
                const ours = spawn(process.execPath, ["-e", `
                    const { Child } = require(${JSON.stringify(require.resolve("../../lib/local/child"))});
                    new Child(${JSON.stringify(service)}, [], { onLine() {}, onTrouble() {}, graceS: 1 });
                    console.log("watched");
                `], { stdio: ["ignore", "pipe", "inherit"] });
                await once(ours.stdout, "data");
                const pid = await untilWritten(path.join(folder, "pid"));
                ours.kill(signal);
                await once(ours, "exit");
                await untilGone(pid);
            });
        }
    });

    describe("running", () => {
        const serviceWith = async (command, more = {}) => {
            const url = new URL(`http://127.0.0.1:${await freePort()}`);
            const logged = [];
            const service = new LocalService({ url, command, ...more }, (level, text) => logged.push([level, text]));
            const states = [];
            service.on("state", (state) => states.push(state));
            service.start();
            return { service, states, logged };
        };

        it("one that ends is started again, after longer and longer pauses, and why is told", async () => {
            const { service, states, logged } = await serviceWith(script("broken", "echo 'no room' >&2; exit 4"));
            while (states.filter(({ name }) => name === "waiting").length < 2) {
                await once(service, "state");
            }
            await service.stop();
            const waits = states.filter(({ name }) => name === "waiting");
            assert.deepEqual(waits.map(({ seconds, failures }) => [seconds, failures]), [[1, 1], [2, 2]]);
            assert.equal(waits[0].reason, "ended with code 4: no room");
            const warned = logged.filter(([level]) => level === "warn").map(([, text]) => text);
            assert.ok(warned.some((text) => /no room; starting it again in 2 s/.test(text)), warned.join());
            assert.deepEqual(service.state, { name: "stopped" });
        });

        it("a command that isn't there is looked for until it is", async () => {
            const command = path.join(folder, "later");
            const { service, states, logged } = await serviceWith(command);
            await once(service, "state");
            await sleep(3_500);
            assert.deepEqual(states, [{ name: "missing", command }]);
            assert.equal(logged.filter(([, text]) => /pip install cellblock/.test(text)).length, 1);
            script("later", "exit 5");
            while (service.state.name !== "waiting") {
                await once(service, "state");
            }
            assert.match(service.state.reason, /code 5/);
            await service.stop();
        });

        ["image", "bundle"].forEach((kind) => it(`a missing ${kind} is made, once if that doesn't help`, async () => {
            // A service whose answers say that it has no images, and a build that changes nothing.
            const serve = `
                const port = Number(process.argv.at(-1));
                const reasons = ["No ${kind} x. Build it with: cellblock ${kind} build x"];
                require("node:http").createServer((request, response) => {
                    response.writeHead(503).end(JSON.stringify({ status: "not ready", workers: {}, reasons }));
                }).listen(port, "127.0.0.1", () => {
                    console.log(JSON.stringify({ event: "listening", url: "http://127.0.0.1:" + port }));
                });`;
            fs.writeFileSync(path.join(folder, "serve.js"), serve);
            const command = script("cellblock", `[ "$1" = image ] && { echo built >> ${folder}/built; exit 0; }\n`
                + `exec ${process.execPath} ${folder}/serve.js "$@"`);
            const { service, states } = await serviceWith(command);
            while (service.state.name !== "waiting") {
                await once(service, "state");
            }
            await service.stop();
            assert.match(states.find(({ name }) => name === "waiting").reason, /No (image|bundle) x/);
            assert.equal(fs.readFileSync(path.join(folder, "built"), "utf8"), "built\n");
        }));

        it("why it isn't ready is told after a while", async () => {
            const serve = `
                const reasons = ["a worker process ended with exit code 1"];
                require("node:http").createServer((request, response) => {
                    response.writeHead(503).end(JSON.stringify({ status: "not ready", workers: {}, reasons }));
                }).listen(Number(process.argv.at(-1)), "127.0.0.1", function () {
                    const url = "http://127.0.0.1:" + this.address().port;
                    console.log(JSON.stringify({ event: "listening", url }));
                });`;
            fs.writeFileSync(path.join(folder, "serve.js"), serve);
            const command = script("cellblock", `exec ${process.execPath} ${folder}/serve.js "$@"`);
            const { service, states, logged } = await serviceWith(command, { patienceMs: 300 });
            while (service.state.reason === undefined) {
                await once(service, "state");
            }
            await service.stop();
            assert.deepEqual(states.map(({ name }) => name), ["starting", "stopped"]);
            assert.match(logged.join("\n"), /isn't ready: a worker process ended with exit code 1/);
            const { text } = statusOf("starting", states[0], (key) => key);
            assert.equal(text, "status.starting: a worker process ended …");
        });

        it("a message waits for a start, and is told when there will be none", async () => {
            const describe = (name, about) => ({ text: statusOf(name, about, (key) => key).text });
            const { service } = await serviceWith(script("broken", "exit 6"));
            const connection = new LocalConnection({ url: "http://127.0.0.1:1" }, { describe }, service);
            const waits = [];
            connection.register("node");
            await assert.rejects(
                connection.execute({ code: "1" }, { onWaiting: (error) => waits.push(error.code) }),
                (error) => error.code === "service_unreachable" && /ended with code 6/.test(error.message));
            assert.deepEqual(waits, ["service_not_ready"], "once: what follows tells how far the start is");
            assert.equal(connection.state.text, "status.waiting");
            const aborted = connection.execute({ code: "1" }, { signal: AbortSignal.abort() });
            await assert.rejects(aborted, { code: /cancelled|service_unreachable/ });
            connection.close();
            await service.stop();
        });
    });

    describe("its place", () => {
        const settingsAt = (port, command) => ({ url: new URL(`http://127.0.0.1:${port}`), command, token: undefined });

        it("is shared; a service outlives a deployment, and ends when nobody wants it any more", async () => {
            const command = script("service", "while :; do sleep 0.1; done");
            const services = new SharedServices({ lingerMs: 300 });
            const settings = settingsAt(await freePort(), command);
            const first = services.acquire(settings, SILENT);
            assert.equal(services.acquire({ ...settings }, SILENT), first);
            await services.release(first);
            await services.release(first);
            assert.equal(services.acquire({ ...settings, url: new URL(settings.url) }, SILENT), first);
            await services.release(first);
            await once(first, "state");
            await first.running;
            assert.equal(first.state.name, "stopped");
            const second = services.acquire(settings, SILENT);
            assert.notEqual(second, first);
            await services.release(second, { forGood: true });
            assert.equal(second.state.name, "stopped");
        });

        it("with other settings there is another service, after the first has gone", async () => {
            const command = script("service", "while :; do sleep 0.1; done");
            const services = new SharedServices();
            const settings = settingsAt(await freePort(), command);
            const first = services.acquire(settings, SILENT);
            await services.release(first);
            const second = services.acquire({ ...settings, token: "new" }, SILENT);
            assert.notEqual(second, first);
            assert.equal(second.running, undefined);
            await sleep(100);
            assert.equal(first.state.name, "stopped");
            await services.release(second, { forGood: true });
        });
    });

    describe("looking and trying", () => {
        const serverOf = async (answer) => {
            const server = http.createServer(answer).listen(0, "127.0.0.1");
            await once(server, "listening");
            return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
        };

        it("knows a service from another server, and from none", async () => {
            const other = await serverOf((request, response) => response.end("{\"status\": \"ready\"}"));
            const ours = await serverOf((request, response) =>
                response.writeHead(503).end("{\"status\": \"not ready\", \"reasons\": [\"x\"], \"workers\": {}}"));
            assert.equal(await look(new URL(other.url)), null);
            assert.deepEqual(await look(new URL(ours.url)), { ready: false, reasons: ["x"] });
            other.close();
            ours.close();
            assert.equal(await look(new URL(`http://127.0.0.1:${await freePort()}`)), null);
        });

        it("tells what is in the way", async () => {
            const other = await serverOf((request, response) => response.writeHead(404).end("<html>"));
            const tried = async (url) => (await tryConnection({ url })).problem;
            assert.equal(await tried(other.url), "not_cellblock");
            other.close();
            assert.equal(await tried(`http://127.0.0.1:${await freePort()}`), "unreachable");
            assert.equal(await tried("box:1"), "address");
        });
    });
});

describe("versions", () => {
    it("of one release are those with the same first two numbers", () => {
        assert.equal(differ("1.2.3", "1.2.9"), false);
        assert.equal(differ("1.2rc1", "1.2.0"), false);
        assert.equal(differ("1.20.0", "1.2.0"), true);
        assert.equal(differ("2.2.0", "1.2.0"), true);
        for (const nothing of ["", "x", undefined, "0"]) {
            assert.equal(differ(nothing, "1.2.0"), false);
        }
    });
});

async function untilWritten(file) {
    for (;;) {
        const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : "";
        if (text) {
            return Number(text);
        }
        await sleep(20);
    }
}

/** Also a process that nobody has waited for yet is gone. */
async function untilGone(pid) {
    for (;;) {
        const file = `/proc/${pid}/stat`;
        if (!fs.existsSync(file) || /\) Z/.test(fs.readFileSync(file, "utf8"))) {
            return;
        }
        await sleep(20);
    }
}
