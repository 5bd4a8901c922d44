const TAB = 4;
const PREFIXES = /^(?:[ \t]*(?:>|[-*+][ \t]|\d{1,9}[.)][ \t]))*[ \t]*/;
/** What may yet become a rule, a fence, an item, a task, a line below a heading or a table's. */
const SIGNS = /^(?:[-*_+#=|:~\s]*|`{1,2}|`{3}[^`]*|~{3}.*|\d{1,9}[.)]?|\[[ xX]?\]?)\s*$/s;
/** Longer signs than these are meant to be seen. */
const LONGEST_SIGNS = 400;

/**
 * The lines of a text, whatever ends them. When more may follow, a last line of mere signs is left
 * out until it is known what they mean: a page need not show a dash first and then a list.
 */
export function linesOf(text, isOpen) {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (isOpen && lines.at(-1) !== '' && isUndecided(lines.at(-1))) lines.pop();
  return lines;
}

function isUndecided(line) {
  return line.length <= LONGEST_SIGNS && SIGNS.test(line.replace(PREFIXES, ''));
}

/** Whether a line holds nothing but white space. */
export const isBlank = (line) => !/\S/.test(line);

/** The columns of white space that a line begins with; a tab goes on to a multiple of four. */
export function indentOf(line) {
  return measure(line, Infinity).columns;
}

/** A line without its first columns of white space, as far as it has them. */
export function dedent(line, limit) {
  const { at, columns } = measure(line, limit);
  return ' '.repeat(Math.max(0, columns - limit)) + line.slice(at);
}

/** Whether nothing stands behind these lines that could end what they hold. */
export function reachesEnd(lines, end) {
  return end === lines.length || (end === lines.length - 1 && lines[end] === '');
}

function measure(line, limit) {
  let [at, columns] = [0, 0];
  while (columns < limit && (line[at] === ' ' || line[at] === '\t')) {
    columns += line[at] === '\t' ? TAB - (columns % TAB) : 1;
    at += 1;
  }
  return { at, columns };
}
