import { parse } from '../../../web-client/page/markdown/blocks.js';
import { equal, ok, test } from '../harness.js';
import { outline } from './outline.js';

function check(cases, options) {
  for (const [text, expected] of cases) {
    const wanted = expected && `paragraph(${expected})`;
    equal(outline(parse(text, options)), wanted, JSON.stringify(text));
  }
}

test('emphasis pairs as CommonMark pairs it', () => check([
  ['*a*', 'emphasis(a)'],
  ['_a_', 'emphasis(a)'],
  ['**a**', 'strong(a)'],
  ['__a__', 'strong(a)'],
  ['***a***', 'emphasis(strong(a))'],
  ['a*b*c', 'a emphasis(b) c'],
  ['snake_case_name', 'snake_case_name'],
  ['__init__.py', 'strong(init) .py'],
  ['2 * 3 * 4', '2 * 3 * 4'],
  ['a * b*', 'a * b*'],
  ['**a', '**a'],
  ['a**', 'a**'],
  ['**a*', '* emphasis(a)'],
  ['*a**', 'emphasis(a) *'],
  ['*a **b** c*', 'emphasis(a  strong(b)  c)'],
  ['**a *b* c**', 'strong(a  emphasis(b)  c)'],
  ['***a** b*', 'emphasis(strong(a)  b)'],
  ['*a **b*', '*a * emphasis(b)'],
  ['**a*b**', 'strong(a*b)'],
  ['foo***bar***baz', 'foo emphasis(strong(bar)) baz'],
  ['*a_b*c_', 'emphasis(a_b) c_'],
  ['"*a*"', '" emphasis(a) "'],
  ['\\*a\\*', '*a*'],
  ['**a\nb**', 'strong(a\nb)'],
  ['**Note:** a', 'strong(Note:)  a'],
  ['😀*a*😀', '😀 emphasis(a) 😀'],
  ['これは**「重要」**です', 'これは strong(「重要」) です'],
  ['a ***************b***************', 'a ***************b***************'],
]));

test('struck text stands between two tildes on each side', () => check([
  ['~~a~~', 'strike(a)'],
  ['~a~', '~a~'],
  ['b ~~~a~~', 'b ~~~a~~'],
  ['~5 to ~10', '~5 to ~10'],
  ['**~~a~~**', 'strong(strike(a))'],
]));

test('a span of code ends at a run as long as its first', () => check([
  ['`a`', 'codeSpan(a)'],
  ['``a`b``', 'codeSpan(a`b)'],
  ['`` ` ``', 'codeSpan(`)'],
  ['` a `', 'codeSpan(a)'],
  ['`  `', 'codeSpan(  )'],
  ['`a\nb`', 'codeSpan(a b)'],
  ['`a', '`a'],
  ['``a`', '``a`'],
  ['`*a*`', 'codeSpan(*a*)'],
  ['*a`*`', '*a codeSpan(*)'],
  ['`[a](https://b.c)`', 'codeSpan([a](https://b.c))'],
  ['\\`a`', '`a`'],
  ['`a\\`', 'codeSpan(a\\)'],
]));

test('a backslash makes a sign text and is itself before all else', () => check([
  ['\\# a', '# a'],
  ['\\a \\1 \\é', '\\a \\1 \\é'],
  ['\\\\*a*', '\\ emphasis(a)'],
  ['1\\. a', '1. a'],
  ['\\[a](https://b.c)', '[a]( link[https://b.c/](https://b.c) )'],
  ['a\\', 'a\\'],
]));

test('links lead where they say, and their host shows where the label does not', () => check([
  ['[a](https://b.c)', 'link[https://b.c/ b.c](a)'],
  ['[a](<https://b.c/d e>)', 'link[https://b.c/d%20e b.c](a)'],
  ['[a](https://b.c/d "t")', 'link[https://b.c/d b.c](a)'],
  ["[a](https://b.c/d 't')", 'link[https://b.c/d b.c](a)'],
  ['[a]( https://b.c )', 'link[https://b.c/ b.c](a)'],
  ['[a](https://b.c/d_(e))', 'link[https://b.c/d_(e) b.c](a)'],
  ['[a](https://b.c/\\))', 'link[https://b.c/) b.c](a)'],
  ['[*a* `b`](https://b.c)', 'link[https://b.c/ b.c](emphasis(a)   codeSpan(b))'],
  ['[a [b] c](https://b.c)', 'link[https://b.c/ b.c](a [b] c)'],
  ['[a](mailto:a@b.c)', 'link[mailto:a@b.c a@b.c](a)'],
  ['[b.c](https://b.c/d)', 'link[https://b.c/d](b.c)'],
  ['[https://b.c/e](https://b.c/d)', 'link[https://b.c/d](https://b.c/e)'],
  ['[](https://b.c/d)', 'link[https://b.c/d](b.c)'],
  ['*[a*](https://b.c)', '* link[https://b.c/ b.c](a*)'],
  ['[a [b](https://b.c) c](https://d.e)',
    '[a  link[https://b.c/ b.c](b)  c]( link[https://d.e/](https://d.e) )'],
  ['[a]', '[a]'],
  ['[a][b]', '[a][b]'],
  ['[a] (https://b.c)', '[a] ( link[https://b.c/](https://b.c) )'],
  ['[a](b c)', '[a](b c)'],
  ['[a]()', '[a]()'],
]));

test('a label that reads like another address has the true host beside it', () => check([
  ['[https://bank.com](https://evil.com)',
    'link[https://evil.com/ evil.com](https://bank.com) host( (evil.com))'],
  ['[bank.com](https://evil.com)', 'link[https://evil.com/ evil.com](bank.com) host( (evil.com))'],
  ['[go to www.bank.com now](https://evil.com)',
    'link[https://evil.com/ evil.com](go to www.bank.com now) host( (evil.com))'],
  ['[b\u200bank\uff0ecom](https://evil.com)',
    'link[https://evil.com/ evil.com](b\u200bank\uff0ecom) host( (evil.com))'],
  ['[аpple.com](https://xn--pple-43d.com)',
    'link[https://xn--pple-43d.com/ xn--pple-43d.com](аpple.com) host( (xn--pple-43d.com))'],
  ['[evil.com.bank.com](https://evil.com)',
    'link[https://evil.com/ evil.com](evil.com.bank.com) host( (evil.com))'],
  ['[moc.knab\u202e](https://evil.com)',
    'link[https://evil.com/ evil.com](moc.knab) host( (evil.com))'],
]));

test('images are links by their alt text', () => check([
  ['![a](https://b.c/d.png)', 'link[https://b.c/d.png b.c](a)'],
  ['![](https://b.c/d.png)', 'link[https://b.c/d.png](b.c)'],
  ['![*a* b](https://b.c/d.png)', 'link[https://b.c/d.png b.c](a b)'],
  ['[![a](https://b.c/d.png)](https://e.f)', 'link[https://e.f/ e.f](a)'],
  ['![a](data:image/png;base64,AAAA)', '![a](data:image/png;base64,AAAA)'],
  ['![a](d.png)', '![a](d.png)'],
]));

test('bare addresses are links that end before what closes a sentence', () => {
  const link = 'link[https://b.c/d](https://b.c/d)';
  check([
    ['https://b.c/d', link],
    ['See https://b.c/d.', `See  ${link} .`],
    ['(https://b.c/d)', `( ${link} )`],
    ['https://b.c/d_(e)', 'link[https://b.c/d_(e)](https://b.c/d_(e))'],
    ['**https://b.c/d**', `strong(${link})`],
    ['<https://b.c/d>', link],
    ['<a@b.c>', 'link[mailto:a@b.c](a@b.c)'],
    ['"https://b.c/d", x', `" ${link} ", x`],
    ['見https://b.c/d。', '見https://b.c/d。'],
    ['見 https://b.c/d。', `見  ${link} 。`],
    ['http://b.c', 'link[http://b.c/](http://b.c)'],
    ['HTTPS://B.C', 'link[https://b.c/](HTTPS://B.C)'],
    ['xhttps://b.c', 'xhttps://b.c'],
    ['https://', 'https://'],
    ['https://...', 'https://...'],
    ['www.b.c', 'www.b.c'],
    ['[https://b.c/d](https://b.c/d)', link],
    ['`https://b.c`', 'codeSpan(https://b.c)'],
  ]);
});

test('a paragraph of any length is read in parts', () => {
  const text = '**a** b '.repeat(9_000).trim();
  const words = (nodes) => nodes.map((n) => n.children ? words(n.children) : n).join('');
  equal(words(parse(text)).length, 'a b '.repeat(9_000).length - 1);
  ok(!words(parse('😀'.repeat(20_001))).includes('\ufffd'));
  const pairs = parse(`a${'😀'.repeat(20_001)}`)[0].children;
  ok(pairs.every((part) => part.isWellFormed()), 'a character was cut in two');
});

test('formatting that is not closed yet is shown, and its signs are not', () => check([
  ['**a', 'strong(a)'],
  ['**a*', 'strong(a)'],
  ['a **', 'a'],
  ['*a **b', 'emphasis(a  strong(b))'],
  ['***a', 'emphasis(strong(a))'],
  ['a `b c', 'a  codeSpan(b c)'],
  ['a `b\nc', 'a `b\nc'],
  ['~~a', 'strike(a)'],
  ['2 * 3', '2 * 3'],
  ['[a', '[a'],
  ['[a](', 'a'],
  ['[a](https://b', 'a'],
  ['[**a**](https://b', 'strong(a)'],
  ['![a](https://b', 'a'],
  ['[a](https://b.c) d', 'link[https://b.c/ b.c](a)  d'],
  ['https://b.c/d', 'https://b.c/d'],
  ['https://b.c/d e', 'link[https://b.c/d](https://b.c/d)  e'],
  ['**a\n\n', '**a'],
], { isOpen: true }));
