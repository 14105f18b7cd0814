/*
 * A block written and run in another code editor than Monaco, or in a dark theme.
 *
 *     node other_editors.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import path from "node:path";
import process from "node:process";
import { openEditor } from "./editor.mjs";

const [url, folder] = process.argv.slice(2);
const TABLE = `import pandas as pd
print("three rows")
frame = pd.DataFrame({"station": ["08188500", "08188500", "08188800"], "level": [1.5, 1.75, 0.4]})
frame`;

async function session(editor, shot) {
    const { page } = editor;
    const block = await editor.drag("code-block", 360, 140);
    await editor.openDialog(block);
    await editor.pasteCode("total = 1\nreturn tota");
    const problem = page.locator(".cellblock-problems.cellblock-error:visible");
    await problem.waitFor();
    const seen = { problem: await problem.innerText() };
    await problem.click();
    seen.annotations = await page.locator(".ace_gutter-cell.ace_error").count();
    seen.underlined = await page.locator(".cellblock-marker, .squiggly-error").count();
    if (await page.locator(".ace_editor:visible").count() > 0) {
        await page.keyboard.press("Control+End");
        await page.keyboard.press("Control+Space");
        const popup = page.locator(".ace_autocomplete:visible");
        await popup.or(page.locator(".ace_line", { hasText: "return total" })).first().waitFor({ timeout: 30_000 });
        seen.completions = await popup.count() > 0 ? await popup.innerText()
            : await page.locator(".ace_line", { hasText: "return total" }).innerText();
        await page.keyboard.press("Escape");
    }
    await editor.pasteCode("'by keys'");
    await page.keyboard.press("Control+Enter");
    const tree = page.locator(".cellblock-output:visible .cellblock-tree");
    await tree.waitFor({ timeout: 60_000 });
    seen.byKeys = await tree.innerText();
    await editor.pasteCode(TABLE);
    await problem.waitFor({ state: "hidden" });
    const output = await editor.runCode();
    seen.cells = await output.locator("td").allInnerTexts();
    await shot("run");
    seen.contrasts = await page.evaluate(contrasts, [
        ".cellblock-output", ".cellblock-table td", ".cellblock-table th", ".cellblock-printed", ".cellblock-timings",
        ".cellblock-progress", ".cellblock-run",
    ]);
    await editor.showTab("code-block-tab-setup");
    await page.locator("#code-block-package-search").fill("scipy");
    await page.locator("#code-block-package-search").press("Enter");
    await shot("setup");
    await editor.closeDialog();
    await editor.deploy();
    seen.code = (await editor.flows()).find(({ id }) => id === block).code;
    return seen;
}

/** How well the text of each element stands out from what is behind it: WCAG's contrast ratio. */
function contrasts(selectors) {
    const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
    const light = (colour) => {
        const [r, g, b] = numbers(colour).slice(0, 3).map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return numbers(colour)[3] === 0 && element.parentElement ? ground(element.parentElement) : colour;
    };
    return Object.fromEntries(selectors.map((selector) => {
        const element = document.querySelector(selector);
        const [dark, bright] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => a - b);
        return [selector, (bright + 0.05) / (dark + 0.05)];
    }));
}

const editor = await openEditor(url);
const errors = [];
editor.page.on("pageerror", (error) => /Model is disposed/.test(error.message) || errors.push(String(error.stack)));
const shot = (name) => editor.screenshot(path.join(folder, `${name}.png`));
try {
    process.stdout.write(JSON.stringify({ ...await session(editor, shot), errors }));
} catch (error) {
    await shot("failure");
    throw error;
} finally {
    await editor.close();
}
