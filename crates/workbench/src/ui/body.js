// A body's chunks as a table, and its content as text.

import { element } from "./dom.js";
import { bytes, count, duration } from "./words.js";

// A longer list of chunks is shortened to its first and last ones.
const ROWS = 50;

export function chunkTable({ chunks }) {
    if (chunks.length === 0) {
        return element("p", {}, "No chunk arrived.");
    }
    const row = (chunk, n) => {
        const gap = n === 0 ? "–" : duration(chunk.at - chunks[n - 1].at);
        const cells = [String(n + 1), duration(chunk.at), gap, bytes(chunk.size)];
        return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
    };
    const rows = chunks.map((chunk, n) => ({ chunk, n }));
    const left = rows.length - 2 * ROWS;
    const first = left > 0 ? rows.slice(0, ROWS) : rows;
    const last = left > 0 ? rows.slice(-ROWS) : [];
    const more = () => element("tr", {}, element("td", { colspan: 4 }, `… ${count(left, "chunk")} more …`));
    const between = left > 0 ? [more()] : [];
    const head = ["Chunk", "Arrived after", "Gap before", "Size"];
    return element("table", { class: "numbers" },
        element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, ...first.map(({ chunk, n }) => row(chunk, n)), ...between,
            ...last.map(({ chunk, n }) => row(chunk, n))));
}

/** The content as text, or in hexadecimal if it is not text. */
export function preview(content, size) {
    const more = content.length < size ? `\n… ${bytes(size - content.length)} more` : "";
    try {
        // The last character may be incomplete if only the beginning was kept.
        return new TextDecoder("utf-8", { fatal: true }).decode(content, { stream: more !== "" }) + more;
    } catch {
        const digits = [...content.subarray(0, 512)].map((byte) => byte.toString(16).padStart(2, "0"));
        const lines = [];
        for (let at = 0; at < digits.length; at += 16) {
            lines.push(digits.slice(at, at + 16).join(" "));
        }
        return lines.join("\n") + (size > 512 ? `\n… ${bytes(size - 512)} more` : "");
    }
}
