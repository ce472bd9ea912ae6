// How a failure in the middle appears to a page.

import { Card, onRun } from "./card.js";
import { byId, element, labelled } from "./dom.js";
import * as exports from "./exports.js";
import { bytes, count, failure } from "./words.js";

export function startCuts(tableControl) {
    const table = tableControl("cuts-table");
    const row = element("input", {
        id: "cuts-row", type: "number", min: 1, step: 1, value: 1500, required: true, inputmode: "numeric",
    });
    const list = byId("cuts-cards");
    const cards = {
        reset: new Card(list, {
            name: "reset", title: "The transfer is broken",
            why: "Every client sees that. Over HTTP/2 the stream is reset with `INTERNAL_ERROR`, over HTTP/1.1 the last "
                + "chunk is missing. What came right before may be lost.",
        }),
        trailer: new Card(list, {
            name: "trailer", title: "Trailers tell it",
            why: "A whole message with `grpc-status` and `grpc-message` behind it, as gRPC does. Who does not read "
                + "trailers takes a part for the whole.",
        }),
        second: new Card(list, {
            name: "second", title: "A second request", isDrawn: false,
            why: "The server tells of the broken transfer above, and why it broke.",
        }),
        events: new Card(list, {
            name: "events", title: "Server-sent events",
            why: "The last event says `failed` and not `end`.",
        }),
        body: new Card(list, {
            name: "body", title: "Metadata in the body",
            why: "The document is closed, and its metadata have the error in the place of a checksum.",
        }),
    };
    onRun("cuts", [labelled("Table", table), labelled("Fails at row", row)], cards, () =>
        run(cards, table.value, row.value));
}

async function run(cards, table, row) {
    const query = { fail_at: row };
    const broken = await streamed(cards.reset, table, query);
    if (broken.state === "complete") {
        return ["failed", `Nothing failed: the table ${table} has no row ${row}.`];
    }
    await second(cards.second, broken);
    await streamed(cards.trailer, table, { ...query, fail: "trailer" });
    await byEvents(cards.events, table, { ...query, fail: "trailer" });
    await inBody(cards.body, table, { ...query, fail: "trailer" });
    return ["cut", `Cut after ${bytes(broken.bytes)}: fetch says “${failure(broken.error)}”.`];
}

function received(exchange, lines) {
    return ["received", "Received", `${bytes(exchange.bytes)}, ${count(exports.rowsIn(lines), "row")}`];
}

function promise(exchange) {
    const { response, state, error } = exchange;
    const what = state === "cut" ? `then reading fails with ${failure(error)}` : "then the content ends well";
    return ["fetch", "What fetch says", `${response.status}, ${what}`];
}

async function streamed(card, table, query) {
    card.asks(exports.target(table, "", { format: "ndjson", ...query }));
    const exchange = await exports.byTrailers(table, query, (now) => card.show(now));
    await exchange.answered();
    const said = exchange.trailers.get("grpc-message");
    const hidden = exchange.state === "cut"
        ? "not told: only the break can be seen"
        : "not shown by this browser: trailers say it";
    card.tells(exchange.state, [
        promise(exchange),
        received(exchange, await exchange.text()),
        ["why", "Why", said === undefined ? hidden : decodeURIComponent(said)],
    ]);
    return exchange;
}

async function second(card, broken) {
    const id = broken.field("x-export-id");
    card.asks(`/exports/${id}`);
    const account = await exports.bySecondRequest(id);
    card.tells(account.state, [
        ["state", "State", account.state],
        ["received", "Sent", `${bytes(account.bytes)}, ${count(account.rows, "row")}`],
        ["why", "Why", account.reason ?? "not told"],
    ]);
}

async function byEvents(card, table, query) {
    card.asks(exports.target(table, "/events", query));
    const { exchange, last } = await exports.byEvents(table, query, (now) => card.show(now));
    await exchange.answered();
    const why = last?.["grpc-message"];
    card.tells(exchange.state, [
        ["fetch", "What EventSource says", last === null ? "error" : "an event: failed"],
        received(exchange, await exchange.text()),
        ["why", "Why", why === undefined ? "not told" : decodeURIComponent(why)],
    ]);
}

async function inBody(card, table, query) {
    card.asks(exports.target(table, "", { ...query, metadata: "body" }));
    const exchange = await exports.inBody(table, query, (now) => card.show(now));
    await exchange.answered();
    const text = await exchange.text();
    const isWhole = exchange.state === "complete";
    const { rows, metadata } = isWhole ? exports.parted(text) : { rows: text, metadata: {} };
    card.tells(metadata.error === undefined ? exchange.state : "failed", [
        promise(exchange),
        received(exchange, exports.asLines(rows)),
        ["why", "Why", metadata.error ?? "not told"],
    ]);
}
