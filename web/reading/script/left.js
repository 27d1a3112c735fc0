// How much is left to read: pages, and minutes at the pace of this reader, which is
// measured while the page is open and kept nowhere.
const enough = [3, 40000] // pages and milliseconds, before we say anything of time
const quickest = 2000, slowest = 300000 // who turns sooner does not read, who turns later was away

export function pace() {
  let read = 0, took = 0, pages = 0, before = null
  document.addEventListener('visibilitychange', () => { before = null })
  return {
    // shown notes that a page is shown with so much left behind its first word;
    // turned says that the page before was read to its end.
    shown(left, turned) {
      const now = Date.now()
      if (before && turned && before.left > left && now - before.at > quickest && now - before.at < slowest) {
        read += before.left - left
        took += now - before.at
        pages++
      }
      before = { left, at: now }
    },
    // minutes for so much, or null when the pace is not known yet.
    minutes: left => pages < enough[0] || took < enough[1] ? null : Math.max(1, Math.round(left * took / read / 60000)),
  }
}

// chapterLeft reckons how much of the chapter is left, and how many pages.
//   detail  of the relocation
//   chapters  entries of the table of contents, flat, in order: {item, index, anchor}
export function chapterLeft(view, detail, chapters) {
  const { renderer, book } = view
  const index = detail.section?.current ?? 0
  const here = detail.time?.section ?? 0 // left in this part of the book
  const textPages = renderer.scrolled ? 0 : renderer.pages - 2
  const now = chapters.findIndex(c => c.item === detail.tocItem)
  const next = chapters.slice(now + 1).find(c => c.index > index || c.index === index && c.item !== detail.tocItem)
  let left = here, pages = textPages > 0 ? textPages - renderer.page : null
  if (now >= 0 && next?.index === index && next.anchor && textPages > 0) {
    const doc = renderer.getContents()[0]?.doc
    const box = doc && next.anchor(doc)?.getBoundingClientRect?.()
    if (box) {
      const starts = Math.floor(box.left / renderer.size) + 1 // on that page
      const perPage = here / Math.max(1, textPages - renderer.page + 1)
      pages = Math.max(0, starts - 1 - renderer.page)
      left = perPage * (pages + 1)
    }
  } else if (now >= 0) { // the chapter goes on in the parts behind this one
    const perPage = here / Math.max(1, textPages - renderer.page + 1)
    const end = next?.index ?? book.sections.length
    for (let i = index + 1; i < end; i++) if (book.sections[i].linear !== 'no') {
      const more = book.sections[i].size / unit
      left += more
      if (pages !== null && perPage > 0) pages += Math.ceil(more / perPage)
    }
  }
  return { left, pages }
}
export const unit = 1600 // bytes of a part in what foliate-js 1.0.1 calls a unit of time
