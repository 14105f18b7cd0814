/*
 * The editor's side that needs no editor: texts checked together, tables, previews, jobs, ports, and words in all
 * languages.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const { ExtData } = require("@msgpack/msgpack");
const { check, linesOf } = require("../../lib/editor/check");
const { fieldsOf, partsOf, settingsOf } = require("../../lib/editor/job");
const { picturesOf, previewOf, treeOf } = require("../../lib/editor/preview");
const EXT = require("../../lib/extensions");
const { packWire, encode } = require("../../lib/values");

const ROOT = path.resolve(__dirname, "../..");
const read = (...names) => fs.readFileSync(path.join(ROOT, ...names), "utf8");

describe("editor: check", () => {
    const undefinedName = (line, name) => ({ line, column: 1, severity: "error", message: `undefined name '${name}'` });

    it("asks once for a text alone", async () => {
        const asked = [];
        await check({ code: "x" }, async (code) => {
            asked.push(code);
            return { problems: [undefinedName(1, "x")] };
        });
        assert.deepEqual(asked, ["x"]);
    });

    it("leaves out what the text before it binds, and tells the rest in its own lines", async () => {
        const asked = [];
        const problems = await check({ code: "count\nother", before: "count = 0\n", after: "stop" }, async (code) => {
            asked.push(code);
            return { problems: code === "count\nother" ? [undefinedName(1, "count"), undefinedName(2, "other")]
                : [undefinedName(4, "other")] };
        });
        assert.equal(asked[1], "count = 0\n\ncount\nother\nstop");
        assert.deepEqual(problems, [undefinedName(2, "other")]);
    });

    it("keeps everything if the texts together can't be compiled", async () => {
        const alone = [undefinedName(1, "count")];
        const problems = await check({ code: "count", before: "def" }, async (code) => ({
            problems: code === "count" ? alone : [{ line: 1, column: 4, severity: "error", message: "invalid syntax" }],
        }));
        assert.deepEqual(problems, alone);
    });

    it("counts lines as Python does", () => {
        assert.equal(linesOf(" \n"), 0);
        assert.equal(linesOf("a\r\nb\rc\n"), 4);
    });
});

describe("editor: job", () => {
    const join = { mode: "join", sources: [{ id: "a", name: "level" }, { id: "b", name: "rain" }] };

    it("runs On Start first where state is kept", () => {
        assert.deepEqual(partsOf(settingsOf({ keepState: true, initialize: "n = 0" }), "code"), ["initialize", "code"]);
        assert.deepEqual(partsOf(settingsOf({ keepState: true, initialize: " " }), "code"), ["code"]);
        assert.deepEqual(partsOf(settingsOf({ initialize: "n = 0" }), "code"), ["code"]);
        assert.throws(() => partsOf(settingsOf({}), "other"), RangeError);
    });

    it("gives On Message what a message would give it, and the others nothing", () => {
        assert.equal(fieldsOf(settingsOf({}), "code", { payload: 1 }).msg.payload, 1);
        assert.deepEqual(fieldsOf(settingsOf({}), "initialize", { payload: 1 }), {});
        assert.equal(fieldsOf(settingsOf({ mode: "item" }), "code", { payload: [7, 8] }).msg.payload, 7);
        assert.deepEqual([...fieldsOf(settingsOf(join), "code", { payload: { rain: 3 } }).inputs],
            [["level", null], ["rain", 3]]);
    });

    it("takes the message's timeout", () => {
        assert.equal(fieldsOf(settingsOf({}), "code", { payload: 1, timeout: 2 }).timeout_s, 2);
    });
});

describe("editor: preview", () => {
    const encodeObject = ({ msg }, { maxLength }) => {
        const text = JSON.stringify(msg, (_, value) => (Array.isArray(value) ? value.slice(0, maxLength) : value));
        return { msg: text, format: Array.isArray(msg) ? `array[${msg.length}]` : typeof msg };
    };
    const forms = { frames: "records", arrays: "nested" };
    const frame = (...parts) => packWire(new ExtData(EXT.DATAFRAME, packWire(parts)));
    const series = (...parts) => new ExtData(EXT.SERIES, packWire(parts));
    const array = (dtype, shape, bytes) => new ExtData(EXT.NDARRAY, packWire([dtype, shape, "C", bytes]));

    it("shows a DataFrame as a table with its index, and as it is sent", () => {
        const days = Buffer.from(BigInt64Array.of(0n, 86_400_000_000n).buffer);
        const packed = frame(["level", "ok"], series("at", null, array("<M8[us]", [2], days), null),
            [array("<f8", [2], Buffer.from(Float64Array.of(1.5, NaN).buffer)), array("|b1", [2], Buffer.of(1, 0))],
            null);
        const { table, value } = previewOf(packed, forms, encodeObject);
        assert.deepEqual(table.columns.map(({ name, index }) => [name, index]),
            [["at", true], ["level", false], ["ok", false]]);
        assert.deepEqual(table.rows, [["1970-01-01", 1.5, true], ["1970-01-02", "NaN", false]]);
        assert.equal(value.format, "array[2]");
    });

    it("finds the table in a message's payload, and none elsewhere", () => {
        const packed = packWire({ payload: series("s", null, array("<i4", [1], Buffer.of(5, 0, 0, 0)), null) });
        assert.deepEqual(previewOf(packed, forms, encodeObject).table.rows, [[0, 5]]);
        assert.equal(previewOf(encode([1, 2]), forms, encodeObject).table, null);
    });

    it("shows fewer items of what is large", () => {
        const { msg } = treeOf(Array.from({ length: 5000 }, () => "x".repeat(600)), encodeObject);
        assert.ok(msg.length < 600_000);
    });

    it("hands a browser nothing but pictures", () => {
        const pictures = [{ mime: "image/png", data: Buffer.of(1) }, { mime: "text/html", data: Buffer.of(2) }];
        assert.deepEqual(picturesOf(pictures), [{ mime: "image/png", data: "AQ==" }]);
        const packed = packWire(new ExtData(EXT.PICTURE, packWire(["image/svg+xml", Buffer.from("<svg/>")])));
        assert.equal(previewOf(packed, forms, encodeObject).pictures[0].mime, "image/svg+xml");
    });
});

describe("editor: what a browser runs", () => {
    const files = fs.readdirSync(path.join(ROOT, "resources/editor")).filter((name) => name.endsWith(".js"));
    const window = {};
    const context = vm.createContext({ window, RED: {}, $: {}, document: {}, navigator: { platform: "" } });
    files.forEach((name) => vm.runInContext(read("resources/editor", name), context, { filename: name }));
    const { outputsValue, ownOutputs, requirementParts, validRequirement, inContext } = window.CellblockEditor;
    const ports = (own, printOutput = false, errorOutput = false) => ({ own, printOutput, errorOutput });

    it("is named in the dialog, each file once", () => {
        const named = [...read("nodes/code-block.html").matchAll(/editor\/([\w-]+\.js)"/g)].map(([, name]) => name);
        assert.deepEqual(named.sort(), files.sort());
    });

    it("counts the block's own outputs", () => {
        assert.equal(ownOutputs({ outputs: 4, printOutput: true, errorOutput: true }), 2);
        assert.equal(ownOutputs({}), 1);
    });

    it("names the outputs: the block's own by number, then printed text and errors", () => {
        const { text, outputLabel } = window.CellblockEditor;
        window.CellblockEditor.text = (key, options = {}) => [key, ...Object.values(options)].join(" ");
        const labels = (node) => Array.from({ length: node.outputs }, (_, i) => outputLabel(node, i));
        assert.deepEqual(labels({ outputs: 4, printOutput: true, errorOutput: true }),
            ["port.output 1", "port.output 2", "port.printed", "port.error"]);
        assert.deepEqual(labels({ outputs: 2, errorOutput: true }), ["port.output 1", "port.error"]);
        assert.deepEqual(labels({ outputs: 1, printOutput: true }), ["port.printed"]);
        window.CellblockEditor.text = text;
    });

    it("builds an image from the imports of a block that doesn't run, in whatever form they stand", () => {
        const { codeThatOnlyImports } = window.CellblockEditor;
        const code = '"""from x\nimport y\n"""\nfrom math import *\nfrom a import (\n    b,\n)';
        assert.equal(codeThatOnlyImports(code), `return None\n${code}`);
        assert.doesNotMatch(codeThatOnlyImports("from __future__ import annotations"), /__future__/);
        assert.equal(codeThatOnlyImports(undefined), "return None\n");
    });

    it("moves wires with the ports they belong to", () => {
        assert.equal(outputsValue(ports(1), ports(3)), "3");
        assert.equal(outputsValue(ports(3), ports(1)), "1");
        assert.equal(outputsValue(ports(1), ports(1, true, true)), "3");
        assert.deepEqual(JSON.parse(outputsValue(ports(1, true), ports(2, true))), { 0: 0, 1: 2, new1: 1 });
        assert.deepEqual(JSON.parse(outputsValue(ports(1, true, true), ports(1, false, true))), { 0: 0, 1: -1, 2: 1 });
    });

    it("takes requirements apart", () => {
        assert.deepEqual({ ...requirementParts(" scipy >= 1.11 ") }, { name: "scipy", version: ">= 1.11" });
        assert.deepEqual({ ...requirementParts("polars[async]") }, { name: "polars[async]", version: "" });
        assert.ok(["scipy", "scipy>=1.11,<2", "a.b-c_d[x, y] ; python_version > '3'"].every(validRequirement));
        assert.ok(["", "-x", "two words", "../x"].every((text) => !validRequirement(text)));
    });

    it("checks texts together only where they share their variables", () => {
        const texts = { initialize: "a", code: "b", finalize: " ", keepState: true };
        assert.deepEqual({ ...inContext(texts, "code") }, { code: "b", before: "a", after: "" });
        assert.deepEqual({ ...inContext({ ...texts, keepState: false }, "code") },
            { code: "b", before: "", after: "" });
    });
});

describe("editor: words", () => {
    const languages = fs.readdirSync(path.join(ROOT, "nodes/locales"));
    const catalogue = (language) => entriesOf(JSON.parse(read("nodes/locales", language, "code-block.json")));
    const english = catalogue("en-US");
    const placeholders = (text) => [...text.matchAll(/__\w+?__/g)].map(([found]) => found).sort();

    it("are there in four languages", () => {
        assert.deepEqual(languages.sort(), ["de", "en-US", "ja", "zh-CN"]);
    });

    for (const language of languages) {
        it(`${language}: the same keys, each with the same placeholders`, () => {
            const words = catalogue(language);
            assert.deepEqual(Object.keys(words), Object.keys(english));
            for (const [key, text] of Object.entries(words)) {
                assert.deepEqual(placeholders(text), placeholders(english[key]), key);
                assert.notEqual(text.trim(), "", key);
            }
        });

        it(`${language}: the block's help names the limits of a service, and of one that the node starts`, () => {
            const help = read("nodes/locales", language, "code-block.html");
            for (const limit of [/\b300\b/, /\b2048\b/, /\b86[,.]400\b/, /\b4096\b/]) {
                assert.match(help, limit);
            }
        });

        it(`${language}: the service's help has the same parts as in English`, () => {
            const tags = (html) => [...html.matchAll(/<(h3|h4|p|code|b)\b/g)].map(([, tag]) => tag).sort();
            const help = (each) => read("nodes/locales", each, "cellblock-service.html");
            assert.deepEqual(tags(help(language)), tags(help("en-US")));
        });

        it(`${language}: help in the standard order, with the same parts as in English`, () => {
            const tags = (html) => [...html.matchAll(/<(h3|h4|pre|dt|li)\b/g)].map(([, tag]) => tag);
            const help = read("nodes/locales", language, "code-block.html");
            assert.equal((help.match(/<h3>/g) ?? []).length, 4);
            assert.deepEqual(tags(help), tags(read("nodes/locales/en-US/code-block.html")));
        });
    }

    it("has every text that the dialog asks for", () => {
        const folder = path.join(ROOT, "resources/editor");
        const source = [...fs.readdirSync(folder).map((name) => read("resources/editor", name)),
            read("nodes/code-block.html")].join("\n");
        const asked = [
            ...[...source.matchAll(/cellblock\.text\("([\w.-]+)"/g)].map((match) => match[1]),
            ...[...source.matchAll(/Rule\("(error\.[\w.-]+)"/g)].map((match) => match[1]),
            ...[...source.matchAll(/data-i18n="(?:\[placeholder\])?code-block\.([\w.-]+)"/g)].map((match) => match[1]),
        ];
        assert.ok(asked.length > 80);
        assert.deepEqual(asked.filter((key) => english[`code-block.${key}`] === undefined), []);
    });
});

function entriesOf(texts, prefix = "") {
    return Object.assign({}, ...Object.entries(texts).map(([key, value]) => (typeof value === "string"
        ? { [prefix + key]: value } : entriesOf(value, `${prefix}${key}.`))));
}
