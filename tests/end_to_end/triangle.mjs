/*
 * The red triangle of a block whose code is wrong: there once the flow is loaded, gone once it is put right.
 *
 *     node triangle.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import { playSession } from "./editor.mjs";

await playSession(async (editor, shot) => {
    const { page } = editor;
    const triangle = (id) => editor.node(id).locator(".red-ui-flow-node-error:not(.hide)");
    await triangle("wrong").waitFor();
    await shot("loaded");
    const ofRight = await triangle("right").count();
    await editor.openDialog("wrong");
    await editor.pasteCode("return data");
    await page.locator(".squiggly-error").waitFor({ state: "detached" });
    await editor.closeDialog();
    await triangle("wrong").waitFor({ state: "detached" });
    await editor.openDialog("right");
    await editor.pasteCode("return wrongs");
    await page.locator(".squiggly-error").waitFor();
    await editor.closeDialog();
    await triangle("right").waitFor();
    return { ofRight, ofMended: await triangle("wrong").count() };
});
