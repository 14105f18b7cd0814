/*
 * Flows that were there before: a block of an older version, opened and closed again; a block that joins sources, copied
 * together with them.
 *
 *     node old_flow.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints the flows as they were deployed then, as JSON.
 */
import path from "node:path";
import process from "node:process";
import { openEditor } from "./editor.mjs";

const [url, folder] = process.argv.slice(2);
const editor = await openEditor(url);
const { page } = editor;
const errors = [];
page.on("pageerror", (error) => /Model is disposed/.test(error.message) || errors.push(String(error.stack)));
try {
    await editor.openDialog("old");
    for (const tab of ["setup", "inputs", "on-start", "on-stop", "on-message"]) {
        await editor.showTab(`code-block-tab-${tab}`);
    }
    await editor.closeDialog();

    await page.locator("#red-ui-workspace-chart").click({ position: { x: 700, y: 500 } });
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+c");
    await page.keyboard.press("Control+v");
    await page.mouse.move(700, 600);
    await page.mouse.move(720, 620, { steps: 5 });
    await page.mouse.click(720, 620);
    await page.waitForTimeout(500);
    await editor.deploy();
    process.stdout.write(JSON.stringify({ flows: await editor.flows(), errors }));
} catch (error) {
    await editor.screenshot(path.join(folder, "failure.png"));
    throw error;
} finally {
    await editor.close();
}
