// The response as the server sent it.

import { byId, element } from "./dom.js";
import { fieldLine, Listing, noteLine, pieceLines } from "./listing.js";
import { bytes, count } from "./words.js";

export class Wire {
    #listing = new Listing(byId("wire"));

    clear() {
        this.#listing.subtitle = "";
        for (const part of ["head", "data", "trailers"]) {
            this.#listing.set(part, "", []);
        }
    }

    show(record) {
        const { protocol, status, fields, data } = record;
        const frames = framesOf(record);
        this.#listing.subtitle = protocol;
        this.#listing.set("head", frames.head, [
            protocol === "HTTP/2"
                ? fieldLine(":status", status)
                : element("li", {}, element("code", {}, `${protocol} ${status}`)),
            ...fields.map(([name, value]) => fieldLine(name, value)),
        ]);
        const pieces = [...data.first, ...data.last].map(([at, size]) => ({ at, size }));
        this.#listing.set("data", `${frames.data} ${bytes(data.bytes)} in ${count(data.pieces, "piece")}`,
            pieceLines(pieces, data.pieces));
        this.#listing.set("trailers", record.trailers === null ? "" : frames.trailers, trailerLines(record));
    }

    /** For a response that the server has no record of. */
    unknown() {
        this.clear();
        this.#listing.set("head", "", [noteLine("The server has no record of this request.")]);
    }
}

/** The names of the parts on the wire. */
function framesOf({ protocol, fields }) {
    if (protocol === "HTTP/2") {
        return { head: "HEADERS", data: "DATA", trailers: "HEADERS, END_STREAM" };
    }
    const isChunked = fields.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
    return { head: "", data: isChunked ? "chunked," : "", trailers: "after the last chunk" };
}

function trailerLines({ state, trailers, withheld }) {
    if (trailers !== null) {
        return trailers.map(([name, value]) => fieldLine(name, value));
    }
    if (state === "running") {
        return [noteLine("not sent yet")];
    }
    if (state === "cut") {
        return [noteLine("none: the transfer was cut")];
    }
    return [noteLine(withheld === null ? "none" : `withheld (${withheld.replaceAll("`", "")})`)];
}
