// Asks the server for its routes and tables, and starts the sections.

import { Attempt } from "./attempt.js";
import { startBrowsers } from "./browsers.js";
import { startCuts } from "./cuts.js";
import { byId, element, options, prose } from "./dom.js";
import { json } from "./stream.js";
import { startWays } from "./ways.js";

function listRoutes(routes, attempt) {
    const items = routes.map((route) => {
        const name = `${route.method} ${route.path}`;
        const button = element("button", { type: "button", "aria-label": `Try ${name}` }, "Try it");
        button.addEventListener("click", () => {
            attempt.choose(route);
            byId("attempt").scrollIntoView();
            byId("run").focus({ preventScroll: true });
        });
        const details = [
            ["Trailers", route.trailers.join(", ")],
            ["Parameters", route.parameters.join(", ")],
        ].filter(([, value]) => value !== "");
        return element("li", {},
            element("h3", {}, element("code", {}, name)),
            element("p", {}, ...prose(route.shows)),
            ...details.map(([term, value]) =>
                element("p", { class: "hint" }, `${term}: `, element("code", {}, value))),
            ...(route.bounds === "" ? [] : [element("p", { class: "hint" }, "Bounds: ", ...prose(route.bounds))]),
            button);
    });
    byId("routes-list").replaceChildren(...items);
}

function alarm(text) {
    byId("alarm").append(element("span", {}, text));
    byId("alarm").hidden = false;
}

async function start() {
    const [{ routes }, measured, tables] = await Promise.all([
        json("/help"),
        json("/ui/measured.json"),
        json("/export").then(({ tables }) => tables.map(({ name }) => name)).catch((error) => {
            alarm(`The tables are not known: ${error.message}.`);
            return [];
        }),
    ]);
    // In the sample, `orders` has the most rows.
    const preferred = tables.includes("orders") ? "orders" : (tables[0] ?? "");
    const tableControl = (id, wanted = preferred) => {
        if (tables.length === 0) {
            return element("input", { id, required: true, value: wanted });
        }
        const select = element("select", { id, required: true });
        options(select, tables);
        select.value = tables.includes(wanted) ? wanted : preferred;
        return select;
    };
    listRoutes(routes, new Attempt(routes, tableControl));
    startWays(tableControl);
    startCuts(tableControl);
    await startBrowsers(measured, preferred);
}

start().catch((error) =>
    alarm(`The page could not start: ${error.message}. Is the server there? Load the page again.`));
