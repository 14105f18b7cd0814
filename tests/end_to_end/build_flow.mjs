/*
 * A first session at the editor: inject, Code Block and debug node dragged from the palette, wired, given Python,
 * deployed and set off; then a mistake in the code, state that is kept, and a mistake in the settings.
 *
 *     node build_flow.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import path from "node:path";
import process from "node:process";
import { openEditor } from "./editor.mjs";

const [url, folder] = process.argv.slice(2);
const CODE = `numbers = [1, 2, 3]

def total(items):
    # a nested function, and a return at the top level
    return sum(items)

return f"total of {len(numbers)} is {total(numbers)}"`;

const COUNTER = `try:
    n += 1
except NameError:
    n = 1
print("counted to", n)
return n`;

async function session(editor, shot) {
    const inject = await editor.drag("inject", 140, 140);
    const block = await editor.drag("code-block", 360, 140);
    const debug = await editor.drag("debug", 580, 140);
    await editor.wire(inject, block);
    await editor.wire(block, debug);
    await shot("1-wired");

    const write = async (code, setUp = async () => {}) => {
        await editor.openDialog(block);
        await editor.typeCode(code);
        await shot("2-code");
        await setUp();
        await editor.closeDialog();
        await editor.deploy();
        await editor.inject(inject);
    };
    await editor.openDebugSidebar();
    await write(CODE);
    const result = await editor.debugMessage(0);
    const status = await editor.waitForStatus(block, /ms$/);
    await shot("3-result");

    await write("zero = 0\n1 / zero");
    const error = await editor.debugMessage(1);
    const errorStatus = await editor.waitForStatus(block, /Error/);
    await shot("4-error");

    await editor.clearDebugSidebar();
    await write(COUNTER, async () => {
        await editor.showTab("code-block-tab-setup");
        await editor.page.locator("#node-input-order").selectOption("parallel");
        await editor.page.locator("#node-input-keepState").check();
        await shot("5-kept-state");
    });
    const counted = [await editor.debugMessage(0), await editor.debugMessage(1)];
    await editor.inject(inject);
    counted.push(await editor.debugMessage(2), await editor.debugMessage(3));

    await editor.openDialog(block);
    await editor.showTab("code-block-tab-setup");
    await editor.page.locator("#code-block-outputs").fill("501");
    await editor.page.locator("#code-block-outputs").press("Tab");
    await shot("6-setup");
    const invalid = await editor.page.locator("#code-block-outputs.input-error").count();
    await editor.page.locator("#node-dialog-cancel").click();
    return { result, status, error, errorStatus, counted, tooManyOutputs: invalid ? "invalid" : "accepted" };
}

const editor = await openEditor(url);
const shot = (name) => editor.screenshot(path.join(folder, `${name}.png`));
try {
    const seen = await session(editor, shot);
    process.stdout.write(JSON.stringify({ ...seen, outsideRequests: editor.outsideRequests }));
} catch (error) {
    await shot("failure");
    throw error;
} finally {
    await editor.close();
}
