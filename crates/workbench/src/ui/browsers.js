// What each browser does: measured here, and results for others.

import { byId, element, prose } from "./dom.js";
import * as exports from "./exports.js";
import { json, send } from "./stream.js";
import { UNTOLD } from "./words.js";

// The statements about a browser, with their keys in `measured.json`.
const STATEMENTS = [
    ["streams", "A page can read a body as it comes"],
    ["te", "`TE` of its requests"],
    ["sent", "This server sends it trailers"],
    ["announced", "A page can read `Trailer`, which announces them"],
    ["header", "`Server-Timing` in the header section is shown in `serverTiming`"],
    ["trailer", "`Server-Timing` as a trailer is shown in `serverTiming`"],
    ["others", "Any other trailer is shown to a page"],
    ["request", "A page can send trailers"],
    ["cut", "`fetch` tells of a transfer that is cut"],
    ["before", "What came before the cut can be read, or some of it"],
    ["failure", "`fetch` tells of a failure that only trailers tell"],
    ["events", "The last of server-sent events arrives"],
];

const YES = "yes";
const NO = "no";

function says(is) {
    return is ? YES : NO;
}

/** What this browser does, by the keys of the statements, and the protocol it used. */
export async function measure(table) {
    const { streams, header, protocol } = await ofTransfers();
    const { te, sent } = await ofTe();
    return {
        protocol,
        results: {
            streams, te, sent: says(sent), header,
            ...await ofTrailers(table, sent),
            request: await ofRequests(),
            ...await ofFailures(table),
            events: await ofEvents(table),
        },
    };
}

async function ofTransfers() {
    // Long enough that even a page that is still busy loading gets the first byte well before the second.
    const slow = await send({ target: "/bytes/2?chunk=1&delay=600" });
    const page = await send({ target: "/ui/icon.svg" });
    return {
        streams: says(slow.state === "complete" && slow.ended - slow.chunks[0].at > 100),
        header: page.entry === null ? UNTOLD : says(page.entry.serverTiming.some(({ name }) => name === "header")),
        protocol: slow.protocol,
    };
}

async function ofTe() {
    const { te, trailers } = await json("/te");
    return { te: te === null ? "none" : `\`${te}\``, sent: trailers.sent };
}

async function ofTrailers(table, sent) {
    const exchange = await exports.byTrailers(table, { limit: 1 });
    await exchange.answered();
    const announced = exchange.announced.includes("server-timing");
    const timing = exchange.serverTiming;
    const others = [...exchange.trailers.keys()].some((name) => name !== "server-timing");
    const ofSent = (is) => (is || sent ? says(is) : "none is sent");
    return {
        announced: ofSent(announced),
        trailer: timing === null ? UNTOLD : ofSent(timing.some(({ name }) => name === "total")),
        others: ofSent(others),
    };
}

/** Tries every way that might send trailers. */
async function ofRequests() {
    const exchange = await send({
        method: "POST", target: "/inspect", content: "hello", fields: { trailer: "x-sum", te: "trailers" },
    });
    const { trailer, trailers } = JSON.parse(await exchange.text());
    if (trailers.length > 0) {
        return YES;
    }
    return trailer.length > 0 ? "announces them, but sends none" : NO;
}

async function ofFailures(table) {
    const fails = { limit: 2, fail_at: 2 };
    let cut = await exports.byTrailers(table, fails);
    // Chromium sometimes loses data that it had not yet handed over.
    for (let again = 0; cut.state === "cut" && cut.bytes === 0 && again < 3; again += 1) {
        cut = await exports.byTrailers(table, fails);
    }
    const told = await exports.byTrailers(table, { ...fails, fail: "trailer" });
    const isTold = told.state === "cut" && told.announced.length === 0
        ? "it is cut instead: no trailer is sent"
        : says(told.state !== "complete");
    if (cut.state === "complete") {
        throw new Error(`the table ${table} has no second row at which to fail`);
    }
    return {
        cut: cut.state === "cut" ? `yes: \`${cut.error.name}\`` : NO,
        before: says(cut.bytes > 0),
        failure: isTold,
    };
}

async function ofEvents(table) {
    const { exchange } = await exports.byEvents(table, { limit: 1 }, () => {});
    return says(exchange.state === "complete");
}

export function startBrowsers(measured, table) {
    const button = byId("measure");
    const status = byId("browsers-status");
    const versions = measured.browsers.map(({ name, version }) => `${name} ${version}`);
    byId("measured").textContent =
        `Measured, not wished: ${versions.join(" and ")} on ${measured.date}, each over HTTP/2 and HTTP/1.1, `
        + "and this browser now.";
    const run = async () => {
        if (button.getAttribute("aria-disabled") === "true") {
            return;
        }
        button.setAttribute("aria-disabled", "true");
        status.dataset.state = "running";
        status.textContent = "Measuring this browser …";
        try {
            if (table === "") {
                throw new Error("no table is known that could be exported");
            }
            const now = await measure(table);
            showTable(measured, now);
            status.dataset.state = "complete";
            status.textContent = `This browser was measured over ${now.protocol}.`;
        } catch (error) {
            status.dataset.state = "failed";
            status.textContent = `This browser could not be measured: ${error.message}`;
        }
        button.removeAttribute("aria-disabled");
    };
    button.addEventListener("click", run);
    showTable(measured, { protocol: "", results: {} });
    return run();
}

/** A browser's result for each protocol, or one result if they are the same. */
function cell({ results }, key) {
    const [[first, value], ...others] = Object.entries(results).map(([protocol, all]) => [protocol, all[key]]);
    if (others.every(([, other]) => other === value)) {
        return prose(value);
    }
    return [[first, value], ...others].map(([protocol, said]) =>
        element("span", { class: "over" }, element("span", { class: "quiet" }, `${protocol}: `), ...prose(said)));
}

function showTable(measured, now) {
    const here = now.protocol === "" ? "This browser" : `This browser, ${now.protocol}`;
    const heads = ["", ...measured.browsers.map(({ name }) => name), here];
    // On a narrow screen the table is displayed as blocks, so it needs explicit roles.
    const row = ([key, statement]) => element("tr", { role: "row" },
        element("th", { scope: "row", role: "rowheader" }, ...prose(statement)),
        ...measured.browsers.map((browser, n) => element(
            "td", { role: "cell", "data-head": heads[n + 1] }, element("div", {}, ...cell(browser, key)))),
        element("td", { role: "cell", "data-head": "This browser", "data-key": key, class: "here" },
            element("div", {}, ...prose(now.results[key] ?? "…"))));
    const head = (name, n) => n === 0
        ? element("td", { role: "cell" })
        : element("th", { scope: "col", role: "columnheader" }, name);
    byId("browsers-table").replaceChildren(element(
        "table", { class: "browsers", role: "table", "aria-labelledby": "browsers-title" },
        element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads.map(head))),
        element("tbody", { role: "rowgroup" }, ...STATEMENTS.map(row)),
    ));
}
