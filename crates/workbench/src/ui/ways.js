// The same export with trailers and by the alternatives.

import { Card, onRun } from "./card.js";
import { byId, element, labelled } from "./dom.js";
import * as exports from "./exports.js";
import { count, parsedTimings, timings, UNTOLD } from "./words.js";

const HIDDEN = "not shown by this browser";

export function startWays(tableControl) {
    const table = tableControl("ways-table");
    const rows = element("input", {
        id: "ways-rows", type: "number", min: 0, max: 50_000, step: 1, value: 2000, required: true,
        inputmode: "numeric",
    });
    const list = byId("ways-cards");
    const cards = {
        trailers: new Card(list, {
            name: "trailers", title: "Trailers",
            why: "The content stays as it is. What is said behind it reaches clients that read trailers; a page may see "
                + "`Server-Timing`.",
        }),
        second: new Card(list, {
            name: "second", title: "A second request", isDrawn: false,
            why: "The same trailers, asked for by the export's `X-Export-Id`. It costs a request, and the server "
                + "remembers.",
        }),
        events: new Card(list, {
            name: "events", title: "Server-sent events",
            why: "The rows as events for `EventSource`, with progress, and a last event that says what the trailers "
                + "would.",
        }),
        body: new Card(list, {
            name: "body", title: "Metadata in the body",
            why: "One JSON document. Whoever parses it whole keeps all of it in memory; the checksum covers one member's "
                + "bytes.",
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
    const isSame = all.every(({ lines, told }) => lines === first.lines && told === exports.rowsIn(lines));
    const rows = count(first.told, "row");
    return isSame && all.every(({ holds }) => holds)
        ? ["complete", `All agree: ${rows}, the same by each way, and each digest fits what arrived.`]
        : ["failed", "They do not agree: see below."];
}

async function trailersAndSecond({ trailers, second }, table, limit) {
    const query = { limit };
    trailers.asks(exports.target(table, "", { format: "ndjson", ...query }));
    const exchange = await exports.byTrailers(table, query, (now) => trailers.show(now));
    const lines = await exchange.whole();
    const shown = exchange.trailers;
    const rows = shown.get("x-row-count");
    const timing = exchange.serverTiming;
    const untimed = timing === null ? UNTOLD : HIDDEN;
    trailers.tells("complete", [
        ["rows", "Rows, as told", rows === undefined ? HIDDEN : count(Number(rows), "row")],
        ["received", "Rows received", count(exports.rowsIn(lines), "row")],
        ["digest", "Digest, as told", shown.get("content-digest") ?? HIDDEN],
        ["timing", "Timing, as told", timing?.length > 0
            ? timings(timing)
            : shown.get("server-timing") ?? untimed],
    ]);

    const id = exchange.field("x-export-id");
    second.asks(`/exports/${id}`);
    const account = await exports.bySecondRequest(id);
    if (account.trailers === null) {
        throw new Error(`the server says that the export is ${account.state}`);
    }
    const { "x-row-count": told, "content-digest": digest, "server-timing": took } = account.trailers;
    return compared(second, lines, lines, { told: Number(told), digest, took: timings(parsedTimings(took)) });
}

async function byEvents(card, table, limit) {
    card.asks(exports.target(table, "/events", { limit }));
    const { exchange, last } = await exports.byEvents(table, { limit }, (now) => card.show(now));
    const lines = await exchange.whole();
    const { "x-row-count": told, "content-digest": digest, "server-timing": took } = last;
    return compared(card, lines, lines, { told: Number(told), digest, took: timings(parsedTimings(took)) });
}

async function inBody(card, table, limit) {
    card.asks(exports.target(table, "", { limit, metadata: "body" }));
    const exchange = await exports.inBody(table, { limit }, (now) => card.show(now));
    const { rows, metadata } = exports.parted(await exchange.whole());
    const { processedRows: told, checksum: digest, durationMs } = metadata;
    const took = timings([{ name: "total", duration: durationMs }]);
    return compared(card, exports.asLines(rows), rows, { told, digest, took });
}

/** Compares the metadata with the content. `covered` is what the digest covers. */
async function compared(card, lines, covered, { told, digest, took }) {
    const holds = digest === await exports.digest(covered);
    const verdict = holds
        ? element("span", { class: "good" }, "✓ fits what arrived")
        : element("span", { class: "bad" }, "✗ does not fit what arrived");
    card.tells(holds ? "complete" : "failed", [
        ["rows", "Rows, as told", count(told, "row")],
        ["received", "Rows received", count(exports.rowsIn(lines), "row")],
        ["digest", "Digest, as told", [element("code", {}, digest), " ", verdict]],
        ["timing", "Timing, as told", took],
    ]);
    return { lines, told, holds };
}
