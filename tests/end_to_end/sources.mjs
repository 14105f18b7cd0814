/*
 * A block that joins what comes to it through a junction, link nodes and a change node: its sources are picked, it runs,
 * and it is copied together with them.
 *
 *     node sources.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import { playSession } from "./editor.mjs";

const PICKED = ["gauge", "rain", "wind", "sun"];

await playSession(async (editor, shot) => {
    const { page } = editor;
    await editor.openDialog("block");
    await editor.showTab("code-block-tab-inputs");
    await page.locator("#code-block-mode").selectOption("join");
    await page.locator(".cellblock-source").first().waitFor();
    const offered = await page.locator(".cellblock-source-label").allInnerTexts();
    for (const name of PICKED) {
        const label = page.getByText(name, { exact: true });
        await page.locator(".cellblock-source", { has: label }).locator("[type=checkbox]").check();
    }
    await shot("inputs");
    await editor.closeDialog();
    const triangles = await editor.node("block").locator(".red-ui-flow-node-error:not(.hide)").count();
    await editor.deploy();
    await editor.openDebugSidebar();
    for (const id of PICKED) {
        await editor.inject(id);
    }
    const joined = await editor.debugMessage();
    await editor.copyAll();
    await editor.deploy();
    return { offered, triangles, joined, flows: await editor.flows() };
});
