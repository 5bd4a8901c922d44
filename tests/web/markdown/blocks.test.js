import { MAX_DEPTH, parse } from '../../../web-client/page/markdown/blocks.js';
import { equal, ok, test } from '../harness.js';
import { outline } from './outline.js';

function check(cases, options) {
  for (const [text, expected] of cases) {
    equal(outline(parse(text, options)), expected, JSON.stringify(text));
  }
}

test('paragraphs end at blank lines and keep their line ends', () => check([
  ['', ''],
  [' \n\t\n', ''],
  ['a', 'paragraph(a)'],
  ['a\n\nb', 'paragraph(a) paragraph(b)'],
  ['a\n\n\n\nb\n', 'paragraph(a) paragraph(b)'],
  ['a\nb', 'paragraph(a\nb)'],
  ['a  \n  b', 'paragraph(a\nb)'],
  ['a\\\nb', 'paragraph(a\nb)'],
  ['a\r\nb\r\n\r\nc', 'paragraph(a\nb) paragraph(c)'],
  ['    not code', 'paragraph(not code)'],
  ['a\u2028b', 'paragraph(a\u2028b)'],
]));

test('headings have one to six signs and a space, or a line below', () => check([
  ['# a', 'heading[1](a)'],
  ['###### a', 'heading[6](a)'],
  ['####### a', 'paragraph(####### a)'],
  ['#a', 'paragraph(#a)'],
  ['#', 'heading[1]()'],
  ['## a ##', 'heading[2](a)'],
  ['## a#', 'heading[2](a#)'],
  ['## a \\#', 'heading[2](a #)'],
  ['# *a* `b`', 'heading[1](emphasis(a)   codeSpan(b))'],
  ['a\n# b\nc', 'paragraph(a) heading[1](b) paragraph(c)'],
  ['a\n===', 'heading[1](a)'],
  ['a\nb\n---', 'heading[2](a\nb)'],
  ['===', 'paragraph(===)'],
]));

test('rules are three signs or more of one kind', () => check([
  ['---', 'rule()'],
  ['***', 'rule()'],
  ['_ _ _', 'rule()'],
  ['- - -', 'rule()'],
  ['--', 'paragraph(--)'],
  ['--- a', 'paragraph(--- a)'],
  ['-*-', 'paragraph(-*-)'],
  ['a\n\n---\n\nb', 'paragraph(a) rule() paragraph(b)'],
  ['a\n***\nb', 'paragraph(a) rule() paragraph(b)'],
  ['- a\n***\n- b', 'list(item(paragraph(a))) rule() list(item(paragraph(b)))'],
]));

test('fenced code is kept to the letter, with its language', () => check([
  ['```\na\n```', 'codeBlock(a)'],
  ['```python\nprint(1)\n```', 'codeBlock[python](print(1))'],
  ['```js title="x.js"\na\n```', 'codeBlock[js](a)'],
  ['~~~\n```\n~~~', 'codeBlock(```)'],
  ['````\n```\na\n```\n````', 'codeBlock(```\na\n```)'],
  ['```\n*a*\n\n<b>&amp;\n\n```', 'codeBlock(*a*\n\n<b>&amp;\n)'],
  ['```\n\ta\n  b\n```', 'codeBlock(\ta\n  b)'],
  ['  ```\n  a\n    b\n c\n  ```', 'codeBlock(a\n  b\nc)'],
  ['```\na', 'codeBlock(a)'],
  ['```\na\n``', 'codeBlock(a\n``)'],
  ['```\n```', 'codeBlock()'],
  ['a\n```\nb\n```\nc', 'paragraph(a) codeBlock(b) paragraph(c)'],
  ['``` a`b ```', 'paragraph(codeSpan(a`b))'],
  ['``', 'paragraph(``)'],
]));

test('quotations hold blocks, and a paragraph in them goes on without the sign', () => check([
  ['> a', 'quote(paragraph(a))'],
  ['>a\n> b', 'quote(paragraph(a\nb))'],
  ['> a\nb', 'quote(paragraph(a\nb))'],
  ['> a\n\nb', 'quote(paragraph(a)) paragraph(b)'],
  ['> a\n>\n> b', 'quote(paragraph(a) paragraph(b))'],
  ['> # a\nb', 'quote(heading[1](a)) paragraph(b)'],
  ['> ```\nb', 'quote(codeBlock()) paragraph(b)'],
  ['> - a\n> - b', 'quote(list(item(paragraph(a)) item(paragraph(b))))'],
  ['> a\n- b', 'quote(paragraph(a)) list(item(paragraph(b)))'],
  ['>> a\n> b', 'quote(quote(paragraph(a\nb)))'],
  ['a\n> b', 'paragraph(a) quote(paragraph(b))'],
]));

test('lists are items of one kind of marker', () => check([
  ['- a\n- b', 'list(item(paragraph(a)) item(paragraph(b)))'],
  ['* a\n+ b', 'list(item(paragraph(a))) list(item(paragraph(b)))'],
  ['1. a\n2. b', 'list[1](item(paragraph(a)) item(paragraph(b)))'],
  ['7) a\n9) b', 'list[7](item(paragraph(a)) item(paragraph(b)))'],
  ['0. a', 'list[0](item(paragraph(a)))'],
  ['1234567890. a', 'paragraph(1234567890. a)'],
  ['-a', 'paragraph(-a)'],
  ['-', 'list(item())'],
  ['-\n  a', 'list(item(paragraph(a)))'],
  ['-\n\n  a', 'list(item()) paragraph(a)'],
  ['a\n- b', 'paragraph(a) list(item(paragraph(b)))'],
  ['a\n1. b', 'paragraph(a) list[1](item(paragraph(b)))'],
  ['In\n1999. It', 'paragraph(In\n1999. It)'],
  ['- a\nb', 'list(item(paragraph(a\nb)))'],
  ['- a\n\nb', 'list(item(paragraph(a))) paragraph(b)'],
  ['- # a\n- ```\n  b\n  ```', 'list(item(heading[1](a)) item(codeBlock(b)))'],
  ['1. a\n```\nb\n```\n2. c',
    'list[1](item(paragraph(a))) codeBlock(b) list[2](item(paragraph(c)))'],
]));

test('lists with blank lines between their parts are loose', () => check([
  ['- a\n\n- b', 'list[loose](item(paragraph(a)) item(paragraph(b)))'],
  ['- a\n\n  b\n- c', 'list[loose](item(paragraph(a) paragraph(b)) item(paragraph(c)))'],
  ['- a\n  - b\n\n    c\n- d',
    'list(item(paragraph(a) list[loose](item(paragraph(b) paragraph(c)))) item(paragraph(d)))'],
  ['- a\n- b\n\nc', 'list(item(paragraph(a)) item(paragraph(b))) paragraph(c)'],
]));

test('lists nest, however far models indent them', () => {
  const nested = 'list(item(paragraph(a) list(item(paragraph(b)))))';
  check([
    ['- a\n  - b', nested],
    ['- a\n    - b', nested],
    ['- a\n\t- b', nested],
    ['* a\n      * b', nested],
    ['- a\n - b', 'list(item(paragraph(a)) item(paragraph(b)))'],
    ['- - a', 'list(item(list(item(paragraph(a)))))'],
    ['1. a\n  - b\n2. c',
      'list[1](item(paragraph(a) list(item(paragraph(b)))) item(paragraph(c)))'],
    ['10. a\n\n    b', 'list[10 loose](item(paragraph(a) paragraph(b)))'],
    ['- a\n  - b\n    - c\n- d',
      'list(item(paragraph(a) list(item(paragraph(b) list(item(paragraph(c)))))) '
      + 'item(paragraph(d)))'],
    ['- a\n  > b', 'list(item(paragraph(a) quote(paragraph(b))))'],
  ]);
});

test('tasks are items that begin with a box', () => check([
  ['- [ ] a\n- [x] b\n- [X] c',
    'list(item(paragraph(box[_]() a)) item(paragraph(box[x]() b)) item(paragraph(box[x]() c)))'],
  ['1. [x] a', 'list[1](item(paragraph(box[x]() a)))'],
  ['- [y] a', 'list(item(paragraph([y] a)))'],
  ['- [ ]', 'list(item(paragraph([ ])))'],
  ['- [x]a', 'list(item(paragraph([x]a)))'],
  ['[x] a', 'paragraph([x] a)'],
]));

test('tables have a head, a line of dashes that aligns, and rows', () => {
  const head = (...cells) => `head(row(${cells.map((c) => `headCell(${c})`).join(' ')}))`;
  const row = (...cells) => `row(${cells.map((c) => `cell(${c})`).join(' ')})`;
  check([
    ['| a | b |\n|---|---|', `table(${head('a', 'b')})`],
    ['| a | b |\n|---|---|\n| c | d |', `table(${head('a', 'b')} body(${row('c', 'd')}))`],
    ['a | b\n-|-\nc | d', `table(${head('a', 'b')} body(${row('c', 'd')}))`],
    ['| a |\n|---|\n| `b \\| c` |', `table(${head('a')} body(${row('codeSpan(b | c)')}))`],
    ['| a |\n|---|\n| b<br>c |', `table(${head('a')} body(${row('b\nc')}))`],
    ['| a |\n|---|\n| b | c |', `table(${head('a')} body(${row('b')}))`],
    ['| a | b |\n|---|---|\n| c', `table(${head('a', 'b')} body(${row('c')}))`],
    ['| a |\n|---|\n| |', `table(${head('a')} body(${row('')}))`],
    ['| a |\n|---|\nb', `table(${head('a')}) paragraph(b)`],
    ['x\n| a |\n|---|', `paragraph(x) table(${head('a')})`],
    ['- | a |\n  |---|', `list(item(table(${head('a')})))`],
    ['| a | b |\n|---|', 'paragraph(| a | b |\n|---|)'],
    ['| a |\n| b |', 'paragraph(| a |\n| b |)'],
    ['a\n---', 'heading[2](a)'],
    ['|a|b|c|d|\n|:-|-:|:-:|-|\n|1|2|3|4|',
      'table(head(row(headCell[start](a) headCell[end](b) headCell[center](c) headCell(d))) '
      + 'body(row(cell[start](1) cell[end](2) cell[center](3) cell(4))))'],
  ]);
});

test('HTML and what else is not known stays as it was written', () => check([
  ['<b>a</b>', 'paragraph(<b>a</b>)'],
  ['<!-- a -->', 'paragraph(<!-- a -->)'],
  ['<div>\n\n*a*\n\n</div>', 'paragraph(<div>) paragraph(emphasis(a)) paragraph(</div>)'],
  ['&lt; &amp; &#106;', 'paragraph(&lt; &amp; &#106;)'],
  ['[1]: https://a.b/', 'paragraph([1]:  link[https://a.b/](https://a.b/))'],
  ['a[^1]', 'paragraph(a[^1])'],
]));

const depthOf = (nodes) => Math.max(0, ...nodes.map((node) =>
  (typeof node === 'string' ? 0 : 1 + depthOf(node.children))));

test('what is nested too deep is text', () => {
  for (const text of ['>'.repeat(999), `${'- '.repeat(999)}a`, `${'1. > '.repeat(500)}a`]) {
    const nodes = parse(text);
    ok(depthOf(nodes) <= 2 * MAX_DEPTH + 1, text.slice(0, 9));
    ok(JSON.stringify(nodes).includes(text.slice(-9)), text.slice(0, 9));
  }
});

test('emphasis nested too deep is text', () => {
  for (const [start, end] of [['*a ', 'b* '], ['**a ', 'b** '], ['_**a ', 'b**_ '], ['~~a ', 'b~~ ']]) {
    const text = `${start.repeat(99)}${end.repeat(99)}`.trim();
    for (const isOpen of [false, true]) {
      const depth = depthOf(parse(text, { isOpen }));
      ok(depth > 5 && depth < 12, `${text.slice(0, 9)} is ${depth} deep`);
    }
  }
});

test('what is not closed yet reads as what it will most likely be', () => check([
  ['```py', ''],
  ['```py\na', 'codeBlock[py](a)'],
  ['```py\na\n``', 'codeBlock[py](a)'],
  ['a\n-', 'paragraph(a)'],
  ['a\n- ', 'paragraph(a)'],
  ['- a\n- b', 'list(item(paragraph(a)) item(paragraph(b)))'],
  ['- [', ''],
  ['- [x', ''],
  ['- [x] a', 'list(item(paragraph(box[x]() a)))'],
  ['1', ''],
  ['a\n12', 'paragraph(a)'],
  ['12 a', 'paragraph(12 a)'],
  ['##', ''],
  ['## a', 'heading[2](a)'],
  ['> ', ''],
  ['| a | b', 'table(head(row(headCell(a) headCell(b))))'],
  ['| a | b |\n|--', 'table(head(row(headCell(a) headCell(b))))'],
  ['x\n| a | b |\n', 'paragraph(x) table(head(row(headCell(a) headCell(b))))'],
  ['| a |\n|---|\n| **b', 'table(head(row(headCell(a))) body(row(cell(strong(b)))))'],
], { isOpen: true }));
