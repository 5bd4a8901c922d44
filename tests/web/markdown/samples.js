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
  '*', '**', '_', '~~', '`', '```', '\n', '\n\n', '\r\n', ' ', '  ', '    ', '\t', '- ', '1. ', '12) ',
  '> ', '# ', '---', '===', '|', '| a | b |\n|---|---|\n', '|:-:|', '[', ']', '(', ')', '![', '](', '<', '>',
  'https://', 'https://a.b/c', 'javascript:alert(1)', 'data:text/html,x', '<b onclick=x>', '</article>',
  '&lt;', '&#106;', '\\', '"', "'", 'word', 'a', 'é', '漢字', '「', '😀', '\u202e', '\u200b', '\0', '[x] ',
  '[ ] ', '~~~', ':', '.', '<https://a.b>', 'שלום', '1', '\u2028',
];

/** A text of so many pieces that mean something in Markdown, as a seed decides. */
export function randomText(random, count) {
  const piece = () => PIECES[Math.floor(random() * PIECES.length)];
  return Array.from({ length: count }, piece).join('');
}

/** Texts that make careless parsers take a square of the time, of about this length each. */
export function hardTexts(length) {
  const fill = (piece, end = '') => piece.repeat(Math.ceil(length / piece.length)) + end;
  const lines = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const half = (piece) => piece.repeat(Math.ceil(length / piece.length / 2));
  return [
    ...['*', '_', '~', '`', '[', ']', '!', '<', '>', '\\', '|', '#', '-', '(', '\n', ' ', 'x'].map((s) => fill(s)),
    ...['*a ', 'a* ', '*a_ ', '**a **', '*a**b ', '_a*', '~~a ', 'a~~ '].map((s) => fill(s)),
    ...['[a](', '[a](b "', "[a](b '", '[a](<', '[a](b(', '![[', '![a](', '[](', '](', '[a]'].map((s) => fill(s)),
    ...['<http://', 'http://', 'https://a', '<a@', '- ', '> ', '> - ', '1. ', '- [x] ', '- a\n'].map((s) => fill(s, 'a')),
    ...['> a\n', '>\n', '1.\n', '# \n', '```\n', '~~~ ', '```a ', '|\n', '| a |\n', 'a\n\n', 'a\n- ', '\\\n'].map((s) => fill(s)),
    half('*') + half('*'), half('*a ') + half('b* '), half('**a ') + half('b** '), half('[') + half(']'),
    half('[') + half('](b)'), `[a](${half('(')}${half(')')})`, half('![') + half('](https://a.b)'),
    `${half('|')}\n${half('|-')}\n`, `|a|b|\n|-|-|\n${fill('|\n')}`, `|a|b|\n|-|-|\n${fill('| c | d |\n')}`,
    `# ${fill(' ')}x #`, `${fill(' ')}x`, `${fill('- ')}x`, `${fill('=')}x`, `${fill('#')} a`, `a${fill('\n-')}`,
    lines(Math.sqrt(2 * length), (i) => '`'.repeat(i + 1)), lines(Math.sqrt(length), (i) => `${'  '.repeat(i)}- a`),
    lines(Math.sqrt(2 * length), (i) => `${'>'.repeat(i)} a`),
  ];
}
