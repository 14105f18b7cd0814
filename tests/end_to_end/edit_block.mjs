/*
 * A person writes a block in the editor: markers, completion, runs, a plot; then inputs, outputs and the rest of Setup;
 * then the service breaks and is repaired.
 *
 *     node edit_block.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what it wants of whoever started it, a line each ("stop", "start"), and waits for a line in answer; at last what
 * was seen, as JSON.
 */
import path from "node:path";
import process from "node:process";
import readline from "node:readline";
import { openEditor } from "./editor.mjs";

const [url, folder] = process.argv.slice(2);
const READINGS = [
    { station: "08188500", level: 1.5, at: "2026-01-01T00:00:00Z" },
    { station: "08188500", level: 1.75, at: "2026-01-01T06:00:00Z" },
    { station: "08188800", level: 0.4, at: "2026-01-01T06:00:00Z" },
];
const TABLE = `import pandas as pd
frame = pd.DataFrame(data)
print("<b>bold</b>", len(frame))
return frame.groupby("station")["level"].agg(["mean", "max"])`;
const PLOT = `import matplotlib.pyplot as plt
plt.plot([reading["level"] for reading in data])
return None`;

const HARMFUL = "script, iframe, svg, img, a[href^=javascript], plaintext, [onerror], [onload]";

/** What a hostile block prints, returns, raises and names: HTML that runs a script where it is shown as such. */
function markup() {
    const pieces = [
        "<script>window.markupRan = 1</script>", "<img src=x onerror='window.markupRan = 1'>",
        "<svg onload='window.markupRan = 1'>", "</pre></div><iframe src='javascript:parent.markupRan = 1'></iframe>",
        "<a href='javascript:window.markupRan = 1'>x</a>", "<plaintext>",
    ];
    const text = JSON.stringify(pieces.join(" "));
    return {
        printed: `print(${text})`,
        table: `import pandas as pd\nreturn pd.DataFrame({${text}: [${text}]}, index=[${text}])`,
        tree: `return [${text}]`,
        failure: `raise type(${text}, (Exception,), {})(${text})`,
    };
}

const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function please(wish) {
    process.stdout.write(`${wish}\n`);
    await answers.next();
}

async function write(editor, block, seen, shot) {
    const { page } = editor;
    seen.opening = [];
    for (let i = 0; i < 5; i++) {
        seen.opening.push(await editor.timeToOpen(block));
        await page.locator("#node-dialog-cancel").click();
        await page.locator("#node-dialog-cancel").waitFor({ state: "detached" });
    }
    await editor.openDialog(block);
    await page.locator(".cellblock-bar:visible").waitFor();
    seen.marking = [];
    for (let i = 0; i < 3; i++) {
        await editor.clearCode();
        await page.locator(".squiggly-error").waitFor({ state: "detached" });
        await page.keyboard.type("return wrong");
        await page.keyboard.press("Escape");
        seen.marking.push(await editor.timeToMarker("s"));
    }
    await shot("marker");
    seen.problem = await page.locator(".cellblock-problems:visible").innerText();
    await editor.closeDialog();
    await editor.node(block).locator(".red-ui-flow-node-error:not(.hide)").waitFor();
    seen.triangle = true;

    await editor.openDialog(block);
    await editor.pasteCode(TABLE);
    await page.locator(".squiggly-error").waitFor({ state: "detached" });
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Enter");
    seen.names = await completions(page, "da");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Shift+Home");
    seen.members = await completions(page, "pd.DataFr");
    await shot("completion");
    await page.keyboard.press("Enter");
    await page.keyboard.type("x");
    const last = page.locator("#node-input-code-editor .view-line").last();
    // Monaco draws a line in the frame after the key.
    await last.filter({ hasText: "x" }).waitFor();
    seen.completed = (await last.innerText()).trim();
    await page.locator("#node-input-code-editor .view-line").nth(2).getByText("print", { exact: true }).hover();
    const hover = page.locator(".monaco-hover:visible");
    await hover.waitFor();
    seen.hover = await hover.innerText();
    await editor.pasteCode(TABLE);
}

async function completions(page, text) {
    await page.keyboard.type(text);
    await page.keyboard.press("Control+Space");
    const rows = page.locator(".suggest-widget.visible .monaco-list-row");
    // The first time, completion reads the packages.
    await rows.first().waitFor({ timeout: 30_000 });
    const names = await rows.locator(".label-name").allInnerTexts();
    return names.map((name) => name.trim());
}

async function run(editor, seen, shot) {
    const { page } = editor;
    await editor.runOn(READINGS);
    let output = await editor.runCode();
    await shot("table");
    seen.header = await output.locator("th").allInnerTexts();
    seen.cells = await output.locator("td").allInnerTexts();
    seen.printed = await output.locator(".cellblock-printed").innerText();
    seen.htmlInOutput = await output.locator(".cellblock-printed b").count();
    await output.locator("button", { hasText: "As sent" }).click();
    seen.tree = await output.locator(".cellblock-tree").innerText();

    seen.markup = {};
    for (const [way, code] of Object.entries(markup())) {
        await editor.pasteCode(code);
        output = await editor.runCode();
        seen.markup[way] = {
            shown: await output.innerText(),
            elements: await output.locator(HARMFUL).count(),
        };
    }
    seen.markupRan = await page.evaluate(() => window.markupRan ?? 0);

    await editor.pasteCode(PLOT);
    output = await editor.runCode(180_000);
    const picture = output.locator("img");
    await picture.waitFor();
    seen.pictureWidth = await picture.evaluate((img) => img.decode().then(() => img.naturalWidth));
    await shot("plot");

    await editor.pasteCode("zero = 0\n\n1 / zero");
    output = await editor.runCode();
    seen.failure = await output.locator(".cellblock-failure").innerText();
    await output.locator(".cellblock-go").click();
    seen.cursorAt = await page.evaluate(() => window.monaco.editor.getEditors()
        .find((each) => each.getDomNode().closest("#node-input-code-editor")).getPosition().lineNumber);

    await editor.pasteCode("import time\nprint('begun')\nwhile True:\n    time.sleep(0.05)");
    await page.keyboard.press("Control+Enter");
    output = page.locator(".cellblock-output:visible");
    await output.getByText("begun").waitFor();
    seen.printedLive = await page.locator(".cellblock-running:visible").count() === 1;
    await page.locator(".cellblock-cancel:visible").click();
    await output.locator(".cellblock-failure").waitFor();
    seen.cancelled = await output.locator(".cellblock-failure").innerText();

    await editor.pasteCode("flow.set('n', 1)\nreturn flow.get('n')");
    output = await editor.runCode();
    seen.contextBeforeDeploy = await output.innerText();
}

async function large(editor, seen, shot) {
    const { page } = editor;
    await page.locator("#code-block-expand-code").click();
    await page.locator("#node-input-code-editor-large .view-lines").waitFor();
    await page.waitForTimeout(500);
    await page.locator("#node-input-code-editor-large .view-lines").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText("return data");
    const output = await editor.runCode();
    seen.large = await output.locator(".cellblock-tree").innerText();
    await shot("large");
    await page.locator("#node-dialog-ok").last().click();
    await page.locator("#node-input-code-editor-large").waitFor({ state: "detached" });
    await page.waitForTimeout(500);
    seen.afterLarge = (await page.locator("#node-input-code-editor .view-lines").innerText()).trim();
    await editor.closeDialog();
}

async function setUp(editor, { block, injects }, seen, shot) {
    const { page } = editor;
    await editor.openDialog(block);
    await editor.showTab("code-block-tab-on-start");
    await page.locator("#node-input-initialize-editor .view-lines").waitFor();
    await editor.pasteCode("count = 0", "initialize");
    await editor.showTab("code-block-tab-setup");
    await page.locator("#node-input-keepState").check();
    await page.locator("#node-input-printOutput").check();
    await page.locator("#code-block-outputs").fill("2");
    await page.locator("#node-input-memory").fill("512");
    await page.locator("#code-block-package-search").fill("more-itertools>=10");
    await page.locator("#code-block-package-search").press("Enter");
    await page.locator(".red-ui-editableList-addButton").click();
    await page.locator(".cellblock-secret-name").fill("KEY");
    await page.locator("#node-input-secret0").fill("hush");
    await shot("setup");
    await editor.showTab("code-block-tab-inputs");
    await page.locator("#code-block-mode").selectOption("join");
    const rows = page.locator(".cellblock-source");
    await rows.nth(0).locator("[type=checkbox]").check();
    await rows.nth(1).locator("[type=checkbox]").check();
    await rows.nth(0).locator(".cellblock-source-name").fill("upper");
    await rows.nth(1).locator(".cellblock-source-name").fill("lower");
    await dragOnto(page, rows.nth(1).locator(".cellblock-grip"), rows.nth(0));
    await shot("inputs");
    await editor.showTab("code-block-tab-on-message");
    // It is On Start that binds it.
    await editor.pasteCode("count += 1\nprint(count)\nreturn count");
    await page.waitForTimeout(1000);
    seen.keptNames = await page.locator(".squiggly-error").count();
    seen.keptRun = await (await editor.runCode()).locator(".cellblock-tree").innerText();
    await editor.closeDialog();
    await editor.deploy();
    seen.saved = (await editor.flows()).find(({ id }) => id === block);
    seen.sourceIds = injects;

    await editor.openDialog(block);
    await editor.showTab("code-block-tab-setup");
    seen.secretShown = await page.locator("#node-input-secret0").inputValue();
    await page.locator("#node-input-mode").selectOption("message");
    await page.locator("#node-input-keepState").uncheck();
    await page.locator("#code-block-outputs").fill("1");
    await editor.showTab("code-block-tab-on-message");
    await editor.pasteCode("print('to the port')\nreturn env['KEY']");
    seen.secretInRun = await (await editor.runCode()).locator(".cellblock-tree").innerText();
    await editor.closeDialog();
    await editor.deploy();
    seen.fewerOutputs = (await editor.flows()).find(({ id }) => id === block).outputs;
}

async function dragOnto(page, handle, target) {
    const from = await handle.boundingBox();
    const to = await target.boundingBox();
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + 10, to.y + 10, { steps: 10 });
    await page.mouse.move(to.x + 10, to.y + 2, { steps: 3 });
    await page.mouse.up();
}

async function breakAndRepair(editor, { block, injects }, seen, shot) {
    const { page } = editor;
    await editor.openDebugSidebar();
    await editor.openDialog(block);
    await editor.pasteCode("return 'works'");
    await editor.closeDialog();
    await editor.deploy();
    await editor.inject(injects[0]);
    await page.locator(".red-ui-debug-msg-payload").filter({ hasText: "works" }).first().waitFor();

    await please("stop");
    await editor.waitForStatus(block, /unreachable/);
    await editor.openDialog(block);
    await page.locator(".cellblock-problems.cellblock-absent").waitFor();
    seen.brokenRun = await (await editor.runCode()).innerText();
    await shot("broken");
    await please("start");
    await editor.pasteCode("return 'works again'");
    await page.locator(".cellblock-problems.cellblock-absent").waitFor({ state: "hidden", timeout: 30_000 });
    seen.repairedRun = await (await editor.runCode()).locator(".cellblock-tree").innerText();
    await page.locator("#node-dialog-cancel").click();
    await page.locator("#node-dialog-cancel").waitFor({ state: "detached" });
}

async function findIt(editor, block, seen) {
    const { page } = editor;
    await page.waitForTimeout(500);
    await page.locator("#red-ui-workspace-chart").click({ position: { x: 600, y: 500 } });
    await page.keyboard.press("Control+f");
    await page.locator("#red-ui-search input").first().waitFor();
    await page.keyboard.type("return 'works'", { delay: 30 });
    await page.locator(".red-ui-search-result").first().waitFor();
    seen.found = await page.locator(".red-ui-search-result").count();
    await page.keyboard.press("Escape");
    seen.library = await page.evaluate(async () => (await fetch("library/local/code-blocks/")).status);
    seen.lastMessage = await page.evaluate(async (id) => (await fetch(`cellblock/last/${id}`)).json(), block);
}

const editor = await openEditor(url);
const seen = {};
const errors = [];
// Monaco complains when Node-RED takes away a model before its editor.
editor.page.on("pageerror", (error) => /Model is disposed/.test(error.message) || errors.push(String(error.stack)));
const shot = (name) => editor.screenshot(path.join(folder, `${name}.png`));
try {
    const injects = [await editor.drag("inject", 140, 100), await editor.drag("inject", 140, 200)];
    const block = await editor.drag("code-block", 360, 140);
    const debug = await editor.drag("debug", 580, 140);
    for (const inject of injects) {
        await editor.wire(inject, block);
    }
    await editor.wire(block, debug);
    await write(editor, block, seen, shot);
    await run(editor, seen, shot);
    await large(editor, seen, shot);
    await setUp(editor, { block, injects }, seen, shot);
    await breakAndRepair(editor, { block, injects }, seen, shot);
    await findIt(editor, block, seen);
    process.stdout.write(`${JSON.stringify({ ...seen, errors, outsideRequests: editor.outsideRequests })}\n`);
} catch (error) {
    await shot("failure");
    process.stderr.write(`seen so far: ${JSON.stringify({ ...seen, errors })}\n`);
    throw error;
} finally {
    await editor.close();
    answers.return?.();
    process.stdin.destroy();
}
