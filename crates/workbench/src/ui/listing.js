// A message as a listing: its header section, its data and its trailer section.

import { element } from "./dom.js";
import { bytes, count, duration } from "./words.js";

// Up to this many pieces are listed; of more, the first ones and the last one.
const LISTED = 3;

const PARTS = [["head", "Header section"], ["data", "Content"], ["trailers", "Trailer section"]];

export class Listing {
    #panel;
    #parts = {};

    constructor(panel) {
        this.#panel = panel;
        for (const [part, title] of PARTS) {
            const list = element("ul", { class: "lines" });
            const note = element("code", { class: "quiet" });
            const heading = element("h4", {}, title, " ", note);
            panel.append(element("div", { class: "part", "data-part": part }, heading, list));
            this.#parts[part] = { list, note };
        }
    }

    set subtitle(text) {
        const heading = this.#panel.querySelector("h3");
        heading.querySelector("span")?.remove();
        heading.append(element("span", { class: "quiet" }, ` ${text}`));
    }

    clear() {
        Object.keys(this.#parts).forEach((part) => this.set(part, "", []));
    }

    /** Sets a part's lines, which are elements of a list, and a note beside its title. */
    set(part, note, lines) {
        this.#parts[part].note.textContent = note;
        this.#parts[part].list.replaceChildren(...lines);
    }
}

export function fieldLine(name, value, attributes = {}) {
    return element("li", { "data-field": name, ...attributes },
        element("code", {}, element("span", { class: "name" }, name), `: ${value}`));
}

/** A field that this page cannot read. `tag` is why. */
export function hiddenLine(tag, name, value, attributes = {}) {
    const line = fieldLine(name, value, { class: "hidden", ...attributes });
    line.prepend(element("span", { class: "tag" }, tag), " ");
    return line;
}

export function noteLine(...children) {
    return element("li", { class: "note" }, ...children);
}

/** Lines for pieces of a body: `{ at, size }`. `all` is their number; those between first and last may be missing. */
export function pieceLines(pieces, all) {
    const line = ({ at, size }) => element("li", {}, element("code", {},
        element("span", { class: "at" }, duration(at)), element("span", { class: "size" }, bytes(size))));
    if (all <= LISTED) {
        return pieces.map(line);
    }
    const left = all - LISTED + 1;
    const between = noteLine(`… ${count(left, "more", "more")} …`);
    return [...pieces.slice(0, LISTED - 2).map(line), between, line(pieces.at(-1))];
}
