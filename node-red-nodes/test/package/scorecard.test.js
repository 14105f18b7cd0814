/*
 * What the flow library's scorecard looks at, as far as that can be seen without asking anybody: the package's
 * description, its nodes, its dependencies. The letters and numbers are the scorecard's own.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const manifest = require("../../package.json");
const lock = require("../../package-lock.json");
const { definitionOf } = require("./definitions");
const { VERSIONS } = require("./versions");

const ROOT = path.resolve(__dirname, "../..");
const PICTURES = ["docs/images/editor.png", "docs/images/editor-dark.png"];
const LANGUAGES = ["de", "en-US", "ja", "zh-CN"];
const semver = createRequire(require.resolve("node-red/package.json"))("semver");
const read = (...names) => fs.readFileSync(path.join(ROOT, ...names), "utf8");
const types = Object.keys(manifest["node-red"].nodes);

describe("scorecard", () => {
    describe("package", () => {
        it("P01: has a licence, and its text", () => {
            assert.equal(manifest.license, "Apache-2.0");
            assert.match(read("LICENSE"), /Apache License\s+Version 2\.0/);
        });

        it("P02, P03: says where its source is, and where to tell of a bug", () => {
            assert.equal(manifest.repository.type, "git");
            assert.match(manifest.repository.url, /^git\+https:\/\/.*\.git$/);
            assert.equal(manifest.repository.directory, path.basename(ROOT));
            assert.ok(URL.canParse(manifest.bugs.url) && URL.canParse(manifest.homepage));
        });

        it("P04, P08: has a scoped name that tells what it is", () => {
            assert.match(manifest.name, /^@[a-z\d][\w-.]+\/node-red-[a-z\d][\w-.]*$/);
            assert.ok(manifest.description.length > 20 && manifest.description.length < 200);
        });

        it("P05: is found by the keyword that the library looks for", () => {
            assert.ok(manifest.keywords.includes("node-red"));
        });

        it("P06: says which Node-RED it is for, and means those that it is tested with", () => {
            const range = manifest["node-red"].version;
            for (const { nodeRed } of VERSIONS) {
                assert.ok(semver.satisfies(nodeRed, range), nodeRed);
            }
            assert.equal(semver.minVersion(range).version, "4.0.0");
            assert.ok(VERSIONS.some(({ nodeRed }) => nodeRed === manifest.devDependencies["node-red"]));
        });

        it("P07: says which Node.js it is for, and asks no more than Node-RED does", () => {
            const range = manifest.engines.node;
            assert.equal(range, ">=20");
            assert.ok(semver.satisfies(process.versions.node, range));
            for (const { node } of VERSIONS) {
                assert.ok(node === undefined || semver.satisfies(node, range));
            }
        });

        it("runs nothing when it is installed", () => {
            const scripts = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
            assert.deepEqual(scripts.filter((name) => name in manifest.scripts), []);
        });
    });

    describe("nodes", () => {
        it("N01: have names that hardly anybody else has, the same everywhere", () => {
            assert.deepEqual(types, ["cellblock-service", "code-block"]);
            for (const type of types) {
                assert.ok(definitionOf(type), `${type}.html registers ${type}`);
                assert.ok(fs.existsSync(path.join(ROOT, manifest["node-red"].nodes[type])));
            }
        });

        it("N02: are in an example, each of them; and what an example sets, its node knows", () => {
            const own = new Set(["id", "type", "z", "g", "x", "y", "wires"]);
            const shown = new Set();
            for (const file of fs.readdirSync(path.join(ROOT, "examples"))) {
                for (const node of JSON.parse(read("examples", file))) {
                    shown.add(node.type);
                    if (types.includes(node.type)) {
                        const { defaults } = definitionOf(node.type);
                        const unknown = Object.keys(node).filter((name) => !own.has(name) && !(name in defaults));
                        assert.deepEqual(unknown, [], `${file}, ${node.name}`);
                    }
                }
            }
            assert.deepEqual(types.filter((type) => !shown.has(type)), []);
        });

        it("have a category, an icon that is there, and help in each language", () => {
            for (const type of types) {
                const { category, icon } = definitionOf(type);
                assert.ok(category);
                if (category !== "config") {
                    assert.ok(fs.existsSync(path.join(ROOT, "nodes/icons", icon)), icon);
                }
                for (const language of LANGUAGES) {
                    const help = read("nodes/locales", language, `${type}.html`);
                    assert.match(help, new RegExp(`data-help-name="${type}"`));
                    assert.ok(help.length > 500, `${type} in ${language}`);
                }
            }
        });

        it("keep secrets as credentials, never in the flow", () => {
            for (const type of types) {
                const { defaults, credentials = {} } = definitionOf(type);
                assert.deepEqual(Object.keys(defaults).filter((name) => /token|password|secret$/i.test(name)), []);
                assert.ok(Object.values(credentials).every((each) => each.type === "password"));
            }
        });
    });

    describe("examples", () => {
        const examples = fs.readdirSync(path.join(ROOT, "examples"))
            .map((file) => [file, JSON.parse(read("examples", file))]);

        it("are at least eight, each with a comment of two sentences", () => {
            assert.ok(examples.length >= 8);
            for (const [file, flow] of examples) {
                const comments = flow.filter(({ type }) => type === "comment");
                assert.equal(comments.length, 1, file);
                const sentences = comments[0].info.match(/[.!?](?=\s|$)/g);
                assert.equal(sentences?.length, 2, `${file}: ${comments[0].info}`);
            }
        });

        it("can be imported side by side: nothing but their service has the same id", () => {
            const ids = examples.flatMap(([, flow]) => flow.filter(({ type }) => type !== "cellblock-service"))
                .map(({ id }) => id);
            assert.equal(new Set(ids).size, ids.length);
            const services = examples.flatMap(([, flow]) => flow.filter(({ type }) => type === "cellblock-service"));
            services.forEach((service) => assert.deepEqual(service, services[0]));
        });

        it("have room: no node stands on another", () => {
            for (const [file, flow] of examples) {
                const placed = flow.filter((node) => "x" in node);
                for (const one of placed) {
                    const near = placed.filter((other) => other !== one && other.y > one.y - 40 && other.y < one.y + 40
                        && Math.abs(other.x - one.x) < (widthOf(one) + widthOf(other)) / 2);
                    assert.deepEqual(near.map(({ name }) => name), [], `${file}, ${one.name}`);
                }
            }
        });
    });

    describe("dependencies", () => {
        // All that is installed with the package.
        const installed = Object.entries(lock.packages).filter(([place, { dev }]) => place !== "" && !dev);

        it("D01: are at most six", () => {
            assert.ok(Object.keys(manifest.dependencies).length <= 6);
            assert.ok(installed.length <= 12, installed.map(([place]) => place).join());
        });

        it("D02: none is deprecated, runs scripts when it is installed, or is known not to fit Node-RED", () => {
            for (const [place, { deprecated, hasInstallScript, version, link }] of installed) {
                assert.equal(deprecated, undefined, place);
                assert.notEqual(hasInstallScript, true, place);
                assert.ok(semver.valid(version) && !link, place);
                assert.doesNotMatch(place, /agent-base$/);
            }
        });

        it("D03: each is held to a major version, the one that is tested with", () => {
            for (const [name, range] of Object.entries(manifest.dependencies)) {
                assert.match(range, /^[\^~]\d+\.\d+\.\d+$/, name);
                assert.ok(semver.satisfies(lock.packages[`node_modules/${name}`].version, range), name);
                assert.ok(semver.minVersion(range).major >= 1, `${name} may change with each minor version`);
            }
            assert.equal("peerDependencies" in manifest || "bundledDependencies" in manifest, false);
        });
    });

    describe("README", () => {
        const readme = read("README.md");

        it("has the sections that people look for", () => {
            const sections = [...readme.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
            for (const wanted of ["Install", "Examples", "Settings", "In a block", "The service", "Work on it"]) {
                assert.ok(sections.includes(wanted), wanted);
            }
            assert.match(readme, /npm install @cellblock\/node-red-code-block/);
            assert.match(readme, /pip install cellblock/);
        });

        it("shows the editor in a light theme and in a dark one, where npm finds the pictures too", () => {
            const [, repository] = /^git\+https:\/\/github\.com\/(.*)\.git$/.exec(manifest.repository.url);
            const place = `https://raw.githubusercontent.com/${repository}/main/`;
            assert.deepEqual(picturesIn(readme), PICTURES.map((file) => place + file));
        });

        it("and so does that of the repository", () => {
            const shown = picturesIn(read("../README.md"));
            for (const file of PICTURES) {
                assert.ok(shown.includes(file), file);
                assert.ok(fs.existsSync(path.join(ROOT, "..", file)), file);
            }
        });

        it("names each example", () => {
            for (const file of fs.readdirSync(path.join(ROOT, "examples"))) {
                assert.ok(readme.includes(`\`${path.basename(file, ".json")}\``), file);
            }
        });
    });
});

function picturesIn(markdown) {
    return Array.from(markdown.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g), ([, address]) => address);
}

/** About how wide the editor draws a node, in its own units. */
function widthOf({ type, name }) {
    return Math.max(100, 20 * Math.ceil((50 + 7 * (name || type).length) / 20));
}
