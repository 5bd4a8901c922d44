"""Questions to a page about all of it; each answers with what is wrong."""

CONTRAST = """() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const background = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const color = channels(getComputedStyle(e).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const bad = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
        const pair = [channels(getComputedStyle(element).color), background(element)];
        const [low, high] = pair.map(luminance).sort((a, b) => a - b);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < 4.5) bad.push(`${walk.currentNode.data.trim()}: ${ratio.toFixed(2)}`);
    }
    return bad;
}"""

UNNAMED = """() => [...document.querySelectorAll('button, a, input, textarea, img, dialog, nav')]
    .filter((element) => {
        const label = element.getAttribute('aria-label') ?? element.getAttribute('alt')
            ?? element.labels?.[0]?.textContent ?? element.textContent;
        const referred = document.getElementById(element.getAttribute('aria-labelledby'));
        const decorative = element.getAttribute('alt') === '';
        return !decorative && !(referred?.textContent ?? label).trim();
    }).map((element) => element.outerHTML)"""
