/*
 * A block inside a subflow, wired to the subflow's input: opened, set to three outputs, run.
 *
 *     node subflow.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints the flows as they were deployed then, as JSON.
 */
import { playSession } from "./editor.mjs";

await playSession(async (editor, shot) => {
    const { page } = editor;
    await editor.openSubflow("sub");
    await editor.openDialog("inner");
    await editor.showTab("code-block-tab-inputs");
    await page.locator("#code-block-mode").selectOption("join");
    await page.locator(".cellblock-source").first().waitFor();
    const sources = await page.locator(".cellblock-source-label").allInnerTexts();
    await page.locator("#code-block-mode").selectOption("message");
    await editor.showTab("code-block-tab-setup");
    await page.locator("#code-block-package-search").waitFor();
    await page.locator("#code-block-outputs").fill("3");
    await shot("setup");
    await editor.closeDialog();
    await editor.deploy();
    return { sources, flows: await editor.flows() };
});
