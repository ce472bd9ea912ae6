// Elements. Text is only set as text, never as HTML.

/** An element with attributes, and with children that are elements or text. */
export function element(name, attributes = {}, ...children) {
    return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function drawn(name, attributes = {}, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(made, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== null && value !== false) {
            made.setAttribute(name, value === true ? "" : value);
        }
    }
    made.append(...children);
    return made;
}

export function byId(id) {
    return document.getElementById(id);
}

/** Text in which `…` marks code, as in `GET /help`. */
export function prose(text) {
    return text.split("`").map((part, n) => (n % 2 ? element("code", {}, part) : part));
}

/** Terms and descriptions: `[key, term, value]`, values as text or elements. */
export function facts(list, known) {
    const rows = known.map(([key, term, value]) =>
        element("div", {}, element("dt", {}, term), element("dd", { "data-fact": key }, ...[value].flat())));
    list.replaceChildren(...rows);
}

/** A control with its label. */
export function labelled(text, control) {
    return element("div", { class: "control" }, element("label", { for: control.id }, text), control);
}

/** An input for a whole number, at least 0 unless `attributes` contain another `min`. */
export function numberInput(id, attributes) {
    return element("input", { id, type: "number", min: 0, step: 1, inputmode: "numeric", ...attributes });
}

/** Returns a function that calls `draw` once before the next frame, however often it is called until then. */
export function oncePerFrame(draw) {
    let isDue = false;
    return () => {
        if (!isDue) {
            isDue = true;
            requestAnimationFrame(() => {
                isDue = false;
                draw();
            });
        }
    };
}

/** A select whose options are named as their values. */
export function choice(id, values) {
    return element("select", { id, required: true }, ...values.map((value) => element("option", { value }, value)));
}
