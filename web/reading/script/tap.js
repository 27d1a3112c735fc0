// Taps: on a telephone the outer thirds of the page turn it; there are no buttons beside.
const phone = matchMedia('(max-width: 39.99rem)')
const alive = 'a, button, input, select, audio, video, summary'

// taps listens to the page around the book, and returns what listens to a chapter:
// its document, and where its frame begins.
export function taps(view, look, turn) {
  const edge = (event, left) => {
    if (!look.paginated() || event.target.closest?.(alive)) return null
    const at = (left + event.clientX) / innerWidth
    return at < 0.33 ? 'goLeft' : at > 0.67 ? 'goRight' : null
  }
  function tap(event, left) {
    const how = edge(event, left)
    if (!how || event.defaultPrevented || !(phone.matches || event.pointerType === 'touch')) return
    if (event.view?.getSelection()?.isCollapsed === false) return
    turn(how)
  }
  // Two quick clicks choose a word, and then no tap would turn a page any more.
  function noWord(event, left) {
    if (event.detail > 1 && phone.matches && edge(event, left)) event.preventDefault()
  }
  view.addEventListener('click', event => tap(event, 0))
  still(view)
  return (doc, left) => {
    doc.addEventListener('click', event => tap(event, left()))
    doc.addEventListener('mousedown', event => noWord(event, left()))
    still(doc)
  }
}

// foliate-js 1.0.1 takes the end of every touch for the end of a wipe and puts the
// page straight, also one that a tap just set in motion. A finger that did not move
// does not wipe.
function still(target) {
  let moved = false
  target.addEventListener('touchstart', () => { moved = false }, { capture: true, passive: true })
  target.addEventListener('touchmove', () => { moved = true }, { capture: true, passive: true })
  target.addEventListener('touchend', event => { if (!moved) event.stopImmediatePropagation() }, { capture: true })
}
