// The comfortable reader: pages to turn, letters to enlarge, a place and bookmarks
// that are kept. The book itself runs nothing (see the page's policy in
// web/reading/read.go); everything here is ours. Without this file the plain
// chapter view does the work.
import 'foliate-js/view.js'
import { EPUB } from 'foliate-js/epub.js'
import '../assets/plaats.js'
import { dresser } from './dress.js'
import { bookAt } from './book.js'
import { finder } from './find.js'
import { pace, chapterLeft } from './left.js'
import { taps } from './tap.js'
import { fetchQuietly } from './whole.js'

const room = document.getElementById('lezer')
const say = room.dataset
const $ = id => document.getElementById(id)

// What the book may load and run inside its frame: nothing from elsewhere and no
// script. The page's own policy says so too; this is the wall behind the wall.
const policy = "default-src 'none'; script-src 'none'; img-src blob: data:; style-src blob: 'unsafe-inline'; font-src blob: data:; media-src blob:; form-action 'none'; base-uri 'none'"
const walled = text => {
  text = text.replace(/<meta\s[^>]*http-equiv[^>]*>/gi, '') // no policy stops a refresh, and it would empty the frame
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}"/>`
  return /<head[\s>]/.test(text) ? text.replace(/<head([^>]*)>/, `<head$1>${meta}`) : text.replace(/<html([^>]*)>/, `<html$1><head>${meta}</head>`)
}

// The book's files. What could not be fetched is told, with a way to try again.
const files = bookAt(say.book, () => places.wake(true))
const text = bytes => new TextDecoder().decode(bytes)
// A style or a picture that is not here leaves the chapter readable.
const loader = {
  loadText: async name => {
    if (!(name in files.sizes)) return null
    if (parts.has(name)) return text(await files.get(name))
    return files.get(name).then(text, () => '/* not here */')
  },
  loadBlob: async name => name in files.sizes ? new Blob([await files.get(name).catch(() => '')]) : null,
  getSize: name => files.sizes[name] ?? 0,
}
const parts = new Set() // what the book cannot be read without: its chapters, and what says which there are
let retry // what the button in the notice does
function lacks(again) {
  retry = again
  $('weg').hidden = false
}
const found = () => { $('weg').hidden = true }
$('weg-opnieuw').addEventListener('click', () => { found(); retry() })
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const online = () => new Promise(resolve => addEventListener('online', resolve, { once: true }))

// Is this part of the book here? Who cannot go there stays where they are.
async function reach(index, again) {
  const name = view.book.sections[index]?.id
  if (!name || files.has(name)) return true
  return files.get(name).then(() => { found(); return true }, () => { if (!closed) lacks(again); return false })
}
// A finger that wipes does not ask: then the empty sheet waits for its text.
async function arrive(name) {
  while (!closed && !files.has(name)) {
    try { await files.get(name) } catch {
      if (closed) return
      await Promise.race([new Promise(lacks), online(), pause(15000)])
    }
  }
  found()
}

const view = document.createElement('foliate-view')
$('blad').append(view)
const look = dresser(view, room, $('weergave'))

// The place.
let here // the page that is shown: {href, fragment, total, chapter, range}
let moving = false // a person turned the page, not the window
const places = Lidwoord.places({
  save: say.save, loan: say.loan, left: Number(say.left), known: { href: say.href, fragment: say.fragment, by: say.by }, over,
  offer: p => {
    if (!here || p.href === here.href && p.fragment === here.fragment) return
    offered = p
    wonder()
    $('elders').hidden = false
  },
})
let offered
// The question where to read, as it is now.
function wonder() {
  const p = offered, ask = $('elders').dataset, holds = (words, a, b) => words.replace('{0}', a).replace('{1}', b)
  $('elders-tekst').textContent = holds(p.total >= here.total ? ask.further : ask.less, inWords(here.chapter, here.total), inWords(chapterOf(p), p.total))
  $('elders-kort').textContent = holds(ask.short, percent(here.total), percent(p.total))
}
// Who turns a page meanwhile stays here; the other place is one button away.
function readsOn() {
  $('elders').hidden = true
  $('stem').textContent = say.stayed.replace('{0}', $('plek').textContent)
  backTo(offered)
}
$('elders-ga').addEventListener('click', async () => {
  $('elders').hidden = true
  await jump(() => goTo(offered), whereIs(offered))
  focusBook()
})
const stay = () => { $('elders').hidden = true; focusBook() }
$('elders-blijf').addEventListener('click', stay)

const percent = total => Math.round(total * 100) + ' %'
const inWords = (chapter, total) => [chapter && `‘${chapter}’`, percent(total)].filter(Boolean).join(', ')
const goTo = async p => {
  if (p.fragment && view.resolveNavigation(p.fragment)) await view.goTo(p.fragment)
  else await view.goTo(p.href)
}
const indexOf = target => view.resolveNavigation(target)?.index
const whereIs = p => view.book.sections.findIndex(s => s.id === p.href)
const chapterOf = p => view.getProgressOf(whereIs(p)).tocItem?.label?.trim() ?? ''

function focusBook() {
  if (view.renderer?.getContents?.()[0]?.doc?.defaultView) view.renderer.focusView()
}

// The loan is over, or nobody is signed in: nothing of the book stays in this page.
let closed = false
function over(cause) {
  if (closed) return
  closed = true
  files.shut()
  marks.shut()
  try { view.close() } catch (error) { console.warn(error) }
  $('blad').replaceChildren()
  for (const id of ['gevonden', 'bladwijzers']) $(id).replaceChildren()
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close()
  for (const e of document.querySelectorAll('.lezer button, .lezer input')) e.disabled = true
  for (const id of ['weg', 'elders', 'terug', 'rest', 'rest-alles', 'geladen']) $(id).hidden = true
  for (const e of $('melding').children) e.hidden = e.dataset.over !== cause
  $('melding').hidden = false
  $('melding').focus()
}
// A page that the browser keeps to go back to would keep the book.
addEventListener('pagehide', event => { if (event.persisted) files.shut() })
addEventListener('pageshow', event => { if (event.persisted) location.reload() })

// foliate-js drops what it is asked while a page is turning, so the steps wait for
// one another: every tap turns a page. Of a key that is held down no more than two
// wait, and pages slide only when nobody is in a hurry.
let step = Promise.resolve(), waiting = 0
function inTurn(go) {
  waiting++
  const done = step.then(() => {
    if (closed) return
    if (say.animated) view.renderer?.toggleAttribute('animated', waiting === 1)
    return go()
  }).finally(() => { waiting-- })
  step = done.catch(console.error)
  return done
}

// A jump can be undone: from a note, a chapter, a search, the end of the book.
async function jump(go, index) {
  const from = here
  let there = false
  await inTurn(async () => {
    if (there = await reach(index, () => jump(go, index))) {
      await settle()
      $('mis').hidden = true
      moving = true
      await go()
    }
  })
  if (there && !closed && from && from.fragment !== here.fragment) backTo(from)
}
function backTo(from) {
  $('terug').textContent = say.back.replace('{0}', percent(from.total))
  $('terug').hidden = false
  $('terug').onclick = async () => {
    $('terug').hidden = true
    await inTurn(async () => {
      await settle() // or the window comes to rest afterwards, and takes the page along
      moving = true
      await goTo(from)
    })
    focusBook()
  }
}
const turn = (how, held) => room.dataset.ready !== 'true' || held && waiting > 2 || inTurn(async () => {
  await settle()
  const on = how === 'next' || how === (view.book.dir === 'rtl' ? 'goLeft' : 'goRight')
  const to = beyond(on)
  if (to === -1) return tell(on ? say.atEnd : say.atStart)
  if (to !== null && !await reach(to, () => turn(how))) return
  $('mis').hidden = true
  moving = true
  onward = on
  await view[how]()
  onward = false
})
let onward = false // the page before was read to its end
// The part to which a turn leads, -1 for outside the book, null when it stays in the
// part that is shown.
function beyond(on) {
  const { renderer: r, book: { sections } } = view
  const leaves = r.scrolled ? (on ? r.viewSize - r.end <= 2 : r.start <= 0) : on ? r.page >= r.pages - 2 : r.page <= 1
  if (!leaves) return null
  const linear = i => sections[i].linear !== 'no'
  const all = [...sections.keys()].filter(linear), now = r.getContents()[0]?.index
  return (on ? all.find(i => i > now) : all.findLast(i => i < now)) ?? -1
}
// A word that goes by itself, also for who does not see.
let gone
function tell(words) {
  $('stem').textContent = words
  $('mis').textContent = words
  $('mis').hidden = false
  clearTimeout(gone)
  gone = setTimeout(() => { $('mis').hidden = true }, Math.max(6000, words.length * 110))
}
addEventListener('offline', () => { if (!closed && room.dataset.ready) tell($('geladen').hidden ? say.offlinePart : say.offline) })

// When the window changes its size (a phone that is turned), foliate-js 1.0.1 may
// end up on the empty sheet beside the text. So we note where the reader was and
// go there again when the size has come to rest.
let hold, rest
async function settle() {
  clearTimeout(rest)
  if (!hold) return
  const to = view.resolveNavigation(hold)
  hold = undefined
  moving = false
  await view.renderer.goTo(to)
}
addEventListener('resize', () => {
  if (closed) return
  hold ??= here?.fragment
  moving = false
  clearTimeout(rest)
  rest = setTimeout(settle, 100)
  requestAnimationFrame(() => requestAnimationFrame(() => hold && view.renderer.goTo(view.resolveNavigation(hold))))
})

// Keys: also those that are pressed inside the book.
function key(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.('input, select, textarea') || document.querySelector('dialog[open]')) return
  if (closed || room.dataset.ready !== 'true') return
  const button = event.target.closest?.('button, a, summary')
  switch (event.key) {
    case 'ArrowLeft': turn('goLeft', event.repeat); break
    case 'ArrowRight': turn('goRight', event.repeat); break
    case 'PageUp': turn('prev', event.repeat); break
    case 'PageDown': turn('next', event.repeat); break
    case ' ': if (button) return; turn(event.shiftKey ? 'prev' : 'next', event.repeat); break
    case 'Home': jump(() => view.goTo(0), 0); break
    case 'End': {
      const index = view.book.sections.findLastIndex(s => s.linear !== 'no')
      jump(() => view.renderer.goTo({ index, anchor: () => 1 }), index)
      break
    }
    case 'Escape': if ($('elders').hidden) return; stay(); break
    case '+': case '=': look.bigger(10); break
    case '-': look.bigger(-10); break
    case 'i': case 'c': show('inhoudsopgave'); break
    case '/': show('zoeken'); break
    case 'b': mark(); break
    case 'f': if (document.fullscreenEnabled) full(); break
    default: return
  }
  event.preventDefault()
}
document.addEventListener('keydown', key)
// Who steers with the keyboard sees a frame around the book when the focus comes in,
// and once they read no more than a fine line.
const reads = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', ' ', 'Home', 'End']
const keys = event => {
  if (event.key === 'Tab') room.dataset.keys = 'true'
  else if (room.dataset.keys && room.dataset.inside && reads.includes(event.key)) room.dataset.keys = 'reads'
}
document.querySelector('.utrecht-skip-link')?.addEventListener('click', event => { event.preventDefault(); focusBook() }) // "to the content" is the book
const noKeys = () => { delete room.dataset.keys }
document.addEventListener('keydown', keys)
document.addEventListener('pointerdown', noKeys)

const listen = taps(view, look, turn)
if (matchMedia('(pointer: coarse) and (prefers-reduced-motion: no-preference)').matches) say.animated = 'true'

function full() {
  if (document.fullscreenElement) document.exitFullscreen()
  else document.documentElement.requestFullscreen().catch(() => {})
}
$('vol').hidden = !document.fullscreenEnabled
$('vol').addEventListener('click', full)
document.addEventListener('fullscreenchange', () => $('vol').setAttribute('aria-pressed', String(!!document.fullscreenElement)))

function show(id) {
  const dialog = $(id)
  dialog.showModal()
  dialog.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' })
}
for (const button of document.querySelectorAll('[data-show]')) button.addEventListener('click', () => show(button.dataset.show))
for (const dialog of document.querySelectorAll('dialog')) {
  dialog.addEventListener('click', e => { if (e.target === dialog || e.target.closest('[data-close]')) dialog.close() })
  // In a search field the first Esc would only empty it.
  dialog.addEventListener('keydown', e => { if (e.key === 'Escape') { e.preventDefault(); dialog.close() } })
  // Opened by a key inside the book, it gives the focus back to nobody.
  dialog.addEventListener('close', () => requestAnimationFrame(() => {
    const focused = document.activeElement
    if (focused === document.body || dialog.contains(focused)) focusBook()
  }))
}
// Without a connection the book is gone for who leaves this page, so the tap is held
// and asks. A telephone in a tunnel may say that it has a connection: who gets no
// answer has none.
async function connected() {
  if (!navigator.onLine) return false
  return fetch(say.save, { cache: 'no-store', redirect: 'manual', signal: AbortSignal.timeout(3000) }).then(() => true, () => false)
}
let leaving = false
for (const way of document.querySelectorAll('[data-leaves]')) way.addEventListener('click', async event => {
  if (closed || room.dataset.ready !== 'true' || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  if (leaving) return
  leaving = true
  if (await connected() || closed) location.href = way.href
  else {
    $('sluit-toch').href = way.href
    show('sluit')
  }
  leaving = false
})
const leaveFor = async (dialog, go, index) => {
  $(dialog).close()
  await jump(go, index)
  focusBook() // a screen reader goes on where the page begins
}
$('kleiner').addEventListener('click', () => look.bigger(-10))
$('groter').addEventListener('click', () => look.bigger(10))
$('gewoon').addEventListener('click', look.usual)
$('vorige').addEventListener('click', () => turn('goLeft'))
$('volgende').addEventListener('click', () => turn('goRight'))
$('voortgang').addEventListener('change', e => jump(() => view.goToFraction(e.target.value / 1000)))

// The table of contents comes from the server as a list of links; here the links
// turn pages instead of loading them.
const entries = [...document.querySelectorAll('#inhoudsopgave a[data-href]')]
for (const a of entries) a.addEventListener('click', e => {
  e.preventDefault()
  leaveFor('inhoudsopgave', () => view.goTo(a.dataset.href), indexOf(a.dataset.href))
})
finder(view, { form: $('zoek'), list: $('gevonden'), say: $('zoek-stand'), go: cfi => leaveFor('zoeken', () => view.goTo(cfi), indexOf(cfi)) })

// Bookmarks: the ribbon is on when one lies on the page that is shown.
const marks = Lidwoord.marks({
  url: say.marks, loan: say.loan, left: Number(say.left), list: $('bladwijzers'), none: $('geen-bladwijzers'), label: m => percent(m.total), change: ribbon,
  go: m => leaveFor('inhoudsopgave', () => goTo(m), whereIs(m)),
  failed: status => tell(status === 409 ? say.full : say.failed),
  ended: () => places.wake(true),
})
function lies(m) {
  if (!here?.range || m.href !== here.href) return false
  if (!m.fragment) return here.range.startOffset === 0 && view.renderer.page <= 1
  if (m.fragment === here.fragment) return true
  const doc = here.range.startContainer.getRootNode()
  const range = view.resolveNavigation(m.fragment)?.anchor?.(doc)
  return range instanceof doc.defaultView.Range && here.range.isPointInRange(range.startContainer, range.startOffset)
}
function ribbon() {
  const on = marks?.all().some(lies) ?? false
  $('lint').setAttribute('aria-pressed', String(on))
  const n = marks?.all().length ?? 0
  $('aantal').textContent = n ? `(${n})` : ''
}
// The first words on a page, without the heading that the chapter's name repeats.
function firstWords(range) {
  let words = range.toString().replace(/\s+/g, ' ').trim()
  if (here.chapter && words.startsWith(here.chapter)) words = words.slice(here.chapter.length).trim()
  return words.length > 100 ? words.slice(0, 100).replace(/\s\S*$/, '') + ' …' : words
}
async function mark() {
  if (!here?.range) return
  const there = marks.all().filter(lies)
  if (there.length) {
    for (const m of there) marks.remove(m)
    $('stem').textContent = $('bladwijzers').dataset.removed
    return
  }
  const put = await marks.add({ ...here, words: firstWords(here.range) })
  if (put === 'waits') tell(say.markWaits)
  else if (put) $('stem').textContent = say.marked
}
$('lint').addEventListener('click', mark)

view.addEventListener('load', ({ detail: { doc } }) => {
  // A frame without a name is a riddle for a screen reader.
  const frame = doc.defaultView?.frameElement
  if (frame) frame.title = say.title
  doc.addEventListener('keydown', key)
  doc.addEventListener('keydown', keys)
  doc.addEventListener('pointerdown', noKeys)
  listen(doc, () => frame?.getBoundingClientRect().left ?? 0)
  delete room.dataset.inside
  doc.defaultView?.addEventListener('focus', () => { room.dataset.inside = 'true' })
  doc.defaultView?.addEventListener('blur', () => { delete room.dataset.inside })
})
view.addEventListener('link', e => {
  e.preventDefault()
  jump(() => view.goTo(e.detail.href), indexOf(e.detail.href))
})
view.addEventListener('external-link', e => {
  e.preventDefault()
  if (!/^https?:/.test(e.detail.href)) return
  $('buiten-tekst').textContent = say.leave.replace('{0}', e.detail.href)
  $('buiten-link').href = e.detail.href
  show('buiten')
})
let last
view.addEventListener('relocate', ({ detail }) => {
  if (blank()) return
  const { fraction, tocItem, cfi, section, range } = detail
  const total = Math.min(1, Math.max(0, fraction ?? 0))
  const chapter = tocItem?.label?.trim() ?? ''
  $('voortgang').value = Math.round(total * 1000)
  $('voortgang').setAttribute('aria-valuetext', percent(total))
  $('plek').textContent = [percent(total), chapter].filter(Boolean).join(' · ')
  const entry = tocItem ? entries.find(a => a.dataset.href === tocItem.href) ?? entries.find(a => a.textContent.trim() === chapter) : null
  if (entry !== last) {
    last?.removeAttribute('aria-current')
    entry?.setAttribute('aria-current', 'true')
    last = entry
  }
  if (hold) return
  remains(detail)
  here = { href: view.book.sections[section?.current ?? 0]?.id ?? '', fragment: cfi ?? '', total, chapter, range }
  ribbon()
  if (!$('elders').hidden) wonder()
  const next = beyondPart(section?.current)
  if (next && !files.has(next)) files.get(next).catch(() => {}) // also when the book is not fetched as a whole
  // A window that changes its size moves the first word of the page; that is no
  // reading, and must not undo what another device read meanwhile.
  if (!moving || reason === 'anchor' || here.fragment === noted) return
  noted = here.fragment
  $('stem').textContent = $('plek').textContent
  if (!$('elders').hidden) readsOn()
  places.moved(here, 1500)
})
const beyondPart = index => view.book.sections.find((s, i) => i > index && s.linear !== 'no')?.id

// How much is left, in pages and at the pace of this reader.
const speed = pace()
let chapters = []
function remains(detail) {
  const whole = detail.time?.total ?? 0
  speed.shown(whole, onward || reason === 'snap' || reason === 'scroll')
  const { left, pages } = chapterLeft(view, detail, chapters)
  const inChapter = speed.minutes(left), inBook = speed.minutes(whole)
  const page = pages === null ? '' : pages === 0 ? say.page : pages === 1 ? say.pagesOne : say.pages.replace('{0}', pages)
  const time = inChapter && inBook ? (page ? say.time : say.chapterTime).replace('{0}', clock(inChapter)).replace('{1}', clock(inBook)) : ''
  $('rest-deel').textContent = page
  $('rest-boek').textContent = time
  $('rest-alles').textContent = [page, time].filter(Boolean).join(': ') // where it never is cut off
}
const clock = minutes => minutes < 60 ? say.minutes.replace('{0}', minutes) : say.hours.replace('{0}', Math.floor(minutes / 60)).replace('{1}', minutes % 60)

// Between two chapters foliate-js shows an empty sheet for a moment, or for longer
// without a connection. Nobody is there.
const blank = () => look.paginated() && (view.renderer.page < 1 || view.renderer.page > view.renderer.pages - 2)
// Fingers and wheels move the page without passing by our keys and buttons.
let reason, noted = say.fragment
const why = ({ detail }) => {
  reason = detail.reason
  if (reason === 'page' || reason === 'snap' || reason === 'scroll') moving = true
}

const flat = items => items.flatMap(item => [item, ...flat(item.subitems ?? [])])

// A page with nothing but a picture: its place is a range without a box, to which
// foliate-js 1.0.1 goes by going nowhere. Then the element, and at worst the beginning.
const boxed = anchor => {
  const has = x => Array.from(x?.getClientRects?.() ?? []).some(r => r.width > 0 && r.height > 0)
  if (!anchor?.startContainer || anchor.collapsed || has(anchor)) return anchor
  const { startContainer: node, startOffset } = anchor
  return [node.childNodes[startOffset], node, node.parentNode].find(x => x?.nodeType === 1 && has(x)) ?? 0
}

try {
  await files.open()
  for (const name of Object.keys(files.sizes)) if (/\.opf$|^META-INF\/|^lidwoord-/.test(name)) parts.add(name)
  const book = await new EPUB(loader).init()
  for (const section of book.sections) {
    const load = section.load
    parts.add(section.id)
    section.load = async () => { await arrive(section.id); return load() }
  }
  chapters = flat(book.toc ?? []).flatMap(item => { const to = item.href ? book.resolveHref(item.href) : null; return to ? [{ item, ...to }] : [] })
  const resolve = book.resolveCFI.bind(book)
  book.resolveCFI = cfi => {
    const { index, anchor } = resolve(cfi)
    return { index, anchor: doc => boxed(anchor(doc)) }
  }
  book.transformTarget?.addEventListener('data', ({ detail }) => {
    // A style that imports itself comes as a blob, which foliate-js 1.0.1 takes for text.
    if (/html|css/.test(detail.type)) detail.data = Promise.resolve(detail.data).then(data => data?.text?.() ?? data)
    if (/html/.test(detail.type)) detail.data = detail.data.then(walled)
  })
  await view.open(book)
  view.renderer.addEventListener('relocate', why, true)
  // A chapter that arrives takes the focus along; not out of a panel that was opened meanwhile.
  const focusView = view.renderer.focusView?.bind(view.renderer)
  if (focusView) view.renderer.focusView = () => document.querySelector('dialog[open]') || focusView()
  if (say.animated) view.renderer.setAttribute('animated', '')
  look.dress()
  // A place in a book that has changed since may point at nothing: then the
  // beginning of its chapter, and at worst of the book.
  const from = await places.begin() ?? say
  const start = () => view.init({ lastLocation: from.href || null, showTextStart: !from.href })
  moving = !from.href // who opens a book for the first time is in it
  if (from.fragment) await view.init({ lastLocation: from.fragment }).catch(start)
  else await start()
  moving = false
  noted = here?.fragment
  room.dataset.ready = 'true'
  $('bezig').hidden = true
  marks.load()
  fetchQuietly(view, files, room, tell)
} catch (error) {
  if (closed) throw error
  console.error(error)
  $('bezig').hidden = true
  $('stuk').hidden = false
}
