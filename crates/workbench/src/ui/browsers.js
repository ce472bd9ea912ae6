// What each browser does: measured here, and results for others.

import { byId, element, prose } from "./dom.js";
import { proxyOf } from "./between.js";
import * as exports from "./exports.js";
import { finalRecord } from "./record.js";
import { send } from "./stream.js";
import { UNTOLD } from "./words.js";

// The statements about a browser, with their keys in `measured.json`.
const STATEMENTS = [
    ["streams", "A page can read a body while it arrives"],
    ["te", "`TE` field of its requests"],
    ["sent", "The server sends it trailers"],
    ["announced", "A page can read the `Trailer` header field"],
    ["header", "`serverTiming` has `Server-Timing` from the header section"],
    ["trailer", "`serverTiming` has `Server-Timing` from the trailer section"],
    ["others", "A page can read other trailers"],
    ["request", "A page can send trailers"],
    ["cut", "`fetch` reports a cut transfer"],
    ["before", "A page can read what came before the cut"],
    ["failure", "`fetch` reports a failure that only trailers report"],
    ["events", "A page receives the last server-sent event"],
];

const YES = "yes";
const NO = "no";
const PROXY = "unknown: a proxy is between";

function yesOrNo(is) {
    return is ? YES : NO;
}

/** What this browser does, by the keys of the statements, and the protocol it used. */
export async function measure(table) {
    const { streams, header, protocol } = await ofTransfers();
    const { te, sent, isProxied } = await ofTe();
    const results = {
        streams, te, sent: yesOrNo(sent), header,
        ...await ofTrailers(table, sent),
        request: await ofRequests(),
        ...await ofFailures(table),
        events: await ofEvents(table),
    };
    return { protocol, results: isProxied ? throughProxy(results) : results };
}

/** Without what may be the proxy's and not this browser's. */
function throughProxy(results) {
    const unclear = ["announced", "trailer", "others", "request", "failure"].filter((key) => results[key] !== YES);
    return { ...results, ...Object.fromEntries(["te", "sent", ...unclear].map((key) => [key, PROXY])) };
}

async function ofTransfers() {
    // Long enough that even a page that is still busy loading gets the first byte well before the second.
    const slow = await send({ target: "/bytes/2?chunk=1&delay=600" });
    const page = await send({ target: "/ui/icon.svg" });
    return {
        streams: yesOrNo(slow.state === "complete" && slow.ended - slow.chunks[0].at > 100),
        header: page.entry === null ? UNTOLD : yesOrNo(page.entry.serverTiming.some(({ name }) => name === "header")),
        protocol: slow.protocol,
    };
}

async function ofTe() {
    const exchange = await send({ target: "/te" });
    const { te, trailers } = JSON.parse(await exchange.whole());
    const isProxied = proxyOf(exchange, await finalRecord(exchange)) !== null;
    return { te: te === null ? "none" : `\`${te}\``, sent: trailers.sent, isProxied };
}

async function ofTrailers(table, sent) {
    const exchange = await exports.byTrailers(table, { limit: 1 });
    await exchange.answered();
    const announced = exchange.announced.includes("server-timing");
    const timing = exchange.serverTiming;
    const others = [...exchange.trailers.keys()].some((name) => name !== "server-timing");
    const ofSent = (is) => (is || sent ? yesOrNo(is) : "none sent");
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
    return trailer.length > 0 ? "announces them, sends none" : NO;
}

async function ofFailures(table) {
    const fails = { limit: 2, fail_at: 2 };
    let cut = await exports.byTrailers(table, fails);
    // Chromium sometimes loses data that it had not yet handed over.
    for (let again = 0; cut.state === "cut" && cut.bytes === 0 && again < 3; again += 1) {
        cut = await exports.byTrailers(table, fails);
    }
    const reported = await exports.byTrailers(table, { ...fails, fail: "trailer" });
    const isReported = reported.state === "cut" && reported.announced.length === 0
        ? "cut instead"
        : yesOrNo(reported.state !== "complete");
    if (cut.state === "complete") {
        throw new Error(`the table ${table} has no second row at which to fail`);
    }
    return {
        cut: cut.state === "cut" ? `yes: \`${cut.error.name}\`` : NO,
        before: yesOrNo(cut.bytes > 0),
        failure: isReported,
    };
}

async function ofEvents(table) {
    const { exchange } = await exports.byEvents(table, { limit: 1 }, () => {});
    return yesOrNo(exchange.state === "complete");
}

export function startBrowsers(measured, table) {
    const button = byId("measure");
    const status = byId("browsers-status");
    const versions = measured.browsers.map(({ name, version }) => `${name} ${version.split(".")[0]}`);
    byId("measured").textContent = `Measured on ${measured.date}: ${versions.join(" and ")}, over HTTP/3, HTTP/2 and HTTP/1.1. `
        + "Measured now: this browser.";
    const run = async () => {
        if (button.getAttribute("aria-disabled") === "true") {
            return;
        }
        button.setAttribute("aria-disabled", "true");
        status.dataset.state = "running";
        status.textContent = "Measuring this browser …";
        try {
            if (table === "") {
                throw new Error("there is no table to export");
            }
            const now = await measure(table);
            showTable(measured, now);
            button.textContent = "Measure this browser again";
            status.dataset.state = "complete";
            status.textContent = `This browser was measured over ${now.protocol}.`;
        } catch (error) {
            status.dataset.state = "failed";
            status.textContent = `Not measured: ${error.message}`;
        }
        button.removeAttribute("aria-disabled");
    };
    button.addEventListener("click", run);
    showTable(measured, { protocol: "", results: {} });
    return run();
}

/** A browser's result, or those of a protocol and of the others if they differ. */
function cell({ results }, key) {
    const protocols = Object.keys(results);
    const sharing = (result) => protocols.filter((protocol) => results[protocol][key] === result);
    const found = [...new Set(protocols.map((protocol) => results[protocol][key]))]
        .sort((a, b) => sharing(a).length - sharing(b).length);
    if (found.length === 1) {
        return prose(found[0]);
    }
    return found.map((result) => {
        const [first, ...more] = sharing(result);
        return element("span", { class: "of" }, `${more.length > 0 ? "others" : first}: `, ...prose(result));
    });
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
