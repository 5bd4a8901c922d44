import { inlinesOf } from './inlines.js';
import { reachesEnd } from './lines.js';
import { interrupts } from './starts.js';

const LINE_BREAK = /<br ?\/?>/gi;

/**
 * Whether a table begins at this line: one of cells, and one of dashes for as many. While more may
 * follow, a last line that begins as a table's does is taken for its head.
 */
export function opensTable(lines, at, context) {
  return headOf(lines, at, context) !== null;
}

/** Read a table. A line without a bar ends it. */
export function readTable(lines, at, context) {
  const head = headOf(lines, at, context);
  if (head === null) return null;
  const { cells, alignments } = head;
  const isGuess = alignments === null;
  if (isGuess) return { node: tableOf(cells, [], [], context), end: lines.length, isGuess };
  const rows = [];
  let end = at + 2;
  for (; end < lines.length && lines[end].includes('|') && !interrupts(lines[end]); end += 1) {
    const isOpen = context.isOpen && reachesEnd(lines, end + 1);
    rows.push(readRow(lines[end], alignments, { ...context, isOpen }));
  }
  return { node: tableOf(cells, alignments, rows, { ...context, isOpen: false }), end };
}

function headOf(lines, at, { isOpen }) {
  if (!lines[at].includes('|')) return null;
  if (isOpen && reachesEnd(lines, at + 1)) {
    return /^\s*\|\s*\S/.test(lines[at]) ? { cells: cellsOf(lines[at]), alignments: null } : null;
  }
  const alignments = alignmentsOf(lines[at + 1] ?? '');
  const cells = alignments === null ? [] : cellsOf(lines[at]);
  return alignments?.length === cells.length ? { cells, alignments } : null;
}

function alignmentsOf(line) {
  if (!line.includes('-') || !line.includes('|') || !/^[\s|:-]+$/.test(line)) return null;
  const cells = cellsOf(line);
  if (!cells.every((cell) => /^:?-+:?$/.test(cell))) return null;
  return cells.map((cell) => {
    if (!cell.endsWith(':')) return cell.startsWith(':') ? 'start' : null;
    return cell.startsWith(':') ? 'center' : 'end';
  });
}

/** The cells of a line; a bar behind a backslash is text. */
function cellsOf(line) {
  const cells = [''];
  const text = line.trim();
  for (const part of text.matchAll(/\\.|\||[^\\|]+|\\/gsu)) {
    if (part[0] === '|') cells.push('');
    else cells[cells.length - 1] += part[0] === '\\|' ? '|' : part[0];
  }
  if (text.startsWith('|')) cells.shift();
  if (cells.length > 1 && cells.at(-1) === '') cells.pop();
  return cells.map((cell) => cell.trim());
}

function tableOf(cells, alignments, rows, context) {
  const head = rowOf('headCell', cells, alignments, context);
  const children = [{ type: 'head', children: [head] }];
  if (rows.length > 0) children.push({ type: 'body', children: rows });
  return { type: 'table', children };
}

/** A row that is complete is read once while the table goes on growing. */
function readRow(line, alignments, context) {
  const read = () => rowOf('cell', cellsOf(line).slice(0, alignments.length), alignments, context);
  return context.isOpen ? read() : context.work.once(`row ${alignments} ${line}`, read);
}

function rowOf(type, cells, alignments, { isOpen, work }) {
  const children = cells.map((cell, column) => {
    // A table has no other way to break a line, so models write HTML's.
    const text = cell.replace(LINE_BREAK, '\n');
    const inlines = inlinesOf(text, { isOpen: isOpen && column === cells.length - 1, work });
    return { type, align: alignments[column] ?? null, children: inlines };
  });
  return { type: 'row', children };
}
