/*
 * Renews the README's pictures: the sensor flow, the Code Block's dialog open, the block run on the last message.
 *
 *     make run
 *     node tests/end_to_end/take_picture.mjs http://127.0.0.1:1880 docs/images/editor.png
 *     node tests/end_to_end/take_picture.mjs http://127.0.0.1:1880 docs/images/editor-setup.png setup
 *
 * The dark one is taken of a Node-RED with editor_settings.cjs, EDITOR_THEME=vs-dark and EDITOR_CSS=.../dark.css.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { openEditor } from "./editor.mjs";

const INJECT = "cb5e000000000004";
const BLOCK = "cb5e000000000005";

const [url, file, tab = "on-message"] = process.argv.slice(2);
const editor = await openEditor(url, { size: { width: 1680, height: 860 }, scale: 2 });
try {
    const { page } = editor;
    await editor.openDebugSidebar();
    // The time that the picture shows should be an ordinary one, not that of the first message.
    for (let i = 0; i < 5; i++) {
        await editor.inject(INJECT);
        // What it prints, and what it sends.
        await editor.debugMessage(2 * i + 1);
    }
    await editor.clearDebugSidebar();
    await editor.inject(INJECT);
    await editor.debugMessage(0);
    await editor.waitForStatus(BLOCK, /ms$/);
    await editor.expandDebugMessage();
    await page.locator('.red-ui-palette-node[data-palette-type="code-block"]').scrollIntoViewIfNeeded();
    await editor.openDialog(BLOCK);
    await editor.widenDialog(110);
    await page.locator(".red-ui-notification").waitFor({ state: "detached", timeout: 20_000 });
    // No word marked, no caret, no tool tip under the mouse.
    await page.locator("#node-input-code-editor .view-lines").click();
    await page.keyboard.press("Control+End");
    await page.mouse.wheel(0, -1000);
    if (tab === "on-message") {
        await editor.runCode();
    } else {
        await editor.showTab(`code-block-tab-${tab}`);
    }
    await page.waitForTimeout(1000);
    await page.evaluate(() => document.activeElement.blur());
    await page.mouse.move(5, 850);
    await page.waitForTimeout(1500);
    fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    await editor.screenshot(file);
} finally {
    await editor.close();
}
