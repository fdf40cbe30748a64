/**
 * Puts these children where others were; those of the same id are the same. What has not changed stays, down to a single word: whoever reads
 * it, or is at its button, would lose his place otherwise.
 *
 * @param {Element} parent
 * @param {Element[]} children
 */
export function renew(parent, children) {
  const ids = new Set(children.map(({ id }) => id))
  for (const old of Array.from(parent.children)) if (!ids.has(old.id)) old.remove()
  for (const [index, child] of children.entries()) put(child, parent.children[index], parent)
  while (parent.childElementCount > children.length) parent.lastElementChild?.remove()
}

/**
 * @param {Element} child
 * @param {Element | undefined} old
 * @param {Element} parent
 */
function put(child, old, parent) {
  if (old?.id !== child.id) parent.insertBefore(child, old ?? null)
  else if (child.childElementCount > 0 && isAlikeOutside(old, child)) renew(old, Array.from(child.children))
  else if (!old.isEqualNode(child)) old.replaceWith(child)
}

/**
 * @param {Element} old
 * @param {Element} child
 */
const isAlikeOutside = (old, child) => old.cloneNode().isEqualNode(child.cloneNode())
