/*
 * A block saved to Node-RED's library, and loaded into another one.
 *
 *     node library.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import { playSession } from "./editor.mjs";

await playSession(async (editor, shot) => {
    const { page } = editor;
    const choose = async (item) => {
        await page.locator("#node-input-code-block-lookup").click();
        await page.locator(`#node-input-code-block-menu-${item}-library`).click();
    };
    const saved = await editor.drag("code-block", 360, 140);
    await editor.openDialog(saved);
    await page.locator("#node-input-name").fill("running total");
    await editor.pasteCode("total = sum(data)\nreturn total");
    await editor.showTab("code-block-tab-on-start");
    await editor.pasteCode("import math", "initialize");
    await editor.showTab("code-block-tab-setup");
    await page.locator("#code-block-outputs").fill("2");
    for (const name of ["keepState", "printOutput", "errorOutput"]) {
        await page.locator(`#node-input-${name}`).check();
    }
    await page.locator("#node-input-mode").selectOption("item");
    await page.locator("#node-input-itemsAs").selectOption("messages");
    await page.locator("#node-input-timeout").fill("7");
    await page.locator("#node-input-memory").fill("512");
    await page.locator("#code-block-package-search").fill("more-itertools>=10");
    await page.locator("#code-block-package-search").press("Enter");
    await choose("save");
    await page.locator("#red-ui-library-dialog-save .red-ui-treeList-label.selected").waitFor();
    await page.locator("#red-ui-library-dialog-save-button").click();
    await page.locator("#red-ui-library-dialog-save").waitFor({ state: "hidden" });
    await editor.closeDialog();

    const loaded = await editor.drag("code-block", 360, 260);
    await editor.openDialog(loaded);
    await choose("open");
    const library = page.locator("#red-ui-library-dialog-load");
    const entry = (text) => library.locator(".red-ui-treeList-label", { hasText: text }).last();
    await entry("code-block").locator(".red-ui-treeList-icon").first().click();
    await entry("running-total.py").click();
    await library.locator(".view-line", { hasText: "sum(data)" }).waitFor();
    await shot("library");
    await page.locator(".ui-dialog:visible .ui-dialog-buttonset .primary").click();
    await editor.closeDialog();
    await editor.deploy();
    return { saved, loaded, flows: await editor.flows() };
});
