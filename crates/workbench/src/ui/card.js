// One of several exchanges that are compared.

import { byId, element, facts, prose } from "./dom.js";
import { Timeline } from "./timeline.js";
import { STATES } from "./words.js";

const HEIGHT = 40;

export class Card {
    #status = element("p", { class: "status" });
    #facts = element("dl", { class: "facts" });
    #target = element("code", {}, "");
    #timeline = null;

    /** A card without a scale has no exchange of its own, and no time line. `flags` as in `Timeline`. */
    constructor(list, { name, title, why, scale = null, flags = 0 }) {
        const figure = element("figure", { class: "timeline" });
        this.card = element(
            "article", { class: "card", "data-name": name, "aria-label": title },
            element("div", { class: "what" },
                element("h3", {}, title),
                element("p", { class: "hint" }, ...prose(why))),
            element("div", { class: "how" },
                element("p", { class: "target" }, this.#target),
                figure),
            element("div", { class: "ending" }, this.#status, this.#facts),
        );
        this.#is("none");
        list.append(this.card);
        if (scale === null) {
            figure.remove();
        } else {
            this.#timeline = new Timeline(figure, scale, { height: HEIGHT, flags });
        }
    }

    /** Clears the results of an earlier run. */
    clear() {
        this.#target.textContent = "";
        this.#facts.replaceChildren();
        this.#timeline?.clear();
        this.#is("none");
    }

    starts(target) {
        this.#target.textContent = `GET ${target}`;
        this.#is("running");
    }

    /** Shows an exchange while it runs. Whether one that ended normally is complete is decided later, by `ends`. */
    show(exchange) {
        const state = exchange.isRefused ? "refused" : exchange.state;
        const isOpen = state === "running" || state === "complete";
        this.#timeline.show(exchange, isOpen ? null : state);
        this.#is(isOpen ? "running" : state);
    }

    /** `known` as in `facts`. An exchange is drawn with its end and its trailers. */
    ends(state, known, exchange = null, trailers = []) {
        this.#is(state);
        facts(this.#facts, known);
        this.#timeline?.show(exchange, state, trailers);
    }

    /** Ends a card that has no result. */
    givesUp() {
        if (this.card.dataset.state === "running") {
            this.#is("failed");
        }
    }

    #is(state) {
        this.card.dataset.state = state;
        this.#status.textContent = STATES[state];
    }
}

/** A section whose cards `run` fills when its form is submitted. `run` may throw an error. */
export function onRun(name, controls, cards, run) {
    const [form, status] = [byId(`${name}-form`), byId(`${name}-status`)];
    const button = element("button", { class: "main", type: "submit" }, "Run");
    form.replaceChildren(...controls, button);
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (button.getAttribute("aria-disabled") === "true") {
            return;
        }
        button.setAttribute("aria-disabled", "true");
        status.dataset.state = "running";
        status.textContent = STATES.running;
        Object.values(cards).forEach((card) => card.clear());
        try {
            [status.dataset.state, status.textContent] = await run();
        } catch (error) {
            status.dataset.state = "failed";
            status.textContent = `Not finished: ${error.message}`;
            Object.values(cards).forEach((card) => card.givesUp());
        }
        button.removeAttribute("aria-disabled");
    });
}
