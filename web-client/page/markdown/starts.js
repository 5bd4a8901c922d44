import { indentOf, isBlank } from './lines.js';

/** Most lines begin with none of these, and need no closer look. */
const SIGN = /^[ \t]*[#>*+_~`\d|-]/;
const HEADING = /^[ \t]*(#{1,6})(?=[ \t]|$)/;
const RULE = /^[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^[ \t]*>[ \t]?/;
const FENCE = /^[ \t]*(`{3,}|~{3,})/;
const MARKER = /^[ \t]*(?:([-*+])|(\d{1,9})([.)]))(?=[ \t]|$)/;
const PREFIXES = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*/;
/** White space behind a marker beyond this belongs to the item's text. */
const WIDEST_GAP = 4;

/** The signs that begin a heading, or nothing. */
export const headingStart = (line) => HEADING.exec(line);

export const isRule = (line) => RULE.test(line);

/** What makes a line one of a quotation, or nothing. */
export const quoteStart = (line) => QUOTE.exec(line)?.[0];

/**
 * The fence that a line opens, or null.
 * @returns {?{mark: string, indent: number, info: string}}
 */
export function fenceStart(line) {
  const match = FENCE.exec(line);
  if (match === null) return null;
  const info = line.slice(match[0].length).trim();
  if (match[1][0] === '`' && info.includes('`')) return null; // It is a code span.
  return { mark: match[1], indent: indentOf(line), info };
}

/** Whether a line closes the fence that this mark opened. */
export function closesFence(line, mark) {
  if (!line.includes(mark)) return false;
  const closing = line.trim();
  return closing.length >= mark.length && closing === mark[0].repeat(closing.length);
}

/**
 * The marker of a list's item, or null. `kind` is the same for items of one list. Lines indented by
 * `inside` or more belong to the item: two columns suffice, since models often indent what stands
 * below `10.` no further than what stands below `-`.
 */
export function markerOf(line) {
  const match = MARKER.exec(line);
  if (match === null || isRule(line)) return null;
  const [marker, bullet, number, delimiter] = match;
  const rest = line.slice(marker.length);
  const indent = indentOf(line);
  const width = indent + marker.trimStart().length;
  const gap = indentOf(rest);
  const content = width + (gap > WIDEST_GAP || isBlank(rest) ? 1 : gap);
  const start = bullet === undefined ? Number(number) : null;
  return { kind: bullet ?? delimiter, start, content, inside: indent + 2, text: rest.trimStart() };
}

/** Whether a line ends the paragraph before it by beginning something else. */
export function interrupts(line) {
  if (!SIGN.test(line)) return false;
  if (headingStart(line) || isRule(line) || quoteStart(line) || fenceStart(line)) return true;
  const marker = markerOf(line);
  // A line may begin with a year, or with a dash, by chance.
  return marker !== null && marker.text !== '' && (marker.start ?? 1) === 1;
}

function isText(line) {
  if (isBlank(line)) return false;
  return !SIGN.test(line) || !(headingStart(line) || isRule(line) || line[0] === '|');
}

/** Follows the lines inside a quotation or an item, to know whether they end in a paragraph. */
export class OpenParagraph {
  isOpen = false;
  #fence = null;

  add(line) {
    const bare = SIGN.test(line) ? line.replace(PREFIXES, '') : line;
    const fence = SIGN.test(bare) ? fenceStart(bare) : null;
    if (this.#fence !== null) {
      if (closesFence(bare, this.#fence.mark)) this.#fence = null;
      this.isOpen = false;
    } else {
      this.#fence = fence;
      this.isOpen = fence === null && isText(bare);
    }
  }

  /** Whether a line without the container's prefix goes on with its paragraph all the same. */
  takes(line) {
    return this.isOpen && !isBlank(line) && !interrupts(line) && markerOf(line) === null;
  }
}
