/*
 * The list of packages: a search, its versions, one picked with the arrow keys, a name that nothing has, and an image
 * built with "Get them now" for a block whose imports stand in many forms.
 *
 *     node packages.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints what was seen as JSON.
 */
import { playSession } from "./editor.mjs";

const CODE = `"""What it is for:
from the gauges, what comes
import of levels
"""
from __future__ import annotations
from math import *
from html import (escape,
unescape)
raise RuntimeError("a build doesn't run the block")`;

await playSession(async (editor, shot) => {
    const { page } = editor;
    const block = await editor.drag("code-block", 360, 140);
    await editor.openDialog(block);
    await editor.pasteCode(CODE);
    await editor.showTab("code-block-tab-setup");
    const search = page.locator("#code-block-package-search");
    const found = page.locator(".cellblock-found [role=option]");
    const seen = {};

    await search.pressSequentially("more-itertool");
    await found.first().waitFor();
    seen.found = await found.allInnerTexts();
    await shot("found");
    await search.press("ArrowDown");
    seen.selected = await page.locator(".cellblock-found .selected .cellblock-package-name").innerText();
    await search.press("Enter");
    seen.picked = await page.locator(".cellblock-package .cellblock-package-name").allInnerTexts();
    seen.hint = await page.locator(".cellblock-package .cellblock-version").getAttribute("placeholder");
    seen.closed = await page.locator(".cellblock-found:visible").count() === 0;

    await search.pressSequentially("more-itertoolz");
    const none = page.locator(".cellblock-found .cellblock-none");
    await none.waitFor();
    seen.none = await none.innerText();
    await shot("none");
    await search.press("Escape");
    await search.fill("");

    // A version that nobody asked for before: an image with it isn't there yet.
    await page.locator(".cellblock-package .cellblock-version").fill(`>=1.${Date.now()}`);
    const told = await watchTexts(page, "#code-block-build-state", async () => {
        await page.locator("#code-block-build").click();
        await page.locator("#code-block-build-state.cellblock-good, #code-block-build-state.cellblock-bad")
            .waitFor({ timeout: 120_000 });
    });
    await shot("built");
    seen.progress = [...new Set(told)];
    seen.built = await page.locator("#code-block-build-state").innerText();
    return seen;
});

/** The different texts that an element has while something is done. */
async function watchTexts(page, selector, act) {
    await page.evaluate((wanted) => {
        const element = document.querySelector(wanted);
        window.texts = [];
        new MutationObserver(() => window.texts.push(element.innerText)).observe(element, { childList: true });
    }, selector);
    await act();
    return page.evaluate(() => window.texts);
}
