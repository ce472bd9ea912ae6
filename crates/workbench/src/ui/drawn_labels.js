// Labels of a drawing that never overlap: one that has no room is left out.

import { drawn } from "./dom.js";

// In pixels, with the halo. The font is monospaced, and its size is set in `style.css`.
const CHARACTER = 6.7;
const ABOVE = 12;
const BELOW = 4;
const BETWEEN = 5;
const EDGE = 3;

export class Labels {
    texts = [];
    #taken = [];
    #width;

    constructor(width) {
        this.#width = width;
    }

    widthOf(content) {
        return content.length * CHARACTER;
    }

    /** Shortens text to a width. */
    shortened(content, width) {
        const most = Math.max(1, Math.floor(width / CHARACTER));
        return content.length <= most ? content : `${content.slice(0, most - 1)}…`;
    }

    /** Keeps labels away from a vertical line. */
    take(x, top, bottom) {
        this.#taken.push({ left: x, right: x, top, bottom });
    }

    /** Puts a label into the drawing if it has room there and in `room`. Returns whether it does. */
    put(name, x, y, anchor, content, room = Infinity) {
        const width = this.widthOf(content);
        const wanted = { start: x, middle: x - width / 2, end: x - width }[anchor];
        const left = Math.min(Math.max(wanted, EDGE), this.#width - width - EDGE);
        const box = { left, right: left + width, top: y - ABOVE, bottom: y + BELOW };
        if (left < 0 || width > room || this.#taken.some((taken) => overlap(taken, box))) {
            return false;
        }
        this.#taken.push(box);
        if (!name.startsWith("flag")) {
            // Hides the lines behind it. A flag has its own.
            this.texts.push(drawn("rect", {
                class: "ground", x: box.left - 2, y: box.top + 2, width: width + 4, height: ABOVE + BELOW - 3,
            }));
        }
        this.texts.push(drawn("text", { class: name, x: x + left - wanted, y, "text-anchor": anchor }, content));
        return true;
    }
}

function overlap(a, b) {
    return a.left < b.right + BETWEEN && b.left < a.right + BETWEEN && a.top < b.bottom && b.top < a.bottom;
}
