// The response as the server sent it.

import { byId, element } from "./dom.js";
import { fieldLine, Listing, noteLine, pieceLines } from "./listing.js";
import { bytes, count } from "./words.js";

export class Wire {
    #listing = new Listing(byId("wire"));

    clear() {
        this.#only("waiting for the server’s record");
    }

    /** `isProxied`: the other end of the wire is not this browser. */
    show(record, isProxied = false) {
        if (record.state === "unknown") {
            this.#only(record.why);
            return;
        }
        const { protocol, status, fields, data } = record;
        const frames = framesOf(record);
        this.#listing.subtitle = isProxied ? `${protocol}, between server and proxy` : protocol;
        this.#listing.set("head", frames.head, [
            protocol === "HTTP/1.1"
                ? element("li", {}, element("code", {}, `${protocol} ${status}`))
                : fieldLine(":status", status),
            ...fields.map(([name, value]) => fieldLine(name, value)),
        ]);
        const pieces = [...data.first, ...data.last].map(([at, size]) => ({ at, size }));
        this.#listing.set("data", `${frames.data}${bytes(data.bytes)} in ${count(data.pieces, frames.piece)}`,
            pieceLines(pieces, data.pieces));
        this.#listing.set("trailers", record.trailers === null ? "" : frames.trailers, trailerLines(record));
    }

    #only(note) {
        this.#listing.subtitle = "";
        this.#listing.clear();
        this.#listing.set("head", "", [noteLine(note)]);
    }
}

/** The names of the parts on the wire. */
function framesOf({ protocol, fields }) {
    const end = { "HTTP/3": "FIN", "HTTP/2": "END_STREAM" }[protocol];
    if (end !== undefined) {
        return { head: "HEADERS", data: "DATA, ", piece: "write", trailers: `HEADERS, ${end}` };
    }
    const isChunked = fields.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
    return { head: "", data: "", piece: isChunked ? "chunk" : "write", trailers: "after the last chunk" };
}

function trailerLines({ state, trailers, withheld, truncated }) {
    const lines = trailers === null
        ? [noteLine(reason(state, withheld))]
        : trailers.map(([name, value]) => fieldLine(name, value));
    return truncated ? [...lines, noteLine("The record leaves out fields of a large section.")] : lines;
}

/** Why there are no trailers. */
function reason(state, withheld) {
    switch (state) {
    case "running":
        return "not sent yet";
    case "cut":
        return "none: the transfer was cut";
    case "gone":
        return "none: the client left";
    default:
        return withheld === null ? "none" : `withheld (${withheld.replaceAll("`", "")})`;
    }
}
