/**
 * Make an element. Text goes in as text: nothing here, and nothing that uses it, parses HTML.
 * @param {string} tag
 * @param {object} [properties] DOM properties; `data` and `aria` are sets of attributes
 * @param {...(Node|string)} children
 */
export function make(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children);
  return element;
}

/** The element of the page with this id. */
export const byId = (id) => document.getElementById(id);

/** Set a text only where it differs: a live region speaks up at every change. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Make a container's children these, in this order, moving and removing as little as can be.
 * @param {Element} container
 * @param {Element[]} children
 */
export function arrange(container, children) {
  const wanted = new Set(children);
  for (const child of [...container.children]) if (!wanted.has(child)) child.remove();
  let next = container.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else container.insertBefore(child, next);
  }
}
