// The same export with trailers and by the alternatives.

import { Card, onRun } from "./card.js";
import { byId, element, labelled } from "./dom.js";
import * as exports from "./exports.js";
import { finalRecord } from "./record.js";
import { trailersOf } from "./shown.js";
import { Scale } from "./timeline.js";
import { count, parsedTimings, timings, UNTOLD } from "./words.js";

const HIDDEN = "not shown by this browser";

export function startWays(tableControl) {
    const table = tableControl("ways-table");
    const rows = element("input", {
        id: "ways-rows", type: "number", min: 0, max: 50_000, step: 1, value: 2000, required: true,
        inputmode: "numeric",
    });
    const list = byId("ways-cards");
    const scale = new Scale();
    const cards = {
        trailers: new Card(list, {
            name: "trailers", title: "Trailers", scale, flags: 3,
            why: "The content stays as it is. A page sees at most `Server-Timing`; other clients can read all.",
        }),
        second: new Card(list, {
            name: "second", title: "A second request",
            why: "The same values by the export’s `X-Export-Id`. It costs a request and memory of the server.",
        }),
        events: new Card(list, {
            name: "events", title: "Server-sent events", scale,
            why: "The rows as events for `EventSource`. The last event has the same values.",
        }),
        body: new Card(list, {
            name: "body", title: "Metadata in the body", scale,
            why: "One JSON document. A client must parse all of it before it has the values.",
        }),
    };
    onRun("ways", [labelled("Table", table), labelled("Rows", rows)], cards, () =>
        run(cards, table.value, rows.value));
}

async function run(cards, table, limit) {
    const first = await trailersAndSecond(cards, table, limit);
    const events = await byEvents(cards.events, table, limit);
    const body = await inBody(cards.body, table, limit);
    const all = [first, events, body];
    const isSame = all.every(({ lines, reported }) =>
        lines === first.lines && reported === exports.rowsIn(lines));
    const rows = count(first.reported, "row");
    return isSame && all.every(({ matches }) => matches)
        ? ["complete", `All agree: ${rows} each, and each digest matches.`]
        : ["lies", "They do not agree."];
}

async function trailersAndSecond({ trailers, second }, table, limit) {
    const query = { limit };
    trailers.asks(exports.target(table, "", { format: "ndjson", ...query }));
    const exchange = await exports.byTrailers(table, query, (now) => trailers.show(now));
    const lines = await exchange.whole();
    const sent = trailersOf(exchange, await finalRecord(exchange));
    const shown = exchange.trailers;
    const rows = shown.get("x-row-count");
    const timing = exchange.serverTiming;
    const untimed = timing === null ? UNTOLD : HIDDEN;
    trailers.ends("complete", [
        ["rows", "Reported", rows === undefined ? HIDDEN : count(Number(rows), "row")],
        ["received", "Received", count(exports.rowsIn(lines), "row")],
        ["digest", "Digest", shown.get("content-digest") ?? HIDDEN],
        ["timing", "Timing", timing?.length > 0 ? timings(timing) : shown.get("server-timing") ?? untimed],
    ], exchange, sent);

    const id = exchange.field("x-export-id");
    second.asks(`/exports/${id}`);
    const account = await exports.bySecondRequest(id);
    if (account.trailers === null) {
        throw new Error(`the server reports the export as ${account.state}`);
    }
    return compared(second, lines, lines, ofTrailers(account.trailers));
}

async function byEvents(card, table, limit) {
    card.asks(exports.target(table, "/events", { limit }));
    const { exchange, last } = await exports.byEvents(table, { limit }, (now) => card.show(now));
    const lines = await exchange.whole();
    return compared(card, lines, lines, ofTrailers(last), exchange);
}

async function inBody(card, table, limit) {
    card.asks(exports.target(table, "", { limit, metadata: "body" }));
    const exchange = await exports.inBody(table, { limit }, (now) => card.show(now));
    const { rows, metadata } = exports.parted(await exchange.whole());
    const { processedRows: reported, checksum: digest, durationMs } = metadata;
    const took = timings([{ name: "total", duration: durationMs }]);
    return compared(card, exports.asLines(rows), rows, { reported, digest, took }, exchange);
}

function ofTrailers({ "x-row-count": reported, "content-digest": digest, "server-timing": took }) {
    return { reported: Number(reported), digest, took: timings(parsedTimings(took)) };
}

/** Compares the metadata with the content. `covered` is what the digest covers. */
async function compared(card, lines, covered, { reported, digest, took }, exchange) {
    const matches = digest === await exports.digest(covered);
    const result = matches
        ? element("span", { class: "good" }, "✓ matches")
        : element("span", { class: "bad" }, "✗ does not match");
    card.ends(matches ? "complete" : "lies", [
        ["rows", "Reported", count(reported, "row")],
        ["received", "Received", count(exports.rowsIn(lines), "row")],
        ["digest", "Digest", [element("code", {}, digest), " ", result]],
        ["timing", "Timing", took],
    ], exchange);
    return { lines, reported, matches };
}
