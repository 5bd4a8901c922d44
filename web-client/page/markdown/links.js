/** Longer addresses, and those with more parentheses in each other, stay text. */
const MAX_ADDRESS = 2_048;
const MAX_PARENTHESES = 4;
/** Browsers differ in what else they take, and what is escaped here is made to be misread. */
const HOST = /^[\w.:[\]-]+$/;
const SCHEMES = new Set(['https:', 'http:', 'mailto:']);
const TITLE = /[ \n]{1,9}(?:"[^"]{0,300}"|'[^']{0,300}'|\([^()]{0,300}\))(?=[ \n]{0,9}\))/y;
const SPACES = /[ \n]{0,9}/y;
const ANGLED = /<([^<>\n]{0,2048})>/y;
const ANGLED_ADDRESS = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2048})>/iy;
const ANGLED_MAIL = /<([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>/y;
const BARE = /https?:\/\/[^\s<>[\]"`|\\\p{Cc}\p{Cf}\u3000-\u303f\uff00-\uff0f\uff1a-\uff20]+/iuy;
const WORD = /[\p{L}\p{N}_]$/u;
const TRAILING = '?!.,:;*_~\'';
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;
/** Characters that turn the order of others around. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const LIKE_ADDRESS = /\/\/|@|[\p{L}\p{N}-]\.\p{L}{2,}/u;

/**
 * What a person may safely follow: an absolute address of a scheme that runs nothing, as the URL
 * parser understands it, and without a name and password that could pass for a host.
 * @returns {?{href: string, host: string}} null for all else
 */
export function safeAddress(raw) {
  const url = parseOrNull(raw);
  if (url === null || !SCHEMES.has(url.protocol) || url.username || url.password) return null;
  const isNamed = url.host === '' ? url.pathname !== '' : HOST.test(url.host);
  if (!isNamed || url.href.length > MAX_ADDRESS) return null;
  return { href: url.href, host: url.host || url.pathname };
}

function parseOrNull(raw) {
  try {
    return new URL(raw);
  } catch {
    return null;
  }
}

/** The `(address "title")` that begins here. Titles are not shown: they could name another host. */
export function targetAt(text, at, work) {
  if (text[at] !== '(') return null;
  const start = at + 1 + match(SPACES, text, at + 1)[0].length;
  const angled = match(ANGLED, text, start);
  const end = angled ? start + angled[0].length : endOfAddress(text, start, work);
  if (end <= start) return null;
  const titleEnd = end + (match(TITLE, text, end)?.[0].length ?? 0);
  const close = titleEnd + match(SPACES, text, titleEnd)[0].length;
  work.step(close - end);
  if (text[close] !== ')') return null;
  const raw = angled?.[1] ?? text.slice(start, end);
  const address = safeAddress(raw.replace(/\\([!-/:-@[-`{-~])/g, '$1'));
  return address && { address, end: close + 1 };
}

/** Where an address with balanced parentheses ends; -1 for what is none. */
function endOfAddress(text, start, work) {
  let depth = 0;
  for (let at = start; at - start <= MAX_ADDRESS && depth <= MAX_PARENTHESES; at += 1) {
    work.step();
    if (at >= text.length) return text.length;
    const sign = text[at];
    if (sign <= ' ' || sign === '<' || (sign === ')' && depth === 0)) return at;
    if (sign === '\\') at += 1;
    else if (sign === '(') depth += 1;
    else if (sign === ')') depth -= 1;
  }
  return -1;
}

/** Whether a text ends in the middle of an address in parentheses. */
export function isHalfTarget(text, at) {
  if (text[at] !== '(' || text.length - at > MAX_ADDRESS) return false;
  return !/[)\n]/.test(text.slice(at).trimEnd());
}

/** The `<address>` that begins here. */
export function bracketedAddress(text, at) {
  const mail = match(ANGLED_MAIL, text, at);
  const found = mail ?? match(ANGLED_ADDRESS, text, at);
  const address = found && safeAddress(mail ? `mailto:${mail[1]}` : found[1]);
  return address && { nodes: linkTo(address, [found[1]], false), end: at + found[0].length };
}

/** The address that begins here without any sign; it ends before what closes a sentence. */
export function bareAddress(text, at, isOpen) {
  const found = match(BARE, text, at)?.[0];
  if (found === undefined) return null;
  const isWhole = !isOpen || at + found.length < text.length;
  const raw = withoutTrailing(found);
  const isApart = !WORD.test(text.slice(Math.max(0, at - 2), at));
  const address = isWhole && isApart && raw.length <= MAX_ADDRESS ? safeAddress(raw) : null;
  const nodes = address ? linkTo(address, [raw], false) : [raw];
  return { nodes, end: at + raw.length };
}

function withoutTrailing(address) {
  let end = address.length;
  let surplus = count(address, ')') - count(address, '(');
  for (;;) {
    const last = address[end - 1];
    if (last === ')' && surplus > 0) surplus -= 1;
    else if (!TRAILING.includes(last)) return address.slice(0, end);
    end -= 1;
  }
}

const count = (text, sign) => text.split(sign).length - 1;

/**
 * A link, and its host beside it where the label reads like another address. `title` is the host
 * when the label is anything else.
 */
export function linkTo({ href, host }, label, isImage) {
  const plain = textOf(label).normalize('NFKC').replace(UNSEEN, '').trim();
  const children = isImage || plain === '' ? [plain || host] : withoutLinks(label);
  const isNamed = plain === host || hostNamed(plain) === host;
  const isSame = plain === '' || (isNamed && plain.toLowerCase().includes(host));
  const link = { type: 'link', href, title: isSame ? '' : host, children };
  if (isSame || !LIKE_ADDRESS.test(plain)) return [link];
  return [link, { type: 'host', children: [` (${host})`] }];
}

function hostNamed(label) {
  const isAddress = /^[a-z]+:/i.test(label);
  return safeAddress(isAddress ? label : `https://${label}`)?.host;
}

function textOf(nodes) {
  return nodes.map((node) => (typeof node === 'string' ? node : textOf(node.children))).join('');
}

/** A link's label has no links of its own, and no sign that reverses how it reads. */
function withoutLinks(nodes) {
  return nodes.flatMap((node) => {
    if (typeof node === 'string') return node.replace(TURNING, '');
    if (node.type === 'host') return [];
    const children = withoutLinks(node.children);
    return node.type === 'link' ? children : { ...node, children };
  });
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
