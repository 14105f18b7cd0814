/*
 * What the flow library asks of a package, and that texts, examples and code fit together.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

const ROOT = path.resolve(__dirname, "../..");
const read = (...names) => fs.readFileSync(path.join(ROOT, ...names), "utf8");
const files = (folder, extension) => fs.readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith(extension));
const manifest = JSON.parse(read("package.json"));
const types = Object.keys(manifest["node-red"].nodes);

describe("package", () => {
    it("has what the flow library's scorecard looks at", () => {
        assert.match(manifest.name, /^@[^/]+\/node-red-/);
        assert.ok(manifest.keywords.includes("node-red"));
        assert.equal(manifest.license, "Apache-2.0");
        assert.ok(manifest.repository.url);
        assert.equal(manifest.engines.node, ">=20");
        assert.equal(manifest["node-red"].version, ">=4.0.0");
        assert.ok(Object.keys(manifest.dependencies).length <= 6);
    });

    it("locks its dependencies without naming where they come from", () => {
        assert.doesNotMatch(read("package-lock.json"), /"resolved"/);
    });

    it("registers each node under the name it is listed by", () => {
        for (const type of types) {
            assert.ok(read("nodes", `${type}.js`).includes(`registerType("${type}"`));
            assert.ok(read("nodes", `${type}.html`).includes(`registerType("${type}"`));
        }
    });
});

describe("examples", () => {
    const examples = files("examples", ".json").map((name) => [name, JSON.parse(read("examples", name))]);

    for (const [name, flow] of examples) {
        it(`${name}: ids are unique and wires lead somewhere`, () => {
            const ids = flow.map((node) => node.id);
            assert.equal(new Set(ids).size, ids.length);
            for (const target of flow.flatMap((node) => (node.wires ?? []).flat())) {
                assert.ok(ids.includes(target));
            }
        });
    }

    it("show every node type", () => {
        const shown = new Set(examples.flatMap(([, flow]) => flow.map((node) => node.type)));
        assert.deepEqual(types.filter((type) => !shown.has(type)), []);
    });
});

describe("locales", () => {
    const languages = fs.readdirSync(path.join(ROOT, "nodes/locales"));
    const catalogue = (language, type) => JSON.parse(read("nodes/locales", language, `${type}.json`));

    for (const type of types) {
        it(`${type}: every text that is asked for is there`, () => {
            const source = read("nodes", `${type}.html`) + read("nodes", `${type}.js`);
            const asked = [...source.matchAll(new RegExp(`${type}\\.[a-z-]+(\\.[a-z-]+)?(?=["\\]])`, "g"))];
            for (const [key] of asked) {
                if (!/\.(js|html|svg)$/.test(key)) {
                    assert.equal(typeof lookUp(catalogue("en-US", type), key), "string", key);
                }
            }
        });

        it(`${type}: every language has the same texts, and help`, () => {
            for (const language of languages) {
                assert.deepEqual(keysOf(catalogue(language, type)), keysOf(catalogue("en-US", type)), language);
                assert.match(read("nodes/locales", language, `${type}.html`), new RegExp(`data-help-name="${type}"`));
            }
        });
    }

    it("code-block: every text that a status or an error asks for is there", () => {
        const source = files("lib", ".js").map((name) => read("lib", name)).join("\n") + read("nodes/code-block.js");
        const asked = [...source.matchAll(/translate\("([^"]+)"/g)].map((match) => match[1]);
        assert.ok(asked.length > 5);
        for (const key of asked) {
            assert.equal(typeof lookUp(catalogue("en-US", "code-block"), `code-block.${key}`), "string", key);
        }
    });
});

function lookUp(texts, key) {
    return key.split(".").reduce((part, name) => part?.[name], texts);
}

function keysOf(texts, prefix = "") {
    return Object.entries(texts).flatMap(([key, value]) =>
        (typeof value === "string" ? [prefix + key] : keysOf(value, `${prefix}${key}.`)));
}
