import { safeAddress } from '../../../web-client/page/markdown/links.js';
import { Renderer } from '../../../web-client/page/markdown/renderer.js';
import { equal, ok, seeded, test } from '../harness.js';
import { hardTexts, randomText, SAMPLE } from './samples.js';

/** Every element that a reply may become, with every attribute it may have. */
const ALLOWED = {
  p: ['dir'], h2: ['dir'], h3: ['dir'], h4: ['dir'], h5: ['dir'], h6: ['dir'], hr: [],
  blockquote: ['dir'], ul: ['dir', 'class'], ol: ['dir', 'class', 'start'], li: ['class'],
  div: ['class', 'role', 'aria-label', 'tabindex'], pre: ['tabindex'], button: ['type', 'class'],
  table: [], thead: [], tbody: [], tr: [], th: ['dir', 'class'], td: ['dir', 'class'],
  strong: [], em: [], del: [], code: ['dir'], bdi: ['class'], span: ['class', 'role', 'aria-label'],
  a: ['dir', 'href', 'title', 'rel', 'target'],
};
const CLASSES = new Set([
  '', 'is-loose', 'is-task', 'is-start', 'is-center', 'is-end', 'box', 'host', 'table',
  'code-block', 'code-head', 'language', 'copy',
]);
const TURNING = /[\u202a-\u202e\u2066-\u2069]/;

function check(text, options) {
  const article = document.createElement('article');
  new Renderer(article).render(text, options);
  for (const element of article.querySelectorAll('*')) checkElement(element, text);
  return article;
}

function checkElement(element, text) {
  const why = `${element.localName} in ${JSON.stringify(text.slice(0, 200))}`;
  const allowed = ALLOWED[element.localName];
  ok(allowed !== undefined && element.namespaceURI === 'http://www.w3.org/1999/xhtml', why);
  for (const { name } of element.attributes) ok(allowed.includes(name), `${name} of ${why}`);
  ok(CLASSES.has(element.className), why);
  if (element.localName === 'a') checkLink(element, why);
}

function checkLink(link, why) {
  ok(['https:', 'http:', 'mailto:'].includes(link.protocol), `${link.protocol} of ${why}`);
  equal([link.rel, link.target], ['noopener noreferrer nofollow', '_blank'], why);
  equal([link.username, link.password], ['', ''], why);
  ok(/^[\x21-\x7e]{1,2048}$/.test(link.getAttribute('href')), why);
  ok(!TURNING.test(link.textContent), why);
  const shown = link.textContent.normalize('NFKC').replace(/\p{Cf}/gu, '');
  ok(shown.trim() !== '', `no label: ${why}`);
  const host = link.host || link.pathname;
  if (link.title === '') ok(shown.toLowerCase().includes(host), `hidden host of ${why}`);
  else equal(link.title, host, why);
}

const ADDRESSES = [
  'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', '\tjavascript:alert(1)',
  'java\tscript:alert(1)', 'java\nscript:alert(1)', 'java\rscript:alert(1)',
  '\x01javascript:alert(1)', '\0javascript:alert(1)', '\u00a0javascript:alert(1)',
  '\ufeffjavascript:alert(1)', 'javascript\u200b:alert(1)', '&#106;avascript:alert(1)',
  '&#x6A;avascript:alert(1)', 'javascript&colon;alert(1)', 'java&Tab;script:alert(1)',
  '%6aavascript:alert(1)', 'javascript%3Aalert(1)', '\\javascript:alert(1)',
  'j\\avascript:alert(1)', 'javascript\\:alert(1)', 'javascript://https://a.b/%0aalert(1)',
  'javascript:https://a.b', 'ｊavascript:alert(1)', 'data:text/html,<script>alert(1)</script>',
  'data:text/html;base64,PHNjcmlwdD4=', 'DATA:image/svg+xml,<svg>', 'vbscript:msgbox(1)',
  'VbScRiPt:x', 'file:///etc/passwd', 'blob:https://a.b/c', 'filesystem:https://a.b/c',
  'about:blank', 'view-source:https://a.b', 'ftp://a.b', 'ws://a.b', 'chrome://settings',
  'intent://a#Intent;end', 'tel:1', 'sms:1', 'x:y', '//a.b', '/a', '#a', '?a', 'a', '', '..',
  'https:', 'https://', 'https:///', 'mailto:', 'http://user:word@a.b', 'https://bank.com@a.b',
  'https://bank.com%40a.b:x@a.b', 'https://a b.c', 'https://[::1',
  `https://a.b/${'c'.repeat(3_000)}`,
];

test('an address of another scheme, or none, is never a link', () => {
  for (const address of ADDRESSES) {
    equal(safeAddress(address), null, JSON.stringify(address));
    const angled = address.replaceAll('\n', ' ');
    for (const text of [
      `[a](${address})`, `[a](<${angled}>)`, `![a](${address})`, `<${angled}>`, address,
      `[a](${address} "b")`,
      `[a]: ${address}\n\n[a]`, `| [a](${address}) |\n|---|`, `[![a](${address})](${address})`,
    ]) {
      for (const link of check(text).querySelectorAll('a')) {
        ok(/^(?:https?|mailto):/i.test(link.textContent), `a link in ${JSON.stringify(text)}`);
      }
    }
  }
});

test('HTML, events, SVG and what closes tags are text, to the letter', () => {
  for (const html of [
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<svg onload=alert(1)>',
    '<svg><script>1</script></svg>', '<iframe srcdoc="<b>">', '<a href="javascript:alert(1)">a</a>',
    '<b onmouseover=alert(1)>a</b>', '<style>*{display:none}</style>', '</article><h1>out</h1>',
    '<math><mi//xlink:href="data:x,y">', '<base href="//a.b">',
    '<form action="javascript:1"><button>b</button></form>', '<template><img src=x></template>',
    '<!--><b>-->', '<![CDATA[<b>]]>', '<details open ontoggle=alert(1)>',
    '<meta http-equiv=refresh content="0;javascript:1">', '<object data=x>', '<embed src=x>',
    '<link rel=stylesheet href=x>', '<input autofocus onfocus=alert(1)>', '&lt;script&gt;', '"><b>',
    "' onclick='alert(1)", '{{1}} ${1} <%= 1 %>', '<b\0>', '<\u0000script>',
  ]) {
    equal(check(html).textContent, html);
    for (const text of [
      `- ${html}`, `> ${html}`, `# ${html}`, `**${html}**`, `\`${html}\``,
      `\`\`\`${html}\n${html}\n\`\`\``, `| ${html} |\n|---|\n| ${html} |`, `[${html}](https://a.b)`,
      `![${html}](https://a.b)`, `[a](https://a.b/${html})`, `[a](https://a.b "${html}")`,
      `<https://a.b/${html}>`, `https://a.b/${html}`, `\`\`\`js" onclick="alert(1)\n${html}`,
    ]) {
      check(text);
      check(text, { isOpen: true });
    }
  }
});

test('an address cannot leave its attribute, nor a label pass for another host', () => {
  for (const text of [
    'https://a.b/"onclick="alert(1)', "[a](https://a.b/'onclick='alert(1))", '[a](https://a.b/`x`)',
    '[a](https://a.b/<script>)', '[a](<https://a.b/"><b>)', 'https://a.b/\u202egpj.exe',
    '[\u202emoc.knab](https://a.b)', '[bank.com\u2066](https://a.b)',
    '[https://bank.com](https://a.b)', '[b\u00adank.com](https://a.b)', 'https://аррӏе.com',
    '[apple.com](https://аррӏе.com)', '[аррӏе.com](https://аррӏе.com)', 'https://a.b\\@c.d',
    '[a](https:\\\\a.b)', '[a](https:a.b)', '[a](https://A.B:443/)', '[\u200b](https://a.b)',
    '[ ](https://a.b)', '[****](https://a.b)', '[`\u202e`](https://a.b)', '[\u0000](https://a.b)',
    'https://a.b\u2028c', '[https://a.b](https://a.b.c)', '[a](mailto:a@b.c?subject=%0d%0aBcc:x)',
    '<a@b.c>', '<"a"@b.c>', `https://a.b/${'c'.repeat(60_000)}`,
    `[a](https://a.b/${'c'.repeat(60_000)})`, `[${'a'.repeat(60_000)}](https://a.b)`, 'x',
    `${'\u202e'.repeat(5_000)}a`,
  ]) {
    check(text);
    check(text, { isOpen: true });
  }
});

test('no text at all becomes another element, attribute or scheme', () => {
  const random = seeded(6);
  for (let round = 0; round < 3_000; round += 1) {
    check(randomText(random, 40), { isOpen: random() < 0.5 });
  }
  for (const text of [SAMPLE, ...hardTexts(2_000)]) check(text);
});

test('the sample shows that the list of what is allowed is no wider than it must be', () => {
  const headings = '## a\n### a\n#### a\n##### a\n###### a\n';
  const text = `${SAMPLE}\n${headings}\n[bank.com](https://a.b)\n\n1. a\n\n2. b`;
  const used = new Set([...check(text).querySelectorAll('*')].map(({ localName }) => localName));
  equal([...used].sort(), Object.keys(ALLOWED).sort());
});
