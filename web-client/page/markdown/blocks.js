import { readFence } from './fences.js';
import { inlinesOf } from './inlines.js';
import { isBlank, linesOf, reachesEnd } from './lines.js';
import { readList } from './lists.js';
import { headingStart, interrupts, isRule, OpenParagraph, quoteStart } from './starts.js';
import { opensTable, readTable } from './tables.js';
import { Work } from './work.js';

/** Quotations and lists inside each other; what is nested deeper is shown as text. */
export const MAX_DEPTH = 8;

const READERS = [readFence, readHeading, readRule, readQuote, readList, readTable];

/**
 * Read Markdown as language models write it: CommonMark with the tables, the tasks, the strikes and
 * the bare addresses of GitHub, without indented code, references and HTML, which stay text. Single
 * line ends are kept.
 * @param {string} text
 * @param {{isOpen?: boolean, work?: Work}} [options] `isOpen`: more may follow; what is not closed
 *   yet reads as what it will most likely be
 * @returns {(object|string)[]} nodes of a `type`, with `children` that are nodes or text
 */
export function parse(text, { isOpen = false, work = new Work() } = {}) {
  return readBlocks(linesOf(text, isOpen), { isOpen, work }).map(({ node }) => node);
}

/**
 * Read lines as blocks.
 * @returns {{node: object, start: number, end: number, isGuess?: boolean}[]} each with the lines it
 *   takes; a guess may turn into another block when more lines come
 */
export function readBlocks(lines, { isOpen, work, depth = 0 }) {
  const context = { isOpen, work, depth, canNest: depth < MAX_DEPTH, readInside };
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    if (isBlank(lines[at])) at += 1;
    else {
      const block = readBlock(lines, at, context);
      blocks.push({ ...block, start: at });
      at = block.end;
    }
  }
  for (const line of lines) work.step(1 + line.length);
  return blocks;

  function readInside(inner, isInnerOpen) {
    return readBlocks(inner, { isOpen: isInnerOpen, work, depth: depth + 1 });
  }
}

function readBlock(lines, at, context) {
  for (const read of READERS) {
    const block = read(lines, at, context);
    if (block !== null) return block;
  }
  return readParagraph(lines, at, context);
}

function readHeading(lines, at, context) {
  const match = headingStart(lines[at]);
  if (match === null) return null;
  const text = withoutClosing(lines[at].slice(match[0].length).trim());
  const isOpen = context.isOpen && at + 1 === lines.length;
  return { node: heading(match[1].length, text, isOpen, context), end: at + 1 };
}

function heading(level, text, isOpen, { work }) {
  return { type: 'heading', level, children: inlinesOf(text, { isOpen, work }) };
}

/** A heading's text without the signs that may stand behind it too. */
function withoutClosing(text) {
  let end = text.length;
  while (text[end - 1] === '#') end -= 1;
  return end === 0 || /\s/.test(text[end - 1]) ? text.slice(0, end).trimEnd() : text;
}

function readRule(lines, at) {
  return isRule(lines[at]) ? { node: { type: 'rule', children: [] }, end: at + 1 } : null;
}

function readQuote(lines, at, context) {
  if (!context.canNest || quoteStart(lines[at]) === undefined) return null;
  const inner = [];
  const paragraph = new OpenParagraph();
  let end = at;
  for (; end < lines.length; end += 1) {
    const start = quoteStart(lines[end]);
    if (start === undefined && !paragraph.takes(lines[end])) break;
    inner.push(lines[end].slice(start?.length ?? 0));
    paragraph.add(inner.at(-1));
  }
  const blocks = context.readInside(inner, context.isOpen && reachesEnd(lines, end));
  return { node: { type: 'quote', children: blocks.map(({ node }) => node) }, end };
}

function readParagraph(lines, at, context) {
  const text = [lines[at].trim()];
  let end = at + 1;
  for (; end < lines.length && !isBlank(lines[end]); end += 1) {
    const line = lines[end].trim();
    const level = /^=+$/.test(line) ? 1 : /^-+$/.test(line) ? 2 : 0;
    if (level > 0) {
      return { node: heading(level, text.join('\n'), false, context), end: end + 1 };
    }
    if (interrupts(line) || opensTable(lines, end, context)) break;
    text.push(line);
  }
  const isOpen = context.isOpen && reachesEnd(lines, end);
  const children = inlinesOf(text.join('\n'), { isOpen, work: context.work });
  return { node: { type: 'paragraph', children }, end };
}
