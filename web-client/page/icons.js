const SVG = 'http://www.w3.org/2000/svg';

/** Paths on a grid of 24, drawn as strokes. */
const PATHS = {
  again: 'M19.500 12a7.500 7.500 0 1 1-2.200-5.300L20 9.300M20 4.500v4.800h-4.800',
  bin: 'M4 7h16M10 4h4M6.500 7l.8 12.200a1 1 0 0 0 1 .8h7.400a1 1 0 0 0 1-.8L17.500 7M10 11v5M14 11v5',
  branch:
    'M7 8.500v7M7 8.500a2 2 0 1 0 0-4a2 2 0 0 0 0 4zM7 19.500a2 2 0 1 0 0-4a2 2 0 0 0 0 4zM17 8.500a2 2 0 1 0 0-4a2 2 0 0 0 0 4zM17 8.500c0 4-3.500 4.500-6.500 5c-2 .4-3.500 1-3.500 2',
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M12 5v13M6.500 12.500L12 18l5.500-5.500',
  menu: 'M4 7h16M4 12h16M4 17h10',
  pencil: 'M4 20l.9-4L15.500 5.400a1.500 1.500 0 0 1 2.100 0l1 1a1.500 1.500 0 0 1 0 2.100L8 19.100zM14 7l3 3',
  plus: 'M12 5v14M5 12h14',
  send: 'M12 19V5.500M6 11.200L12 5.200l6 6',
  stop: 'M8 8h8v8H8z',
  down_thumb:
    'M17 4v9M17 13l-3.600 6.600a1.700 1.700 0 0 1-3.100-1.300L11 14H6.300a2 2 0 0 1-1.900-2.500l1.500-6A2 2 0 0 1 7.800 4H17zM17 4h3v9h-3',
  up_thumb:
    'M7 20v-9M7 11l3.600-6.600a1.700 1.700 0 0 1 3.100 1.300L13 10h4.700a2 2 0 0 1 1.900 2.500l-1.500 6a2 2 0 0 1-1.900 1.500H7zM7 20H4v-9h3',
};

/** A picture for people who see it; its button says the same in words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of [['viewBox', '0 0 24 24'], ['aria-hidden', 'true'], ['class', 'icon']]) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** Put the icons into every element that asks for one with `data-icon`. */
export function drawIcons(root = document) {
  for (const element of root.querySelectorAll('[data-icon]')) {
    element.prepend(icon(element.dataset.icon));
  }
}
