/**
 * Elements of a page. Whatever is shown goes in as a text node: there is no way through here by which a name
 * that an outsider chose could become markup.
 */

/** A node, a text, or nothing. */
export type Child = Node | string | null;

export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Makes an element.
 * @param attributes `true` sets an attribute without a value; `false` and `null` leave it out
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an element of a drawing. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, String(value));
  }
}

/**
 * Shows `children` in `parent` and touches only what is different from what stands there already, so that
 * focus, selection and whatever moves stay as they are.
 */
export function show(parent: Element, ...children: readonly Child[]): void {
  const wanted = children
    .filter((child) => child !== null)
    .map((child) => (typeof child === 'string' ? document.createTextNode(child) : child));
  wanted.forEach((node, index) => {
    const present = parent.childNodes[index];
    if (present === undefined) parent.append(node);
    else if (present !== node && !present.isEqualNode(node)) parent.replaceChild(node, present);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild?.remove();
}

/** Sets an attribute that is there or not. */
export function toggleAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
