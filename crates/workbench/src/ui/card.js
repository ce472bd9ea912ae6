// One of several exchanges that are compared.

import { byId, element, facts, prose } from "./dom.js";
import { Timeline } from "./timeline.js";
import { STATES } from "./words.js";

const HEIGHT = 92;

export class Card {
    #status = element("p", { class: "status" });
    #facts = element("dl", { class: "facts" });
    #target = element("code", {}, "");
    #timeline = null;

    /** A card without an exchange of its own has no time line. */
    constructor(list, { name, title, why, isDrawn = true }) {
        const figure = isDrawn ? [element("figure", { class: "timeline" })] : [];
        this.card = element(
            "article", { class: "card", "data-name": name, "aria-label": title },
            element("h3", {}, title),
            element("p", { class: "target" }, this.#target),
            ...figure,
            this.#status,
            this.#facts,
            element("p", { class: "hint" }, ...prose(why)),
        );
        this.#is("none");
        list.append(this.card);
        this.#timeline = isDrawn ? new Timeline(figure[0], HEIGHT) : null;
    }

    /** Clears the results of an earlier run. */
    asks(target) {
        this.#target.textContent = `GET ${target}`;
        this.#facts.replaceChildren();
        this.#is("running");
    }

    show(exchange) {
        this.#timeline.show(exchange);
        this.#is(exchange.isRefused ? "refused" : exchange.state);
    }

    tells(state, known) {
        this.#is(state);
        facts(this.#facts, known);
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
        status.textContent = "Running …";
        try {
            [status.dataset.state, status.textContent] = await run();
        } catch (error) {
            status.dataset.state = "failed";
            status.textContent = `It did not work: ${error.message}`;
            Object.values(cards).forEach((card) => card.givesUp());
        }
        button.removeAttribute("aria-disabled");
    });
}
