/** A tree in short, for tests to compare: `paragraph(a strong(b))`. */
export function outline(nodes) {
  return nodes.map((node) => (typeof node === 'string' ? node : named(node))).join(' ');
}

const NOTES = {
  heading: ({ level }) => level,
  list: ({ start, isLoose }) => `${start ?? ''}${isLoose ? ' loose' : ''}`.trim(),
  box: ({ isDone }) => (isDone ? 'x' : '_'),
  codeBlock: ({ language }) => language,
  headCell: ({ align }) => align,
  cell: ({ align }) => align,
  link: ({ href, title }) => (title ? `${href} ${title}` : href),
};

function named(node) {
  const note = NOTES[node.type]?.(node) ?? '';
  const inside = node.type === 'codeBlock' ? node.text : outline(node.children);
  return `${node.type}${note === '' ? '' : `[${note}]`}(${inside})`;
}
