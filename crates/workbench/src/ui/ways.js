// The same export with trailers and by the alternatives.

import { Card, onRun } from "./card.js";
import { byId, element, labelled, numberInput } from "./dom.js";
import * as exports from "./exports.js";
import { finalRecord } from "./record.js";
import { trailersOf } from "./shown.js";
import { Scale } from "./timeline.js";
import { count, HIDDEN, parsedTimings, timings, UNTOLD } from "./words.js";

export function startWays(tableControl) {
    const table = tableControl("ways-table");
    const rows = numberInput("ways-rows", { max: 50_000, value: 2000, required: true });
    const list = byId("ways-cards");
    const scale = new Scale();
    const cards = {
        trailers: new Card(list, {
            name: "trailers", title: "Trailers", scale, flags: 3,
            why: "The content stays as it is. Programs can read all trailers, pages at most `Server-Timing`.",
        }),
        second: new Card(list, {
            name: "second", title: "A second request",
            why: "It returns the values for the `X-Export-Id` of the export above. The server must keep them.",
        }),
        events: new Card(list, {
            name: "events", title: "Server-sent events", scale,
            why: "The rows as events for `EventSource`. The last event has the same values.",
        }),
        body: new Card(list, {
            name: "body", title: "Metadata in the body", scale,
            why: "A client must parse the JSON document to get the values. The digest covers the rows as JSON.",
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
    if (!isSame || first.shownMatches === false || !all.every(({ matches }) => matches)) {
        return ["lies", "They do not agree."];
    }
    const rows = `The same ${count(first.reported, "row")} each time.`;
    return ["complete", first.shownMatches
        ? `${rows} All four digests match.`
        : `${rows} Three digests match; that in the trailers is ${HIDDEN}.`];
}

async function trailersAndSecond({ trailers, second }, table, limit) {
    const query = { limit };
    trailers.starts(exports.target(table, "", { format: "ndjson", ...query }));
    const exchange = await exports.byTrailers(table, query, (now) => trailers.show(now));
    const lines = await exchange.whole();
    const sent = trailersOf(exchange, await finalRecord(exchange));
    const shown = exchange.trailers;
    const rows = shown.get("x-row-count");
    const digest = shown.get("content-digest");
    const shownMatches = digest === undefined ? null : digest === await exports.digest(lines);
    const timing = exchange.serverTiming;
    const untimed = timing === null ? UNTOLD : HIDDEN;
    trailers.ends(shownMatches === false ? "lies" : "complete", [
        ["rows", "Reported", rows === undefined ? HIDDEN : count(Number(rows), "row")],
        ["received", "Received", count(exports.rowsIn(lines), "row")],
        ["digest", "Digest", digest === undefined ? HIDDEN : checked(digest, shownMatches)],
        ["timing", "Timing", timing?.length > 0 ? timings(timing) : shown.get("server-timing") ?? untimed],
    ], exchange, sent);

    const id = exchange.field("x-export-id");
    second.starts(`/exports/${id}`);
    const account = await exports.bySecondRequest(id);
    if (account.trailers === null) {
        throw new Error(`the server reports the export as ${account.state}`);
    }
    const result = await compared(second, lines, lines, ofTrailers(account.trailers));
    return { ...result, shownMatches };
}

async function byEvents(card, table, limit) {
    card.starts(exports.target(table, "/events", { limit }));
    const { exchange, last } = await exports.byEvents(table, { limit }, (now) => card.show(now));
    const lines = await exchange.whole();
    return compared(card, lines, lines, ofTrailers(last), exchange);
}

async function inBody(card, table, limit) {
    card.starts(exports.target(table, "", { limit, metadata: "body" }));
    const exchange = await exports.inBody(table, { limit }, (now) => card.show(now));
    const { rows, metadata } = exports.parted(await exchange.whole());
    const { processedRows: reported, checksum: digest, durationMs } = metadata;
    const took = timings([{ name: "total", duration: durationMs }]);
    return compared(card, exports.asLines(rows), rows, { reported, digest, took }, exchange);
}

function ofTrailers({ "x-row-count": reported, "content-digest": digest, "server-timing": took }) {
    return { reported: Number(reported), digest, took: timings(parsedTimings(took)) };
}

function checked(digest, matches) {
    const result = matches
        ? element("span", { class: "good" }, "✓ matches")
        : element("span", { class: "bad" }, "✗ does not match");
    return [element("code", {}, digest), " ", result];
}

/** Compares the metadata with the content. `covered` is what the digest covers. */
async function compared(card, lines, covered, { reported, digest, took }, exchange = null) {
    const matches = digest === await exports.digest(covered);
    card.ends(matches ? "complete" : "lies", [
        ["rows", "Reported", count(reported, "row")],
        ["received", exchange === null ? "In export" : "Received", count(exports.rowsIn(lines), "row")],
        ["digest", "Digest", checked(digest, matches)],
        ["timing", "Timing", took],
    ], exchange);
    return { lines, reported, matches };
}
