// One of several exchanges that are to be compared.

import { byId, element, facts, prose } from "./dom.js";
import { Timeline } from "./timeline.js";

const HEIGHT = 92;

export class Card {
    #facts = element("dl", { class: "facts" });
    #target = element("code", {}, "");
    #timeline = null;

    /** One that stands for no exchange of its own has no time line. */
    constructor(list, { name, title, why, isDrawn = true }) {
        const figure = isDrawn ? [element("figure", { class: "timeline" })] : [];
        this.card = element(
            "article", { class: "card", "data-name": name, "data-state": "none", "aria-label": title },
            element("h3", {}, title),
            element("p", { class: "target" }, this.#target),
            ...figure,
            this.#facts,
            element("p", { class: "hint" }, ...prose(why)),
        );
        list.append(this.card);
        this.#timeline = isDrawn ? new Timeline(figure[0], HEIGHT) : null;
    }

    /** Forgets what an earlier run has shown. */
    asks(target) {
        this.#target.textContent = `GET ${target}`;
        this.#facts.replaceChildren();
        this.card.dataset.state = "running";
    }

    show(exchange) {
        this.#timeline.show(exchange);
        this.card.dataset.state = exchange.isRefused ? "refused" : exchange.state;
    }

    tells(state, known) {
        this.card.dataset.state = state;
        facts(this.#facts, known);
    }
}

/** A section with cards that are filled when its form is sent. `run` may throw what went wrong. */
export function onRun(name, controls, run) {
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
        }
        button.removeAttribute("aria-disabled");
    });
}
