/*
 * The config node's dialog in Node-RED's editor, in headless Chromium: what it shows, tests and saves.
 */
"use strict";

/* global RED */

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");
const { NodeRed } = require("../node-red");
const { COMMAND, freePort, startService } = require("../service");

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"];

describe("cellblock-service: its dialog", function () {
    this.timeout(90_000);
    let service;
    let nodeRed;
    let browser;
    let page;

    before(async () => {
        assert.ok(fs.existsSync(CHROMIUM), `no Chromium at ${CHROMIUM}: install it, or name another in CHROMIUM`);
        service = await startService();
        nodeRed = new NodeRed();
        await nodeRed.start([
            { id: "tab", type: "tab", label: "Flow 1", disabled: false, info: "" },
            // As 0.1.0 saved it.
            { id: "service", type: "cellblock-service", name: "", url: service.url },
            { id: "block", z: "tab", x: 200, y: 100, type: "code-block", name: "", service: "service", code: "data",
                language: "python", outputs: 1, timeout: 30, order: "in-order", keepState: false, frames: "records",
                arrays: "nested", wires: [[]] },
        ]);
        browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    });

    after(async () => {
        await browser?.close();
        await nodeRed?.stop();
        await service?.stop();
    });

    const open = async (locale = "en-US") => {
        await page?.close();
        page = await browser.newPage({ viewport: { width: 1200, height: 900 }, locale });
        page.setDefaultTimeout(20_000);
        await page.goto(nodeRed.url);
        await page.locator("#red-ui-palette .red-ui-palette-node").first().waitFor();
        await page.locator("#red-ui-loading-progress").waitFor({ state: "hidden" });
        await page.evaluate(() => RED.editor.editConfig("", "cellblock-service", "service"));
        await page.locator("#cellblock-service-test").waitFor();
    };

    const field = (name) => page.locator(`#node-config-input-${name}`);
    const outcome = () => page.locator("#cellblock-service-outcome");

    const test = async (pattern) => {
        await page.locator("#cellblock-service-test").click();
        await outcome().getByText(pattern).first().waitFor();
        return outcome().innerText();
    };

    it("tests the connection: versions and images", async () => {
        await open();
        const text = await test("Works");
        assert.match(text, /Service 0\.\d+\.\d+, this node 0\.\d+\.\d+, Python 3\.\d+/);
        assert.match(text, /Images: \d+[\s\S]*data \(\d+ packages, \d+ MiB\)/);
    });

    it("says what is in the way", async () => {
        await field("url").fill(`http://127.0.0.1:${await freePort()}`);
        assert.match(await test("No service can be reached there"), /ECONNREFUSED/);
        await field("url").fill(nodeRed.url);
        await test("it isn't a Cellblock service");
        await field("url").fill("box");
        await test("isn't an http or https address");
    });

    it("shows the rows for https only for https, and verifies certificates unless told otherwise", async () => {
        await field("url").fill("http://127.0.0.1:8765");
        assert.equal(await field("caFile").isVisible(), false);
        await field("url").fill("https://box:8765");
        assert.equal(await field("caFile").isVisible(), true);
        assert.equal(await field("rejectUnauthorized").isChecked(), true);
    });

    it("says what to type when the command is missing, and finds it when it is there", async () => {
        assert.equal(await field("command").isVisible(), false);
        await field("start").check();
        await field("command").fill("/nowhere/cellblock");
        await field("command").blur();
        const place = page.locator("#cellblock-service-command");
        await place.getByText("pip install cellblock").waitFor();
        await field("command").fill(COMMAND);
        await field("command").blur();
        await place.getByText(`Found: ${COMMAND}`).waitFor();
        await field("url").fill(`http://127.0.0.1:${await freePort()}`);
        await test("It is started when you deploy");
        if (process.env.CELLBLOCK_TEST_PICTURES) {
            await page.screenshot({ path: path.join(process.env.CELLBLOCK_TEST_PICTURES, "service-dialog.png") });
        }
    });

    it("saves what it shows", async () => {
        await field("url").fill(service.url);
        await page.locator("#node-config-dialog-ok").click();
        await page.locator("#red-ui-header-button-deploy").click();
        await nodeRed.until(async () => {
            const flows = await (await nodeRed.admin("GET", "flows")).json();
            const { start, command, rejectUnauthorized, url } = flows.find(({ id }) => id === "service");
            return start === true && command === COMMAND && rejectUnauthorized === true && url === service.url;
        }, "the saved settings");
    });

    for (const [locale, label] of [["de", "Verbindung testen"], ["ja", "接続をテスト"], ["zh-CN", "测试连接"]]) {
        it(`speaks the user's language: ${locale}`, async () => {
            await open(locale);
            assert.equal((await page.locator("#cellblock-service-test").innerText()).trim(), label);
            const shown = await page.locator(".red-ui-tray-body").last().innerText();
            assert.doesNotMatch(shown, /cellblock-service\./);
        });
    }
});
