import { parse } from '../../../web-client/page/markdown/blocks.js';
import { Renderer } from '../../../web-client/page/markdown/renderer.js';
import { Work } from '../../../web-client/page/markdown/work.js';
import { ok, test } from '../harness.js';
import { hardTexts, SAMPLE } from './samples.js';

const PIECES = 650;
const LENGTH = 32_000;

function stepsOf(text, isOpen) {
  const work = new Work();
  parse(text, { isOpen, work });
  return work.steps;
}

function stepsToStream(text) {
  const work = new Work();
  const renderer = new Renderer(document.createElement('article'), work);
  for (let piece = 1; piece <= PIECES; piece += 1) {
    renderer.render(text.slice(0, Math.ceil((piece * text.length) / PIECES)), { isOpen: true });
  }
  renderer.render(text);
  return work.steps;
}

test('no text takes more than a few steps a character', () => {
  for (const text of hardTexts(20_000)) {
    for (const isOpen of [false, true]) {
      const steps = stepsOf(text, isOpen);
      ok(steps <= 16 * text.length, `${JSON.stringify(text.slice(0, 20))} took ${steps}`);
    }
  }
});

test('a text of twice the length takes about twice the steps', () => {
  const [short, long] = [hardTexts(8_000), hardTexts(16_000)];
  for (const [index, text] of short.entries()) {
    const growth = stepsOf(long[index], false) / stepsOf(text, false);
    ok(growth < 2.5, `${JSON.stringify(text.slice(0, 20))} grew by ${growth}`);
  }
});

test('a streamed reply of blocks is read about as often as a block has pieces', () => {
  const text = SAMPLE.repeat(Math.ceil(LENGTH / SAMPLE.length)).slice(0, LENGTH);
  const steps = stepsToStream(text);
  ok(steps < 40 * LENGTH, `took ${steps}`);
});

test('a streamed reply of one block is read anew only where it grows', () => {
  for (const [start, line] of [
    ['', '- an item of some words\n'],
    ['| a | b |\n|---|---|\n', '| a cell | of some |\n'],
    ['```\n', 'a line of code\n'],
    ['', 'some words '],
  ]) {
    const text = start + line.repeat(LENGTH / line.length);
    const again = (PIECES * LENGTH) / 2; // Its lines are looked at again; what is in them is not.
    ok(stepsToStream(text) < 1.6 * again, `${line} took ${stepsToStream(text) / again}`);
  }
});
