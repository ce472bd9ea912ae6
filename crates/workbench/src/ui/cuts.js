// How a failure in the middle appears to a page.

import { Card, onRun } from "./card.js";
import { byId, labelled, numberInput } from "./dom.js";
import * as exports from "./exports.js";
import { finalRecord } from "./record.js";
import { trailersOf } from "./shown.js";
import { Scale } from "./timeline.js";
import { bytes, count, failure, HIDDEN } from "./words.js";

export function startCuts(tableControl) {
    const table = tableControl("cuts-table");
    const row = numberInput("cuts-row", { min: 1, value: 1500, required: true });
    const list = byId("cuts-cards");
    const scale = new Scale();
    const cards = {
        cut: new Card(list, {
            name: "cut", title: "Cut transfer", scale,
            why: "A client can tell that it was cut, but not why. HTTP/3: `RESET_STREAM`; HTTP/2: `RST_STREAM`; HTTP/1.1: no last "
                + "chunk.",
        }),
        trailer: new Card(list, {
            name: "trailer", title: "Trailers", scale, flags: 3,
            why: "`grpc-status` and `grpc-message`, as in gRPC. A client that does not read trailers reports success.",
        }),
        second: new Card(list, {
            name: "second", title: "A second request",
            why: "The server reports why the transfer above was cut.",
        }),
        events: new Card(list, {
            name: "events", title: "Server-sent events", scale,
            why: "The last event is `failed` instead of `end`.",
        }),
        body: new Card(list, {
            name: "body", title: "Metadata in the body", scale,
            why: "The document is complete, with an error instead of a checksum.",
        }),
    };
    onRun("cuts", [labelled("Table", table), labelled("Fail at row", row)], cards, () =>
        run(cards, table.value, row.value));
}

async function run(cards, table, row) {
    const query = { fail_at: row };
    const cut = await byCut(cards.cut, table, query);
    if (cut.state === "complete") {
        return ["failed", `Nothing failed: the table ${table} has no row ${row}.`];
    }
    await second(cards.second, cut);
    await byTrailers(cards.trailer, table, { ...query, fail: "trailer" });
    await byEvents(cards.events, table, { ...query, fail: "trailer" });
    await inBody(cards.body, table, { ...query, fail: "trailer" });
    return ["done", `Each export failed at row ${row}.`];
}

function received(exchange, lines) {
    const size = ["received", "Received", `${bytes(exchange.bytes)}, ${count(exports.rowsIn(lines), "row")}`];
    return exchange.state === "cut" && exchange.bytes === 0
        ? [size, ["lost", "Lost", "this browser sometimes drops what came just before a cut"]]
        : [size];
}

function promise(exchange) {
    const { response, state, error } = exchange;
    return ["fetch", "fetch", state === "cut" ? failure(error) : `${response.status}, success`];
}

async function byCut(card, table, query) {
    card.starts(exports.target(table, "", { format: "ndjson", ...query }));
    const exchange = await exports.byTrailers(table, query, (now) => card.show(now));
    await exchange.answered();
    card.ends(exchange.state, [
        promise(exchange),
        ...received(exchange, await exchange.text()),
        ["why", "Reason", "none"],
    ], exchange);
    return exchange;
}

async function byTrailers(card, table, query) {
    card.starts(exports.target(table, "", { format: "ndjson", ...query }));
    const exchange = await exports.byTrailers(table, query, (now) => card.show(now));
    await exchange.answered();
    const record = await finalRecord(exchange);
    const reason = exchange.trailers.get("grpc-message");
    // If the server may not send trailers, it cuts the transfer.
    const hidden = exchange.state === "cut" ? "none" : HIDDEN;
    const isHidden = reason === undefined && exchange.state === "complete";
    card.ends(isHidden ? "lies" : exchange.state === "complete" ? "failed" : exchange.state, [
        promise(exchange),
        ...received(exchange, await exchange.text()),
        ["why", "Reason", reason === undefined ? hidden : decodeURIComponent(reason)],
    ], exchange, trailersOf(exchange, record));
}

async function second(card, cut) {
    const id = cut.field("x-export-id");
    card.starts(`/exports/${id}`);
    const account = await exports.bySecondRequest(id);
    card.ends(account.state, [
        ["state", "State", account.state],
        ["received", "Sent", `${bytes(account.bytes)}, ${count(account.rows, "row")}`],
        ["why", "Reason", account.reason ?? "none"],
    ]);
}

async function byEvents(card, table, query) {
    card.starts(exports.target(table, "/events", query));
    const { exchange, last } = await exports.byEvents(table, query, (now) => card.show(now));
    await exchange.answered();
    const why = last?.["grpc-message"];
    card.ends(exchange.state, [
        ["fetch", "EventSource", last === null ? "error" : "event: failed"],
        ...received(exchange, await exchange.text()),
        ["why", "Reason", why === undefined ? "none" : decodeURIComponent(why)],
    ], exchange);
}

async function inBody(card, table, query) {
    card.starts(exports.target(table, "", { ...query, metadata: "body" }));
    const exchange = await exports.inBody(table, query, (now) => card.show(now));
    await exchange.answered();
    const text = await exchange.text();
    const isWhole = exchange.state === "complete";
    const { rows, metadata } = isWhole ? exports.parted(text) : { rows: text, metadata: {} };
    card.ends(metadata.error === undefined ? exchange.state : "failed", [
        promise(exchange),
        ...received(exchange, exports.asLines(rows)),
        ["why", "Reason", metadata.error ?? "none"],
    ], exchange);
}
