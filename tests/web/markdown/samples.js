/** A reply with everything that the page can show. */
export const SAMPLE = `# A plan

Some **bold**, *slanted*, ~~struck~~ and \`inline\` words,
with a [link](https://example.org/a_(b)) and https://example.org/c.

1. First
   - nested *one*
   - nested two

     with a second paragraph
2. Second:
   \`\`\`python
   def f(*args):
       return "**not bold**"
   \`\`\`
3. Third

- [ ] to do
- [x] done

> A quotation
goes on
>
> > and deeper

| Name | Count | Price |
|:-----|:-----:|------:|
| \`a\` | 1 | **2.50** |
| b | [x](https://example.org) | 3 |

Setext
------

![A picture](https://example.org/p.png) and 2 * 3 * 4, a_b_c, **「引用」**です.

\`\`\`js title="x"
const html = '<b>&amp;</b>';

\`\`\`
---
<script>alert(1)</script> &lt; [half](https://example.org "t") \\*end\\*
`;

const PIECES = [
  '*', '**', '_', '~~', '`', '```', '\n', '\n\n', '\r\n', ' ', '  ', '    ', '\t', '- ', '1. ',
  '12) ', '> ', '# ', '---', '===', '|', '| a | b |\n|---|---|\n', '|:-:|', '[', ']', '(', ')',
  '![', '](', '<', '>', 'https://', 'https://a.b/c', 'javascript:alert(1)', 'data:text/html,x',
  '<b onclick=x>', '</article>', '&lt;', '&#106;', '\\', '"', "'", 'word', 'a', 'é', '漢字', '「', '😀',
  '\u202e', '\u200b', '\0', '[x] ', '[ ] ', '~~~', ':', '.', '<https://a.b>', 'שלום', '1', '\u2028',
];

/** A text of so many pieces that mean something in Markdown, as a seed decides. */
export function randomText(random, count) {
  const piece = () => PIECES[Math.floor(random() * PIECES.length)];
  return Array.from({ length: count }, piece).join('');
}

/** What careless parsers take the square of its length, or worse, to read when it is repeated. */
const HARD = [
  '*', '_', '~', '`', '[', ']', '!', '<', '>', '\\', '|', '#', '-', '(', '\n', ' ', 'x', '*a ',
  'a* ', '*a_ ', '**a **', '*a**b ', '_a*', '~~a ', 'a~~ ', '[a](', '[a](b "', "[a](b '", '[a](<',
  '[a](b(', '![[', '![a](', '[](', '](', '[a]', '<http://', 'http://', 'https://a', '<a@', '- ',
  '> ', '> - ', '1. ', '- [x] ', '- a\n', '> a\n', '>\n', '1.\n', '# \n', '```\n', '~~~ ', '```a ',
  '|\n', '| a |\n', 'a\n\n', 'a\n- ', '\\\n',
];

/** Texts of about this length that are hard to read in linear time. */
export function hardTexts(length) {
  const fill = (piece, part = 1) => piece.repeat(Math.ceil((length * part) / piece.length));
  const pair = (start, end) => fill(start, 0.5) + fill(end, 0.5);
  const lines = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const side = Math.sqrt(2 * length); // So many lines that grow by one are of this length.
  return [
    ...HARD.map((piece) => fill(piece)), ...HARD.map((piece) => `${fill(piece)}a`),
    pair('*', '*'), pair('*a ', 'b* '), pair('**a ', 'b** '), pair('[', ']'), pair('[', '](b)'),
    pair('![', '](https://a.b)'), `[a](${pair('(', ')')})`, `${fill('|', 0.5)}\n${fill('|-', 0.5)}`,
    `|a|b|\n|-|-|\n${fill('|\n')}`, `|a|b|\n|-|-|\n${fill('| c | d |\n')}`, `# ${fill(' ')}x #`,
    `${fill('- ')}x y`, `${fill('=')}x`, `${fill('#')} a`, `a${fill('\n-')}`,
    lines(side, (i) => '`'.repeat(i + 1)), lines(side, (i) => `${'>'.repeat(i)} a`),
    lines(Math.sqrt(length), (i) => `${'  '.repeat(i)}- a`),
  ];
}
