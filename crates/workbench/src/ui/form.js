// A form for a request to any route. Its controls are generated from `GET /help`.

import { byId, element, labelled, numberInput, prose } from "./dom.js";
import { COMMON, labelOf, valueOf } from "./form_labels.js";

const NUMBERS = new Set(["BYTES", "MILLISECONDS", "N", "ROW"]);

export class RequestForm {
    /** The ids of the latest responses, by the path of the route that takes them. */
    #ids = new Map();
    #routes;
    #tableControl;
    #select = element("select", { id: "route", "aria-describedby": "shows" });

    constructor(routes, tableControl) {
        this.#routes = routes;
        this.#tableControl = tableControl;
        this.#select.append(...routes.map(({ method, path }, n) =>
            element("option", { value: n }, `${method} ${path}`)));
        this.#select.addEventListener("change", () => this.choose(routes[this.#select.value]));
        byId("attempt-form").addEventListener("input", () => this.#showTarget());
        this.choose(routes[0]);
    }

    find(path) {
        return this.#routes.find((route) => route.path === path && route.method === "GET");
    }

    /** Offers the ids of a response to the routes that take one. An id that it does not have stays as it was. */
    offerIds({ exportId, requestId }) {
        for (const [path, id] of [["/exports/{id}", exportId], ["/seen/{id}", requestId]]) {
            this.#ids.set(path, id ?? this.#ids.get(path) ?? "");
        }
    }

    /** Creates a route's controls, with the values of its example. */
    choose(route) {
        this.#select.value = this.#routes.indexOf(route);
        byId("shows").replaceChildren(...prose(route.shows));
        const common = [labelled("Route", this.#select)];
        const more = [];
        const { variables, query } = example(route);
        for (const [, name] of route.path.matchAll(/\{(\w+)\}/g)) {
            common.push(labelled(labelOf(name), named(this.#variable(route, name, variables[name]), "variable", name)));
        }
        for (const parameter of route.parameters) {
            const [name, value] = parameter.split("=");
            const isCommon = COMMON.has(name) || name === name.toUpperCase();
            (isCommon ? common : more).push(parameterControl(name, value, query));
        }
        for (const { name, value } of route.example.fields) {
            more.push(labelled(name, named(element("input", { id: `control-${name}`, value }), "field", name)));
        }
        if (route.example.content !== null) {
            const content = element("textarea", { id: "control-content", rows: 1 });
            content.value = route.example.content;
            common.push(labelled(labelOf("content"), content));
        }
        byId("controls").replaceChildren(...common);
        byId("more-controls").replaceChildren(...more);
        this.#showTarget();
    }

    /** Sets parameters and variables. Other parameters are cleared. */
    set(values) {
        for (const control of this.#controls()) {
            const name = control.dataset.parameter ?? control.dataset.variable;
            if (name in values) {
                control.value = values[name];
            } else if ("parameter" in control.dataset) {
                control.value = "";
            }
        }
        this.#showTarget();
    }

    /** The request that the controls describe. */
    request() {
        const route = this.#routes[this.#select.value];
        const controls = this.#controls();
        const of = (kind) => controls.filter((control) => kind in control.dataset);
        let target = route.path;
        for (const control of of("variable")) {
            // A lone surrogate can't be encoded.
            const value = control.value.toWellFormed().split("/").map(encodeURIComponent).join("/");
            target = target.replace(`{${control.dataset.variable}}`, () => value);
        }
        const pairs = of("parameter").filter((control) => control.value !== "");
        const query = new URLSearchParams(pairs.map((control) => [control.dataset.parameter, control.value]));
        const whole = [query.toString(), ...of("query").map((control) => control.value)].filter((part) => part !== "");
        target += whole.length > 0 ? `?${whole.join("&")}` : "";
        const content = controls.find((control) => control.id === "control-content")?.value ?? null;
        const fields = Object.fromEntries(of("field").map((control) => [control.dataset.field, control.value]));
        // The target that the browser requests: without `..` and the fragment.
        const { pathname, search } = new URL(target, location.origin);
        return { method: route.method, target: pathname + search, content, fields };
    }

    #controls() {
        return [...byId("attempt-form").querySelectorAll("[id^=control-]")];
    }

    #variable(route, name, value) {
        return name === "table"
            ? this.#tableControl("control-table", value)
            : element("input", { id: `control-${name}`, required: true, value: this.#ids.get(route.path) ?? value });
    }

    #showTarget() {
        const { method, target } = this.request();
        byId("target").textContent = `${method} ${target}`;
    }
}

/** The values of a route's example, for the variables of its path and for its query. */
function example({ path, example: { target } }) {
    const [way, query = ""] = target.split("?");
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const values = way.match(new RegExp(`^${path.replace(/\{\w+\}/g, "(.+)")}$`))?.slice(1) ?? [];
    const variables = Object.fromEntries(names.map((name, n) => [name, decodeURIComponent(values[n] ?? "")]));
    return { variables, query };
}

function named(control, kind, name) {
    control.dataset[kind] = name;
    return control;
}

/** `format=csv|json` becomes a select, `limit=N` a number, `columns=A,B` text, and `NAME=VALUE` the whole query. */
function parameterControl(name, value, query) {
    if (name === name.toUpperCase()) {
        const control = element("input", { id: "control-query", value: query });
        return labelled(labelOf("query"), named(control, "query", ""));
    }
    const id = `control-${name}`;
    const set = new URLSearchParams(query).get(name) ?? "";
    let control;
    if (NUMBERS.has(value)) {
        control = numberInput(id, { value: set });
    } else if (value === value.toLowerCase()) {
        const values = ["", ...value.split("|")];
        control = element("select", { id }, ...values.map((value) => element("option", { value }, valueOf(value))));
        control.value = set;
    } else {
        control = element("input", { id, value: set, placeholder: value });
    }
    return labelled(labelOf(name), named(control, "parameter", name));
}
