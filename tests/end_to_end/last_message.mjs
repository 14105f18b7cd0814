/*
 * Run on the last message that a block saw: a small one, changed with the pencil, one that is too large to be kept, and
 * what a block that joins saw of its sources.
 *
 *     node last_message.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import { playSession } from "./editor.mjs";

await playSession(async (editor, shot) => {
    const { page } = editor;
    const chooser = page.locator(".cellblock-message:visible");
    const pencil = chooser.getByRole("button", { name: "Change this message" });
    const facts = async () => (await chooser.locator(".cellblock-seen").innerText()).trim();
    const value = (output) => output.locator(".cellblock-tree").innerText();
    const cancel = async () => {
        await page.locator("#node-dialog-cancel").click();
        await page.locator("#node-dialog-cancel").waitFor({ state: "detached" });
        await page.waitForTimeout(300);
    };
    const seen = {};

    await editor.openDialog("block");
    await chooser.locator(".cellblock-seen", { hasText: "none yet" }).waitFor();
    seen.pencilBefore = await pencil.isVisible();
    await cancel();

    await editor.inject("few");
    await editor.waitForStatus("block", /ms$/);
    const before = Date.now();
    await editor.openDialog("block");
    await pencil.waitFor();
    seen.type = (await chooser.locator(".red-ui-typedInput-type-label").innerText()).trim();
    seen.time = await facts();
    const shown = (at) => page.evaluate((time) => new Date(time).toLocaleTimeString(), at);
    seen.times = await Promise.all([...Array(60).keys()].map((s) => shown(before - 1000 * s)));
    const output = await editor.runCode();
    seen.value = await value(output);
    seen.timings = await output.locator(".cellblock-timings").innerText();
    await shot("last");
    await pencil.click();
    const text = chooser.locator(".red-ui-typedInput-input");
    seen.message = JSON.parse(await text.inputValue());
    await text.fill(JSON.stringify({ payload: [20, 22] }));
    seen.changed = await value(await editor.runCode());
    await chooser.locator(".red-ui-typedInput-type-select").click();
    await page.locator(".red-ui-typedInput-options:visible [value='last']").click();
    seen.again = await value(await editor.runCode());
    await cancel();

    await editor.inject("much");
    await editor.waitForStatus("block", /Error/);
    await editor.openDialog("block");
    await chooser.locator(".cellblock-seen", { hasText: "too large to be kept" }).waitFor();
    seen.pencilOfLarge = await pencil.isVisible();
    seen.large = await (await editor.runCode()).innerText();
    await shot("large");
    await cancel();

    await editor.inject("few");
    await editor.inject("other");
    await editor.waitForStatus("joining", /ms$/);
    await editor.openDialog("joining");
    await pencil.waitFor();
    seen.joined = await value(await editor.runCode());
    await cancel();
    return seen;
});
