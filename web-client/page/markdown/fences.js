import { dedent } from './lines.js';
import { closesFence, fenceStart } from './starts.js';

const MAX_LANGUAGE = 30;

/** Read a fenced block of code. One that is not closed goes on to the end. */
export function readFence(lines, at) {
  const fence = fenceStart(lines[at]);
  if (fence === null) return null;
  let end = at + 1;
  while (end < lines.length && !closesFence(lines[end], fence.mark)) end += 1;
  const code = lines.slice(at + 1, end).map((line) => dedent(line, fence.indent));
  const language = fence.info.split(/\s/, 1)[0].slice(0, MAX_LANGUAGE);
  const node = { type: 'codeBlock', language, text: code.join('\n'), children: [] };
  return { node, end: Math.min(end + 1, lines.length) };
}
