/*
 * Flows that were there before: a block of an older version, opened and closed again; a block that joins sources, copied
 * together with them.
 *
 *     node old_flow.mjs EDITOR_URL FOLDER_FOR_SCREENSHOTS
 *
 * Prints the flows as they were deployed then, as JSON.
 */
import { playSession } from "./editor.mjs";

await playSession(async (editor) => {
    await editor.openDialog("old");
    for (const tab of ["setup", "inputs", "on-start", "on-stop", "on-message"]) {
        await editor.showTab(`code-block-tab-${tab}`);
    }
    await editor.closeDialog();
    await editor.copyAll();
    await editor.deploy();
    return { flows: await editor.flows() };
});
