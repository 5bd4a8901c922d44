import { Renderer } from '../../../web-client/page/markdown/renderer.js';
import { equal, ok, seeded, test } from '../harness.js';
import { hardTexts, randomText, SAMPLE } from './samples.js';

function rendered(text, options) {
  const article = document.createElement('article');
  new Renderer(article).render(text, options);
  return article;
}

/** Render a text that grows as `ends` says, and look at every step. */
function streamed(text, ends, look = () => {}) {
  const article = document.createElement('article');
  const renderer = new Renderer(article);
  for (const end of ends) {
    renderer.render(text.slice(0, end), { isOpen: true });
    look(article, end);
  }
  renderer.render(text);
  return article;
}

const ALL = { subtree: true, childList: true, characterData: true, attributes: true };
const everyEnd = (text) => Array.from({ length: text.length + 1 }, (_, end) => end);

/** The HTML, with texts that stand side by side as one: only shown, never parsed. */
function html(article) {
  const copy = article.cloneNode(true);
  copy.normalize();
  return copy.innerHTML;
}

test('a text that grows letter by letter ends as if it had come at once', () => {
  const article = streamed(SAMPLE, everyEnd(SAMPLE), (element, end) => {
    equal(html(element), html(rendered(SAMPLE.slice(0, end), { isOpen: true })), `after ${end}`);
  });
  equal(html(article), html(rendered(SAMPLE)));
});

test('any text that grows by any pieces ends as if it had come at once', () => {
  const random = seeded(4);
  for (let round = 0; round < 400; round += 1) {
    const text = randomText(random, 60);
    const ends = everyEnd(text).filter(() => random() < 0.4);
    const article = streamed(text, ends, (element, end) => {
      const begun = text.slice(0, end);
      equal(html(element), html(rendered(begun, { isOpen: true })), JSON.stringify(begun));
    });
    equal(html(article), html(rendered(text)), JSON.stringify(text));
  }
});

test('hard texts that grow end as if they had come at once', () => {
  for (const text of hardTexts(3_000)) {
    const ends = [1, 10, 999, 1_000, 1_001, 2_500];
    equal(html(streamed(text, ends)), html(rendered(text)), JSON.stringify(text.slice(0, 20)));
  }
});

test('another text in place of the first is shown as if it were the only one', () => {
  const random = seeded(5);
  const article = document.createElement('article');
  const renderer = new Renderer(article);
  for (let round = 0; round < 200; round += 1) {
    const text = randomText(random, 40);
    renderer.render(text);
    equal(html(article), html(rendered(text)));
  }
});

test('blocks that are finished keep their nodes, and nothing in them is touched', () => {
  const article = document.createElement('article');
  const renderer = new Renderer(article);
  const begin = '# One\n\nTwo **words**\n\n- three\n- four\n\n```js\nfive\n```\n\nsi';
  renderer.render(begin, { isOpen: true });
  const nodes = [...article.childNodes];
  const touched = new MutationObserver(() => {});
  for (const node of nodes.slice(0, -1)) {
    touched.observe(node, ALL);
  }
  for (const more of ['x', 'x\n', 'x\n\n', 'x\n\n- seven', 'x\n\n- seven\n\nEight']) {
    renderer.render(begin + more, { isOpen: true });
    ok(nodes.every((node, index) => article.childNodes[index] === node), `${more} replaced one`);
    equal(touched.takeRecords().length, 0);
  }
  renderer.render(`${begin}x\n\n- seven\n\nEight`);
  equal(article.childElementCount, 7);
  ok(nodes.every((node, index) => article.childNodes[index] === node));
});

test('items, rows, cells and code that go on keep the nodes they have', () => {
  const cases = [
    ['- a\n- b\n  - c', '- a\n- b\n  - c d\n- e', 'li, ul, p'],
    ['|a|b|\n|-|-|\n|c|d', '|a|b|\n|-|-|\n|c|d e|\n|f|', 'table, tr, th, td'],
    ['```js\na', '```js\na\nb\n```\nc', 'div, button, pre, code'],
    ['> a *b', '> a *b* c\n> d', 'blockquote, p, em'],
    ['some **bo', 'some **bold** words', 'p, strong'],
  ];
  for (const [before, after, selector] of cases) {
    const article = document.createElement('article');
    const renderer = new Renderer(article);
    renderer.render(before, { isOpen: true });
    const kept = [...article.querySelectorAll(selector)];
    const texts = kept.map((element) => element.firstChild).filter((node) => node instanceof Text);
    renderer.render(after, { isOpen: true });
    const now = new Set(article.querySelectorAll(selector));
    ok(kept.length > 1 && kept.every((element) => now.has(element)), before);
    ok(texts.every((node) => article.contains(node)), `the texts of ${before}`);
  }
});

test('the same text again touches nothing', () => {
  const article = document.createElement('article');
  const renderer = new Renderer(article);
  renderer.render(SAMPLE);
  const touched = new MutationObserver(() => {});
  touched.observe(article, ALL);
  renderer.render(SAMPLE);
  renderer.render(`${SAMPLE}`.slice());
  equal(touched.takeRecords().length, 0);
});

test('what is selected stays selected while the reply goes on', () => {
  const article = document.createElement('article');
  document.body.append(article);
  const renderer = new Renderer(article);
  renderer.render('Some words and mo', { isOpen: true });
  const words = article.querySelector('p').firstChild;
  getSelection().setBaseAndExtent(words, 5, words, 10);
  renderer.render('Some words and more\n\nand **more', { isOpen: true });
  equal(getSelection().toString(), 'words');
  article.remove();
});
