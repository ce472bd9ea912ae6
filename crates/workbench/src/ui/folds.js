// Which parts are folded: on a narrow screen, all but the first result.

import { byId } from "./dom.js";

const WIDE = matchMedia("(min-width: 48rem)");

export function startFolds() {
    const sections = [...document.querySelectorAll("details.fold")];
    const fold = () => [byId("options"), ...sections].forEach((details) => {
        details.open = WIDE.matches;
    });
    WIDE.addEventListener("change", fold);
    fold();
    // A link to a folded section opens it.
    const unfold = (hash) => {
        const details = sections.find((details) => `#${details.parentElement.id}` === hash);
        if (details !== undefined) {
            details.open = true;
        }
    };
    document.querySelectorAll("nav a").forEach((link) => link.addEventListener("click", () => unfold(link.hash)));
    unfold(location.hash);
}
