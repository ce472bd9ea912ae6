// Asks the server for its routes and tables, runs a first export, and starts the sections.

import { agentName } from "./agent.js";
import { Attempt } from "./attempt.js";
import { startBrowsers } from "./browsers.js";
import { startCuts } from "./cuts.js";
import { byId, choice, element } from "./dom.js";
import { startFolds } from "./folds.js";
import { RequestForm } from "./form.js";
import { json } from "./stream.js";
import { startWays } from "./ways.js";
import { protocolOf } from "./words.js";

function alarm(text) {
    byId("alarm").append(element("span", {}, text));
    byId("alarm").hidden = false;
}

async function start() {
    startFolds();
    const [navigation] = performance.getEntriesByType("navigation");
    byId("came").textContent = `This page came over ${protocolOf(navigation)}.`;
    byId("check").textContent = `axum-trailers check ${location.origin}/`;
    const [{ routes }, measured, tables] = await Promise.all([
        json("/help"),
        json("/ui/measured.json"),
        json("/export").then(({ tables }) => tables.map(({ name }) => name)).catch((error) => {
            alarm(`The tables are unknown: ${error.message}.`);
            return [];
        }),
    ]);
    // In the sample, `orders` has the most rows.
    const preferred = tables.includes("orders") ? "orders" : (tables[0] ?? "");
    const tableControl = (id, wanted = preferred) => {
        if (tables.length === 0) {
            return element("input", { id, required: true, value: wanted });
        }
        const select = choice(id, tables);
        select.value = tables.includes(wanted) ? wanted : preferred;
        return select;
    };
    const attempt = new Attempt(agentName(), new RequestForm(routes, tableControl));
    startWays(tableControl);
    startCuts(tableControl);
    // One after the other, so they do not disturb each other's times.
    await attempt.start(tables.length > 0 ? "Export" : "Two chunks");
    await startBrowsers(measured, preferred);
}

start().catch((error) => alarm(`The page did not start: ${error.message}. Reload it.`));
