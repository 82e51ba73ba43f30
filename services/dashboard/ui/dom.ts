/** A little DOM: elements from tag, attributes and children. Text only ever becomes text nodes. */

type Child = Node | string | null | undefined | false
type Attributes = Record<string, string | number | boolean | undefined>

/** Creates an element; `class.name` style tags are allowed: `h('p.muted', {}, 'text')`. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag | `${Tag}.${string}`,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const [name, ...classes] = tag.split('.')
  const element = document.createElement(name as Tag)
  if (classes.length > 0) element.className = classes.join(' ')
  setAttributes(element, attributes)
  append(element, children)
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag)
  setAttributes(element, attributes)
  append(element, children)
  return element
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(key, value === true ? '' : String(value))
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) if (child) element.append(child)
}

/** Sets text only when it changed, so that screen readers and selections are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Sets or removes an attribute only when it changed. */
export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/** Makes `parent` hold exactly `wanted`, moving as little as possible so that focus survives. */
export function place(parent: Element, wanted: readonly Element[]): void {
  const keep = new Set(wanted)
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove()
  wanted.forEach((element, i) => {
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null)
  })
}

export function option(value: string, label = value): HTMLOptionElement {
  return h('option', { value }, label)
}

let lastId = 0
export const newId = (prefix: string): string => `${prefix}-${++lastId}`
