// The name and version of this browser.

// Chromium's relatives also call themselves `Chrome`, and Chrome calls itself `Safari`.
const AGENTS = [
    ["Edge", /Edg\w*\/(\d+)/],
    ["Opera", /OPR\/(\d+)/],
    ["Samsung Internet", /SamsungBrowser\/(\d+)/],
    ["Firefox", /(?:Firefox|FxiOS)\/(\d+)/],
    ["Chrome", /(?:Chrome|CriOS)\/(\d+)/],
    ["Safari", /Version\/(\d+)\S* (?:Mobile\/\S+ )?Safari\//],
];

/** For example `Firefox 153`. */
export function agentName({ userAgent, userAgentData } = navigator) {
    for (const [name, pattern] of AGENTS) {
        const version = userAgent.match(pattern)?.[1];
        if (version !== undefined) {
            return `${name === "Chrome" ? chromeOrChromium(userAgentData) : name} ${version}`;
        }
    }
    return "This browser";
}

/** Only the brands distinguish the two. */
function chromeOrChromium(data) {
    const brands = data?.brands.map(({ brand }) => brand) ?? [];
    return brands.includes("Chromium") && !brands.includes("Google Chrome") ? "Chromium" : "Chrome";
}
