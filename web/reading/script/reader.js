// The comfortable reader: pages to turn, letters to enlarge, a place and bookmarks
// that are kept. The book itself runs nothing (see the page's policy in
// web/reading/read.go); everything here is ours. Without this file the plain
// chapter view does the work.
import 'foliate-js/view.js'
import { EPUB } from 'foliate-js/epub.js'
import '../assets/plaats.js'
import { dresser } from './dress.js'
import { finder } from './find.js'

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

// The book's files, from an address that answers only during the loan. What fails
// for want of a connection is asked for again before the page says so.
const sizes = await (await fetch(say.book + 'lidwoord-sizes.json')).json()
const address = name => say.book + name.split('/').map(encodeURIComponent).join('/')
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const load = async name => {
  if (!(name in sizes)) return null
  let answer
  for (let tries = 0; !answer; tries++) {
    try { answer = await fetch(address(name)) } catch (error) {
      $('weg').hidden = false
      if (tries === 5) throw error
      await Promise.race([pause(2000 * (tries + 1)), new Promise(resolve => addEventListener('online', resolve, { once: true }))])
    }
  }
  $('weg').hidden = true
  if (answer.ok) return answer
  if (answer.status === 401 || answer.status === 403) over()
  throw new Error(`${name}: ${answer.status}`)
}
// The next part is fetched while this one is read, so that a tunnel does not stop
// who turns the page.
const texts = new Map()
async function ahead(name) {
  if (!(name in sizes) || texts.has(name)) return
  const answer = await fetch(address(name)).catch(() => null)
  if (!answer?.ok) return
  texts.set(name, await answer.text())
  if (texts.size > 3) texts.delete(texts.keys().next().value)
}
const loader = {
  loadText: async name => texts.get(name) ?? (await load(name))?.text() ?? null,
  loadBlob: async name => (await load(name))?.blob() ?? null,
  getSize: name => sizes[name] ?? 0,
}

const view = document.createElement('foliate-view')
$('blad').append(view)
const look = dresser(view, room, $('weergave'))

// The place.
let here // the page that is shown: {href, fragment, total, chapter, range}
let moving = false // a person turned the page, not the window
const places = Lidwoord.places({
  save: say.save, loan: say.loan, known: { href: say.href, fragment: say.fragment, by: say.by }, over,
  offer: p => {
    if (p.href === here?.href && p.fragment === here?.fragment) return
    offered = p
    $('elders-tekst').textContent = $('elders').dataset.say.replace('{0}', percent(p.total))
    $('elders').hidden = false
  },
})
let offered
$('elders-ga').addEventListener('click', async () => {
  $('elders').hidden = true
  await jump(() => goTo(offered))
  focusBook()
})
$('elders-blijf').addEventListener('click', () => { $('elders').hidden = true; focusBook() })

const percent = total => Math.round(total * 100) + ' %'
const goTo = async p => {
  if (p.fragment && view.resolveNavigation(p.fragment)) await view.goTo(p.fragment)
  else await view.goTo(p.href)
}

function focusBook() {
  if (view.renderer?.getContents?.()[0]?.doc?.defaultView) view.renderer.focusView()
}

function over() {
  $('melding').hidden = false
  $('melding').focus()
}

// foliate-js drops what it is asked while a page is turning, so the steps wait for
// one another; of a key that is held down no more than two.
let step = Promise.resolve(), waiting = 0
function inTurn(go) {
  waiting++
  const done = step.then(go).finally(() => { waiting-- })
  step = done.catch(console.error)
  return done
}

// A jump can be undone: from a note, a chapter, a search, the end of the book.
async function jump(go) {
  const from = here
  await inTurn(async () => {
    await settle()
    moving = true
    await go()
  })
  if (!from || from.fragment === here.fragment) return
  $('terug').textContent = say.back.replace('{0}', percent(from.total))
  $('terug').hidden = false
  $('terug').onclick = async () => {
    $('terug').hidden = true
    await inTurn(() => { moving = true; return goTo(from) })
    focusBook()
  }
}
const turn = how => waiting > 2 || inTurn(async () => {
  await settle()
  moving = true
  await view[how]()
})

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
  hold ??= here?.fragment
  moving = false
  clearTimeout(rest)
  rest = setTimeout(settle, 100)
  requestAnimationFrame(() => requestAnimationFrame(() => hold && view.renderer.goTo(view.resolveNavigation(hold))))
})

// Keys: also those that are pressed inside the book.
function key(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.('input, select, textarea') || document.querySelector('dialog[open]')) return
  const button = event.target.closest?.('button, a, summary')
  switch (event.key) {
    case 'ArrowLeft': turn('goLeft'); break
    case 'ArrowRight': turn('goRight'); break
    case 'PageUp': turn('prev'); break
    case 'PageDown': turn('next'); break
    case ' ': if (button) return; turn(event.shiftKey ? 'prev' : 'next'); break
    case 'Home': jump(() => view.goTo(0)); break
    case 'End': jump(() => view.renderer.goTo({ index: view.book.sections.findLastIndex(s => s.linear !== 'no'), anchor: () => 1 })); break
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
// Who steers with the keyboard sees a line around the book when the focus is in it.
const keys = event => { if (event.key === 'Tab') room.dataset.keys = 'true' }
const noKeys = () => { delete room.dataset.keys }
document.addEventListener('keydown', keys)
document.addEventListener('pointerdown', noKeys)

// On a telephone the outer thirds of the page turn it; there are no buttons beside.
const phone = matchMedia('(max-width: 39.99rem)')
function tap(event, left) {
  if (!look.paginated() || event.defaultPrevented || event.target.closest?.('a, button, input, select, audio, video, summary') || !(phone.matches || event.pointerType === 'touch')) return
  if (event.view?.getSelection()?.isCollapsed === false) return
  const at = (left + event.clientX) / innerWidth
  if (at < 0.33) turn('goLeft')
  else if (at > 0.67) turn('goRight')
}
view.addEventListener('click', event => tap(event, 0))
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
  // Opened by a key inside the book, it gives the focus back to nobody.
  dialog.addEventListener('close', () => requestAnimationFrame(() => {
    const focused = document.activeElement
    if (focused === document.body || dialog.contains(focused)) focusBook()
  }))
}
const leaveFor = async (dialog, go) => {
  $(dialog).close()
  await jump(go)
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
  leaveFor('inhoudsopgave', () => view.goTo(a.dataset.href))
})
finder(view, { form: $('zoek'), list: $('gevonden'), say: $('zoek-stand'), go: cfi => leaveFor('zoeken', () => view.goTo(cfi)) })

// Bookmarks: the ribbon is on when one lies on the page that is shown.
const marks = Lidwoord.marks({
  url: say.marks, list: $('bladwijzers'), none: $('geen-bladwijzers'), label: m => percent(m.total), change: ribbon,
  go: m => leaveFor('inhoudsopgave', () => goTo(m)),
  failed: status => { $('stem').textContent = status === 409 ? say.full : say.failed; $('mis').textContent = $('stem').textContent; $('mis').hidden = false; setTimeout(() => { $('mis').hidden = true }, 6000) },
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
    for (const m of there) await marks.remove(m)
    $('stem').textContent = $('bladwijzers').dataset.removed
  } else if (await marks.add({ ...here, words: firstWords(here.range) })) $('stem').textContent = say.marked
}
$('lint').addEventListener('click', mark)

view.addEventListener('load', ({ detail: { doc } }) => {
  // A frame without a name is a riddle for a screen reader.
  const frame = doc.defaultView?.frameElement
  if (frame) frame.title = say.title
  doc.addEventListener('keydown', key)
  doc.addEventListener('keydown', keys)
  doc.addEventListener('pointerdown', noKeys)
  doc.addEventListener('click', event => tap(event, frame?.getBoundingClientRect().left ?? 0))
  delete room.dataset.inside
  doc.defaultView?.addEventListener('focus', () => { room.dataset.inside = 'true' })
  doc.defaultView?.addEventListener('blur', () => { delete room.dataset.inside })
})
view.addEventListener('link', e => {
  e.preventDefault()
  jump(() => view.goTo(e.detail.href))
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
  here = { href: view.book.sections[section?.current ?? 0]?.id ?? '', fragment: cfi ?? '', total, chapter, range }
  ribbon()
  const { sections } = view.book
  ahead(sections[sections.findIndex((s, i) => i > section?.current && s.linear !== 'no')]?.id)
  // A window that changes its size moves the first word of the page; that is no
  // reading, and must not undo what another device read meanwhile.
  if (!moving || reason === 'anchor' || here.fragment === noted) return
  noted = here.fragment
  $('stem').textContent = $('plek').textContent
  places.moved(here, 1500)
})
// Between two chapters foliate-js shows an empty sheet for a moment, or for longer
// without a connection. Nobody is there.
const blank = () => look.paginated() && (view.renderer.page < 1 || view.renderer.page > view.renderer.pages - 2)
// Fingers and wheels move the page without passing by our keys and buttons.
let reason, noted = say.fragment
const why = ({ detail }) => {
  reason = detail.reason
  if (reason === 'page' || reason === 'snap' || reason === 'scroll') moving = true
}

// A page with nothing but a picture: its place is a range without a box, to which
// foliate-js 1.0.1 goes by going nowhere. Then the element, and at worst the beginning.
const boxed = anchor => {
  const has = x => Array.from(x?.getClientRects?.() ?? []).some(r => r.width > 0 && r.height > 0)
  if (!anchor?.startContainer || anchor.collapsed || has(anchor)) return anchor
  const { startContainer: node, startOffset } = anchor
  return [node.childNodes[startOffset], node, node.parentNode].find(x => x?.nodeType === 1 && has(x)) ?? 0
}

try {
  const book = await new EPUB(loader).init()
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
} catch (error) {
  console.error(error)
  $('bezig').hidden = true
  $('stuk').hidden = false
}
