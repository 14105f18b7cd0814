/*
 * Renews the README's picture: the sensor flow, the Code Block's dialog open, its result in the debug sidebar.
 *
 *     make run
 *     node tests/end_to_end/take_picture.mjs http://127.0.0.1:1880 docs/images/editor.png
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { openEditor } from "./editor.mjs";

const INJECT = "cb5e000000000004";
const BLOCK = "cb5e000000000005";

const [url, file] = process.argv.slice(2);
const editor = await openEditor(url, { size: { width: 1680, height: 700 }, scale: 2 });
try {
    const { page } = editor;
    await editor.openDebugSidebar();
    // The time that the picture shows should be an ordinary one, not that of the first message.
    for (let i = 0; i < 5; i++) {
        await editor.inject(INJECT);
        await editor.debugMessage(i);
    }
    await editor.clearDebugSidebar();
    await editor.inject(INJECT);
    await editor.debugMessage(0);
    await editor.waitForStatus(BLOCK, /ms$/);
    await editor.expandDebugMessage();
    await page.locator('.red-ui-palette-node[data-palette-type="code-block"]').scrollIntoViewIfNeeded();
    await editor.openDialog(BLOCK);
    await editor.widenDialog(70);
    await page.locator(".red-ui-notification").waitFor({ state: "detached", timeout: 20_000 });
    // No word marked, no caret, no tool tip under the mouse.
    await page.locator("#node-input-code-editor .view-lines").click();
    await page.keyboard.press("Control+End");
    await page.mouse.wheel(0, -1000);
    await page.waitForTimeout(1000);
    await page.evaluate(() => document.activeElement.blur());
    await page.mouse.move(5, 690);
    await page.waitForTimeout(1500);
    fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    await editor.screenshot(file);
} finally {
    await editor.close();
}
