import { dedent, indentOf, isBlank, reachesEnd } from './lines.js';
import { markerOf, OpenParagraph } from './starts.js';

const TASK = /^\[([ xX])\][ \t]+(?=\S)/;

/** Read a list: items whose markers are of one kind. */
export function readList(lines, at, context) {
  const first = context.canNest ? markerOf(lines[at]) : null;
  if (first === null) return null;
  const children = [];
  let isLoose = false;
  let [next, end] = [at, at];
  for (let marker = first; marker?.kind === first.kind; ) {
    isLoose ||= next > end;
    const inner = linesInside(lines, next, marker);
    end = next + inner.length;
    const item = readItem(inner, context.isOpen && reachesEnd(lines, end), context);
    isLoose ||= item.isLoose;
    children.push(item.node);
    next = afterBlank(lines, end);
    marker = next < lines.length ? markerOf(lines[next]) : null;
  }
  return { node: { type: 'list', start: first.start, isLoose, children }, end };
}

/** The lines of the item that begins here, without their indentation. */
function linesInside(lines, at, marker) {
  const inner = [marker.text];
  const paragraph = new OpenParagraph();
  paragraph.add(marker.text);
  for (let end = at + 1; end < lines.length; ) {
    const next = afterBlank(lines, end);
    if (next === lines.length) break;
    const isIndented = indentOf(lines[next]) >= marker.inside;
    const isEmpty = inner.length === 1 && marker.text === '' && next > end;
    if (isEmpty || !(isIndented || (next === end && paragraph.takes(lines[next])))) break;
    for (; end < next; end += 1) inner.push('');
    inner.push(dedent(lines[next], marker.content));
    paragraph.add(inner.at(-1));
    end = next + 1;
  }
  return inner;
}

function afterBlank(lines, at) {
  let next = at;
  while (next < lines.length && isBlank(lines[next])) next += 1;
  return next;
}

/** An item that is complete is read once while the list goes on growing. */
function readItem(lines, isOpen, context) {
  const read = () => {
    const task = TASK.exec(lines[0]);
    const rest = [lines[0].slice(task?.[0].length ?? 0), ...lines.slice(1)];
    const blocks = context.readInside(rest, isOpen);
    const children = blocks.map(({ node }) => node);
    const isTask = task !== null && children[0].type === 'paragraph';
    if (isTask) children[0] = withBox(children[0], task[1] !== ' ');
    const isLoose = blocks.some(({ start }, index) => index > 0 && start > blocks[index - 1].end);
    return { node: { type: 'item', isTask, children }, isLoose };
  };
  if (isOpen) return read();
  return context.work.once(`item ${context.depth} ${lines.join('\n')}`, read);
}

function withBox(block, isDone) {
  return { ...block, children: [{ type: 'box', isDone, children: [] }, ...block.children] };
}
