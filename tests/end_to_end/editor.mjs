/*
 * A person at the Node-RED editor, played by headless Chromium: mouse and keyboard only, no short cut through the
 * editor's own objects except to ask where something is on the screen.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const require = createRequire(new URL("../../node-red-nodes/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const SIZE = { width: 1440, height: 860 };

/**
 * Open the editor at `url`.
 *
 * @param {string} url
 * @param {{size?: {width: number, height: number}, scale?: number}} [options] of the window; `scale` is the number of
 *     device pixels for each pixel of the page
 * @throws {Error} if there is no Chromium, or the editor doesn't come up
 */
export async function openEditor(url, { size = SIZE, scale = 1 } = {}) {
    if (!fs.existsSync(CHROMIUM)) {
        throw new Error(`no Chromium at ${CHROMIUM}: install Debian's package "chromium", or name another in CHROMIUM`);
    }
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const page = await browser.newPage({ viewport: size, deviceScaleFactor: scale });
    const outside = [];
    page.on("request", (request) => {
        const { protocol, host } = new URL(request.url());
        if (/^(http|ws)s?:$/.test(protocol) && host !== new URL(url).host) {
            outside.push(request.url());
        }
    });
    await page.goto(url);
    await page.locator("#red-ui-palette .red-ui-palette-node").first().waitFor({ timeout: 30_000 });
    await page.locator("#red-ui-loading-progress").waitFor({ state: "hidden" });
    return new Editor(browser, page, outside);
}

/**
 * Run a session of a script that is called `node SCRIPT EDITOR_URL FOLDER_FOR_SCREENSHOTS`, and print what it saw and
 * the errors of the page as JSON.
 *
 * @param {(editor: Editor, shot: (name: string) => Promise) => Promise<object>} session `shot` takes a screenshot
 */
export async function playSession(session) {
    const [url, folder] = process.argv.slice(2);
    const editor = await openEditor(url);
    const errors = [];
    // Monaco complains when Node-RED takes away a model before its editor.
    editor.page.on("pageerror", (error) => /Model is disposed/.test(error.message) || errors.push(String(error.stack)));
    const shot = (name) => editor.screenshot(path.join(folder, `${name}.png`));
    try {
        const seen = await session(editor, shot);
        process.stdout.write(JSON.stringify({ ...seen, errors }));
    } catch (error) {
        await shot("failure");
        process.stderr.write(`errors of the page: ${JSON.stringify(errors)}\n`);
        throw error;
    } finally {
        await editor.close();
    }
}

export class Editor {
    constructor(browser, page, outside) {
        this.browser = browser;
        this.page = page;
        /** Requests that went anywhere but to Node-RED. */
        this.outsideRequests = outside;
    }

    close() {
        return this.browser.close();
    }

    screenshot(path, options) {
        return this.page.screenshot({ path, ...options });
    }

    /** Drag a node type from the palette to a place on the canvas. @returns {Promise<string>} the node's id */
    async drag(type, x, y) {
        const before = new Set(await this.nodeIds());
        const source = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
        await source.scrollIntoViewIfNeeded();
        const canvas = await this.page.locator("#red-ui-workspace-chart").boundingBox();
        const { x: fromX, y: fromY, width, height } = await source.boundingBox();
        await this.page.mouse.move(fromX + width / 2, fromY + height / 2);
        await this.page.mouse.down();
        await this.page.mouse.move(canvas.x + x - 20, canvas.y + y - 10, { steps: 10 });
        await this.page.mouse.move(canvas.x + x, canvas.y + y, { steps: 5 });
        await this.page.mouse.up();
        // The editor draws what was dropped in its own time.
        for (const end = Date.now() + 10_000; Date.now() < end; await this.page.waitForTimeout(20)) {
            const added = (await this.nodeIds()).find((id) => !before.has(id));
            if (added !== undefined) {
                return added;
            }
        }
        throw new Error(`dragging ${type} to the canvas added no node`);
    }

    /** Show a subflow's template. */
    async openSubflow(id) {
        await this.page.locator(`.red-ui-palette-node[data-palette-type="subflow:${id}"]`).dblclick();
        await this.page.locator("#red-ui-subflow-input-add").waitFor();
        await this.page.waitForTimeout(500);
    }

    /** Copy all nodes of the flow that is shown, and paste them below. */
    async copyAll() {
        await this.page.locator("#red-ui-workspace-chart").click({ position: { x: 700, y: 500 } });
        await this.page.keyboard.press("Control+a");
        await this.page.keyboard.press("Control+c");
        await this.page.keyboard.press("Control+v");
        await this.page.mouse.move(700, 600);
        await this.page.mouse.move(720, 620, { steps: 5 });
        await this.page.mouse.click(720, 620);
        await this.page.waitForTimeout(500);
    }

    nodeIds() {
        return this.page.locator(".red-ui-flow-node-group").evaluateAll((groups) => groups.map((group) => group.id));
    }

    node(id) {
        return this.page.locator(`[id="${id}"]`);
    }

    /** Draw a wire from the first output of one node to the input of another. */
    async wire(from, to) {
        const output = await this.node(from).locator(".red-ui-flow-port-output .red-ui-flow-port").boundingBox();
        const input = await this.node(to).locator(".red-ui-flow-port-input .red-ui-flow-port").boundingBox();
        const wires = this.page.locator(".red-ui-flow-link-line");
        const before = await wires.count();
        await this.page.mouse.move(output.x + output.width / 2, output.y + output.height / 2);
        await this.page.mouse.down();
        await this.page.mouse.move(input.x + input.width / 2, input.y + input.height / 2, { steps: 10 });
        await this.page.mouse.up();
        await wires.nth(before).waitFor({ state: "attached" });
    }

    async openDialog(id) {
        await this.node(id).dblclick();
        await this.page.locator(".red-ui-tray.ui-draggable, .red-ui-tray").last().waitFor();
        await this.page.locator("#node-dialog-ok").waitFor();
        // The tray slides in.
        await this.page.waitForTimeout(500);
    }

    /** Drag the left edge of the open dialog. */
    async widenDialog(pixels) {
        const { x, y, height } = await this.page.locator(".red-ui-tray-resize-handle").last().boundingBox();
        await this.page.mouse.move(x + 3, y + height / 2);
        await this.page.mouse.down();
        await this.page.mouse.move(x + 3 - pixels, y + height / 2, { steps: 5 });
        await this.page.mouse.up();
    }

    /** Show one of the tabs inside a Code Block's dialog. */
    async showTab(id) {
        // Two clicks on tabs in quick succession are a double click to Node-RED.
        await this.page.waitForTimeout(450);
        await this.page.locator(`#red-ui-tab-${id}`).click();
        await this.page.locator(`#${id}`).waitFor();
    }

    async closeDialog() {
        await this.page.locator("#node-dialog-ok").click();
        await this.page.locator("#node-dialog-ok").waitFor({ state: "detached" });
        await this.page.waitForTimeout(300);
    }

    /** Put the cursor into the code of an open Code Block dialog and take all of it away. */
    async clearCode(part = "code") {
        await this.page.locator(`#node-input-${part}-editor`).locator(".view-lines, .ace_content, .red-ui-editor-text-basic").click();
        await this.page.keyboard.press("Control+A");
        await this.page.keyboard.press("Delete");
    }

    /** Replace the code in an open Code Block dialog by pasting. */
    async pasteCode(code, part = "code") {
        await this.clearCode(part);
        await this.page.keyboard.insertText(code);
        await this.page.keyboard.press("Escape");
    }

    /** Replace the code in an open Code Block dialog by typing. */
    async typeCode(code) {
        await this.clearCode();
        for (const [i, line] of code.split("\n").entries()) {
            if (i > 0) {
                await this.page.keyboard.press("Enter");
            }
            // The editor indents by itself, and the code brings its own indentation.
            await this.page.keyboard.press("Shift+Home");
            await this.page.keyboard.insertText(line);
            // A list of completions, if there is one, would take the next Enter.
            await this.page.keyboard.press("Escape");
        }
    }

    /** Have the Run pane use this as the message, or its payload. */
    async runOn(value) {
        const chooser = this.page.locator(".cellblock-message:visible");
        await chooser.locator(".red-ui-typedInput-type-select").click();
        await this.page.locator(".red-ui-typedInput-options:visible [value='json']").click();
        await chooser.locator(".red-ui-typedInput-input").fill(JSON.stringify(value));
    }

    /** Press Run, and wait for the end of the run. @returns {Promise<Locator>} what came out */
    async runCode(timeout = 60_000) {
        await this.page.locator(".cellblock-run:visible").click();
        await this.page.locator(".cellblock-bar:visible:not(.cellblock-running)").waitFor({ timeout });
        return this.page.locator(".cellblock-output:visible");
    }

    async deploy() {
        const deployed = this.page.waitForResponse((response) =>
            response.request().method() === "POST" && new URL(response.url()).pathname === "/flows");
        await this.page.locator("#red-ui-header-button-deploy").click();
        await deployed;
        await this.page.locator("#red-ui-header-button-deploy.disabled").waitFor();
    }

    /** Press the button at the side of an inject node. */
    async inject(id) {
        await this.node(id).locator(".red-ui-flow-node-button-button").click();
    }

    async openDebugSidebar() {
        await this.page.locator("#red-ui-tab-debug-link-button").click();
    }

    clearDebugSidebar() {
        return this.page.locator("#red-ui-sidebar-debug-clear").click();
    }

    /** The flows as they are deployed. */
    flows() {
        return this.page.evaluate(async () => (await fetch("flows")).json());
    }

    /**
     * Double-click a node and take the time until its dialog's code is on the screen.
     *
     * @returns {Promise<number>} milliseconds since the second click
     */
    timeToOpen(id) {
        return this.#timeFrom("mousedown", "#node-input-code-editor .view-line", () => this.openDialog(id));
    }

    /**
     * Press a key and take the time until a marker for an error is on the screen.
     *
     * @returns {Promise<number>} milliseconds since the key
     */
    timeToMarker(key) {
        return this.#timeFrom("keydown", ".squiggly-error", () => this.page.keyboard.press(key));
    }

    /** The time from the last event of a kind that `act` makes to the frame that shows an element. */
    async #timeFrom(event, selector, act) {
        await this.page.evaluate(([type, wanted]) => {
            window.timed = new Promise((resolve) => {
                let begun = 0;
                const begin = () => { begun = performance.now(); };
                window.addEventListener(type, begin, true);
                const look = () => {
                    if (begun > 0 && document.querySelector(wanted)) {
                        window.removeEventListener(type, begin, true);
                        requestAnimationFrame(() => resolve(performance.now() - begun));
                    } else {
                        requestAnimationFrame(look);
                    }
                };
                look();
            });
        }, [event, selector]);
        await act();
        return this.page.evaluate(() => window.timed);
    }

    /** The text of a message in the debug sidebar, once it is there. @returns {Promise<string>} */
    async debugMessage(index = 0, timeout = 30_000) {
        const message = this.page.locator(".red-ui-debug-content-list .red-ui-debug-msg").nth(index);
        await message.waitFor({ timeout });
        return (await message.locator(".red-ui-debug-msg-payload").innerText()).trim();
    }

    /** Unfold everything in the first message of the debug sidebar. */
    async expandDebugMessage() {
        const folded = this.page.locator(".red-ui-debug-msg-payload .collapsed > .red-ui-debug-msg-expandable:visible");
        while (await folded.count() > 0) {
            await folded.first().click();
        }
    }

    /** Wait until the text under a node matches. @returns {Promise<string>} */
    async waitForStatus(id, pattern, timeout = 30_000) {
        const label = this.node(id).locator(".red-ui-flow-node-status-label").filter({ hasText: pattern });
        await label.waitFor({ timeout });
        return (await label.textContent()).trim();
    }
}
