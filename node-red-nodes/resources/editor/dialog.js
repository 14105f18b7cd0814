/*
 * The Code Block's dialog: its tabs, and what of it is saved.
 */
(function (cellblock) {
    "use strict";

    const BELOW_PX = 8;

    const TABS = [
        { id: "code-block-tab-setup", label: "setup", icon: "fa fa-cog" },
        { id: "code-block-tab-inputs", label: "inputs", icon: "fa fa-sign-in" },
        { id: "code-block-tab-on-start", label: "on-start", part: "initialize" },
        { id: "code-block-tab-on-message", label: "on-message", part: "code" },
        { id: "code-block-tab-on-stop", label: "on-stop", part: "finalize" },
    ];

    cellblock.CHOICES = {
        mode: ["message", "item", "join"],
        itemsAs: ["list", "messages"],
        joinRule: ["each", "latest"],
        joinOnTimeout: ["run", "error"],
        order: ["in-order", "parallel"],
        frames: ["records", "columns", "arrays"],
        arrays: ["nested", "typed"],
    };

    /** Prepare the dialog of a node. @returns {{save: Function, close: Function, resize: (size: object) => void}} */
    cellblock.openDialog = (node) => {
        const panes = {};
        let size = null;
        let active = null;

        let settings = null;
        let ready = false;

        fillDefaults();

        const tabs = RED.tabs.create({ id: "code-block-tabs", onchange: show });
        TABS.forEach(({ id, label, icon }) =>
            tabs.addTab({ id, label: cellblock.text(`label.${label}`), iconClass: icon }));
        ready = true;
        tabs.activateTab("code-block-tab-on-message");
        cellblock.makeLibrary({ editor: panes.code.editor, textOf, setText, settings: madeSettings });

        /** Editors are made when their tab is first shown: most people open a block for one of them. */
        function show({ id }) {
            if (!ready) {
                // The first tab that is added is shown at once.
                return;
            }
            const { part } = TABS.find((tab) => tab.id === id);
            active = id;
            $("#code-block-tabs-content").children().hide();
            const content = $(`#${id}`).show();
            if (part) {
                panes[part] ??= makePane(content, part);
                layOut();
                panes[part].focus();
            } else {
                madeSettings();
            }
            showBadges();
        }

        function madeSettings() {
            settings ??= makeSettings();
            return settings;
        }

        /** Setup and Inputs are made when one of them is first shown. */
        function makeSettings() {
            $("#node-input-timeout").spinner({ min: 0, max: 86400 });
            tieOrderToState();
            noteMissingService();
            $("#node-input-keepState").on("change", () => Object.values(panes).forEach((pane) => pane.recheck()));
            return {
                ports: cellblock.portsForm(node),
                secrets: cellblock.secretsForm(node),
                inputs: cellblock.inputsForm(node),
                packages: cellblock.packagesForm(node, config),
            };
        }

        /** The lists, as they were saved or as they are in the dialog by now. */
        function lists() {
            return settings === null
                ? { packages: node.packages ?? [], sources: node.sources ?? [], secretNames: node.secretNames ?? [] }
                : {
                    packages: settings.packages.packages(), sources: settings.inputs.sources(),
                    secretNames: settings.secrets.names(),
                };
        }

        function makePane(content, part) {
            const options = { node, part, texts, config, id: `node-input-${part}-editor` };
            const pane = cellblock.codePane(content, {
                ...options, value: $(`#node-input-${part}`).val(), expand: () => cellblock.expand(pane, options),
            });
            return pane;
        }

        function textOf(part) {
            return panes[part] ? panes[part].getValue() : $(`#node-input-${part}`).val();
        }

        function setText(part, text) {
            $(`#node-input-${part}`).val(text);
            panes[part]?.setValue(text);
            showBadges();
        }

        function texts() {
            return {
                initialize: textOf("initialize"), code: textOf("code"), finalize: textOf("finalize"),
                keepState: $("#node-input-keepState").prop("checked"),
            };
        }

        /** The fields as they would be saved, for the Run pane. */
        function config() {
            const plain = ["name", "language", "timeout", "memory", "mode", "itemsAs", "order", "frames", "arrays",
                "joinRule", "joinCount", "joinTimeout", "joinOnTimeout"];
            const fields = Object.fromEntries(plain.map((name) => [name, $(`#node-input-${name}`).val()]));
            return {
                config: { ...fields, ...texts(), ...lists() },
                secrets: settings?.secrets.typed() ?? {},
            };
        }

        /** Tabs with something in them have a mark. */
        function showBadges() {
            TABS.filter(({ part }) => part && part !== "code").forEach(({ id, part }) => {
                const badges = $(`#red-ui-tab-${id} .red-ui-tabs-badges`).empty();
                if (textOf(part).trim() !== "") {
                    badges.append(cellblock.icon("file-code-o").css("display", "inline"));
                }
            });
        }

        function layOut() {
            const part = TABS.find(({ id }) => id === active)?.part;
            if (size && part) {
                // The name and the tabs stand above.
                const above = $("#code-block-tabs-content").offset().top - $("#dialog-form").offset().top;
                panes[part]?.resize(size.height - above - BELOW_PX);
            }
        }

        return {
            save() {
                Object.entries(panes).forEach(([part, pane]) => $(`#node-input-${part}`).val(pane.getValue()));
                if (settings !== null) {
                    settings.ports.save();
                    Object.assign(node, lists());
                }
            },
            close() {
                settings?.packages.stop();
                Object.values(panes).forEach((pane) => pane.destroy());
            },
            resize(to) {
                size = to;
                layOut();
            },
        };
    };

    /** A node of an earlier version doesn't have every setting yet. */
    function fillDefaults() {
        Object.entries({ language: ["python"], ...cellblock.CHOICES }).forEach(([name, [first]]) => {
            const select = $(`#node-input-${name}`);
            select.val(select.val() || first);
        });
    }

    function noteMissingService() {
        const show = () => $("#code-block-no-service").toggle(cellblock.chosenService() === "");
        $("#node-input-service").on("change", show);
        show();
    }

    /** A block that keeps its state works on one message at a time. */
    function tieOrderToState() {
        const order = $("#node-input-order");
        const keeps = $("#node-input-keepState");
        const tie = () => {
            if (keeps.prop("checked")) {
                order.val("in-order");
            }
            order.prop("disabled", keeps.prop("checked"));
        };
        keeps.on("change", tie);
        tie();
    }
})(window.CellblockEditor = window.CellblockEditor || {});
