/*
 * A service added from a block's dialog: it is started by itself, but only at an address of this machine.
 *
 *     node new_service.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import { playSession } from "./editor.mjs";

await playSession(async (editor, shot) => {
    const { page } = editor;
    const block = await editor.drag("code-block", 360, 140);
    await editor.openDialog(block);
    await editor.showTab("code-block-tab-setup");
    await page.locator("#node-input-btn-service-add").click();
    const start = page.locator("#node-config-input-start");
    await start.waitFor();
    await page.waitForTimeout(500);
    const seen = { fresh: await start.isChecked() };
    await shot("service");
    const url = page.locator("#node-config-input-url");
    await url.fill("https://cellblock.example");
    seen.elsewhere = await start.isChecked();
    await url.fill("http://127.0.0.1:8765");
    seen.here = await start.isChecked();
    await start.uncheck();
    await url.fill("http://localhost:8765");
    seen.switchedOff = await start.isChecked();
    await start.check();
    await page.locator("#node-config-dialog-ok").click();
    await page.locator("#node-config-dialog-ok").waitFor({ state: "detached" });
    await page.waitForTimeout(300);
    await editor.closeDialog();
    seen.saved = await page.evaluate(() => {
        const found = [];
        RED.nodes.eachConfig(({ type, start, valid }) => type === "cellblock-service" && found.push({ start, valid }));
        return found;
    });
    return seen;
});
