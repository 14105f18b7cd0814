/*
 * The packages of a block: a list of requirements, a search in what the service can get, and the building of an image
 * that has them.
 */
(function (cellblock) {
    "use strict";

    const SEARCH_MS = 200;
    const LOOK_MS = 1000;
    const MAX_FOUND = 30;

    /** Split "scipy >= 1.11" into the name with its extras, and the rest. */
    cellblock.requirementParts = (text) => {
        const [, name = "", rest = ""] = /^\s*([A-Za-z0-9][\w.-]*(?:\s*\[[^\]]*\])?)?\s*(.*?)\s*$/.exec(text) ?? [];
        return { name: name.replace(/\s+/g, ""), version: rest };
    };

    cellblock.validRequirement = (text) =>
        /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?(\[[\w\s,.-]*\])?\s*([(@<>=!~;].*)?$/.test(text.trim());

    /**
     * Prepare the rows of the Setup tab.
     *
     * @returns {{packages: () => string[], replace: (requirements: string[]) => void, stop: () => void}}
     */
    cellblock.packagesForm = (node, runConfig) => {
        const list = $("#code-block-packages");
        const search = $("#code-block-package-search");
        list.editableList({
            addButton: false, removable: true, sortable: false,
            addItem: (element, _, row) => packageRow(element, row),
            removeItem: () => setTimeout(showEmpty, 0),
        });
        const rows = () => list.editableList("items").map((_, item) => $(item).data("data")).get();
        const packages = () => rows().map(({ name, version }) => requirement(name, version));
        const showEmpty = () => $("#code-block-packages-row").toggle(rows().length > 0);
        const add = (text, hint) => {
            const parts = cellblock.requirementParts(text);
            if (parts.name !== "" && !rows().some(({ name }) => same(name, parts.name))) {
                list.editableList("addItem", { ...parts, hint });
                showEmpty();
            }
            search.val("");
        };
        (Array.isArray(node.packages) ? node.packages : []).forEach((text) => add(text));
        showEmpty();
        const finder = packageSearch(search, add);
        const builder = imageBuilder(packages, runConfig);
        return {
            packages() {
                // What was typed and not confirmed is wanted too.
                if (cellblock.validRequirement(search.val())) {
                    add(search.val());
                }
                return packages();
            },
            replace(requirements) {
                list.editableList("empty");
                requirements.forEach((text) => add(text));
                showEmpty();
            },
            stop() {
                finder.stop();
                builder.stop();
            },
        };
    };

    function requirement(name, version) {
        const bare = version.trim();
        return bare === "" || /^[(@<>=!~;]/.test(bare) ? name + bare : `${name}==${bare}`;
    }

    function same(one, other) {
        const plain = (name) => name.toLowerCase().replace(/[-_.]+/g, "-").replace(/\[.*$/, "");
        return plain(one) === plain(other);
    }

    function packageRow(element, row) {
        const version = $("<input>", { type: "text", class: "cellblock-version", placeholder: row.hint
            ? cellblock.text("packages.any-now", { version: row.hint }) : cellblock.text("packages.any"),
        "aria-label": cellblock.text("packages.version") }).val(row.version);
        version.on("input change", () => {
            row.version = version.val();
            version.toggleClass("input-error", !cellblock.validRequirement(requirement(row.name, row.version)));
        }).trigger("change");
        element.addClass("cellblock-package").append(
            cellblock.icon("cube"), cellblock.element("span", "cellblock-package-name", row.name), version);
    }

    // Search ---------------------------------------------------------------------------------------------------------

    function packageSearch(search, add) {
        let last = 0;
        const menu = cellblock.element("ul", "cellblock-found").attr("role", "listbox").hide().insertAfter(search);
        const close = () => menu.hide().empty();
        const look = cellblock.debounced(async () => {
            const number = ++last;
            const text = search.val().trim();
            if (text === "") {
                close();
                return;
            }
            const found = await find(cellblock.requirementParts(text).name || text);
            if (number === last && search.val().trim() !== "") {
                show(found);
            }
        }, SEARCH_MS);

        function show(answer) {
            menu.empty().toggle(answer !== null);
            const found = answer?.packages ?? [];
            found.slice(0, MAX_FOUND).forEach((each) => {
                $("<li>", { role: "option" }).append(
                    cellblock.element("span", "cellblock-package-name", each.name),
                    cellblock.element("span", "cellblock-package-version", each.version ?? ""),
                    cellblock.element("span", "cellblock-package-summary", originText(each)),
                ).on("mousedown", (event) => {
                    event.preventDefault();
                    add(each.name, each.version);
                    close();
                }).appendTo(menu);
            });
            if (found.length === 0) {
                cellblock.element("li", "cellblock-none", missingText(answer?.missing)).appendTo(menu);
            }
            menu[0].scrollIntoView({ block: "nearest" });
        }

        search.on("input", look).on("blur", close).on("keydown", (event) => {
            const chosen = menu.find(".selected");
            switch (event.key) {
            case "Enter":
                event.preventDefault();
                event.stopPropagation();
                if (chosen.length > 0) {
                    chosen.trigger("mousedown");
                } else if (cellblock.validRequirement(search.val())) {
                    add(search.val());
                    close();
                }
                break;
            case "ArrowDown":
            case "ArrowUp": {
                event.preventDefault();
                const items = menu.find("[role=option]");
                const at = items.index(chosen) + (event.key === "ArrowDown" ? 1 : -1);
                items.removeClass("selected").eq(Math.max(0, Math.min(at, items.length - 1))).addClass("selected");
                break;
            }
            case "Escape":
                if (menu.is(":visible")) {
                    event.stopPropagation();
                    close();
                }
                break;
            default:
            }
        });
        return { stop: () => look.cancel() };
    }

    /** Why there is nothing of a name: as the service says it, with the names that are most like it. */
    function missingText(missing) {
        if (!missing?.detail) {
            return cellblock.text("packages.none");
        }
        // Some are in the sentence already.
        const names = (missing.nearest ?? []).filter((name) => !missing.detail.includes(name)).join(", ");
        return names === "" ? missing.detail : `${missing.detail} ${cellblock.text("packages.nearest", { names })}`;
    }

    /** Packages whose names are like `text`; null if this service can't tell. */
    async function find(text) {
        const query = new URLSearchParams({ service: cellblock.chosenService(), search: text });
        try {
            return await cellblock.ask("GET", `packages?${query}`);
        } catch {
            return null;
        }
    }

    function originText({ installed, origin, summary }) {
        const known = ["distribution", "index", "folder"].includes(origin) ? origin : "";
        const source = installed ? "image" : known;
        return [summary, source && cellblock.text(`packages.source.${source}`)].filter(Boolean).join(" · ");
    }

    // Building -------------------------------------------------------------------------------------------------------

    /**
     * The block's code with a return before all else: its imports are seen, since an image holds them too, and nothing
     * of it runs. Imports from __future__ would have to stand first; from where one imports that doesn't matter here.
     */
    cellblock.codeThatOnlyImports = (code) =>
        `return None\n${String(code ?? "").replace(/\bfrom\s+__future__\b/g, "from math")}`;

    /** "Get them now": a run of nothing with these packages, so that the first message doesn't wait for the image. */
    function imageBuilder(packages, runConfig) {
        const button = $("#code-block-build");
        const state = $("#code-block-build-state");
        const bar = $("#code-block-build-bar");
        let current = null;
        const say = (className, text) => state.attr("class", className).text(text);
        const progress = (percent) => bar.toggle(percent !== null).find("div").css("width", `${percent ?? 0}%`);
        progress(null);
        button.on("click", async (event) => {
            event.preventDefault();
            if (current) {
                return;
            }
            const own = current = { id: `build-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}` };
            button.prop("disabled", true);
            say("", cellblock.text("run.status.queued"));
            const watching = setInterval(() => watchBuild(own), LOOK_MS);
            try {
                const { config } = runConfig();
                // State lives in one image, which has what any part imports.
                const texts = config.keepState ? [config.initialize, config.code, config.finalize] : [config.code];
                await cellblock.listen("run", {
                    id: own.id, service: cellblock.chosenService(), node: "", part: "code", input: "msg", msg: {},
                    config: {
                        ...config, code: cellblock.codeThatOnlyImports(texts.join("\n")), packages: packages(),
                        keepState: false, mode: "message",
                    },
                }, (told) => current === own && take(told));
            } catch (error) {
                say("cellblock-bad", error.message);
            }
            clearInterval(watching);
            progress(null);
            button.prop("disabled", false);
            current = null;
        });

        function take({ event, status, progress: far, error }) {
            if (event === "status") {
                say("", far ? cellblock.progressText(far) : cellblock.text(`run.status.${status}`));
                progress(far?.total > 0 ? Math.min(100, 100 * far.done / far.total) : null);
            } else if (event === "result") {
                if (error) {
                    say("cellblock-bad", error.message);
                } else {
                    say("cellblock-good", cellblock.text("packages.ready"));
                }
            }
        }

        async function watchBuild(own) {
            try {
                const query = new URLSearchParams({ service: cellblock.chosenService() });
                const [build] = (await cellblock.ask("GET", `images?${query}`)).loading;
                if (build && current === own) {
                    take({ event: "status", status: "loading", progress: build });
                }
            } catch {
                // The run itself tells what is wrong.
            }
        }

        return {
            stop() {
                if (current) {
                    cellblock.ask("DELETE", `run/${current.id}`).catch(() => {});
                    current = null;
                }
            },
        };
    }
})(window.CellblockEditor = window.CellblockEditor || {});
